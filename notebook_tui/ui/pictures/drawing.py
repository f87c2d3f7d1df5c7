"""A picture as this terminal shows it: rows of text, what is sent before them, what is painted over them."""

from __future__ import annotations

from typing import Final

from rich.text import Text

from beamlike.kernel.record import frozen

PLACE: Final = "picture"
"""In the meta of the first segment of a row that a picture is painted over: a `Place`."""


@frozen
class Place:
    """A row of a picture that is to be painted over its text."""

    key: int
    row: int
    columns: int
    rows: int


@frozen
class Drawing:
    rows: tuple[Text, ...]
    sent_before: str = ""
    """What the terminal is told once, before the rows."""
    painted_over: str = ""
    """What paints it over its rows, from the cursor on."""
    forgotten_by: str = ""
    """What the terminal is told when it is not needed any more."""
