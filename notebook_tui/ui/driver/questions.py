"""What the terminal is asked when the program starts: its background, and whether and how it shows pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from notebook_tui.ui.pictures.graphics import SETTING
from notebook_tui.ui.pictures.tmux import through_tmux

_PICTURE: Final = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"
"""A picture of one pixel that is not to be shown: whoever knows kitty's pictures answers."""
_BACKGROUND: Final = "\x1b]11;?\x1b\\"
_VERSION: Final = "\x1b[>q"
_CELL: Final = "\x1b[16t"
_ATTRIBUTES: Final = "\x1b[c"
"""Every terminal answers this one, and it is asked last: whatever has not been answered before it never will be."""
_MUTE: Final = ("linux", "dumb", "")
_UNASKED: Final = ("off", "blocks")


def questions(environ: Mapping[str, str]) -> str:
    """Empty where nothing is to be learnt, or where the terminal would print them.

    >>> questions({"TERM": "dumb"}), questions({"TERM": "xterm", "NO_COLOR": "1"})
    ('', '')
    >>> questions({"TERM": "xterm", "BEAMLIKE_IMAGES": "off"}).count("?")
    1
    >>> questions({"TERM": "xterm"}).endswith("\\x1b[c")
    True
    """
    mute = environ.get("TERM", "") in _MUTE or environ.get("TERM_PROGRAM") == "Apple_Terminal" or "STY" in environ
    wanted = environ.get(SETTING, "").strip().lower()
    colours = "NO_COLOR" not in environ
    if mute or not (colours or wanted):
        return ""
    background = _BACKGROUND if colours else ""
    if wanted in _UNASKED:
        return background and background + _ATTRIBUTES
    picture = through_tmux(_PICTURE) if "TMUX" in environ else _PICTURE
    return picture + background + _VERSION + _CELL + _ATTRIBUTES
