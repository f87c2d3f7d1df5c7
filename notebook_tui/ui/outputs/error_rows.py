"""An error as coloured lines: type and message first, for they are what is looked for, then the user's own frames.

Frames of libraries are counted and left out; the screen of the whole output has them. The line of a cell is a place to
go to.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len
from rich.text import Text

from beamlike.kernel.record import frozen
from notebook_tui.document.outputs import Error
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.syntax import code_lines
from notebook_tui.ui.outputs.spots import GoTo, OpenWhole, Spot
from notebook_tui.ui.outputs.terminal_text import decoded
from notebook_tui.ui.outputs.traceback_lines import Hidden, Line, folded, headline, told_apart


@frozen
class ErrorLine:
    text: Text
    spots: tuple[Spot, ...] = ()
    carets: bool = False
    """Whether it only points at places of the line above it."""


def error_lines(error: Error, palette: Palette, cell_id: str = "", *, whole: bool = False) -> Iterator[ErrorLine]:
    """All lines of an error that is shown below that cell; `whole`: with every frame."""
    for line in decoded(headline(error)):
        line.stylize_before(palette.error)
        yield ErrorLine(line)
    lines = told_apart(error, cell_id)
    for each in lines if whole else folded(lines):
        yield _hidden(each, palette, cell_id) if isinstance(each, Hidden) else _line(each, palette)


def _hidden(hidden: Hidden, palette: Palette, cell_id: str) -> ErrorLine:
    first, *others = hidden.packages
    names = (
        first if not others else f"{first} and {others[0]}" if len(others) == 1 else f"{first} and {len(others)} more"
    )
    text = Text(f"  ⋯ {hidden.frames} frames of {names} · o shows them", palette.muted, end="")
    return ErrorLine(text, (Spot(2, text.cell_len, OpenWhole(cell_id)),) if cell_id else ())


def _line(line: Line, palette: Palette) -> ErrorLine:
    match line.kind:
        case "code" if line.own:
            return ErrorLine(_code(line.text, palette))
        case "caret" if line.own:
            return ErrorLine(_shown(line.text, palette, "error"), carets=True)
        case "remote":
            margin = line.text[: len(line.text) - len(line.text.lstrip(" |"))]
            return ErrorLine(Text(f"{margin}On the other node:", palette.strong, end=""))
        case "raised":
            return ErrorLine(_shown(line.text, palette, "error"))
        case "words" if line.own:
            return ErrorLine(_shown(line.text, palette, ""))
        case "cell" if line.target is not None:
            text = _shown(line.text, palette, "")
            if text.plain != line.text:  # its columns are others
                return ErrorLine(text)
            text.stylize(palette.muted, 0, line.start)
            text.stylize(palette.link, line.start, line.end)
            text.stylize(palette.muted, line.end)
            start = cell_len(line.text[: line.start])
            end = start + cell_len(line.text[line.start : line.end])
            return ErrorLine(text, (Spot(start, end, GoTo(*line.target)),))
        case "cell" | "own":
            return ErrorLine(_shown(line.text, palette, "strong"))
        case _:
            return ErrorLine(_shown(line.text, palette, "muted"))


def _shown(text: str, palette: Palette, role: str) -> Text:
    line = next(decoded(text), Text(end=""))
    if role:
        line.stylize_before(getattr(palette, role))
    return line


def _code(text: str, palette: Palette) -> Text:
    """A line of the user's in the colours of code, behind what a group draws at its left."""
    if "\x1b" in text:
        return _shown(text, palette, "")
    code = text.lstrip(" |")
    line = Text(end="").append(text[: len(text) - len(code)], palette.muted)
    return line.append_text(code_lines(code.expandtabs(8), "python", palette)[0])
