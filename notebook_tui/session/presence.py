"""Who is where in a notebook, for all who look at it; no part of its document, and in no journal.

viewer ── Here ──► session ── PeopleHere ──► every viewer ── SawPeople ──► session

A viewer says where it is as often as it likes, and from then on is told; the session tells it ten times a second at
most. Each viewer is told of all people at once, and not again until it has said that it saw that: one that is slow gets
the newest, and nothing piles up on the way to it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, Literal, TypeAlias

import beamlike as bl
from beamlike.kernel.record import frozen
from notebook_tui.document import delta as deltas
from notebook_tui.document.delta import Delta
from notebook_tui.document.notebook import Notebook
from notebook_tui.session.people import Person, Role

PACE: Final = 0.1
"""Seconds between two tellings."""
MARKS: Final = "●▲■◆★♥♣♠✚✖"
"""By which people are told apart where there are no colours."""
OWNER_NAME: Final = "owner"
"""Of the user of this machine account."""
_NUMBERED: Final = re.compile(r"\s+#\s*(\d+)\s*$")
"""Names that would look like that of a second terminal."""
Doing: TypeAlias = Literal["", "typing", "running"]


@frozen
class Whereabouts:
    cell_id: str = ""
    """The cell, or the heading, that has the focus."""
    anchor: int | None = None
    caret: int | None = None
    """In the text of that cell, while it is edited; what is selected is between the two."""
    typing: bool = False


@frozen
class Present:
    """One who looks at the notebook."""

    number: int
    """The lowest that nobody else had as they came: it says their colour and their mark."""
    name: str
    """Unlike that of everybody else."""
    role: Role
    where: Whereabouts = Whereabouts()
    client_id: str = ""
    """As which they type."""
    running: bool = False
    """Whether a cell runs, or waits, that they have asked for."""

    @property
    def mark(self) -> str:
        """
        >>> Present(0, "ann", "run").mark, Present(13, "bob", "run").mark
        ('●', '◆')
        """
        return MARKS[self.number % len(MARKS)]

    @property
    def doing(self) -> Doing:
        return "running" if self.running else "typing" if self.where.typing else ""


@frozen
class Here:
    """A cast: where this viewer is."""

    where: Whereabouts
    viewer: bl.Pid


@frozen
class PeopleHere:
    """To a viewer: all people, and which of them it is itself."""

    people: tuple[Present, ...]
    you: int


@frozen
class SawPeople:
    """A cast: this viewer may be told anew."""

    viewer: bl.Pid


@frozen
class PeopleDue:
    """To the session: it may tell again."""


class _Seat:
    def __init__(self, person: Person, number: int) -> None:
        self.person = person
        self.number = number
        self.client_id = ""
        self.where = Whereabouts()
        self.interested = False
        self.is_told = True
        """It has been, and has not said that it saw that; or it never said where it is, and is not interested."""
        self.told: tuple[Present, ...] = ()


class Presences:
    """What the session knows of it. Pure: `due` says whom to tell what."""

    def __init__(self) -> None:
        self._seats: dict[bl.Pid, _Seat] = {}

    def joined(self, viewer: bl.Pid, person: Person) -> None:
        taken = {seat.number for seat in self._seats.values()}
        self._seats[viewer] = _Seat(person, next(n for n in range(len(taken) + 1) if n not in taken))

    def left(self, viewer: bl.Pid) -> None:
        self._seats.pop(viewer, None)

    def types(self, viewer: bl.Pid, client_id: str) -> None:
        """That viewer does, as this client."""
        if viewer in self._seats:
            self._seats[viewer].client_id = client_id

    def is_at(self, viewer: bl.Pid, where: Whereabouts) -> None:
        if (seat := self._seats.get(viewer)) is not None:
            seat.is_told = seat.is_told and seat.interested
            seat.interested, seat.where = True, where

    def saw(self, viewer: bl.Pid) -> None:
        """It may be told again."""
        if viewer in self._seats:
            self._seats[viewer].is_told = False

    def people(self, runners: frozenset[bl.Pid] = frozenset()) -> tuple[Present, ...]:
        """By their numbers. `runners` have asked for cells that run or wait. Who has the name of somebody who was there
        before, as their second terminal has, is `ann #2`; nobody is called so by their own name (`_called`)."""
        seats = sorted(self._seats.items(), key=lambda item: item[1].number)
        names: Counter[str] = Counter()
        found: list[Present] = []
        for viewer, seat in seats:
            name = _called(seat.person)
            names[name] += 1
            told_apart = name if names[name] == 1 else f"{name} #{names[name]}"
            found.append(
                Present(seat.number, told_apart, seat.person.role, seat.where, seat.client_id, viewer in runners)
            )
        return tuple(found)

    def due(self, runners: frozenset[bl.Pid] = frozenset()) -> Mapping[bl.Pid, PeopleHere]:
        """What is to be told now, and to whom: to those who saw what they were told last, if it has changed."""
        people = self.people(runners)
        due: dict[bl.Pid, PeopleHere] = {}
        for viewer, seat in self._seats.items():
            if not seat.is_told and seat.told != people:
                seat.is_told, seat.told = True, people
                due[viewer] = PeopleHere(people, seat.number)
        return due


def _called(person: Person) -> str:
    """What they are called in a notebook: never what only the account's user is called, nor what somebody's second
    terminal is.

    >>> _called(Person("ann")), _called(Person("ann #2")), _called(Person("owner")), _called(Person(""))
    ('ann', 'ann # 2', '"owner"', 'owner')
    """
    name = _NUMBERED.sub(r" # \1", person.name) or OWNER_NAME
    return f'"{name}"' if person.name and name.strip().casefold() == OWNER_NAME else name


def moved(people: tuple[Present, ...], cell_id: str, change: Delta, by: str) -> tuple[Present, ...]:
    """With the carets in that text where they are after the change of it: but for who made it, and says so."""
    return tuple(
        replace(each, where=_moved(each.where, change))
        if each.where.cell_id == cell_id and each.where.caret is not None and each.client_id != by
        else each
        for each in people
    )


def _moved(where: Whereabouts, change: Delta) -> Whereabouts:
    anchor, caret = (
        None if place is None else deltas.transform_position(change, place, stays=True)
        for place in (where.anchor, where.caret)
    )
    return replace(where, anchor=anchor, caret=caret)


def is_there(notebook: Notebook, where: Whereabouts) -> bool:
    """Whether that is a place of this notebook."""
    return notebook.has_cell(where.cell_id) or any(each.id == where.cell_id for each in notebook.sections)


def line_of(notebook: Notebook, where: Whereabouts) -> int:
    """In which line of its cell, from 0, the caret is."""
    if where.caret is None or not notebook.has_cell(where.cell_id):
        return 0
    return notebook.cell(where.cell_id).source.count("\n", 0, where.caret)
