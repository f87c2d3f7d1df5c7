"""Environments on disk, shared by the nodes of one user on one machine: a directory each, named by what is in it.

An environment is made in a draft beside its place, under a lock that the kernel takes from a process that ends, and
then renamed: what stands at the place is whole. Whoever uses one holds a shared lock on it; what nobody has used for
`KEPT_DAYS` is removed by the next that makes one.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import Final

from beamlike.code.requirements.guarded_process import CalledOff
from beamlike.code.requirements.ones_own import check_ones_own, make_ones_own
from beamlike.distribution.locked_files import LockedFile, remove_if_left_behind

KEPT_DAYS: Final = 30
_LOOK_EVERY = 0.1
_DRAFT = re.compile(r"\.(?P<key>[0-9a-f]+)\.draft-[0-9a-f]+")


def _nothing() -> None:
    pass


class Held:
    """An environment in use, until `close` or the end of this process."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor: int | None = descriptor

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class Store:
    """The environments under `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def hold(self, key: str) -> Held | None:
        """The environment of that name if it is there. CannotInstall if others may write there."""
        check_ones_own(self.root)
        path = self.root / key
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            return None
        with suppress(OSError):  # a file system of the network may lock no directories; there, nothing is removed
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        # It may have been removed between the two.
        if not _is_at(path, descriptor):
            os.close(descriptor)
            return None
        with suppress(OSError):  # on a file system that is read-only nothing is swept either
            os.utime(descriptor)
        return Held(path, descriptor)

    def make(self, key: str, fill: Callable[[Path, Path], None], *, waiting: Callable[[], None], stop: Event) -> Held:
        """The environment of that name: as it is, or as `fill` makes it, by one process at a time. `fill` gets the
        directory that is to become it, and one for other files.

        `waiting` is called once if another one makes it. CalledOff once `stop` is set; OSError and what `fill` raises
        leave nothing behind.
        """
        while (held := self.hold(key)) is None:
            with self.draft(key, waiting=waiting, stop=stop) as draft:
                if not (self.root / key).exists():  # else made while we waited for our turn
                    whole = draft / "whole"
                    whole.mkdir()
                    fill(whole, draft)
                    whole.rename(self.root / key)
        return held

    @contextmanager
    def draft(self, key: str, *, waiting: Callable[[], None] = _nothing, stop: Event | None = None) -> Iterator[Path]:
        """A directory for one process at a time; it is gone afterwards, or soon after its process is."""
        check_ones_own(self.root)
        make_ones_own(self.root)
        lock = self._lock(key, waiting, stop or Event())
        draft = self.root / f".{key}.draft-{secrets.token_hex(4)}"
        try:
            draft.mkdir()
            yield draft
        finally:
            _remove_tree(draft)
            lock.release()
        self.sweep()

    def _lock(self, key: str, waiting: Callable[[], None], stop: Event) -> LockedFile:
        told = False
        while (lock := LockedFile.take(self._lock_path(key), str(os.getpid()).encode())) is None:
            if not told:
                waiting()
                told = True
            if stop.wait(_LOOK_EVERY):
                raise CalledOff
        return lock

    def sweep(self, *, now: float | None = None) -> None:
        """Removes what nobody has used for long, plans and locks of that time, and drafts of those who have
        ended."""
        long_ago = (time.time() if now is None else now) - KEPT_DAYS * 86_400
        for path in self.root.iterdir():
            draft = _DRAFT.fullmatch(path.name)
            if draft is not None:
                self._remove_draft(draft["key"], path)
                continue
            with suppress(FileNotFoundError):  # others sweep, too, and give up their locks
                if path.stat().st_mtime < long_ago:
                    _remove_unused(path) if path.is_dir() else remove_if_left_behind(path)

    def _remove_draft(self, key: str, draft: Path) -> None:
        lock = LockedFile.take(self._lock_path(key), b"")
        if lock is not None:
            _remove_tree(draft)
            lock.release()

    def _lock_path(self, key: str) -> Path:
        return self.root / f".{key}.lock"


def environments_path(environment: Mapping[str, str] = os.environ) -> Path:
    """beamlike/environments in XDG_CACHE_HOME, else in the user's cache; of a user without a home among temporary
    files."""
    configured = environment.get("XDG_CACHE_HOME")
    return (Path(configured) if configured else _users_cache()) / "beamlike" / "environments"


def _users_cache() -> Path:
    try:
        return Path("~/Library/Caches" if sys.platform == "darwin" else "~/.cache").expanduser()
    except RuntimeError:  # as in a container that runs under any user's number
        from tempfile import gettempdir

        return Path(gettempdir(), f"beamlike-cache-{os.geteuid()}")


def _remove_tree(path: Path) -> None:
    # Each node imports this module, and few of them remove anything: they are not to wait for this at their boot.
    from shutil import rmtree

    rmtree(path, ignore_errors=True)


def _remove_unused(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Away first, so that nobody finds half of it.
        grave = path.with_name(f".{path.name}.draft-{secrets.token_hex(4)}")
        path.rename(grave)
        _remove_tree(grave)
    except OSError:  # in use, or on a file system that does not tell
        pass
    finally:
        os.close(descriptor)


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
