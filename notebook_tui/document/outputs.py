"""What a cell shows below its source: a closed union of frozen records.

Adjacent text of one stream is one output, and a cell holds only so much; `merged` is the rule. The journal, the file
format and the screen know outputs only through these records.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

Stream: TypeAlias = Literal["stdout", "stderr"]
LINES = 1_000
"""What one text keeps of its lines: the last ones."""
CHARACTERS = 250_000
"""What one output keeps: a text its end, any other its beginning."""
OUTPUTS = 1_000
TOTAL = 1_000_000
"""The most outputs of one cell, and their characters together; the oldest go first."""
ELLIPSIS = "…"
"""Stands where something was left out, in a text on a line of its own."""
_MARK = f"{ELLIPSIS}\n"


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


@dataclass(frozen=True, slots=True)
class Exported:
    """What a file holds of a chart or the like that Livebook drew: text, in a language named by `info`."""

    info: str
    text: str


@dataclass(frozen=True, slots=True)
class Display:
    """A value in several forms of which each viewer shows the best that it can: what Jupyter calls a MIME bundle.

    `forms` pairs media types with texts, or with bytes for such as `image/png`, each type once, the richest first.

    >>> Display((("text/markdown", "*cat*"), ("text/plain", "cat"))).text
    'cat'
    """

    forms: tuple[tuple[str, str | bytes], ...]

    def form(self, media_type: str) -> str | bytes | None:
        """The form of that type, if there is one."""
        return dict(self.forms).get(media_type)

    @property
    def text(self) -> str:
        """What a viewer shows that can show nothing but text."""
        plain = self.form("text/plain")
        if isinstance(plain, str):
            return plain
        return f"<{', '.join(media_type for media_type, _ in self.forms)}>"


Output: TypeAlias = Text | Result | Error | Exported | Display


def merged(outputs: tuple[Output, ...], output: Output) -> tuple[Output, ...]:
    """The outputs with one more, within the bounds.

    >>> merged((Text("stdout", "10 %"),), Text("stdout", "\\r20 %"))
    (Text(stream='stdout', text='20 %'),)
    """
    if not isinstance(output, Text):
        return _bounded((*outputs, _head(output)))
    if not output.text:
        return outputs
    last = outputs[-1] if outputs else None
    if isinstance(last, Text) and last.stream == output.stream:
        return _bounded((*outputs[:-1], _tail(last.stream, last.text + output.text)))
    return _bounded((*outputs, _tail(output.stream, output.text)))


def _tail(stream: Stream, text: str) -> Text:
    lines = text.split("\n")
    cut = len(lines) > 1 and lines[0] == ELLIPSIS
    lines = [*(_rewound(line) for line in lines[cut:-1]), _rewound(lines[-1], open_end=True)]
    kept = lines[-LINES:] if lines[-1] else lines[-LINES - 1 :]
    text = "\n".join(kept)
    if cut or len(kept) < len(lines) or len(text) > CHARACTERS:
        text = _MARK + text[-CHARACTERS:]
    return Text(stream, text)


def _rewound(line: str, *, open_end: bool = False) -> str:
    """What the line shows: what comes after its last `\\r`. One at an open end waits for what comes next."""
    text = line.rstrip("\r")
    return text.rpartition("\r")[2] + ("\r" if open_end and text != line else "")


def _head(output: Result | Error | Exported | Display) -> Output:
    match output:
        case Display(forms):
            return _fitting(output) if sum(len(form) for _, form in forms) > TOTAL else output
        case Result() | Exported():
            return replace(output, text=_cut(output.text))
        case Error():
            cut = replace(output, type=_cut(output.type), message=_cut(output.message))
            return replace(cut, traceback=_cut(output.traceback))


def _fitting(display: Display) -> Output:
    """Half a picture shows nothing: what is too large goes, in words, and the text stays."""
    text = display.form("text/plain")
    if isinstance(text, str):
        return Result(_cut(text))
    return Result(f"{display.text}: too large to be shown, more than {TOTAL:,} bytes")


def _cut(text: str) -> str:
    return text if len(text) <= CHARACTERS else text[:CHARACTERS] + ELLIPSIS


def _bounded(outputs: tuple[Output, ...]) -> tuple[Output, ...]:
    kept = tuple(reversed(list(_newest(outputs))))
    if len(kept) == len(outputs):
        return outputs
    match kept[0]:
        case Text(stream, text):
            return Text(stream, f"{_MARK}{text.removeprefix(_MARK)}"), *kept[1:]
        case _:
            return Text("stdout", _MARK), *kept


def _newest(outputs: tuple[Output, ...]) -> Iterator[Output]:
    room = TOTAL
    for output in reversed(outputs[-OUTPUTS:]):
        room -= _size(output)
        if room < 0:
            return
        yield output


def _size(output: Output) -> int:
    match output:
        case Text() | Result() | Exported():
            return len(output.text)
        case Display(forms):
            return sum(len(form) for _, form in forms)
        case Error():
            return len(output.type) + len(output.message) + len(output.traceback)
