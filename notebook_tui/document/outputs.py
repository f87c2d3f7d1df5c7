"""What a cell shows below its source: a closed union of frozen records.

Adjacent text of one stream is one output; `merged` is the rule. The journal, the file format and the screen
know outputs only through these records.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Stream: TypeAlias = Literal["stdout", "stderr"]


@dataclass(frozen=True, slots=True)
class Text:
    """What the cell printed. May hold ANSI colours; `\\r` returns to the start of its line."""

    stream: Stream
    text: str


@dataclass(frozen=True, slots=True)
class Result:
    """The value of the cell's last expression, as text."""

    text: str


@dataclass(frozen=True, slots=True)
class Error:
    """The exception that ended the cell; `traceback` holds the user's own frames, none for a SyntaxError."""

    type: str
    message: str
    traceback: str
    line: int | None
    """The line of the cell, from 1, that was running; None where it was none of this cell's."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What a file holds of a chart or the like that Livebook drew: text, in a language named by `info`."""

    info: str
    text: str


Output: TypeAlias = Text | Result | Error | Exported
