"""The children of this user on this host, by their records."""

from __future__ import annotations

import time
from pathlib import Path

from beamlike.kernel.record import frozen
from nodes import host_processes, records
from nodes.found import Found, State
from nodes.host_processes import HostProcess
from nodes.records import Record

GONE_SECONDS = 5.0
"""How long a killed process may take to be gone."""
LOOK_SECONDS = 0.01


@frozen
class LocalCensus:
    directory: Path | None = None

    def children(self) -> tuple[list[Found], list[str]]:
        known, troubles = records.on_record(self.directory)
        found = [_found(path, record) for path, record in known if _is_there(record)]
        return found, troubles

    def reap(self, found: Found) -> tuple[bool, str]:
        path = Path(found.key)
        record = next((it for at, it in records.on_record(self.directory)[0] if at == path), None)
        if record is None or not _is_there(record):
            return True, "has ended meanwhile"
        if host_processes.same(record.parent) is not None:
            return False, f"is left as it is: its parent lives, {_parent(record)}"
        left = _kill(record)
        if left:
            return False, f"could not be ended: {', '.join(f'process {it.identity.pid}' for it in left)} still there"
        path.unlink(missing_ok=True)
        return True, f"was ended, {found.where}"

    def tidy(self) -> list[str]:
        known, _ = records.on_record(self.directory)
        stale = [(path, record) for path, record in known if not _is_there(record)]
        done = [f"removed the record of {record.node}, which has ended" for path, record in stale if _removed(path)]
        return done + [f"removed {path}, a record that was never finished" for path in self._unfinished()]

    def _unfinished(self) -> list[Path]:
        """What a process left behind that was killed as it wrote."""
        directory = self.directory or records.records_path()
        paths = [it for it in directory.glob(f"*{records.BESIDE}") if _pid_of(it) is None] if directory.is_dir() else []
        return [path for path in paths if _removed(path)]


def _is_there(record: Record) -> bool:
    """Whether there is, or may be any moment, a process of it."""
    return host_processes.same(record.child or record.parent) is not None


def _processes(record: Record) -> list[HostProcess]:
    """The child and what it started, while the child itself lives: of a group whose leader is gone it cannot be told
    whose it was."""
    child = None if record.child is None else host_processes.same(record.child)
    if child is None:
        return []
    return [child, *host_processes.started_by(child)]


def _found(path: Path, record: Record) -> Found:
    processes = _processes(record)
    where = f"process {record.child.pid}" if record.child is not None else "not started yet"
    return Found(
        platform="local",
        node=record.node,
        pool=record.pool,
        runner=record.runner,
        state=_state(record, processes),
        booted_at=record.booted_at,
        expires_at=record.expires_at,
        parent=_parent(record),
        where=where,
        memory=sum(it.memory for it in processes) if processes else None,
        key=str(path),
    )


def _state(record: Record, processes: list[HostProcess]) -> State:
    if host_processes.same(record.parent) is None:
        return "no parent"
    if record.child is None:
        return "booting"
    return "stopped" if any(it.state == "stopped" for it in processes) else "alive"


def _parent(record: Record) -> str:
    return f"{record.parent_node} (process {record.parent.pid})"


def _kill(record: Record) -> list[HostProcess]:
    """Kills the child and all that it started, and returns what is still there after a while."""
    left = _processes(record)
    deadline = time.monotonic() + GONE_SECONDS
    while left and time.monotonic() < deadline:
        for process in left:
            host_processes.kill(process.identity)
        time.sleep(LOOK_SECONDS)
        left = [it for process in left if (it := host_processes.same(process.identity)) is not None]
    return left


def _removed(path: Path) -> bool:
    try:
        path.unlink()
    except OSError:
        return False
    return True


def _pid_of(path: Path) -> HostProcess | None:
    """Who writes it."""
    number = path.name.partition("-")[0]
    return host_processes.look(int(number)) if number.isdecimal() else None
