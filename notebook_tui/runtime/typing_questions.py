"""What a typist may ask a runtime: calls to its server, answered while cells run.

The answer to `Complete` is a list of `Item`, to `Describe` a `Description` or None, to `SignaturesOf` a tuple of
`SignatureHelp`, to `Define` a `Location` or None, to `Format` a `Formatted` or `NotFormatted`.
"""

from __future__ import annotations

from typing import Any, TypeAlias, assert_never

from beamlike.kernel.record import frozen
from notebook_tui.runtime.formatting import NotFormatted

FORMAT_SECONDS = 12.0
"""For the answer to `Format`."""


@frozen
class Place:
    """The caret, `offset` code points into the text of a cell, and what the cell sees."""

    source: str
    offset: int
    above: str = ""
    """The text of cells above that has not run as it stands, in the order of the document."""
    hidden: frozenset[str] = frozenset()
    """Names that only cells bound which do not stand above."""
    container: str = ""
    cells_above: tuple[str, ...] = ()
    """Their ids, in the order of the document."""


@frozen
class Complete:
    place: Place
    node: str = ""
    """On which the cell runs, if on another than the runtime's: that one is asked, too."""


@frozen
class Describe:
    place: Place
    node: str = ""


@frozen
class SignaturesOf:
    place: Place
    node: str = ""


@frozen
class Define:
    place: Place
    node: str = ""


@frozen
class Format:
    source: str


AtPlace: TypeAlias = Complete | Describe | SignaturesOf | Define
Question: TypeAlias = AtPlace | Format
QUESTIONS = (Complete, Describe, SignaturesOf, Define, Format)


def nothing(question: Question) -> Any:
    """The answer where there is none."""
    match question:
        case Complete():
            return []
        case SignaturesOf():
            return ()
        case Describe() | Define():
            return None
        case Format():
            return NotFormatted("the formatter did not answer in time")
        case _:
            assert_never(question)
