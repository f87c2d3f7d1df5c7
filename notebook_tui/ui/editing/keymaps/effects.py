"""What a key map wants done. The maps are pure: they are told a text and a caret, and answer with these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class View:
    """The text as it is, and where the caret stands in it."""

    text: str
    caret: int
    anchor: int | None = None
    """The other end of what is selected."""
    clipboard: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """Put `text` in the place of what stands from `start` to `end`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Place:
    """The caret goes here; with an anchor, what lies between is selected."""

    caret: int
    anchor: int | None = None


@dataclass(frozen=True, slots=True)
class Undo:
    count: int = 1


@dataclass(frozen=True, slots=True)
class Redo:
    count: int = 1


@dataclass(frozen=True, slots=True)
class Revert:
    """The text as it was when the cell was opened."""


@dataclass(frozen=True, slots=True)
class Copy:
    """Onto the clipboard of the system."""

    text: str


@dataclass(frozen=True, slots=True)
class Perform:
    """The action of that name in the table of keys."""

    action: str


@dataclass(frozen=True, slots=True)
class Pass:
    """The key is the editor's own: text, most often."""


@dataclass(frozen=True, slots=True)
class Say:
    text: str


@dataclass(frozen=True, slots=True)
class Play:
    """Press these keys."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """Highlight these places of the text; none: no longer."""

    spans: tuple[tuple[int, int], ...] = ()


Effect: TypeAlias = Edit | Place | Undo | Redo | Revert | Copy | Perform | Pass | Say | Play | Mark
