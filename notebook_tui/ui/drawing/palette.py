"""The ink of the notebook: one rich Style per role, drawn from the variables of the current theme.

Everything that paints takes a `Palette` and names roles, never colours, so strips are pure values and a change of
theme is a change of palette. No role says anything that a glyph or a word beside it does not say too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rich.style import Style
from textual.color import Color

from beamlike.kernel.record import frozen

PLAIN = Style()


@frozen
class Palette:
    """Styles by role. `panel` is a background only; every other role is a foreground."""

    muted: Style = PLAIN
    faint: Style = PLAIN
    focus: Style = PLAIN
    title: Style = PLAIN
    heading: Style = PLAIN
    strong: Style = PLAIN
    emphasis: Style = PLAIN
    link: Style = PLAIN
    panel: Style = PLAIN
    keyword: Style = PLAIN
    string: Style = PLAIN
    number: Style = PLAIN
    comment: Style = PLAIN
    function: Style = PLAIN
    builtin: Style = PLAIN
    math: Style = PLAIN
    decorator: Style = PLAIN
    ok: Style = PLAIN
    running: Style = PLAIN
    warning: Style = PLAIN
    error: Style = PLAIN
    series: tuple[Style, ...] = ()
    """Inks that are told apart, for what is drawn side by side: the lines of a plot, the kinds of a diagram."""


def palette_of(variables: Mapping[str, str]) -> Palette:
    """The palette of a theme, given its CSS variables (`App.theme_variables`).

    >>> palette_of({"primary": "#ff0000"}).focus.color.name
    '#ff0000'
    """

    def ink(*names: str) -> Style:
        return Style(color=_first_color(variables, names))

    bold, dim = Style(bold=True), Style(dim=True)

    return Palette(
        muted=dim,
        faint=ink("rule") if "rule" in variables else dim,
        focus=ink("primary") + bold,
        title=ink("primary") + bold,
        heading=ink("primary") + bold,
        strong=bold,
        emphasis=Style(italic=True),
        link=ink("secondary") + Style(underline=True),
        panel=Style(bgcolor=_first_color(variables, ("surface",))),
        keyword=ink("syntax-keyword", "text-primary", "primary"),
        string=ink("syntax-string", "text-success", "success"),
        number=ink("syntax-number", "text-warning", "warning"),
        comment=dim + Style(italic=True),
        function=ink("syntax-function", "text-secondary", "secondary"),
        builtin=ink("syntax-builtin", "text-accent", "accent"),
        math=ink("syntax-builtin", "text-accent", "accent"),
        decorator=ink("syntax-decorator", "text-warning", "warning"),
        ok=ink("success"),
        running=ink("primary") + bold,
        warning=ink("warning"),
        error=ink("error") + bold,
        series=_series(variables),
    )


def _series(variables: Mapping[str, str]) -> tuple[Style, ...]:
    """Those of the theme, `series-1` and so on; of a theme that has none, the colours of the terminal itself."""
    own = [color for n in range(1, 13) if (color := _first_color(variables, (f"series-{n}",)))]
    return tuple(Style(color=color) for color in own or _TERMINAL_COLORS)


_TERMINAL_COLORS: Final = ("blue", "yellow", "magenta", "green", "cyan", "red")


def _first_color(variables: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    """The first of these variables that is an opaque colour, in rich's words; None leaves the colour alone."""
    for name in names:
        if name in variables:
            color = Color.parse(variables[name])
            return color.rich_color.name if color.a else None
    return None
