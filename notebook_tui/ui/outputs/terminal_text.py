"""What a program printed, as coloured lines: ANSI colours and `\\r` understood, every other escape dropped.

A control sequence of a user's program must never reach the real terminal, so text is stripped of all of them but
colours before it is decoded. Cursor movement other than `\\r` and "erase line" is not emulated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from rich.ansi import AnsiDecoder
from rich.text import Text

from notebook_tui.ui.drawing.printable import UNSENDABLE

_COLOR: Final = re.compile(r"\x1b\[[0-9;]*m")
_ERASE_LINE: Final = re.compile(r"\x1b\[[012]?K")
# CSI, then OSC and the other string sequences, then two-character escapes, then whatever began and never ended.
_ESCAPE: Final = re.compile(r"\x1b\[[0-?]*[ -/]*(?:[@-~]|$)|\x1b[\]PX^_].*?(?:\x1b\\|\x07|$)|\x1b[ -/]*[0-~]|\x1b.*?$")
_CONTROLS: Final = {code: None for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\x1b"}
_TABLE: Final = {**_CONTROLS, **UNSENDABLE}


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


def decoded(text: str) -> Iterator[Text]:
    """The lines of `text` as a terminal would leave them; none of an empty text.

    >>> [line.plain for line in decoded("10%\\r50%\\r\\n\\x1b[31mred\\x1b[0m")]
    ['50%', 'red']
    """
    decoder = AnsiDecoder()
    if not text:
        return
    for line in text.replace("\r\n", "\n").split("\n"):
        yield _settled(line, decoder)


def _settled(line: str, decoder: AnsiDecoder) -> Text:
    """The line after all its carriage returns: later text overwrites as much of the earlier as it covers."""
    result = Text()
    for part in line.split("\r"):
        written = decoder.decode_line(_without_controls(part))
        rest = Text() if _ERASE_LINE.search(part) else result[len(written) :]
        result = written.append_text(rest)
    result.end = ""
    result.expand_tabs(8)
    return result


def _without_controls(text: str) -> str:
    if text.isprintable():
        return text
    text = _ESCAPE.sub(lambda match: match[0] if _COLOR.fullmatch(match[0]) else "", text)
    return text.translate(_TABLE)
