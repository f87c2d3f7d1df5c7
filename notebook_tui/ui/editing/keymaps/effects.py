"""What a key map wants done. The maps are pure: they are told a text and a caret, and answer with these."""

from __future__ import annotations

from typing import TypeAlias

from beamlike.kernel.record import frozen


@frozen
class View:
    """The text as it is, and where the caret stands in it."""

    text: str
    caret: int
    anchor: int | None = None
    """The other end of what is selected."""
    clipboard: str = ""


@frozen
class Edit:
    """Put `text` in the place of what stands from `start` to `end`."""

    start: int
    end: int
    text: str


@frozen
class Place:
    """The caret goes here; with an anchor, what lies between is selected."""

    caret: int
    anchor: int | None = None


@frozen
class Undo:
    count: int = 1


@frozen
class Redo:
    count: int = 1


@frozen
class Revert:
    """The text as it was when the cell was opened."""


@frozen
class Copy:
    """Onto the clipboard of the system."""

    text: str


@frozen
class Perform:
    """The action of that name in the table of keys."""

    action: str


@frozen
class Pass:
    """The key is the editor's own: text, most often."""


@frozen
class Say:
    text: str


@frozen
class Play:
    """Press these keys."""

    keys: tuple[str, ...]


@frozen
class Mark:
    """Highlight these places of the text; none: no longer."""

    spans: tuple[tuple[int, int], ...] = ()


Effect: TypeAlias = Edit | Place | Undo | Redo | Revert | Copy | Perform | Pass | Say | Play | Mark
