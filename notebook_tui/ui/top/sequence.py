"""What a trace tells as a sequence diagram that grows: a column for each who takes part, a row for each event.

    till         shop         ledger
     │            │             │
     ├──('pay')──▶│             │
     │            ├──book 7────▶│
     │            │             × exited 'normal'

Those who took part last stand in the columns; where there is no room for more, others stand as words. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.style import Style
from rich.text import Text

from beamlike.inspect.tracing.events import Traced, clock_text
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.printable import printable_row

_TIME: Final = 13
_NARROWEST: Final = 18
_LAST: Final = 12
_WIDEST: Final = 44
_BESIDE: Final = ("note", "ended")


OTHERS: Final = "others"
_LOOKED_AT: Final = 300
"""So many of the last events say who gets a column."""


def lanes(events: Sequence[Traced], most: int) -> list[str]:
    """Who gets a column, in the order in which they came. Of too many, those whom most of the last events are about;
    all the rest share the first column, OTHERS.

    >>> told = [Traced("sent", 0.0, "a", "b"), Traced("sent", 0.0, "c", "b"), Traced("sent", 0.0, "a", "b")]
    >>> lanes(told, 3), lanes(told, 2)
    (['a', 'b', 'c'], ['others', 'b'])
    """
    counts = Counter(name for event in events[-_LOOKED_AT:] for name in _parties(event))
    first: dict[str, None] = dict.fromkeys(name for event in events for name in _parties(event) if name in counts)
    if len(first) <= most:
        return list(first)
    chosen = {name for name, _ in counts.most_common(max(1, most - 1))}
    return [OTHERS, *(name for name in first if name in chosen)]


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
                   till                           shop
    >>> print(rows[0].plain)
    00:00:00.250    ├─────────── 'pay' ───────────▶│
    """
    most = max(1, (width - _TIME - 4) // _NARROWEST)
    names = lanes(events, most)
    apart = _apart(width, len(names))
    columns = {name: _TIME + 3 + number * apart for number, name in enumerate(names)}
    head = Text(" " * (_TIME + 1))
    for name in names:
        head.append(set_cell_size(f" {printable_row(_short(_brief(name), apart - 2))}", apart), palette.strong)
    head.rstrip()
    return head, [_row(event, columns, width, palette) for event in events]


def _apart(width: int, count: int) -> int:
    """Columns between two lines; the last one needs no more than room for its name."""
    return max(_NARROWEST, min(_WIDEST, (width - _TIME - 4 - _LAST) // max(1, count - 1)))


def _brief(name: str) -> str:
    """Processes without a name are told apart by their last number: all are of one node.

    >>> _brief("6150caf.34"), _brief("shop.till"), _brief("6150caf.34 on b@h")
    ('.34', 'shop.till', '6150caf.34 on b@h')
    """
    before, dot, number = name.rpartition(".")
    is_pid = bool(dot) and number.isdigit() and all(letter in "0123456789abcdef" for letter in before)
    return f".{number}" if is_pid else name


def _row(event: Traced, columns: dict[str, int], width: int, palette: Palette) -> Text:
    line = Text.assemble((f"{clock_text(event.at)} " if event.at else " " * _TIME, palette.muted))
    if event.kind in _BESIDE:
        return line.append(f" {printable_row(event.words)}", palette.warning if event.kind == "note" else palette.title)
    parties = [columns.get(name, columns.get(OTHERS)) for name in _parties(event)]
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
    beside = _beside(event) if event.process in columns else event.words
    return _laid(line, f"{mark} {printable_row(beside)}", at, at, columns, width, palette, ink)


def _arrow(event: Traced, start: int, end: int, columns: dict[str, int]) -> str:
    """From one column to another, with what is said in it."""
    room = abs(end - start) - 1
    back = event.kind in ("returned", "raised")
    word = {"sent": "", "called": "", "returned": "= ", "raised": "raised "}.get(event.kind, f"{event.kind} ")
    unseen = " ".join(_brief(name) for name in _parties(event) if name not in columns)
    said = printable_row(f"{f'{unseen}: ' if unseen else ''}{word}{event.text}".strip())
    label = f" {_short(said, max(1, room - 4))} " if said else ""
    if back:
        start, end = end, start
    line = "┄" if event.kind not in ("sent", "called") else "─"
    left = (room - 1 - cell_len(label)) // 2
    body = f"{line * max(0, left)}{label}{line * max(0, room - 1 - left - cell_len(label))}"
    return f"├{body}▶│" if start < end else f"│◀{body}┤"


def _laid(
    line: Text, text: str, low: int, high: int, columns: dict[str, int], width: int, palette: Palette, ink: Style
) -> Text:
    """The text from the column `low` on, and the lines of the others beside it."""
    end = low + cell_len(text)
    for at in sorted(columns.values()):
        if at < low:
            line.append(" " * (at - line.cell_len)).append("│", palette.faint)
    line.append(" " * max(0, low - line.cell_len))
    line.append_text(_inked(text, ink))
    for at in sorted(columns.values()):
        if at >= max(end, high + 1) and at < width:
            line.append(" " * max(0, at - line.cell_len)).append("│", palette.faint)
    return line


_LINE: Final = "├│◀▶┤─┄◆×"


def _inked(text: str, ink: Style) -> Text:
    """Lines and heads of arrows in the ink; what is said in them as it is, to be read."""
    begin = next((at for at, character in enumerate(text) if character not in _LINE), len(text))
    end = len(text) - next((at for at, character in enumerate(reversed(text)) if character not in _LINE), 0)
    return Text.assemble((text[:begin], ink), text[begin:end], (text[end:], ink))


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
    return [Text.assemble((f"{clock_text(event.at)}  ", palette.muted), printable_row(event.words)) for event in events]
