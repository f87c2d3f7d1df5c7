"""A journal on disk: a line that says what it is, then records, each with its length and checksum in front.

    b"beamlike journal 1\\n"   (length, CRC-32, record) (length, CRC-32, record) ...

Records are appended and synced in groups. To become short it is written anew beside itself and moved into place, so
that a crash leaves the old one or the new one. A crash while records are appended leaves a torn one at the end, which
is cut off when it is read; nobody has been told that it is safe.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from beamlike.kernel.record import frozen

MAGIC = b"beamlike journal 1\n"
_FRONT = struct.Struct(">II")


class NoJournal(ValueError):
    """The file is not one, or of a version that this program does not know."""


@frozen
class Records:
    records: tuple[bytes, ...]
    torn: int
    """So many bytes at the end are no whole record."""


def read_records(path: Path) -> Records:
    """FileNotFoundError if there is none, `NoJournal` in words if it is something else."""
    data = path.read_bytes()
    if not data.startswith(MAGIC):
        if MAGIC.startswith(data):  # a crash at the very beginning
            return Records((), len(data))
        raise NoJournal(f"{path} begins with {data[: len(MAGIC)]!r}, expected {MAGIC!r}: another version wrote it")
    view = memoryview(data)
    records: list[bytes] = []
    at = len(MAGIC)
    while at + _FRONT.size <= len(data):
        length, checksum = _FRONT.unpack_from(data, at)
        end = at + _FRONT.size + length
        record = bytes(view[at + _FRONT.size : end])
        if end > len(data) or zlib.crc32(record) != checksum:
            break
        records.append(record)
        at = end
    return Records(tuple(records), len(data) - at)


def framed(records: Iterable[bytes]) -> bytes:
    return b"".join(_FRONT.pack(len(record), zlib.crc32(record)) + record for record in records)


class JournalFile:
    """Written by one thread at a time. An OSError leaves it as it was before."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None
        self._length = 0

    def append(self, records: Iterable[bytes]) -> None:
        """The records are on the disk when this returns. There must have been a `rewrite`."""
        assert self._descriptor is not None, "a journal begins with a state"
        data = framed(records)
        try:
            _write_whole(self._descriptor, data)
            os.fsync(self._descriptor)
        except OSError:
            with suppress(OSError):  # the torn end is cut off by whoever reads it
                os.ftruncate(self._descriptor, self._length)
            raise
        self._length += len(data)

    def rewrite(self, records: Iterable[bytes], path: Path | None = None) -> None:
        """In place of all that is in it; at `path` from now on, if that is given."""
        before, self.path = self.path, path or self.path
        try:
            self._rewrite(records)
        except OSError:
            self.path = before
            raise
        if before != self.path:
            with suppress(OSError):
                os.unlink(before)

    def _rewrite(self, records: Iterable[bytes]) -> None:
        beside = self.path.with_name(f".{self.path.name}.new")
        data = MAGIC + framed(records)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            _write_whole(descriptor, data)
            os.fsync(descriptor)
            os.replace(beside, self.path)
            _sync_directory(self.path.parent)
        except OSError:
            os.close(descriptor)
            with suppress(OSError):
                os.unlink(beside)
            raise
        self.close()
        self._descriptor, self._length = descriptor, len(data)

    def close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def set_aside(path: Path) -> Path:
    """Renames a journal that cannot be used, so that nothing of it is lost; returns where it is now."""
    number = 1
    while (aside := path.with_name(f"{path.name}.kept-{number}")).exists():
        number += 1
    path.rename(aside)
    return aside


def _write_whole(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
