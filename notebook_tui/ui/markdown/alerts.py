"""GitHub's alerts: a quote whose first line says what kind of quote it is."""

from __future__ import annotations

import re
from typing import Final

from markdown_it.tree import SyntaxTreeNode
from rich.style import Style

from beamlike.kernel.record import frozen
from notebook_tui.ui.drawing.palette import Palette

_FIRST: Final = re.compile(r"\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*", re.IGNORECASE)
_SIGNS: Final = {"note": "i", "tip": "✓", "important": "»", "warning": "!", "caution": "✗"}


@frozen
class Alert:
    title: str
    style: Style


def alert_of(quote: SyntaxTreeNode, palette: Palette) -> Alert | None:
    """The alert, whose first line is taken off the quote; None for any other quote."""
    paragraph = quote.children[0] if quote.children else None
    if paragraph is None or paragraph.type != "paragraph" or not paragraph.children:
        return None
    pieces = paragraph.children[0].children
    first = pieces[0] if pieces else None
    if first is None or first.token is None or not (found := _FIRST.fullmatch(first.content)):
        return None
    # With the line break behind it.
    del pieces[: 2 if len(pieces) > 1 and pieces[1].type in ("softbreak", "hardbreak") else 1]
    kind = found[1].lower()
    inks = {
        "note": palette.focus,
        "tip": palette.ok,
        "important": palette.decorator,
        "warning": palette.warning,
        "caution": palette.error,
    }
    return Alert(f"{_SIGNS[kind]} {kind.capitalize()}", inks[kind] + Style(bold=True))
