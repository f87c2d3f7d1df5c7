"""What a cell shows below its source: a closed union of frozen records.

Adjacent text of one stream is one output, and a cell holds only so much; `merged` is the rule. The journal, the file
format and the screen know outputs only through these records.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from beamlike.kernel.record import frozen
from notebook_tui.widgets.contents import (
    CHARACTERS,
    ELLIPSIS,
    LINES,
    OUTPUTS,
    TOTAL,
    appended,
    content_size,
    fitting,
    head,
)
from notebook_tui.widgets.view_text import content_text
from notebook_tui.widgets.views import Display, Stream, Text, TextStream, View

__all__ = [
    "CHARACTERS",
    "ELLIPSIS",
    "LINES",
    "OUTPUTS",
    "TOTAL",
    "Display",
    "Error",
    "Exported",
    "Output",
    "Result",
    "Still",
    "Stream",
    "Text",
    "TextStream",
    "View",
    "drawn",
    "merged",
    "output_size",
]


@frozen
class Result:
    """The value of the cell's last expression, as text."""

    text: str


@frozen
class Error:
    """The exception that ended the cell.

    `traceback` is all there is to show: the user's own frames, or for a SyntaxError its place.
    """

    type: str
    message: str
    traceback: str
    line: int | None
    """The line of the cell, from 1, that was running; None where it was none of this cell's."""
    places: tuple[tuple[str, int], ...] = ()
    """Cells and their lines that the traceback names, in its order: where a reader may want to go."""


@frozen
class Exported:
    """What a file holds of a chart or the like that Livebook drew: text, in a language named by `info`."""

    info: str
    text: str


Still: TypeAlias = Text | Result | Error | Exported | Display
Output: TypeAlias = Still | View


def merged(outputs: tuple[Output, ...], output: Output) -> tuple[Output, ...]:
    """The outputs with one more, within the bounds.

    >>> merged((Text("stdout", "10 %"),), Text("stdout", "\\r20 %"))
    (Text(stream='stdout', text='20 %'),)
    """
    return appended(outputs, _head(output), output_size)


def drawn(output: Output) -> Still:
    """A view as the text that it looks like, for those who draw none; any other output as it is.

    >>> drawn(TextStream("s", "so far"))
    Text(stream='stdout', text='so far\\n')
    """
    match output:
        case Text() | Result() | Error() | Exported() | Display():
            return output
        case _:
            text = content_text(output)
            return Text("stdout", f"{text}\n" if text else "")


def _head(output: Output) -> Output:
    match output:
        case Display() if content_size(output) > TOTAL:
            return _fitting(output)
        case Result() | Exported():
            return replace(output, text=head(output.text))
        case Error():
            short = replace(output, type=head(output.type), message=head(output.message))
            return replace(short, traceback=head(output.traceback))
        case _:
            return output


def _fitting(display: Display) -> Output:
    """Half a picture shows nothing: forms that are too large go, and the text stays."""
    display = fitting(display)
    return display if any(media_type != "text/plain" for media_type, _ in display.forms) else Result(display.text)


def output_size(output: Output) -> int:
    """About how many characters the output is worth.

    >>> output_size(Result("cat"))
    3
    """
    match output:
        case Result() | Exported():
            return len(output.text)
        case Error():
            return len(output.type) + len(output.message) + len(output.traceback)
        case _:
            return content_size(output)
