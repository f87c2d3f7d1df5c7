"""Of which files the packages of an environment were made: noted in it, since their own metadata does not tell.

So a package counts as another one than that of the same name and version from another index. Of what is installed
elsewhere nobody knows it, and there a version is all that counts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Final

from beamlike.code.requirements.lock import Pin

NOTE: Final = ".hashes.json"


def note_hashes(pins: Iterable[Pin], environment: Path) -> None:
    """To be told by `hashes_of` of what is installed there."""
    known = {pin.name: pin.hashes for pin in pins}
    (environment / NOTE).write_text(json.dumps(known), encoding="utf-8")


def hashes_of(name: str, distribution: metadata.Distribution) -> tuple[str, ...]:
    """Those of the files that it may have been made of; none where that is not known. `name` is in its one spelling."""
    return _noted(str(distribution.locate_file(NOTE))).get(name, ())


@cache
def _noted(path: str) -> dict[str, tuple[str, ...]]:
    """An environment stays what it is, so it is read once."""
    try:
        noted = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # there is none, or one that a power cut has spoilt
        return {}
    return {name: tuple(hashes) for name, hashes in noted.items()}
