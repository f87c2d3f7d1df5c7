"""What a terminal can be told beside the screen: a title, and a notification of its desktop.

Sequences that a terminal does not know it ignores. Text in them is made plain first: it comes from notebooks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from notebook_tui.ui.drawing.printable import printable_row

BELL: Final = "\x07"
KEEP_TITLE: Final = "\x1b[22;2t"
GIVE_TITLE_BACK: Final = "\x1b[23;2t"
_OLD_ONES: Final = ("rxvt", "foot")


def title(text: str) -> str:
    """Sets the title of the terminal's window or tab."""
    return f"\x1b]2;{printable_row(text)}\x07"


def notification(text: str, environment: Mapping[str, str]) -> str:
    """Shows the text on the desktop, where the terminal does that: by OSC 777 or OSC 9, whichever it is known for.
    Inside tmux it is handed on to the terminal around it, if tmux allows that.

    >>> notification("done", {"TERM": "foot"})
    '\\x1b]777;notify;beamlike;done\\x07'
    """
    said = printable_row(text).replace(";", ",")
    old = environment.get("TERM", "").startswith(_OLD_ONES) or "VTE_VERSION" in environment
    sequence = f"\x1b]777;notify;beamlike;{said}\x07" if old else f"\x1b]9;{said}\x07"
    if "TMUX" in environment:
        return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    return sequence
