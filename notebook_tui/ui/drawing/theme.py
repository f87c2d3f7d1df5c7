"""Two calm themes of our own, and which theme a terminal gets.

A terminal with few colours, or a user who wants none, gets Textual's `ansi-dark`: the terminal's own palette, no
backgrounds, and every state still said by a glyph.
"""

from __future__ import annotations

from typing import Final

from textual.theme import Theme


def series(colors: str) -> dict[str, str]:
    """Variables of these colours, for what is drawn side by side.

    >>> series("#ff0000 #00ff00")
    {'series-1': '#ff0000', 'series-2': '#00ff00'}
    """
    return {f"series-{n}": color for n, color in enumerate(colors.split(), 1)}


NIGHT: Final = Theme(
    name="night",
    dark=True,
    primary="#7aa2d6",
    secondary="#7cc0c8",
    accent="#b79bd8",
    success="#93bf85",
    warning="#d9b072",
    error="#e0808a",
    foreground="#c8ccd4",
    background="#15171c",
    surface="#1c1e24",
    panel="#23272f",
    variables={
        "rule": "#3a404c",
        "syntax-keyword": "#b79bd8",
        "syntax-string": "#a3be8c",
        "syntax-number": "#d9a97c",
        "syntax-function": "#82aadb",
        "syntax-builtin": "#7cc0c8",
        "syntax-decorator": "#d9b072",
        **series("#6cb6ff #e5a950 #8ecf73 #d98ae0 #5ad1c4 #f07f7f #c4b5fd #d6d66a #7fa8a0 #ff9fcf #b0a080 #9aa7ff"),
        "scrollbar": "#333944",
        "scrollbar-hover": "#454c59",
        "scrollbar-active": "#586072",
        "scrollbar-background": "#15171c",
        "scrollbar-background-hover": "#15171c",
        "scrollbar-background-active": "#15171c",
    },
)

DAY: Final = Theme(
    name="day",
    dark=False,
    primary="#2f62a8",
    secondary="#1f7a86",
    accent="#7d4fa8",
    success="#3f7d34",
    warning="#94660d",
    error="#b83244",
    foreground="#2c3038",
    background="#fbfaf7",
    surface="#f2f1ec",
    panel="#e7e6e0",
    variables={
        "rule": "#c9c7be",
        "syntax-keyword": "#7d4fa8",
        "syntax-string": "#4b7a2b",
        "syntax-number": "#a1591a",
        "syntax-function": "#2f62a8",
        "syntax-builtin": "#1f7a86",
        "syntax-decorator": "#94660d",
        **series("#1f66c1 #b06a00 #2e7d32 #9b30b0 #00798a #c62f2f #5b4bc4 #7a7a00 #4d6f68 #c2187a #7a5c2e #3949ab"),
        "scrollbar": "#c9c7be",
        "scrollbar-hover": "#b0aea5",
        "scrollbar-active": "#98968d",
        "scrollbar-background": "#fbfaf7",
        "scrollbar-background-hover": "#fbfaf7",
        "scrollbar-background-active": "#fbfaf7",
    },
)

THEMES: Final = {"ansi": "ansi-dark"}
"""Names in the settings for themes that Textual calls otherwise."""


def theme_for(color_system: str | None, no_color: bool, light: bool = False) -> str:
    """The theme's name for what the terminal can show; `color_system` is rich's word for it, `light` is its background.

    >>> theme_for("truecolor", no_color=False), theme_for("standard", no_color=False)
    ('night', 'ansi-dark')
    >>> theme_for("truecolor", no_color=False, light=True)
    'day'
    """
    rich_enough = color_system in ("truecolor", "256")
    own = DAY if light else NIGHT
    return own.name if rich_enough and not no_color else "ansi-dark"
