"""What a program printed, as the coloured lines that a terminal would show of it.

Most text only goes on: then only the lines that are wanted are looked at. Text that moves about is laid out on a screen
of our own, which is kept while the text grows, so that an append costs what was appended. No sequence of a program's
reaches the real terminal: only its colours do, as styles, and links of well-known kinds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache, reduce
from typing import Final

from rich.color import Color
from rich.style import Style
from rich.text import Text

from notebook_tui.ui.drawing.printable import UNSENDABLE
from notebook_tui.widgets.terminal.ink import PLAIN, TRUE, Ink, inked, sequence_of
from notebook_tui.widgets.terminal.row import Row
from notebook_tui.widgets.terminal.screen import Screen

# What stays in its line: colours, erasures in the line, and moves along it.
_FAR: Final = re.compile(r"\x1b(?!\[[0-9;:]*[mKCDGPX@])")
_COLOR: Final = re.compile(r"\x1b\[([0-9;:]*)m")
_RESETS: Final = ("\x1b[0m", "\x1b[m")
_KEPT_SCREENS: Final = 8


def last_lines(text: str, count: int) -> tuple[str, int]:
    """The end of `text` that holds its last `count` lines, and how many lines stand before it.

    Only the end is touched, so a long output costs what is shown of it.

    >>> last_lines("a\\nb\\nc\\n", 2)
    ('b\\nc', 1)
    """
    end = len(text) - text.endswith("\n")
    start = end
    for _ in range(count):
        start = text.rfind("\n", 0, max(start, 0))
        if start < 0:
            return text[:end], 0
    return text[start + 1 : end], text.count("\n", 0, start + 1)


def first_lines(text: str, count: int) -> tuple[str, int]:
    """The beginning of `text` that holds its first `count` lines, and how many lines stand below it.

    >>> first_lines("a\\nb\\nc", 2)
    ('a\\nb', 1)
    """
    if not _stays(text):
        return text, 0
    end = -1
    for _ in range(count):
        end = text.find("\n", end + 1)
        if end < 0:
            return text, 0
    return text[:end], text.count("\n", end)


def last_rows(text: str, count: int) -> tuple[list[Text], int]:
    """The last `count` lines of what `text` shows, and how many stand before them.

    >>> lines, before = last_rows("1\\n2\\n3\\n\\x1b[2A\\x1b[1mtwo\\n", 2)
    >>> [line.plain for line in lines], before
    (['two', '3'], 1)
    """
    if _stays(text):
        end, before = last_lines(text, count)
        carried = _carried(text[: len(text) - len(end) - text.endswith("\n")])
        rows = list(decoded(carried + end))
        # A screen ends with the last row that shows anything; of a text that stays, each line is one.
        missing = end.count("\n") + bool(text) - len(rows)
        return rows + [Text(end="")] * missing, before
    shown = _screen(text).rows
    return [_line(row) for row in shown[-count:]], max(0, len(shown) - count)


def count_rows(text: str) -> int:
    """How many lines it shows."""
    if _stays(text):
        return text.count("\n") + (not text.endswith("\n")) if text else 0
    return len(_screen(text).rows)


def decoded(text: str) -> Iterator[Text]:
    """The lines of `text` as a terminal would leave them; none of an empty text.

    >>> [line.plain for line in decoded("10%\\r50%\\r\\n\\x1b[31mred\\x1b[0m")]
    ['50%', 'red']
    """
    if not text:
        return
    screen = Screen()
    screen.feed(text)
    rows = screen.rows
    yield from map(_line, rows)
    # Of a text that ends with a line's end, the line that begins there is one as well.
    if text.endswith("\n") or not rows:
        yield Text(end="")


def settled_lines(text: str) -> list[str]:
    """The lines that `text` shows as texts that stand alone: each has its colours, and none moves elsewhere.

    >>> settled_lines("\\x1b[1mone\\ntwo\\x1b[m\\n")
    ['\\x1b[1mone', '\\x1b[1mtwo\\x1b[m']
    """
    if not text:
        return []
    if not _stays(text):
        return [row.sequences() for row in _screen(text).rows]
    lines = text.removesuffix("\n").split("\n")
    return list(_each_with_its_colours(lines)) if "\x1b" in text else lines


def plain(line: str) -> str:
    """What a line that stands alone shows, without colours.

    >>> plain("10%\\r\\x1b[1m20%")
    '20%'
    """
    bare = _COLOR.sub("", line) if "\x1b" in line else line
    if bare.isprintable():
        return bare
    return next(decoded(line), Text()).plain


def _stays(text: str) -> bool:
    """Whether each of its lines stands where it was written."""
    return not (("\x1b" in text and _FAR.search(text)) or "\v" in text or "\f" in text)


def _carried(before: str) -> str:
    """The colours that are on after a text that stays."""
    if "\x1b" not in before:
        return ""
    since = max(before.rfind(reset) for reset in _RESETS)
    return sequence_of(reduce(inked, _COLOR.findall(before, max(0, since)), PLAIN))


def _each_with_its_colours(lines: Sequence[str]) -> Iterator[str]:
    on = PLAIN
    for line in lines:
        yield sequence_of(on) + line
        if "\x1b[" in line:
            on = reduce(inked, _COLOR.findall(line), on)


_screens: list[tuple[str, Screen]] = []
"""The texts that were laid out last and their screens, the newest last."""


def _screen(text: str) -> Screen:
    for place, (before, screen) in enumerate(_screens):
        if text.startswith(before):
            del _screens[place]
            screen.feed(text[len(before) :])
            break
    else:
        screen = Screen()
        screen.feed(text)
    _screens.append((text, screen))
    del _screens[:-_KEPT_SCREENS]
    return screen


def _line(row: Row) -> Text:
    line = Text(end="")
    for text, ink in row.runs():
        shown = text if text.isprintable() else text.translate(UNSENDABLE)
        line.append(shown, None if ink == PLAIN else _style(ink))
    return line


@lru_cache(maxsize=1024)
def _style(ink: Ink) -> Style:
    return Style(
        color=_color(ink.front),
        bgcolor=_color(ink.back),
        bold=ink.bold or None,
        dim=ink.dim or None,
        italic=ink.italic or None,
        underline=(bool(ink.underline) and ink.underline != "double") or bool(ink.link) or None,
        underline2=ink.underline == "double" or None,
        blink=ink.blink or None,
        reverse=ink.reverse or None,
        conceal=ink.conceal or None,
        strike=ink.strike or None,
        overline=ink.overline or None,
        link=ink.link or None,
    )


def _color(color: int | None) -> Color | None:
    if color is None:
        return None
    if color < TRUE:
        return Color.from_ansi(color)
    return Color.from_rgb(color >> 16 & 255, color >> 8 & 255, color & 255)
