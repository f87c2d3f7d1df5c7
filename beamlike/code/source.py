"""A source: a text that is compiled as a whole, and the code objects in it by their place.

A function is named to another interpreter as Erlang names a fun: by the hash of the text it stands in and its place
there, (qualified name, first line, nth of these). Both sides compile the text themselves, so they need not run
the same Python, and the text goes into `linecache`, so tracebacks and `inspect.getsource` show it on both.

A source's file name carries its digest: `<notebook tour, cell 3 #5f2c9a81>`. Python finds a traceback's lines by
file name alone, so another version of a cell must be another file, in this interpreter and in every warm one that
has seen an older version.

`sources` has those that an interpreter knows.
"""

from __future__ import annotations

import platform
import re
from ast import PyCF_ALLOW_TOP_LEVEL_AWAIT
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from types import CodeType
from typing import Literal, NamedTuple, NewType, TypeAlias

from beamlike.kernel.errors import BeamlikeError

SourceHash = NewType("SourceHash", bytes)
SourceKind: TypeAlias = Literal["cell", "script"]
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

    def __reduce__(self) -> tuple[type[Source], SourceParts]:
        return Source, self.parts

    @property
    def kind(self) -> SourceKind:
        """A cell may await at its top level, a script may not."""
        return "cell" if self.flags & PyCF_ALLOW_TOP_LEVEL_AWAIT else "script"

    @cached_property
    def code(self) -> CodeType:
        """The whole text, compiled once. SyntaxError if it is none."""
        code: CodeType = compile(self.text, self.filename, "exec", flags=self.flags, dont_inherit=True)
        return code

    def code_at(self, place: Place) -> CodeType:
        """The code object that stands there; UnknownSource if none does."""
        try:
            candidates = self._codes.get((place.qualname, place.line), [])
        except SyntaxError as error:
            raise UnknownSource(
                f"expected a text that Python {platform.python_version()} can compile, got {self.filename} with "
                f"{error.msg} at line {error.lineno}: run it on nodes whose Python knows the syntax that it is in"
            ) from error
        if place.nth < len(candidates):
            return candidates[place.nth]
        raise UnknownSource(
            f"expected `{place.qualname}` at line {place.line} of {self.filename}, found no such code: "
            "the two Pythons compile this text too differently; run the same minor version on both"
        )

    def place_of(self, code: CodeType) -> Place | None:
        """Where `code` stands, or None if this text as it is now does not compile to it."""
        qualname, line = place_name(code), code.co_firstlineno
        for nth, candidate in enumerate(self._codes.get((qualname, line), [])):
            if candidate is code or candidate == code:
                return Place(qualname, line, nth)
        return None

    def compiled(self) -> Iterator[tuple[CodeType, Place]]:
        """The code objects that it was compiled to and where they stand; none if it has not been."""
        if "code" in vars(self):
            for (qualname, line), codes in self._codes.items():
                yield from ((code, Place(qualname, line, nth)) for nth, code in enumerate(codes))

    @cached_property
    def _codes(self) -> dict[tuple[str, int], list[CodeType]]:
        found: dict[tuple[str, int], list[CodeType]] = {}
        for code in within(self.code):
            found.setdefault((place_name(code), code.co_firstlineno), []).append(code)
        return found


_COMPREHENSIONS = re.compile(r"<(?:list|set|dict)comp>\.(?:<locals>\.)?")


def place_name(code: CodeType) -> str:
    """Its qualified name without the comprehensions around it, which have no code of their own since Python 3.12."""
    qualname = code.co_qualname
    return _COMPREHENSIONS.sub("", qualname) if "comp>" in qualname else qualname


def within(code: CodeType) -> Iterator[CodeType]:
    """The code object and all those inside it, in the order of the text."""
    pending = [code]
    while pending:
        code = pending.pop()
        yield code
        pending.extend(const for const in reversed(code.co_consts) if isinstance(const, CodeType))
