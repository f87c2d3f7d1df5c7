"""Which children run on this host, and whose they are: a small file for each, from before it is made until it is gone.

    intend(...) ─► the file, before the backend is asked ─► pid_is(pid) ─► ... ─► remove()

Who booted it removes the file when it has stopped it. A file whose parent is gone tells a sweeper of what may have been
left (see `census`); it names both processes by number and start, so that nobody is taken for another.

The files lie beside those of this host's nodes, in a directory of the user's own that nobody else can enter. They are
written beside their place and then moved there: nobody reads half of one. This file imports nothing of beamlike's, so
that a command that only looks is quick.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import stat
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

from beamlike.kernel.record import frozen, slotted
from nodes import host_processes
from nodes.host_processes import Identity

logger = logging.getLogger("nodes")

_SUFFIX = ".json"
BESIDE = ".new"
_VERSION = 1


@frozen
class Record:
    """A child; times are those of the wall clock. `child` is None until its process is known."""

    node: str
    pool: str
    runner: str
    parent_node: str
    parent: Identity
    child: Identity | None
    booted_at: float
    expires_at: float | None


class UnusableRecords(OSError):
    """The directory is not this user's alone."""


@slotted
class Recorded:
    """A record of this process's and its file; `path` is None where it could not be written, which is no reason not to
    boot a child."""

    record: Record
    path: Path | None

    def pid_is(self, pid: int) -> None:
        """The child's process is known."""
        process = host_processes.look(pid)
        if process is not None:
            self.record = replace(self.record, child=process.identity)
            self.path = _written(self.record, self.path)

    def remove(self) -> None:
        """The child is gone, or never was."""
        path, self.path = self.path, None
        if path is not None:
            with suppress(OSError):
                path.unlink(missing_ok=True)


def intend(node: str, parent_node: str, *, pool: str = "", runner: str = "", lifetime: float | None = None) -> Recorded:
    """Notes a child of this process that is about to be made."""
    now = time.time()
    expires_at = None if lifetime is None else now + lifetime
    record = Record(node, pool, runner, parent_node, host_processes.me(), None, now, expires_at)
    try:
        directory = _made(records_path())
    except OSError as error:
        _tell_once(f"children are not on record, so `beamlike flame ps` will not show them: {error}")
        return Recorded(record, None)
    path = directory / f"{os.getpid()}-{secrets.token_hex(8)}{_SUFFIX}"
    return Recorded(record, _written(record, path))


def on_record(directory: Path | None = None) -> tuple[list[tuple[Path, Record]], list[str]]:
    """All records of this user, oldest first, and in words what could not be read. Not those of other containers, which
    may share the directory.

    UnusableRecords if others can enter the directory: what it says must not be believed."""
    directory = directory or records_path()
    found, troubles = [], []
    for path in sorted(directory.iterdir()) if _is_own(directory) else ():
        if path.suffix != _SUFFIX:
            continue
        try:
            record = _decoded(path.read_bytes())
        except FileNotFoundError:
            pass  # it was removed just now
        except (OSError, ValueError, TypeError, KeyError) as error:
            troubles.append(f"{path} cannot be read as the record of a child ({type(error).__name__}: {error})")
        else:
            if not record.parent.is_elsewhere:
                found.append((path, record))
    return sorted(found, key=lambda one: one[1].booted_at), troubles


def records_path(environment: Mapping[str, str] = os.environ, sessions: Path = Path("/run/user")) -> Path:
    """Beside the directory in which this host's nodes are listed (`beamlike.distribution.directory`)."""
    told = environment.get("XDG_RUNTIME_DIR")
    for runtime in (Path(told) if told else None, sessions / str(os.getuid())):
        with suppress(OSError):
            if runtime is not None and runtime.is_dir() and runtime.stat().st_uid == os.getuid():
                return runtime / "beamlike-children"
    return Path(tempfile.gettempdir()) / f"beamlike-children-{os.getuid()}"


def _made(directory: Path) -> Path:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    _is_own(directory)
    return directory


def _is_own(directory: Path) -> bool:
    """Whether it is there; UnusableRecords if it is not this user's alone."""
    try:
        status = directory.lstat()
    except FileNotFoundError:
        return False
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise UnusableRecords(
            f"expected {directory} to be a directory that only this user can enter, found mode "
            f"{stat.S_IMODE(status.st_mode):04o} of user {status.st_uid}: remove it, or set XDG_RUNTIME_DIR"
        )
    return True


def _written(record: Record, path: Path | None) -> Path | None:
    """The path, if the record is there now."""
    if path is None:
        return None
    beside = path.with_suffix(BESIDE)
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with open(descriptor, "wb") as file:
            file.write(_encoded(record))
        beside.replace(path)
    except OSError as error:
        _tell_once(f"{record.node} is not on record, so `beamlike flame ps` will not show it: {error}")
        for one in (beside, path):
            with suppress(OSError):
                one.unlink(missing_ok=True)
        return None
    return path


def _encoded(record: Record) -> bytes:
    return json.dumps({"version": _VERSION, **asdict(record)}).encode()


def _decoded(content: bytes) -> Record:
    values = json.loads(content)
    if not isinstance(values, dict) or values.pop("version", None) != _VERSION:
        raise ValueError(f"expected a record of version {_VERSION}")
    parent, child = values.pop("parent"), values.pop("child")
    record = Record(**values, parent=_identity(parent), child=None if child is None else _identity(child))
    texts = (record.node, record.pool, record.runner, record.parent_node)
    numbers = (record.booted_at, 0.0 if record.expires_at is None else record.expires_at)
    if not all(isinstance(it, str) for it in texts) or not all(isinstance(it, int | float) for it in numbers):
        raise TypeError("expected texts and times")
    return record


def _identity(values: dict[str, object]) -> Identity:
    pid, started, place = values["pid"], values["started"], values["place"]
    if not isinstance(pid, int) or isinstance(pid, bool) or pid < 1:
        raise TypeError("expected the number of a process")
    if not isinstance(started, str) or not isinstance(place, str):
        raise TypeError("expected the start and the place of a process")
    return Identity(pid, started, place)


_told: set[str] = set()


def _tell_once(trouble: str) -> None:
    if trouble not in _told:
        _told.add(trouble)
        logger.warning("%s", trouble)
