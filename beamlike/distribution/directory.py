"""Which nodes of this host listen where, in place of epmd: a small file per node, in a directory of the user's own.

A file counts only while the node that wrote it lives (see `locked_files`). So there is no daemon and nothing to
expire; a file that was left behind is taken over by the next node of its name, or removed by the next node that
starts. Who cleans up temporary files may remove one whose node lives: that node lists itself again (`renew`).

All that a user runs on a host, in a session or out of one, reads the same directory. Another user's is never read:
who else could write in it could lead a node astray.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Final
from urllib.parse import quote

from beamlike.distribution import locked_files
from beamlike.distribution.addresses import Address, seen_from_here
from beamlike.distribution.errors import InsecureDirectory, NodeNameTaken
from beamlike.distribution.locked_files import LockedFile
from beamlike.kernel.record import frozen

_LONGEST_FILE_NAME: Final = 255


@frozen
class Entry:
    """A node of this host, and where it listens."""

    name: str
    host: str
    port: int
    pid: int
    creation: int
    hidden: bool = False

    @property
    def address(self) -> Address:
        """Where it is reached from this host."""
        return seen_from_here((self.host, self.port))


class Registration:
    """A node's entry, valid until `release` or the end of this process."""

    def __init__(self, directory: Directory, entry: Entry, file: LockedFile) -> None:
        self._directory = directory
        self._entry = entry
        self._file: LockedFile | None = file

    def renew(self) -> None:
        """Lists the node again if somebody removed its entry, and makes it look new to those that remove old files.

        Raises what `register` raises; then it stays unlisted until another `renew`.
        """
        if self._file is not None and not self._file.touch():
            file = self._directory.write(self._entry)
            self._file.release()
            self._file = file

    def release(self) -> None:
        if self._file is not None:
            self._file.release()
            self._file = None

    def __enter__(self) -> Registration:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.release()


class Directory:
    """
    >>> from tempfile import mkdtemp
    >>> directory = Directory(Path(mkdtemp()))
    >>> with directory.register(Entry("app@127.0.0.1", "127.0.0.1", 4370, os.getpid(), 7)):
    ...     directory.lookup("app@127.0.0.1")
    ('127.0.0.1', 4370)
    >>> directory.lookup("app@127.0.0.1")
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or directory_path()

    def register(self, entry: Entry) -> Registration:
        """Lists a node of this process. NodeNameTaken if another live one has its name, InsecureDirectory if others
        can write in the directory."""
        return Registration(self, entry, self.write(entry))

    def write(self, entry: Entry) -> LockedFile:
        """The entry as a file; raises what `register` raises."""
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in self._files():
            locked_files.remove_if_left_behind(path)
        import json  # a node that does not listen, as a child, is not listed

        file = LockedFile.take(self._file(entry.name), json.dumps(asdict(entry)).encode())
        if file is None:
            raise NodeNameTaken(self._taken(entry.name))
        return file

    def lookup(self, name: str) -> Address | None:
        """Where the node is reached; None if no live node of this host has that name."""
        entry = self._find(name)
        return entry.address if entry is not None else None

    def nodes(self) -> list[Entry]:
        """The live nodes of this host, by name."""
        entries = [_read(path) for path in self._files()]
        return sorted((entry for entry in entries if entry is not None), key=lambda entry: entry.name)

    def _find(self, name: str) -> Entry | None:
        entry = _read(self._file(name)) if self._is_there() else None
        # A file system that takes a for A may have given another's file.
        return entry if entry is not None and entry.name == name else None

    def _file(self, name: str) -> Path:
        file_name = quote(name, safe="@")
        if len(file_name) > _LONGEST_FILE_NAME:
            file_name = sha256(name.encode()).hexdigest()
        return self._path / file_name

    def _files(self) -> Iterator[Path]:
        try:
            return iter(list(self._path.iterdir())) if self._is_there() else iter(())
        except FileNotFoundError:  # removed meanwhile
            return iter(())

    def _is_there(self) -> bool:
        """InsecureDirectory if it is not this user's alone."""
        try:
            status = self._path.lstat()
        except FileNotFoundError:
            return False
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
            raise InsecureDirectory(
                f"expected {self._path} to be a directory that only this user can enter, found mode "
                f"{stat.S_IMODE(status.st_mode):04o} of user {status.st_uid}: remove it, or set XDG_RUNTIME_DIR"
            )
        return True

    def _taken(self, name: str) -> str:
        holder = self._find(name)
        where = _whereabouts(holder) if holder else "it is taken"
        return f"expected {name} to be the name of no other node, but {where}: choose another name, or end that node"


def _whereabouts(holder: Entry) -> str:
    who = "this very interpreter" if holder.pid == os.getpid() else f"process {holder.pid} of this host"
    return f"{who} runs it at {holder.host}:{holder.port}"


def directory_path(environment: Mapping[str, str] = os.environ, sessions: Path = Path("/run/user")) -> Path:
    """Where this user's nodes are listed: in the directory for run-time files if the user has one, else in that for
    temporary files.

    What runs outside the user's session, as a cron job does, is not told of the directory, and finds it all the same.
    """
    told = environment.get("XDG_RUNTIME_DIR")
    for runtime in (Path(told) if told else None, sessions / str(os.getuid())):
        if runtime is not None and _is_of_this_user(runtime):
            return runtime / "beamlike-nodes"
    from tempfile import gettempdir  # it takes long to import, and is seldom needed

    return Path(gettempdir()) / f"beamlike-nodes-{os.getuid()}"


def _is_of_this_user(directory: Path) -> bool:
    """Another user's is still named in the environment after `sudo -E` or `su`."""
    try:
        return directory.is_dir() and directory.stat().st_uid == os.getuid()
    except OSError:
        return False


def _read(path: Path) -> Entry | None:
    content = locked_files.read(path)
    if content is None:
        return None
    import json

    try:
        values = json.loads(content)
        return Entry(**{field.name: values[field.name] for field in fields(Entry) if field.name in values})
    except (ValueError, TypeError):  # its node has locked it and not written it yet
        return None
