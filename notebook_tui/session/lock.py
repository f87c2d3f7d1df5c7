"""One session for each file: a lock in the user's state directory, which the system releases when its holder dies.

The file's real path is locked, and the file itself as the system numbers it, so that symbolic links and hard links lead
to the same lock. In the lock stand the holder's process and how to reach its session.
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import beamlike as bl
from beamlike.kernel.record import frozen
from notebook_tui.session.state_directory import name_for, state_directory, state_path

FOLDER = "locks"


@frozen
class Holder:
    """Who has the file open: its process, and the node and address of its session where others may join."""

    pid: int
    node: str = ""
    address: str = ""
    path: str = ""
    """The file, where others are to see that it is open."""
    terminal: str = ""


class InUse(OSError):
    """The file is open elsewhere; `holder` says where."""

    def __init__(self, path: Path, holder: Holder | None) -> None:
        self.path, self.holder = path, holder
        who = "another process" if holder is None else f"process {holder.pid}"
        self.words = (
            f"{path} is already open in {who}; close it there first, or detach it there (g d), and this terminal "
            "joins it then"
        )
        super().__init__(self.words)

    def __str__(self) -> str:
        return self.words

    def __reduce__(self) -> tuple[type[InUse], tuple[Path, Holder | None]]:
        return InUse, (self.path, self.holder)  # it travels from a server to whoever opens the file


class FileLock:
    """Held from the start until `release`, or the end of the process. `InUse` if another holds it."""

    def __init__(self, path: Path, holder: Holder) -> None:
        self._path = path
        self._holder = holder
        directory = state_directory(FOLDER)
        self._by_path: _Held | None = _Held.take(directory / f"{name_for(path)}.lock", path, holder)
        self._by_number: _Held | None = None
        try:
            self.follow()
        except BaseException:
            self.release()
            raise

    def follow(self) -> None:
        """The file may have been replaced, by a save or by somebody else: it has another number then."""
        place = self._numbered()
        if self._by_number is not None and self._by_number.place == place:
            return
        before, self._by_number = self._by_number, None
        if before is not None:
            before.release()
        if place is not None:
            self._by_number = _Held.take(place, self._path, self._holder)

    def release(self) -> None:
        for held in (self._by_number, self._by_path):
            if held is not None:
                held.release()
        self._by_number = self._by_path = None

    def _numbered(self) -> Path | None:
        try:
            seen = self._path.stat()
        except OSError:
            return None
        return state_directory(FOLDER) / f"{seen.st_dev:x}-{seen.st_ino:x}.lock"


def holder_of(path: Path) -> Holder | None:
    """Who says in its lock that it has the file open, which it may have had until it was killed; None if nobody does.

    >>> holder_of(Path("/no/such.livemd"))
    """
    try:
        return Holder(**json.loads((state_path() / FOLDER / f"{name_for(path)}.lock").read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def this_terminal() -> str:
    """The name of the terminal that this program draws on; empty without one.

    >>> isinstance(this_terminal(), str)
    True
    """
    try:
        return os.ttyname(2).removeprefix("/dev/")
    except OSError:
        return ""


async def release_at_end(session: bl.Pid, lock: FileLock) -> None:
    """A process that may be killed releases nothing by itself, and the program in which it was goes on."""
    ended = bl.monitor(session)
    await bl.receive(ref=ended)
    lock.release()


@dataclass
class _Held:
    place: Path
    descriptor: int

    @classmethod
    def take(cls, place: Path, path: Path, holder: Holder) -> _Held:
        while True:
            descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                found = _holder(descriptor)
                os.close(descriptor)
                raise InUse(path, found) from None
            if _is_still(place, descriptor):
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, json.dumps(asdict(holder)).encode(), 0)
                return cls(place, descriptor)
            os.close(descriptor)  # its last holder has just removed it

    def release(self) -> None:
        if _is_still(self.place, self.descriptor):
            with suppress(FileNotFoundError):
                os.unlink(self.place)
        os.close(self.descriptor)


def _is_still(place: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(place), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _holder(descriptor: int) -> Holder | None:
    try:
        return Holder(**json.loads(os.pread(descriptor, 16_384, 0)))
    except (ValueError, TypeError):
        return None  # it is just being written
