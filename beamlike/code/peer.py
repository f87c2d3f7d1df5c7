"""What the other side of one connection has of our code, and the news of it that go ahead of terms."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any, TypeAlias

from beamlike.code.contents import marked
from beamlike.code.ledger import Ledger
from beamlike.code.lending import Lent, Release
from beamlike.code.requirements.travel import PackagesThere
from beamlike.code.shared import Shared
from beamlike.code.source import SourceHash, SourceParts
from beamlike.code.sources import SOURCES
from beamlike.code.uses import NOTHING, Image, Lasting, Uses
from beamlike.distribution.terms_codec import PICKLE_PROTOCOL, Content

News: TypeAlias = list[tuple[str, Any]]


def _nothing_new(_uses: Uses) -> News:
    return []


class Peer:
    """At most `limit` sources, the newest; one that fell out is only sent again. `news_of` tells what the other side
    is to hear of modules before it gets a term that uses this; `is_own` which of them it has to ask for.

    What goes ahead must reach the other side in the order in which it was made.
    """

    def __init__(
        self,
        limit: int = 4096,
        *,
        largest: int = 1 << 62,
        news_of: Callable[[Uses], News] = _nothing_new,
        is_own: Callable[[str], bool] = lambda module: False,
    ) -> None:
        self.name = "another node"
        self._lent = Lent(limit)
        self._ledger = Ledger(largest=largest)
        self._news_of = news_of
        self._is_own = is_own
        self._retirements = SOURCES.retirements
        self._packages = PackagesThere()

    def __contains__(self, hash: SourceHash) -> bool:
        return hash in self._lent

    def __len__(self) -> int:
        return len(self._lent)

    def may_name(self, hash: SourceHash) -> bool:
        """Whether a term may name that source."""
        return SOURCES.may_lend(hash)

    def takes(self, content: Content, *, shared: bool = False) -> bool:
        """Whether so large a value can be kept over there."""
        return self._ledger.takes(content, shared=shared)

    def has(self, content: Content) -> bool:
        """Whether that shared value is there. For any thread."""
        return self._ledger.has(content)

    def farewell(self) -> News:
        """What the other side may forget, after all that was sent so far."""
        forgotten = self._ledger.forgotten()
        retired = self._retired() if self._has_retired else []
        news: News = [("forget", forgotten), ("releases", _parts(retired))]
        return [(kind, content) for kind, content in news if content]

    def lacking(self, uses: Uses) -> tuple[bytes | None, list[Content]]:
        """What is to go ahead of a term that uses these, and beside it; it counts as sent from then on."""
        if uses is NOTHING and not self._has_retired:
            return None, []
        news = self._news_of(uses) + self._packages.news(uses)
        contents: list[Content] = []
        if not self._has_all(uses):
            all_uses = uses.all()
            images, shared = self._images_lacking(all_uses), self._shared_lacking(all_uses)
            lasting = [*(image.uses for image in images), *(made.uses for _, made in shared)]
            news += self._news_of_sources(uses, lasting)
            news += self._news_of_images(images)
            news += self._news_of_shared(shared)
            contents = [*(made.content for _, made in shared), *self._contents_lacking(all_uses)]
            if contents:
                news.append(("contents", [content.key for content in contents]))
        return pickle.dumps(news, PICKLE_PROTOCOL) if news else None, contents

    def _has_all(self, uses: Uses) -> bool:
        """Whether it is plain that nothing is lacking, as it mostly is."""
        if uses.sources or uses.shared or self._has_retired or any(map(self._ledger.lacks_image, uses.images)):
            return False
        return not any(map(self._ledger.lacks, uses.large_values()))

    def _images_lacking(self, all_uses: list[Uses]) -> list[Image]:
        """Each after those that it refers to."""
        found = {image.number: image for uses in all_uses for image in uses.images}
        return [image for image in found.values() if self._ledger.lacks_image(image)]

    def marked(self, body: bytes, uses: Uses) -> bytes:
        """A term that uses these, as the other side is to get it: see `contents` and `travel`."""
        body = marked(body, uses.large_values())
        return self._packages.marked(body, uses)

    def _news_of_images(self, images: list[Image]) -> News:
        for image in images:
            self._ledger.add_image(image)
        news = [
            (image.number, image.data, any(map(self._is_own, image.uses.names())), self._pinned(image.uses))
            for image in images
        ]
        return [("images", news)] if news else []

    def _shared_lacking(self, all_uses: list[Uses]) -> list[tuple[Shared[Any], Lasting]]:
        found = {made.content.key: (shared, made) for uses in all_uses for shared, made in uses.shared}
        return [(shared, made) for shared, made in found.values() if self._ledger.lacks(made.content)]

    def _news_of_shared(self, lacking: list[tuple[Shared[Any], Lasting]]) -> News:
        for shared, made in lacking:
            self._ledger.add_owned(made.content, shared)
        pins = [(made.content.key, self._pinned(made.uses)) for _, made in lacking if made.uses.sources]
        return [("pins", pins)] if pins else []

    def _pinned(self, uses: Uses) -> list[SourceParts | SourceHash]:
        """Sources to be kept for something that lasts."""
        return [hash if hash in self._lent else source.parts for hash, source in uses.sources.items()]

    def _contents_lacking(self, all_uses: list[Uses]) -> list[Content]:
        found = {content.key: content for uses in all_uses for content in uses.contents}
        lacking = [content for content in found.values() if self._ledger.lacks(content)]
        for content in lacking:
            self._ledger.add(content)
        return lacking

    @property
    def _has_retired(self) -> bool:
        return self._retirements != SOURCES.retirements

    def _news_of_sources(self, uses: Uses, lasting: list[Uses]) -> News:
        named = uses.sources
        before = self._retired() if self._has_retired else []
        kept = {hash: it for each in lasting for hash, it in each.sources.items() if SOURCES.may_lend(hash)}
        used = named | kept if kept else named
        lacking = [used[SourceHash(hash)].parts for hash in self._lent.lacking(used)]
        after = self._lent.name(named)
        self._lent.keep(kept)
        # Retired since it was decided that the term may name it.
        after += self._lent.withdraw([hash for hash in named if not SOURCES.may_lend(hash)])
        news: News = [("releases", _parts(before)), ("sources", lacking), ("releases", _parts(after))]
        return [(kind, content) for kind, content in news if content]

    def _retired(self) -> list[Release]:
        seen, self._retirements = self._retirements, SOURCES.retirements
        return self._lent.withdraw([hash for hash in self._lent if SOURCES.retired_since(SourceHash(hash), seen)])


def _parts(releases: list[Release]) -> list[tuple[bytes, int]]:
    return [(release.hash, release.terms) for release in releases]
