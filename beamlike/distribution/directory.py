"""Which nodes of this host listen where, in place of epmd: a small file per node, in a directory of the user's own.

A file counts only while the node that wrote it holds the lock on it, which the kernel takes away when that process
ends, however it ends. So there is no daemon and nothing to expire; a file that was left behind is taken over by the
next node of its name, or removed by the next node that starts.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Final
from urllib.parse import quote

from beamlike.distribution.addresses import Address
from beamlike.distribution.errors import InsecureDirectory, NodeNameTaken

# Others hold a file's lock only for the moment of a look, so what is still locked after this many looks is alive.
_ATTEMPTS: Final = 20
_PAUSE: Final = 0.01


@dataclass(frozen=True, slots=True)
class Entry:
    """A node of this host."""

    name: str
    host: str
    port: int
    pid: int
    creation: int


class Registration:
    """A node's entry, valid until `release` or the end of this process."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        if self._descriptor is not None:
            self._path.unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Registration:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.release()


class Directory:
    """
    >>> directory = Directory(Path(tempfile.mkdtemp()))
    >>> with directory.register(Entry("app@127.0.0.1", "127.0.0.1", 4370, os.getpid(), 7)):
    ...     directory.lookup("app@127.0.0.1")
    ('127.0.0.1', 4370)
    >>> directory.lookup("app@127.0.0.1")
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or directory_path()

    def register(self, entry: Entry) -> Registration:
        """Lists a node of this process. NodeNameTaken if another live one has its name."""
        self._prepare()
        self._sweep()
        path = self._file(entry.name)
        descriptor = _lock(path)
        if descriptor is None:
            raise NodeNameTaken(self._taken(entry.name))
        content = json.dumps(asdict(entry)).encode()
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, content, 0)
        return Registration(path, descriptor)

    def lookup(self, name: str) -> Address | None:
        """Where the node listens; None if no live node of this host has that name."""
        entry = _read_live(self._file(name))
        return (entry.host, entry.port) if entry is not None else None

    def nodes(self) -> list[Entry]:
        """The live nodes of this host, by name."""
        entries = [_read_live(path) for path in self._files()]
        return sorted((entry for entry in entries if entry is not None), key=lambda entry: entry.name)

    def _file(self, name: str) -> Path:
        return self._path / quote(name, safe="@")

    def _files(self) -> Iterator[Path]:
        return self._path.iterdir() if self._path.exists() else iter(())

    def _prepare(self) -> None:
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = self._path.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
            raise InsecureDirectory(
                f"expected {self._path} to be a directory that only this user can enter, found mode "
                f"{stat.S_IMODE(status.st_mode):04o} of user {status.st_uid}: remove it, or set XDG_RUNTIME_DIR"
            )

    def _sweep(self) -> None:
        """Removes what nodes left behind that were killed."""
        for path in self._files():
            with contextlib.suppress(FileNotFoundError):
                descriptor = os.open(path, os.O_RDONLY)
                if _try_lock(descriptor, fcntl.LOCK_EX) and _is_at(path, descriptor):
                    path.unlink()
                os.close(descriptor)

    def _taken(self, name: str) -> str:
        holder = _read_live(self._file(name))
        where = _whereabouts(holder) if holder else "it is taken"
        return f"expected {name} to be the name of no other node, but {where}: choose another name, or end that node"


def _whereabouts(holder: Entry) -> str:
    who = "this very interpreter" if holder.pid == os.getpid() else f"process {holder.pid} of this host"
    return f"{who} runs it at {holder.host}:{holder.port}"


def directory_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Where this user's nodes are listed: in XDG_RUNTIME_DIR, else in the directory for temporary files."""
    runtime = environment.get("XDG_RUNTIME_DIR")
    if runtime:
        return Path(runtime) / "beamlike-nodes"
    return Path(tempfile.gettempdir()) / f"beamlike-nodes-{os.getuid()}"


def _lock(path: Path) -> int | None:
    """A descriptor of the file at `path` with its lock; None if that is held by a live node."""
    for _ in range(_ATTEMPTS):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        # Between opening and locking a sweep may have removed the file; then a new one is made.
        if _try_lock(descriptor, fcntl.LOCK_EX) and _is_at(path, descriptor):
            return descriptor
        os.close(descriptor)
        time.sleep(_PAUSE)
    return None


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _read_live(path: Path) -> Entry | None:
    try:
        with path.open("rb") as file:
            if _try_lock(file.fileno(), fcntl.LOCK_SH):
                return None
            return Entry(**json.load(file))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):  # its node has locked it and not written it yet
        return None
