"""The sources that an interpreter knows, by their hash: of cells, of the running script, and of other nodes.

A cell that runs again in another text is another source of the same name: the older one is *superseded*. It is dropped,
with its entry in `linecache`, when no function, frame or class of it is alive here and no peer may name it any more
(`lending`). What happens when the last of them goes is looked at later, at the next change or question: that moment may
be anywhere, in any thread.
"""

from __future__ import annotations

import linecache
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from threading import RLock
from types import CodeType

from beamlike.code.known import Known, hide_from_tracebacks, show_in_tracebacks
from beamlike.code.live_code import LiveCode
from beamlike.code.source import Place, Source, SourceHash, SourceParts, UnknownSource, within


class Sources:
    """Safe to use from any thread.

    >>> sources = Sources()
    >>> old, new = sources.register("cell 1", "def f(): return 1"), sources.register("cell 1", "def f(): return 2")
    >>> old.hash in sources, new.hash in sources
    (False, True)
    """

    def __init__(self) -> None:
        self._lock = RLock()
        self._known: dict[SourceHash, Known] = {}
        self._by_filename: dict[str, Known | None] = {}
        self._newest: dict[str, Known] = {}
        self._without_life: deque[SourceHash] = deque()
        self.retirements = 0
        """Counts the sources that were retired or dropped."""

    # Here.

    def register(self, name: str, text: str, flags: int = 0) -> Source:
        """The source of these parts, which runs here from now on as the newest of its name."""
        with self._lock:
            known = self._enter(Source(name, text, flags), None)
            older, self._newest[name] = self._newest.get(name), known
            known.claims.publish()
            if older is not None and older is not known:
                self._supersede(older)
            self._collect()
            return known.source

    def compile(self, name: str, text: str, flags: int = 0) -> CodeType:
        """The code of what `register` registers; SyntaxError if it is none."""
        source = self.register(name, text, flags)
        code = source.code
        with self._lock:  # another thread may have registered a newer one meanwhile, and this was dropped
            self._enter_retired(Source(*source.parts), None).live.watch(source.compiled())
        return code

    def withdraw(self, names: Iterable[str]) -> None:
        """What was registered under these names is not run from anew any more."""
        with self._lock:
            for known in filter(None, [self._newest.pop(name, None) for name in names]):
                self._supersede(known)
            self._collect()

    def adopt(self, code: CodeType) -> None:
        """Code of a source that was compiled elsewhere, as a piece of it: it counts as that source's."""
        with self._lock:
            known = self._by_filename.get(code.co_filename)
            if known is not None:
                known.live.watch((each, known.source.place_of(each)) for each in within(code))

    def find(self, code: CodeType) -> tuple[Source, Place] | None:
        """The source that `code` was compiled from and its place there, or None if it has no known source."""
        filename = code.co_filename
        with self._lock:
            if filename not in self._by_filename:
                self._by_filename[filename] = self._running_script(filename)
            known = self._by_filename[filename]
            if known is None:
                return None
            place = known.live.place_of(code)
            if place is None:
                place = self._compilable(known).place_of(code)
                if place is None:
                    return None
                known.live.watch([(code, place)])
            return known.source, place

    # From and for other nodes.

    def borrow(self, parts: SourceParts, lender: object, origin: str) -> Source:
        """What the node `origin` has sent; `lender` may name it from now on."""
        with self._lock:
            self._collect()
            known = self._enter(Source(*parts), origin)
            known.claims.borrow(lender)
            return known.source

    def pin(self, source: SourceParts | SourceHash, holder: object, origin: str) -> SourceHash:
        """What `holder` needs that lasts and has come from the node `origin`, until it gives it back. With its text
        comes what is retired there, and is not lent to anybody from here."""
        with self._lock:
            known = self._get(source) if isinstance(source, bytes) else self._enter_retired(Source(*source), origin)
            known.claims.pin(holder)
            return known.source.hash

    def give_back(self, hash: SourceHash, lender: object) -> None:
        """That lender will not name it any more."""
        with self._lock:
            known = self._known.get(hash)
            if known is not None:
                known.claims.give_back(lender)
                self._settle(known)

    def retire(self, hash: SourceHash) -> None:
        """One who lent it has released it. Where it is the newest of its name, that is no news."""
        with self._lock:
            known = self._known.get(hash)
            if known is not None and known.claims.retire():
                self._count_as_retired(known)
                self._settle(known)

    def may_lend(self, hash: SourceHash) -> bool:
        """Whether terms may name it by its hash; what is retired travels with its text."""
        known = self._known.get(hash)
        return known is not None and not known.claims.retired

    def retired_since(self, hash: SourceHash, retirement: int) -> bool:
        """Whether it was retired after that one, or is not known any more: whoever was lent it is to hear of that, even
        if it has been lent to this node again."""
        known = self._known.get(hash)
        return known is None or known.retired_at > retirement

    def code_at(self, hash: SourceHash, place: Place) -> CodeType:
        """The code object that stands there. UnknownSource for a source or a place that is not there."""
        with self._lock:
            known = self._get(hash)
            return self._code_in(known, self._compilable(known), place)

    def code_in(self, source: Source, place: Place, origin: str) -> CodeType:
        """As `code_at`, in a retired source that has come with its text."""
        with self._lock:
            known = self._enter_retired(Source(*source.parts), origin)
            return self._code_in(known, known.source if known.claims.is_held else source, place)

    # Questions.

    def shows(self, filename: str) -> bool:
        """Whether tracebacks show the lines of a file of that name, since a source that is kept has it."""
        return self._by_filename.get(filename) is not None

    def __contains__(self, hash: SourceHash) -> bool:
        self.collect()
        return hash in self._known

    def __iter__(self) -> Iterator[Known]:
        self.collect()
        return iter(list(self._known.values()))

    def origin_of(self, filename: str) -> str | None:
        """The node that has sent the source of that file name; None, if none has."""
        known = self._by_filename.get(filename)
        return known.origin if known is not None else None

    def collect(self) -> None:
        """Drops what nothing keeps any more."""
        if self._without_life:
            with self._lock:
                self._collect()

    def _get(self, hash: SourceHash) -> Known:
        try:
            return self._known[hash]
        except KeyError:
            raise UnknownSource(
                f"code came by the hash {hash.hex()} of its source, and the text itself never did: "
                "it goes along with the first code of it on a connection; connect anew"
            ) from None

    def _enter(self, source: Source, origin: str | None) -> Known:
        known = self._known.get(source.hash)
        if known is None:
            hash = source.hash
            known = Known(source, LiveCode(lambda: self._without_life.append(hash)), origin, self.retirements)
            self._known[hash] = self._by_filename[source.filename] = known
            show_in_tracebacks(source)
        return known

    def _enter_retired(self, source: Source, origin: str | None) -> Known:
        known = self._known.get(source.hash)
        if known is None:
            known = self._enter(source, origin)
            known.claims.retired = True
        return known

    def _supersede(self, known: Known) -> None:
        if known.claims.supersede():
            self._count_as_retired(known)
        self._settle(known)

    def _count_as_retired(self, known: Known) -> None:
        self.retirements += 1
        known.retired_at = self.retirements

    def _settle(self, known: Known) -> None:
        """After a claim has gone: lets go of code that only the table keeps alive, then of the source."""
        if not known.claims.is_held:
            known.live.watch(known.source.compiled())
            known.source = Source(*known.source.parts)
        if not known.is_kept:
            self._drop(known)

    def _collect(self) -> None:
        while self._without_life:
            known = self._known.get(self._without_life.popleft())
            if known is not None and not known.is_kept:
                self._drop(known)

    def _drop(self, known: Known) -> None:
        source = known.source
        if self._known.get(source.hash) is known:  # and was not dropped by a finalizer that ran meanwhile
            self.retirements += 1
            del self._known[source.hash], self._by_filename[source.filename]
            hide_from_tracebacks(source)

    def _compilable(self, known: Known) -> Source:
        """One whose compiled code may be kept; of a source that nobody claims, one for now only."""
        return known.source if known.claims.is_held else Source(*known.source.parts)

    def _code_in(self, known: Known, source: Source, place: Place) -> CodeType:
        code = source.code_at(place)
        if not known.claims.is_held:
            known.live.watch(source.compiled())
        return code

    def _running_script(self, filename: str) -> Known | None:
        """The source of `__main__`, if that is the file; whether it is still what runs is seen code by code."""
        if filename != getattr(sys.modules["__main__"], "__file__", None):
            return None
        source = Source(filename, "".join(linecache.getlines(filename)))
        try:
            _ = source.code
        except SyntaxError:  # edited since it started
            return None
        known = self._enter(source, None)
        known.claims.publish()
        return known


SOURCES = Sources()
