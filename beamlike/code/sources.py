"""Source texts by their hash, and the code objects in them by their place.

A function is named to another interpreter as Erlang names a fun: by the hash of the text it stands in and its place
there, (qualified name, first line, nth of these). Both sides compile the text themselves, so they need not run
the same Python, and the text goes into `linecache`, so tracebacks and `inspect.getsource` show it on both.

A source's file name carries its digest: `<notebook tour, cell 3 #5f2c9a81>`. Python finds a traceback's lines by
file name alone, so another version of a cell must be another file, in this interpreter and in every warm one that
has seen an older version.

Sources are kept as long as the interpreter lives, since their functions may be.
"""

from __future__ import annotations

import linecache
import sys
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from io import StringIO
from threading import Lock
from types import CodeType
from typing import NamedTuple, NewType, TypeAlias

from beamlike.kernel.errors import BeamlikeError

SourceHash = NewType("SourceHash", bytes)
SourceParts: TypeAlias = tuple[str, str, int]
"""(name, text, flags): what a source is made of, as it travels."""


class UnknownSource(BeamlikeError, LookupError):
    """Code came by hash and place, and this interpreter does not have that source or that place."""


class Place(NamedTuple):
    """Where in a source a code object stands: the `nth` of those with this qualified name on this line."""

    qualname: str
    line: int
    nth: int


@dataclass(frozen=True)
class Source:
    """A text that is compiled as a whole, under its own name and with its compiler flags.

    >>> source = Source("notebook tour, cell 3", "def double(n): return 2 * n")
    >>> source.filename
    '<notebook tour, cell 3 #f30d31de>'
    >>> source.code_at(Place("double", 1, 0)).co_name
    'double'
    """

    name: str
    text: str
    flags: int = 0
    """For `compile`: of `ast` and `__future__`, beside those that the text itself turns on."""

    @cached_property
    def hash(self) -> SourceHash:
        content = f"{self.name}\0{self.flags}\0{self.text}"
        return SourceHash(blake2b(content.encode("utf-8", "surrogatepass"), digest_size=12).digest())

    @cached_property
    def filename(self) -> str:
        return f"<{self.name} #{self.hash.hex()[:8]}>"

    @property
    def parts(self) -> SourceParts:
        return self.name, self.text, self.flags

    @cached_property
    def code(self) -> CodeType:
        """The whole text, compiled once. SyntaxError if it is none."""
        code: CodeType = compile(self.text, self.filename, "exec", flags=self.flags, dont_inherit=True)
        return code

    def code_at(self, place: Place) -> CodeType:
        """The code object that stands there; UnknownSource if none does."""
        candidates = self._codes.get((place.qualname, place.line), [])
        if place.nth < len(candidates):
            return candidates[place.nth]
        raise UnknownSource(
            f"expected `{place.qualname}` at line {place.line} of {self.filename}, found no such code: "
            "the two Pythons compile this text too differently; run the same minor version on both"
        )

    def place_of(self, code: CodeType) -> Place | None:
        """Where `code` stands, or None if this text as it is now does not compile to it."""
        qualname, line = code.co_qualname, code.co_firstlineno
        for nth, candidate in enumerate(self._codes.get((qualname, line), [])):
            if candidate == code:
                return Place(qualname, line, nth)
        return None

    @cached_property
    def _codes(self) -> dict[tuple[str, int], list[CodeType]]:
        found: dict[tuple[str, int], list[CodeType]] = {}
        pending = [self.code]
        while pending:
            code = pending.pop()
            found.setdefault((code.co_qualname, code.co_firstlineno), []).append(code)
            pending.extend(const for const in reversed(code.co_consts) if isinstance(const, CodeType))
        return found


class Sources:
    """The sources that an interpreter knows. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._by_hash: dict[SourceHash, Source] = {}
        self._by_filename: dict[str, Source | None] = {}

    def register(self, name: str, text: str, flags: int = 0) -> Source:
        """The source of these parts; the one that is known already if it is."""
        return self._add(Source(name, text, flags))

    def _add(self, source: Source) -> Source:
        with self._lock:
            known = self._by_hash.setdefault(source.hash, source)
            self._by_filename[known.filename] = known
        show_in_tracebacks(known)
        return known

    def __getitem__(self, hash: SourceHash) -> Source:
        try:
            return self._by_hash[hash]
        except KeyError:
            raise UnknownSource(
                f"code came by the hash {hash.hex()} of its source, and the text itself never did: "
                "it goes along with the first code of it on a connection; connect anew"
            ) from None

    def __contains__(self, hash: SourceHash) -> bool:
        return hash in self._by_hash

    def find(self, code: CodeType) -> tuple[Source, Place] | None:
        """The source that `code` was compiled from and its place there, or None if it has no known source."""
        filename = code.co_filename
        try:
            source = self._by_filename[filename]
        except KeyError:
            source = self._by_filename[filename] = self._running_script(filename)
        place = source.place_of(code) if source else None
        return (source, place) if source and place else None

    def _running_script(self, filename: str) -> Source | None:
        """The source of `__main__`, if that is the file; whether it is still what runs is seen code by code."""
        if filename != getattr(sys.modules["__main__"], "__file__", None):
            return None
        source = Source(filename, "".join(linecache.getlines(filename)))
        try:
            _ = source.code
        except SyntaxError:  # edited since it started
            return None
        return self._add(source)


def show_in_tracebacks(source: Source) -> None:
    # The last line ends too, as in a file: `traceback` counts on it when it places carets.
    text = source.text if source.text.endswith(("\n", "\r")) else source.text + "\n"
    lines = StringIO(text, newline=None).readlines()
    # No modification time: such an entry is never checked against the disk.
    linecache.cache[source.filename] = (len(source.text), None, lines, source.filename)


SOURCES = Sources()
