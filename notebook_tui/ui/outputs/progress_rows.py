"""A bar of progress in one row: how far, how much of what, how fast, and how long it will still take."""

from __future__ import annotations

import math
from typing import Final

from rich.text import Text

from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.printable import printable_row
from notebook_tui.ui.outputs.moved_rows import text_row
from notebook_tui.ui.outputs.row import OutputRow
from notebook_tui.widgets.views import Progress

_LONGEST_BAR: Final = 40
_SHORTEST_BAR: Final = 8
_GLYPHS: Final = {"going": "●", "done": "✓", "failed": "✗"}
# A rate of the first moments says nothing.
_FOREVER: Final = 100 * 365 * 86400
"""Seconds that nobody waits."""
_TELLING: Final = 0.5


def progress_rows(progress: Progress, width: int, palette: Palette) -> list[OutputRow]:
    """What does not fit is left out, the least important first: the rate, the time, the count; the note is cut.

    >>> progress_rows(Progress("p", 3, 12, "files", 1.5), 60, Palette())[0].text.plain
    '● files  ━━━━─────────────  25 %  3/12  0:01  2/s  0:04 left'
    """
    inks = {"going": palette.running, "done": palette.ok, "failed": palette.error}
    ink = inks[progress.state]
    note = printable_row(" ".join(progress.note.split()))
    share = min(1.0, max(0.0, progress.done / progress.total)) if progress.total else None
    head = Text.assemble((f"{_GLYPHS[progress.state]} ", ink), note, end="")
    tail = _tail(progress, share)
    bar = 0 if share is None else _SHORTEST_BAR + 2
    most_note = max(12, width // 3)
    if head.cell_len > most_note:
        head.truncate(most_note, overflow="ellipsis")
    while len(tail) > 1 and head.cell_len + bar + sum(len(part) + 2 for part in tail) > width:
        tail.pop(_least(tail))
    left = width - head.cell_len - sum(len(part) + 2 for part in tail)
    if share is not None and left >= bar:
        head.append("  " if note else "").append_text(_bar(share, min(_LONGEST_BAR, left - 2), progress, palette))
    for part in tail:
        head.append(f"  {part}", palette.muted)
    head.truncate(width, overflow="ellipsis")
    return [text_row(head)]


def _bar(share: float, width: int, progress: Progress, palette: Palette) -> Text:
    full = int(width * share)
    ink = {"going": palette.running, "done": palette.ok, "failed": palette.error}[progress.state]
    return Text.assemble(("━" * full, ink), ("─" * (width - full), palette.faint), end="")


def _tail(progress: Progress, share: float | None) -> list[str]:
    """In the order in which they stand."""
    parts = [] if share is None else [f"{share:.0%}".replace("%", " %")]
    parts.append(_n(progress.done) if not progress.total else f"{_n(progress.done)}/{_n(progress.total)}")
    parts.append(clock(progress.seconds))
    if progress.state == "failed":
        parts.append("failed")
    if progress.done > 0 and progress.seconds >= _TELLING:
        rate = progress.done / progress.seconds
        parts.append(f"{_n(round(rate, 1) if rate < 100 else round(rate))}/s")
        if progress.state == "going" and progress.total and progress.total > progress.done:
            left = (progress.total - progress.done) / rate if rate else math.inf
            parts += [f"{clock(left)} left"] if left < _FOREVER else []
    return parts


def _least(parts: list[str]) -> int:
    """The part that goes first where there is too little room."""
    for sought in ("/s", " left", ":", "/"):
        for index, part in enumerate(parts):
            if index and sought in part:
                return index
    return len(parts) - 1


def _n(number: float) -> str:
    return f"{int(number):,}" if float(number).is_integer() else f"{number:,.1f}"


def clock(seconds: float) -> str:
    """
    >>> clock(75), clock(3700)
    ('1:15', '1:01:40')
    """
    minutes, left = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"
