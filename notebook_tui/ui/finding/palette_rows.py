"""What the palette lists for what was typed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from notebook_tui.ui.choosing.rows import Entry, Heading, Row, Words
from notebook_tui.ui.finding.command import Command
from notebook_tui.ui.finding.score import score
from notebook_tui.ui.finding.sources import with_used_first

MOST: Final = 60
_USED: Final = 5


def palette_rows(commands: Sequence[Command], typed: str, used: Sequence[str]) -> tuple[Row, ...]:
    """With nothing typed what was used last, and all by groups; else what fits, the best first."""
    return _found(commands, typed, used) if typed.strip() else _all(commands, used)


def _all(commands: Sequence[Command], used: Sequence[str]) -> tuple[Row, ...]:
    first, others = with_used_first(commands, used[:_USED])
    rows: list[Row] = [Heading("Used last"), *map(_entry, first), Words()] if first else []
    listed = [command for command in others if not command.only_found]
    for group in dict.fromkeys(command.group for command in listed):
        members = (command for command in listed if command.group == group)
        rows += [Heading(group), *map(_entry, members), Words()]
    return tuple(rows)


def _found(commands: Sequence[Command], typed: str, used: Sequence[str]) -> tuple[Row, ...]:
    scored = [(found, command) for command in commands if (found := score(typed, command.title)) is not None]
    lately = {id: len(used) - place for place, id in enumerate(used)}

    def rank(each: tuple[float, Command]) -> tuple[float, bool]:
        found, command = each
        return -(found + 0.4 * (command.id in lately)), command.only_found

    rows = tuple(_entry(command, with_group=True) for _, command in sorted(scored, key=rank)[:MOST])
    return rows or (Words("Nothing is called so."),)


def _entry(command: Command, *, with_group: bool = False) -> Entry:
    return Entry("command", command.id, command.title, command.group if with_group else "", command.keys)
