"""The codec of a connection by which code travels: what `beamlike.distribution` is given when a node starts.

What goes ahead of a term is a pickled list of messages, each a pair of its kind and what it says.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable
from typing import Any

from beamlike.code.contents import Contents
from beamlike.code.decoding import DECODING
from beamlike.code.endless import named
from beamlike.code.images import ImagesThere
from beamlike.code.lending import Borrowed, Release
from beamlike.code.locked import LockedUnpickler
from beamlike.code.modules.modules import Modules
from beamlike.code.peer import News, Peer
from beamlike.code.pickler import Dumped, dump, dump_alone, for_peer
from beamlike.code.pin import Pin
from beamlike.code.requirements.travel import PackagesHere
from beamlike.code.source import SourceHash, SourceParts
from beamlike.code.sources import SOURCES
from beamlike.code.uses import Uses
from beamlike.distribution.connection import LARGEST_SIGNAL
from beamlike.distribution.terms_codec import Buffer, Content, Encoded, NotYet
from beamlike.kernel.errors import NotConnected


def _nobody_answers(peer: str, _question: bytes, _timeout: float) -> bytes:
    raise NotConnected(f"expected {peer} to be connected to a node, and this codec is of none")


class CodeCodec:
    """Terms to bytes and back, for one connection of the node `here`.

    >>> codec = CodeCodec("doc@127.0.0.1")
    >>> codec.decode(codec.encode(("hello", 42)).data, ())
    ('hello', 42)
    """

    def __init__(
        self,
        here: str = "",
        *,
        accepts_code: bool = True,
        modules: Modules | None = None,
        largest: int = LARGEST_SIGNAL,
    ) -> None:
        self.here = here
        self.there = ""
        self._accepts_code = accepts_code
        self._modules = modules or Modules(here, _nobody_answers, accepts_code)
        self._modules_there = self._modules.given()
        self._modules_changed = 0
        self._peer = Peer(largest=largest, news_of=self._news_of_modules, is_own=self._modules.is_own)
        self._borrowed = Borrowed()
        self._named: set[bytes] = set()
        self._images = ImagesThere()
        self._contents = Contents()
        self._packages = PackagesHere(here)
        self._pins: dict[int | bytes, Pin] = {}
        # The terms that were tried too early, by the ids of their data, and what may be forgotten when there are none.
        self._too_early: set[int] = set()
        self._forgotten: list[int | bytes] = []
        self._hears: dict[str, Callable[[Any], None]] = {
            "environment": self._packages.hear,
            "sources": self._hear_sources,
            "releases": self._hear_releases,
            "modules": self._hear_modules,
            "images": self._hear_images,
            "pins": self._hear_pins,
            "contents": self._contents.announce,
            "forget": self._forget,
        }

    def meet(self, there: str) -> None:
        self.there = self._peer.name = there
        self._modules.meet(self._modules_there, there)

    def encode(self, term: object) -> Encoded:
        """A term, drafted and finished."""
        return self.finish(self.draft(term, alone=False))

    def draft(self, term: object, *, alone: bool) -> Dumped:
        """Raises CannotTravel, which names the part of `term` that has no meaning elsewhere."""
        return dump_alone(term) if alone else dump(term, self._peer)

    def finish(self, draft: Dumped) -> Encoded:
        return for_peer(draft, self._peer)

    def farewell(self) -> bytes | None:
        news = self._peer.farewell()
        return pickle.dumps(news) if news else None

    def hear(self, ahead: bytes) -> None:
        """Takes what the other side knows of code; a node that accepts none does not."""
        if self._accepts_code:
            for kind, news in pickle.loads(ahead):
                self._hears[kind](news)

    def take_in(self, content: Content) -> None:
        if self._accepts_code:
            self._is_here_anew(content.key)
            self._contents.take_in(content)

    def decode(self, data: Buffer, buffers: Iterable[Buffer]) -> object:
        """Raises ForeignCode or UnknownSource if code in it cannot be had here, CodeRefused if none is accepted, NotYet
        while something in it is on its way, RequirementsError if packages that it needs cannot be had, and whatever
        loading a term may."""
        outer, DECODING.codec = DECODING.codec, self
        self._modules.turn_to(self.there)
        self._renew_images()
        if self._too_early:
            self._too_early.discard(id(data))
        try:
            return self.loads(self._opened(data), buffers)
        except NotYet:
            self._named.clear()  # it will be decoded again
            self._too_early.add(id(data))
            raise
        finally:
            DECODING.codec = outer
            if self._named:
                self._count_as_come()
            if self._forgotten:
                self._forget([])

    def _opened(self, data: Buffer) -> Buffer:
        """The term itself, when all is here that it is marked to need."""
        try:
            return self._contents.opened(self._packages.opened(data))
        except NotYet:
            raise
        except Exception:
            self._named_in(data)
            raise

    def _named_in(self, data: Buffer) -> None:
        """Whatever a term names has come, though it was not all looked at."""
        self._named.update(hash for hash in self._borrowed if hash in bytes(data))

    def loads(self, data: Buffer, buffers: Iterable[Buffer] = ()) -> Any:
        """A pickle of the other side."""
        if not self._accepts_code:
            return LockedUnpickler(data, buffers, self.here).load()
        try:
            return pickle.loads(data, buffers=buffers)
        except RecursionError as error:
            self._named_in(data)
            raise named(error) from None
        except Exception:
            self._named_in(data)
            raise

    def names(self, hash: bytes) -> None:
        """What is being decoded names a source by its hash."""
        self._named.add(hash)

    def image(self, number: int) -> Any:
        return self._images.get(number, self._load_lasting)

    def content(self, key: bytes) -> Any:
        return self._contents.get(key, self._load_lasting)

    def shared(self, key: bytes) -> Any:
        return self._contents.shared(key, self._load_lasting)

    def _load_lasting(self, data: bytes, buffers: Iterable[Buffer] = ()) -> Any:
        """A pickle that came by itself: what it names is pinned, and not what the term names."""
        named, self._named = self._named, set()
        try:
            return self.loads(data, buffers)
        finally:
            self._named = named

    def close(self) -> None:
        """The connection is over."""
        self._packages.close()
        self._modules.part(self._modules_there, self.there)
        for pin in self._pins.values():
            pin.release()
        for hash in self._borrowed.close():
            SOURCES.retire(SourceHash(hash))
            SOURCES.give_back(SourceHash(hash), self._borrowed)

    def _count_as_come(self) -> None:
        for hash in self._borrowed.named(self._named):
            SOURCES.give_back(SourceHash(hash), self._borrowed)
        self._named.clear()

    def _hear_sources(self, sources: list[SourceParts]) -> None:
        for parts in sources:
            self._borrowed.take(SOURCES.borrow(parts, self._borrowed, self.there).hash)

    def _hear_releases(self, releases: list[tuple[SourceHash, int]]) -> None:
        for hash, terms in releases:
            SOURCES.retire(hash)
            if self._borrowed.release(Release(hash, terms)):
                SOURCES.give_back(hash, self._borrowed)

    def _news_of_modules(self, uses: Uses) -> News:
        if not (uses.carries_code or any(map(self._modules.is_own, uses.names()))):
            return []
        news = self._modules.news(self._modules_there, self.there)
        return [("modules", news)] if news is not None else []

    def _hear_modules(self, news: bytes) -> None:
        self._modules.hear(self.there, news)

    def _renew_images(self) -> None:
        """Those that use modules are made anew after modules have changed: told by the other side, or seen."""
        if self._modules_changed != self._modules.changes_seen:
            self._modules_changed = self._modules.changes_seen
            self._images.renew()

    def _hear_images(self, images: list[tuple[int, bytes, bool, list[SourceParts | SourceHash]]]) -> None:
        for number, data, uses_modules, sources in images:
            self._is_here_anew(number)
            self._images.take_in(number, data, renewable=uses_modules)
            self._pin(number, sources)

    def _hear_pins(self, pins: list[tuple[bytes, list[SourceParts | SourceHash]]]) -> None:
        for key, sources in pins:
            self._pin(key, sources)

    def _pin(self, key: int | bytes, sources: list[SourceParts | SourceHash]) -> None:
        before, self._pins[key] = self._pins.get(key), Pin(sources, self.there)
        if before is not None:
            before.release()

    def _is_here_anew(self, key: int | bytes) -> None:
        """What was told before, that it may be forgotten, is no longer so."""
        if key in self._forgotten:
            self._forgotten.remove(key)

    def _forget(self, what: list[int | bytes]) -> None:
        self._forgotten += what
        if self._too_early:
            return
        for key in self._forgotten:
            (self._images if isinstance(key, int) else self._contents).forget(key)  # type: ignore[arg-type]
            pin = self._pins.pop(key, None)
            if pin is not None:
                pin.release()
        self._forgotten.clear()
