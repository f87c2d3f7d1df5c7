"""Mermaid's sequence diagrams: who says what to whom, one below the other."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from rich.cells import cell_len

from beamlike.kernel.record import frozen
from notebook_tui.ui.diagrams.sheet import Sheet

_PARTICIPANT: Final = re.compile(r"(?:create\s+)?(?:participant|actor)\s+([^\s:]+)(?:\s+as\s+(.+))?")
_MESSAGE: Final = re.compile(
    r"([\w.]+(?: [\w.]+)*?)\s*(<<)?(--?)(>>?|x|\))\s*[+-]?\s*([\w.]+(?: [\w.]+)*?)\s*(?::\s*(.*))?"
)
_NOTE: Final = re.compile(r"note\s+(over|left of|right of)\s+([^:,]+?)(?:\s*,\s*([^:]+?))?\s*:\s*(.*)", re.IGNORECASE)
_FRAME: Final = re.compile(r"(loop|alt|opt|par|critical|break|rect|else|and|option)\b\s*(.*)")
_IGNORED: Final = re.compile(r"%%|autonumber|activate|deactivate|destroy|title|box\b|links?\b")
_BREAK: Final = re.compile(r"<br\s*/?>", re.IGNORECASE)
_GAP: Final = 4
_MOST: Final = 200


@frozen
class _Message:
    start: str
    end: str
    text: str
    dotted: bool
    head: str


@frozen
class _Note:
    first: str
    last: str
    side: str
    text: str


@frozen
class _Rule:
    """Where a loop, a choice or the like begins, goes on or ends."""

    text: str


@dataclass
class _Script:
    names: dict[str, str] = field(default_factory=dict)
    steps: list[_Message | _Note | _Rule] = field(default_factory=list)

    def met(self, id: str) -> str:
        self.names.setdefault(id, id)
        return id


def sequence_rows(source: str) -> list[str] | None:
    """None of what is no such diagram, or has something in it that is not known here.

    >>> print("\\n".join(sequence_rows("sequenceDiagram\\nA->>B: hi")))
    ┌───┐  ┌───┐
    │ A │  │ B │
    └─┬─┘  └─┬─┘
      │ hi   │
      ├─────▶│
      │      │
    """
    script = _read(source)
    return None if script is None else _drawn(script)


def _read(source: str) -> _Script | None:
    head, *lines = [line.strip().removesuffix(";") for line in source.strip().split("\n")]
    if head != "sequenceDiagram":
        return None
    script = _Script()
    for line in lines:
        if not line or _IGNORED.match(line):
            continue
        if found := _PARTICIPANT.fullmatch(line):
            script.names[found[1]] = _plain(found[2] or found[1])
        elif found := _NOTE.fullmatch(line):
            first, last = script.met(found[2]), script.met(found[3] or found[2])
            script.steps.append(_Note(first, last, found[1].lower(), _plain(found[4])))
        elif line == "end":
            script.steps.append(_Rule("end"))
        elif found := _FRAME.fullmatch(line):
            script.steps.append(_Rule(f"{found[1]} {_plain(found[2])}".strip()))
        elif found := _MESSAGE.fullmatch(line):
            start, end = script.met(found[1]), script.met(found[5])
            sign = {"x": "×", ">": "─", ")": "▷"}.get(found[4], "▶")
            script.steps.append(_Message(start, end, _plain(found[6] or ""), found[3] == "--", sign))
        else:
            return None
    return script if script.names and len(script.steps) <= _MOST else None


def _drawn(script: _Script) -> list[str]:
    middles = _middles(script)
    sheet = Sheet()
    for id, name in script.names.items():
        _box(sheet, middles[id] - (cell_len(name) + 4) // 2, 0, name)
        sheet.write(middles[id], 2, "┬")
    y = 3
    for step in script.steps:
        match step:
            case _Message():
                y = _message(sheet, step, middles, y)
            case _Note():
                y = _note(sheet, step, middles, y)
            case _Rule(text=text):
                right = max(middles.values()) + 4
                sheet.write(0, y, f"── {text} ".ljust(right, "─") if text != "end" else "─" * right)
                y += 1
    for x in middles.values():
        for at in range(3, y + 1):
            if sheet.is_free_at(x, at):
                sheet.line(x, at, x, at + 1) if at < y else sheet.line(x, at - 1, x, at)
    return sheet.rows()


def _middles(script: _Script) -> dict[str, int]:
    """The column of each, so far apart that what is said between neighbours finds room."""
    ids = list(script.names)
    place = {id: at for at, id in enumerate(ids)}
    widths = [cell_len(script.names[id]) + 4 for id in ids]
    apart = [(widths[at] + widths[at + 1]) // 2 + 2 for at in range(len(ids) - 1)]
    lead = widths[0] // 2
    for step in script.steps:
        if isinstance(step, _Rule):
            continue
        first, last = (step.start, step.end) if isinstance(step, _Message) else (step.first, step.last)
        low, high = sorted((place[first], place[last]))
        room = cell_len(step.text) + _GAP
        if low == high:
            beside = room + 2 if isinstance(step, _Message) or step.side == "right of" else room // 2 + 1
            if low < len(apart):
                apart[low] = max(apart[low], beside)
            if isinstance(step, _Note) and step.side != "right of":
                needed = room + 2 if step.side == "left of" else room // 2 + 1
                if low:
                    apart[low - 1] = max(apart[low - 1], needed)
                else:
                    lead = max(lead, needed)
        else:
            missing = room - sum(apart[low:high])
            for at in range(low, high):
                apart[at] += max(0, -(-missing // (high - low)))
    middles = {ids[0]: lead}
    for at, id in enumerate(ids[1:]):
        middles[id] = middles[ids[at]] + apart[at]
    return middles


def _message(sheet: Sheet, step: _Message, middles: dict[str, int], y: int) -> int:
    start, end = middles[step.start], middles[step.end]
    if start == end:
        sheet.write(start, y, f"├─╮ {step.text}")
        sheet.write(start, y + 1, "│◀╯")
        return y + 2
    left, right = min(start, end), max(start, end)
    sheet.write(left + 2, y, step.text)
    line = ("┄" if step.dotted else "─") * (right - left - 2)
    if start < end:
        sheet.write(left, y + 1, f"├{line}{step.head}│")
    else:
        sheet.write(left, y + 1, f"│{'◀' if step.head == '▶' else '◁' if step.head == '▷' else step.head}{line}┤")
    return y + 2


def _note(sheet: Sheet, step: _Note, middles: dict[str, int], y: int) -> int:
    width = cell_len(step.text) + 4
    low, high = sorted((middles[step.first], middles[step.last]))
    if step.side == "right of":
        x = high + 2
    elif step.side == "left of":
        x = max(0, low - 1 - width)
    else:
        x = max(0, (low + high) // 2 - max(width, high - low + 3) // 2)
    _box(sheet, x, y, step.text, max(width, high - low + 3) if step.side == "over" and low != high else width)
    return y + 3


def _box(sheet: Sheet, x: int, y: int, text: str, width: int = 0) -> None:
    width = max(width, cell_len(text) + 4)
    space = width - 4 - cell_len(text)
    sheet.write(x, y, "┌" + "─" * (width - 2) + "┐")
    sheet.write(x, y + 1, f"│ {' ' * (space // 2)}{text}{' ' * (space - space // 2)} │")
    sheet.write(x, y + 2, "└" + "─" * (width - 2) + "┘")


def _plain(text: str) -> str:
    return " ".join(_BREAK.sub(" ", text).strip().strip('"').split())
