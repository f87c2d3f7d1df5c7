"""What a trace tells as a sequence diagram that grows: a column for each who takes part, a row for each event.

    till         shop         ledger
     │            │             │
     ├──('pay')──▶│             │
     │            ├──book 7────▶│
     │            │             × exited 'normal'

Those who took part last stand in the columns; where there is no room for more, others stand as words. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from beamlike.inspect.tracing.events import Traced, clock_text
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.printable import printable_row

_TIME: Final = 13
_NARROWEST: Final = 18
_WIDEST: Final = 44
_BESIDE: Final = ("note", "ended")


def lanes(events: Sequence[Traced], most: int) -> list[str]:
    """Who gets a column, in the order in which they came; of too many those that the last events are about.

    >>> lanes([Traced("sent", 0.0, "a", "b"), Traced("sent", 0.0, "c", "a")], 2)
    ['a', 'c']
    """
    found: dict[str, int] = {}
    for at, event in enumerate(events):
        for name in _parties(event):
            found[name] = at
    last = sorted(found, key=lambda name: -found[name])[:most]
    return [name for name in found if name in last]


def _parties(event: Traced) -> list[str]:
    if event.kind in _BESIDE:
        return []
    if event.kind in ("sent", "spawned", "linked", "unlinked", "linked by", "unlinked by"):
        return [event.process, event.other]
    if event.kind in ("called", "returned", "raised"):
        return [event.process or "no process", event.other]
    return [event.process]


def diagram(events: Sequence[Traced], width: int, palette: Palette) -> tuple[Text, list[Text]]:
    """The names above the columns, and a row for each event.

    >>> head, rows = diagram([Traced("sent", 0.25, "till", "shop", "'pay'")], 60, Palette())
    >>> print(head.plain)
                   till                             shop
    >>> print(rows[0].plain)
    00:00:00.250    ├──────────── 'pay' ────────────▶│
    """
    most = max(1, (width - _TIME - 4) // _NARROWEST)
    names = lanes(events, most)
    apart = _apart(width, len(names))
    columns = {name: _TIME + 3 + number * apart for number, name in enumerate(names)}
    head = Text(" " * (_TIME + 1))
    for name in names:
        head.append(set_cell_size(f" {printable_row(_short(name, apart - 2))}", apart), palette.strong)
    head.rstrip()
    return head, [_row(event, columns, width, palette) for event in events]


def _apart(width: int, count: int) -> int:
    if count < 2:
        return max(_NARROWEST, width - _TIME - 4)
    return max(_NARROWEST, min(_WIDEST, (width - _TIME - 4 - 10) // (count - 1))) if count == 2 else max(
        _NARROWEST, min(_WIDEST, (width - _TIME - 4) // count)
    )


def _row(event: Traced, columns: dict[str, int], width: int, palette: Palette) -> Text:
    line = Text(f"{clock_text(event.at)} ", palette.muted) if event.at else Text(" " * _TIME)
    if event.kind in _BESIDE:
        return line.append(f" {printable_row(event.words)}", palette.warning if event.kind == "note" else palette.title)
    parties = [columns.get(name) for name in _parties(event)]
    if len(parties) == 2 and None not in parties and parties[0] != parties[1]:
        start, end = (at for at in parties if at is not None)
        text = _arrow(event, start, end, columns)
        ink = palette.error if event.kind == "raised" else palette.focus if event.kind == "sent" else palette.ok
        return _laid(line, text, min(start, end), max(start, end), columns, width, palette, ink)
    at = next((each for each in parties if each is not None), None)
    if at is None:
        return _laid(line, printable_row(event.words), _TIME + 3, _TIME + 3, columns, width, palette, palette.muted)
    mark = "×" if event.kind == "exited" else "◆" if event.kind in ("registered", "called") else "├"
    ink = palette.error if event.kind in ("exited", "raised") else palette.muted
    return _laid(line, f"{mark} {printable_row(_beside(event))}", at, at, columns, width, palette, ink)


def _arrow(event: Traced, start: int, end: int, columns: dict[str, int]) -> str:
    """From one column to another, with what is said in it."""
    room = abs(end - start) - 1
    back = event.kind in ("returned", "raised")
    word = {"sent": "", "called": "", "returned": "= ", "raised": "raised "}.get(event.kind, f"{event.kind} ")
    said = printable_row(f"{word}{event.text}".strip())
    label = f" {_short(said, max(1, room - 4))} " if said else ""
    if back:
        start, end = end, start
    line = "┄" if event.kind not in ("sent", "called") else "─"
    left = (room - 1 - cell_len(label)) // 2
    body = f"{line * max(0, left)}{label}{line * max(0, room - 1 - left - cell_len(label))}"
    return f"├{body}▶│" if start < end else f"│◀{body}┤"


def _laid(
    line: Text, text: str, low: int, high: int, columns: dict[str, int], width: int, palette: Palette, ink: object
) -> Text:
    """The text from the column `low` on, and the lines of the others beside it."""
    end = low + cell_len(text)
    for at in sorted(columns.values()):
        if at < low:
            line.append(" " * (at - line.cell_len)).append("│", palette.faint)
    line.append(" " * max(0, low - line.cell_len))
    line.append(text, ink)  # type: ignore[arg-type]
    for at in sorted(columns.values()):
        if at >= max(end, high + 1) and at < width:
            line.append(" " * max(0, at - line.cell_len)).append("│", palette.faint)
    return line


def _beside(event: Traced) -> str:
    if event.kind == "received":
        return f"◀ {event.text}"
    if event.kind in ("called", "returned", "raised"):
        return event.words
    return " ".join(filter(None, (event.kind, event.other, event.text)))


def _short(text: str, width: int) -> str:
    return text if cell_len(text) <= width else set_cell_size(text, max(0, width - 1)) + "…"


def list_rows(events: Sequence[Traced], palette: Palette) -> list[Text]:
    """An event a line, with all its words."""
    return [
        Text.assemble((f"{clock_text(event.at)}  ", palette.muted), printable_row(event.words))
        for event in events
    ]
