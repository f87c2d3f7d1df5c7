"""What Vim's operators do with a piece of text that a motion or an object has given them."""

from __future__ import annotations

from collections.abc import Callable

from beamlike.kernel.record import frozen
from notebook_tui.ui.editing.indent import dedented, indented
from notebook_tui.ui.editing.keymaps import places
from notebook_tui.ui.editing.keymaps.buffer import Buffer
from notebook_tui.ui.editing.keymaps.motions import Kind
from notebook_tui.ui.editing.keymaps.registers import Register, Registers

IndentAfter = Callable[[str], str]


@frozen
class Piece:
    """From `start` up to `end`, which is not included; of lines, without the last line feed."""

    start: int
    end: int
    lines: bool = False


def piece_between(text: str, at: int, to: int, kind: Kind) -> Piece:
    """What an operator takes when a motion goes from one place to another.

    >>> piece_between("one\\ntwo", 1, 5, "lines"), piece_between("one", 0, 2, "inclusive")
    (Piece(start=0, end=7, lines=True), Piece(start=0, end=3, lines=False))
    """
    start, end = sorted((at, to))
    if kind == "lines":
        return Piece(places.line_start(text, start), places.line_end(text, end), lines=True)
    if kind == "inclusive":
        return Piece(start, min(len(text), end + 1))
    if end > start and end == places.line_start(text, end) and places.row_of(text, start) < places.row_of(text, end):
        # Vim: what ends at the first column ends with the line before; if it began there too, it is of lines.
        if start <= places.first_letter(text, start) and start != places.line_end(text, start):
            return Piece(places.line_start(text, start), end - 1, lines=True)
        return Piece(start, end - 1)
    return Piece(start, end)


def copy(buffer: Buffer, piece: Piece, registers: Registers, name: str, *, deleted: bool = False) -> None:
    for effect in registers.put(name, Register(buffer.text[piece.start : piece.end], piece.lines), deleted=deleted):
        buffer.do(effect)


def delete(buffer: Buffer, piece: Piece, registers: Registers, name: str) -> None:
    copy(buffer, piece, registers, name, deleted=True)
    start, end = piece.start, piece.end
    if not piece.lines:
        buffer.edit(start, end, "")
        buffer.caret = start
        return
    if end < len(buffer.text):
        end += 1
    elif start:
        start -= 1
    buffer.edit(start, end, "")
    at = min(piece.start, len(buffer.text))
    if at > start and start:
        at = start
    buffer.caret = places.first_letter(buffer.text, places.line_start(buffer.text, at))


def change(buffer: Buffer, piece: Piece, registers: Registers, name: str) -> None:
    """Delete, and leave the caret where what is typed goes; of lines the indent stays."""
    copy(buffer, piece, registers, name, deleted=True)
    start = piece.start
    if piece.lines:
        line = buffer.line(start)
        start += len(line) - len(line.lstrip())
        start = min(start, piece.end)
    buffer.edit(start, piece.end, "")
    buffer.caret = start


def shift(buffer: Buffer, piece: Piece, by: int) -> None:
    """Indent the lines more, or less."""
    change_lines(buffer, piece, lambda lines: _times(indented if by > 0 else dedented, lines, abs(by)))


def _times(step: Callable[[list[str]], list[str]], lines: list[str], count: int) -> list[str]:
    for _ in range(min(count, 40)):
        lines = step(lines)
    return lines


def reindent(buffer: Buffer, piece: Piece, indent_after: IndentAfter) -> None:
    """Move the block to where the line above wants it; within the block lines keep their places to each other."""
    start = places.line_start(buffer.text, piece.start)
    above = buffer.text[:start].rstrip()
    wanted = len(indent_after(above)) if above else 0

    def moved(lines: list[str]) -> list[str]:
        first = next((line for line in lines if line.strip()), "")
        by = wanted - (len(first) - len(first.lstrip()))
        return [
            " " * max(0, len(line) - len(line.lstrip()) + by) + line.lstrip() if line.strip() else "" for line in lines
        ]

    change_lines(buffer, piece, moved)


def _indented_by(line: str, by: int) -> str:
    bare = line.lstrip()
    return " " * max(0, len(line) - len(bare) + by) + bare if bare else ""


def change_lines(buffer: Buffer, piece: Piece, change: Callable[[list[str]], list[str]]) -> None:
    start, end = places.line_start(buffer.text, piece.start), places.line_end(buffer.text, piece.end)
    old = buffer.text[start:end]
    new = "\n".join(change(old.split("\n")))
    if new != old:
        buffer.edit(start, end, new)
    buffer.caret = places.first_letter(buffer.text, start)


def recase(buffer: Buffer, piece: Piece, how: Callable[[str], str]) -> None:
    old = buffer.text[piece.start : piece.end]
    # Character by character: one that grows to two in capitals would move what stands behind it.
    new = "".join(each if len(each) == 1 else old[index] for index, each in enumerate(map(how, old)))
    if new != old:
        buffer.edit(piece.start, piece.end, new)


def join(buffer: Buffer, count: int, *, spaces: bool = True) -> bool:
    """Join so many lines into one; False where there is no line below."""
    if places.line_end(buffer.text, buffer.caret) == len(buffer.text):
        return False
    for _ in range(max(1, count - 1)):
        end = places.line_end(buffer.text, buffer.caret)
        if end == len(buffer.text):
            break
        after = end + 1
        if spaces:
            while after < len(buffer.text) and buffer.text[after] in " \t":
                after += 1
        follows = buffer.text[after : after + 1]
        blank = spaces and follows not in (")", "", "\n") and end > places.line_start(buffer.text, end)
        blank = blank and not buffer.text[end - 1].isspace()
        buffer.edit(end, after, " " if blank else "")
        buffer.caret = end
    return True


def put(buffer: Buffer, what: Register, count: int, *, before: bool) -> None:
    if what.lines:
        _put_lines(buffer, "\n".join([what.text] * count), before=before)
        return
    empty = places.line_start(buffer.text, buffer.caret) == places.line_end(buffer.text, buffer.caret)
    at = buffer.caret if before or empty else buffer.caret + 1
    text = what.text * count
    buffer.edit(at, at, text)
    buffer.caret = at if "\n" in text else max(at, at + len(text) - 1)


def _put_lines(buffer: Buffer, text: str, *, before: bool) -> None:
    if before:
        at = places.line_start(buffer.text, buffer.caret)
        buffer.edit(at, at, text + "\n")
        buffer.caret = places.first_letter(buffer.text, at)
    else:
        at = places.line_end(buffer.text, buffer.caret)
        buffer.edit(at, at, "\n" + text)
        buffer.caret = places.first_letter(buffer.text, at + 1)


def open_line(buffer: Buffer, indent_after: IndentAfter, *, above: bool) -> None:
    """A new line, indented as it should be, with the caret at its end."""
    line = buffer.line(buffer.caret)
    if above:
        indent = line[: len(line) - len(line.lstrip())]
        at = places.line_start(buffer.text, buffer.caret)
        buffer.edit(at, at, indent + "\n")
        buffer.caret = at + len(indent)
    else:
        at = places.line_end(buffer.text, buffer.caret)
        indent = indent_after(buffer.text[:at])
        buffer.edit(at, at, "\n" + indent)
        buffer.caret = at + 1 + len(indent)
