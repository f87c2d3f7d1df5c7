"""How programs of a user find the server that holds a notebook: a private file for each directory that is served.

It is locked for as long as its server lives, so what a server left behind that was killed counts for nothing. Nobody
but the user can write it, and one that another could have written is not believed: in it stands a secret, and where to
present it.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import field
from pathlib import Path
from typing import Any, Final

from beamlike.distribution.locked_files import LockedFile, read, remove_if_left_behind
from beamlike.kernel.record import frozen
from notebook_tui.session.state_directory import name_for, state_directory, state_path

FOLDER: Final = "servers"
CUSTODIANS: Final = "custodians"
"""In the same way servers find the program that has their runtimes."""
_SUFFIX: Final = ".server"
ANYWHERE: Final = "/"
"""The directory of the server that is started when a notebook is to be kept for which there is none."""
KEPT: Final = "what was opened with --keep"
"""What that server serves."""


@frozen
class Server:
    """A program that holds sessions; `since` is of the wall clock."""

    node: str
    host: str
    port: int
    secret: bytes = field(repr=False)
    """With it one connects to its node."""
    pid: int
    directory: str
    """Where its notebooks lie, without symbolic links."""
    since: float
    on_demand: bool = False
    """Started for notebooks that somebody wanted kept: it serves those, and no others that are opened there."""
    version: str = ""
    """Of a custodian, with whose others there may be one beside it: what it can be asked."""

    @property
    def serves(self) -> str:
        """In words."""
        return KEPT if self.on_demand else self.directory

    def contains(self, path: str | Path) -> bool:
        """Whether the file lies in what it serves."""
        return Path(os.path.realpath(path)).is_relative_to(self.directory)


class AlreadyServed(OSError):
    """Another program serves that directory."""


class NotPrivate(OSError):
    """What should be this user's alone is not."""


class Announcement:
    """Says where this program's server is, from its making to `withdraw`, or to the end of the program.

    AlreadyServed if another does so for the same directory and version, NotPrivate if others could change what is said
    there.
    """

    def __init__(self, server: Server, folder: str = FOLDER) -> None:
        name = "-".join(filter(None, (name_for(Path(server.directory)), server.version)))
        path = _checked_folder(folder) / f"{name}{_SUFFIX}"
        taken = LockedFile.take(path, _written(server))
        if taken is None:
            raise AlreadyServed(_who_serves(path, server.directory))
        self._file = taken

    def withdraw(self) -> None:
        self._file.release()


def servers(folder: str = FOLDER) -> tuple[Server, ...]:
    """Those of this user that live, the oldest first. NotPrivate if what is said there must not be believed."""
    return tuple(sorted(_found(state_path() / folder), key=lambda each: each.since))


def server_for(path: str | Path) -> Server | None:
    """The one that serves the directory in which the file lies, or one above it: the nearest."""
    near = [each for each in servers() if not each.on_demand and each.contains(path)]
    return max(near, key=lambda each: len(each.directory), default=None)


def server_with_pid(pid: int) -> Server | None:
    """The one that is that process: whoever holds a notebook's lock, say."""
    return next((each for each in servers() if each.pid == pid), None)


def on_demand_server() -> Server | None:
    return next((each for each in servers() if each.on_demand), None)


def _found(folder: Path) -> Iterator[Server]:
    if not folder.exists():
        return
    _check(folder)
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        try:
            _check(path)
            said = read(path)
        except FileNotFoundError:
            continue
        if said is None:
            with suppress(OSError):
                remove_if_left_behind(path)
            continue
        with suppress(ValueError):  # it is just being written
            yield _read(said)


def _who_serves(path: Path, directory: str) -> str:
    with suppress(OSError, ValueError):
        server = _read(read(path) or b"")
        return (
            f"{directory} is served already, by process {server.pid}: beamlike serve --status shows it, and "
            f"beamlike serve --stop {directory} ends it"
        )
    return f"{directory} is served already, by another process"


def _checked_folder(name: str) -> Path:
    folder = state_directory(name)
    _check(folder)
    return folder


def _check(path: Path) -> None:
    seen = path.lstat()
    if seen.st_uid != os.getuid() or stat.S_ISLNK(seen.st_mode) or stat.S_IMODE(seen.st_mode) & 0o077:
        raise NotPrivate(
            f"expected {path} to be this user's alone, found mode {stat.S_IMODE(seen.st_mode):04o} of user "
            f"{seen.st_uid}: what it says of servers is not believed. Remove it, and start the server again"
        )


def _written(server: Server) -> bytes:
    return json.dumps(
        {
            "node": server.node,
            "host": server.host,
            "port": server.port,
            "secret": server.secret.hex(),
            "pid": server.pid,
            "directory": server.directory,
            "since": server.since,
            "on_demand": server.on_demand,
            "version": server.version,
        }
    ).encode()


def _read(said: bytes) -> Server:
    """ValueError if that is none."""
    told: Any = json.loads(said)
    try:
        return Server(
            node=str(told["node"]),
            host=str(told["host"]),
            port=int(told["port"]),
            secret=bytes.fromhex(told["secret"]),
            pid=int(told["pid"]),
            directory=str(told["directory"]),
            since=float(told["since"]),
            on_demand=bool(told["on_demand"]),
            version=str(told.get("version", "")),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"expected what a server says of itself, got {told!r:.80}") from error
