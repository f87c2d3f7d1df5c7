"""How this terminal shows pictures: what it answered, what its environment says, and what its user wants."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias, get_args

from beamlike.kernel.record import frozen

Protocol: TypeAlias = Literal["kitty", "iterm2", "sixel", "blocks", "off"]
SETTING: Final = "BEAMLIKE_IMAGES"
PROTOCOLS: Final[tuple[Protocol, ...]] = get_args(Protocol)
# Kitty's pictures that stand in cells of text. Others know its pictures but not these: WezTerm, Konsole.
_PLACEHOLDERS: Final = re.compile(r"kitty|ghostty|tmux", re.IGNORECASE)
_ITERM2: Final = re.compile(r"iterm2|wezterm|mintty", re.IGNORECASE)
_ITERM2_PROGRAMS: Final = ("iTerm.app", "WezTerm", "mintty")
_CELL: Final = (8, 16)


@frozen
class Answers:
    """What the terminal said; empty where it said nothing."""

    kitty: bool = False
    """Whether it took a picture as kitty does."""
    sixel: bool = False
    version: str = ""
    """Its name and version."""
    cell: tuple[int, int] | None = None
    """Width and height of a character, in pixels."""
    light: bool = False
    """Whether its background is."""


@frozen
class Graphics:
    protocol: Protocol
    cell: tuple[int, int] = _CELL
    colors: str | None = "truecolor"
    """Rich's word for the colours that text can have."""
    tmux: bool = False
    """Whether what is meant for the terminal itself must be handed through tmux."""

    @property
    def overlays(self) -> bool:
        """Whether pictures are painted over the text that holds their place."""
        return self.protocol in ("sixel", "iterm2")


def graphics_for(answers: Answers, environ: Mapping[str, str], colors: str | None = "truecolor") -> Graphics:
    """
    >>> graphics_for(Answers(kitty=True, version="kitty(0.40.0)"), {}).protocol
    'kitty'
    >>> graphics_for(Answers(sixel=True), {"TMUX": "/tmp/x"}).protocol
    'sixel'
    >>> graphics_for(Answers(), {"BEAMLIKE_IMAGES": "off"}).protocol
    'off'
    """
    tmux = "TMUX" in environ
    cell = answers.cell or _CELL
    wanted = environ.get(SETTING, "").strip().lower()
    protocol = next((each for each in PROTOCOLS if each == wanted), None)
    if protocol is None:
        protocol = _best(answers, environ, tmux) if colors and "NO_COLOR" not in environ else "off"
    return Graphics(protocol, cell, colors, tmux)


def complaint(environ: Mapping[str, str]) -> str | None:
    """What is wrong with the user's setting.

    >>> complaint({"BEAMLIKE_IMAGES": "png"})
    "BEAMLIKE_IMAGES is 'png'; expected kitty, iterm2, sixel, blocks or off. Pictures are shown as if it were not set."
    """
    wanted = environ.get(SETTING, "").strip().lower()
    if not wanted or wanted in PROTOCOLS:
        return None
    names = ", ".join(PROTOCOLS[:-1])
    return f"{SETTING} is {wanted!r}; expected {names} or {PROTOCOLS[-1]}. Pictures are shown as if it were not set."


def _best(answers: Answers, environ: Mapping[str, str], tmux: bool) -> Protocol:
    if answers.kitty and _PLACEHOLDERS.match(answers.version):
        return "kitty"
    # Not through tmux, which does not know that there is a picture and scrolls the text beneath it away.
    if not tmux and (_ITERM2.match(answers.version) or _is_iterm2(environ)):
        return "iterm2"
    return "sixel" if answers.sixel else "blocks"


def _is_iterm2(environ: Mapping[str, str]) -> bool:
    return environ.get("TERM_PROGRAM") in _ITERM2_PROGRAMS or environ.get("LC_TERMINAL") == "iTerm2"
