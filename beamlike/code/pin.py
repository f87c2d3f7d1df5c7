"""Sources that are kept for something that came from another node and lasts there: an image, or a shared value."""

from __future__ import annotations

from beamlike.code.source import SourceHash, SourceParts
from beamlike.code.sources import SOURCES


class Pin:
    """Some of the `sources` have come before, and are told by their hash."""

    def __init__(self, sources: list[SourceParts | SourceHash], origin: str) -> None:
        parts = [SOURCES[source].parts if isinstance(source, bytes) else source for source in sources]
        self._hashes = [SOURCES.borrow(each, self, origin).hash for each in parts]

    def release(self) -> None:
        for hash in self._hashes:
            SOURCES.give_back(hash, self)
        self._hashes.clear()
