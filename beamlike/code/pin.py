"""Sources that are kept for something that came from another node and lasts there: an image, or a shared value."""

from __future__ import annotations

from beamlike.code.source import SourceHash, SourceParts
from beamlike.code.sources import SOURCES


class Pin:
    """Those that are lent are told by their hash, those that are retired with their text."""

    def __init__(self, sources: list[SourceParts | SourceHash], origin: str) -> None:
        self._hashes = [SOURCES.pin(source, self, origin) for source in sources]

    def release(self) -> None:
        for hash in self._hashes:
            SOURCES.give_back(hash, self)
        self._hashes.clear()
