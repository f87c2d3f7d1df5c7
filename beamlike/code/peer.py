"""What the other side of one connection has of our sources, and the news of them that go ahead of terms."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from typing import Any, TypeAlias

from beamlike.code.lending import Lent, Release
from beamlike.code.source import Source, SourceHash
from beamlike.code.sources import SOURCES
from beamlike.distribution.terms_codec import PICKLE_PROTOCOL

News: TypeAlias = list[tuple[str, Any]]


class Peer:
    """At most `limit` sources, the newest; one that fell out is only sent again.

    What goes ahead must reach the other side in the order in which it was made.
    """

    def __init__(self, limit: int = 4096) -> None:
        self._lent = Lent(limit)
        self._retirements = SOURCES.retirements
        self._makes_news = False

    def __contains__(self, hash: SourceHash) -> bool:
        return hash in self._lent

    def __len__(self) -> int:
        return len(self._lent)

    def may_name(self, hash: SourceHash) -> bool:
        """Whether a term may name that source. A finalizer that sends while news are made has to do without: they are
        not on their way yet."""
        return not self._makes_news and SOURCES.may_lend(hash)

    def ahead(self, named: Mapping[SourceHash, Source]) -> bytes | None:
        """What is to go ahead of a term that names these sources, if anything is; they count as sent from then on."""
        if self._makes_news or not (named or self._has_retired):
            return None
        self._makes_news = True
        try:
            news = self._news(named)
            return pickle.dumps(news, PICKLE_PROTOCOL) if news else None
        finally:
            self._makes_news = False

    @property
    def _has_retired(self) -> bool:
        return self._retirements != SOURCES.retirements

    def _news(self, named: Mapping[SourceHash, Source]) -> News:
        before = self._retired() if self._has_retired else []
        lacking = [named[SourceHash(hash)].parts for hash in self._lent.lacking(named)]
        after = self._lent.name(named)
        # Retired since it was decided that the term may name it.
        after += self._lent.withdraw([hash for hash in named if not SOURCES.may_lend(hash)])
        news: News = [("releases", _parts(before)), ("sources", lacking), ("releases", _parts(after))]
        return [(kind, content) for kind, content in news if content]

    def _retired(self) -> list[Release]:
        seen, self._retirements = self._retirements, SOURCES.retirements
        return self._lent.withdraw([hash for hash in self._lent if SOURCES.retired_since(SourceHash(hash), seen)])


def _parts(releases: list[Release]) -> list[tuple[bytes, int]]:
    return [(release.hash, release.terms) for release in releases]
