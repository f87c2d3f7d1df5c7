"""Printed text without its detours: what a terminal shows of it in the end, as text again."""

from __future__ import annotations

import re
from typing import Final

from notebook_tui.widgets.terminal.screen import Screen

_MOVE: Final = re.compile(r"\x1b(?!\[[0-9;:]*m|\[[0-2]?K)")


def moves(text: str) -> bool:
    """Whether the text goes elsewhere than on, or back to the start of a line.

    >>> moves("10 %\\r\\x1b[K\\x1b[32m20 %\\x1b[0m"), moves("one\\x1b[A")
    (False, True)
    """
    return "\x1b" in text and _MOVE.search(text) is not None


def settled(text: str) -> str:
    """A text that leaves a terminal as this one does, whatever may follow, and writes everything once.

    >>> settled("one\\ntwo\\x1b[A\\x1b[2K\\r")
    '\\ntwo\\x1b[1A\\x1b[1G'
    """
    screen = Screen()
    screen.feed(text)
    return screen.settled()


def as_shown(text: str) -> str:
    """The lines that a terminal shows of a text that moves about, in their colours; any other text as it is.

    >>> as_shown("one\\ntwo\\n\\x1b[2A\\x1b[1m1\\n")
    '\\x1b[1m1\\x1b[0mne\\ntwo\\n'
    """
    if not moves(text):
        return text
    screen = Screen()
    screen.feed(text)
    return "".join(f"{row.sequences()}\n" for row in screen.rows)
