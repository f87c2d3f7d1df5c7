"""What the other side of one connection has of our sources, and the news of them that go ahead of terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from beamlike.code.lending import Lent
from beamlike.code.source import Source, SourceHash
from beamlike.code.sources import SOURCES

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

    def news(self, named: Mapping[SourceHash, Source]) -> News:
        """What is to go ahead of a term that names these sources; they count as sent from then on."""
        if self._makes_news or not (named or self._has_retired):
            return []
        self._makes_news = True
        try:
            return self._news(named)
        finally:
            self._makes_news = False

    @property
    def _has_retired(self) -> bool:
        return self._retirements != SOURCES.retirements and bool(self._lent)

    def _news(self, named: Mapping[SourceHash, Source]) -> News:
        lacking = [named[SourceHash(hash)].parts for hash in self._lent.lacking(named)]
        releases = self._lent.name(named)
        if self._has_retired:
            self._retirements = SOURCES.retirements
            releases += self._lent.withdraw(lambda hash: not SOURCES.may_lend(SourceHash(hash)))
        news: News = [("sources", lacking)] if lacking else []
        if releases:
            news.append(("releases", [(release.hash, release.terms) for release in releases]))
        return news
