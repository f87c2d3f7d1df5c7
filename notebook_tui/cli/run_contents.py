"""What a notebook and the modules beside it hold, to tell whether they have changed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from beamlike.kernel.record import frozen
from notebook_tui.cli.run_imports import imported_beside
from notebook_tui.session.storage import digest_of


@frozen
class _Found:
    """A file, or none: then both are None."""

    stamp: tuple[int, ...] | None = None
    """While that is the same, it need not be read."""
    digest: bytes | None = None


@frozen
class Contents:
    files: Mapping[Path, _Found]

    @classmethod
    def of(cls, path: Path) -> Contents:
        """Of the notebook, and of all modules that it may import from its directory."""
        return _looked_at((path, *imported_beside(path)), {})

    def now(self) -> Contents:
        """Of the same files."""
        return _looked_at(self.files, self.files)

    def has(self, file: Path) -> bool:
        return self.files[file].digest is not None

    def other_than(self, before: Contents) -> list[str]:
        """The names of those that hold something else. To be written with the same text is no change."""
        return sorted(file.name for file, found in self.files.items() if found.digest != before.files[file].digest)

    def names(self) -> frozenset[str]:
        return frozenset(name for file in self.files for name in (file.name, file.resolve().name))

    def directories(self) -> set[Path]:
        """Where they are, as far as there is such a directory; a file itself may be replaced by another."""
        places = {place for file in self.files for place in (file.absolute().parent, file.resolve().parent)}
        return {place for place in places if place.is_dir()}


def _looked_at(files: Iterable[Path], known: Mapping[Path, _Found]) -> Contents:
    return Contents({file: _found(file, known.get(file, _Found())) for file in files})


def _found(file: Path, known: _Found) -> _Found:
    try:
        status = os.stat(file)
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        return known if stamp == known.stamp else _Found(stamp, digest_of(file.read_bytes()))
    except OSError:
        return _Found()
