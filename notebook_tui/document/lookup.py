"""Whom a cell reads its names from: for each name the nearest cell above that defines it.

Cells between that one and the reader that may define the name count too, as do those that may define anything.
A function looks its names up where it is called: who reads one reads what that reads as well.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterator, Mapping

from notebook_tui.document.evaluations import ANYTHING, FRESH, Evaluation, Origins
from notebook_tui.document.names import NO_NAMES, Names
from notebook_tui.document.notebook import Notebook, Place

_NOBODY: frozenset[str] = frozenset()


class Lookup:
    """Looks names up in one state of a notebook, whose index of names must not change meanwhile."""

    def __init__(
        self,
        notebook: Notebook,
        evaluations: Mapping[str, Evaluation],
        names: Mapping[str, Names],
        definers: Mapping[str, frozenset[str]],
        anything: frozenset[str],
    ) -> None:
        self._notebook = notebook
        self._evaluations = evaluations
        self._names = names
        self._definers = definers
        self._anything = anything
        self._sorted: dict[str, list[tuple[Place, str]]] = {}
        self._limits: dict[int, int] = {}

    def reads(self, cell_id: str) -> tuple[Mapping[str, Origins], frozenset[str]]:
        """Where each name comes from that the cell would look up, and all names that it looks up in vain or not."""
        read_by = self._names.get(cell_id, NO_NAMES)
        if read_by.reads_anything:
            return {ANYTHING: self._everything(cell_id)}, _NOBODY
        found: dict[str, Origins] = {}
        waiting, looked_up = list(read_by.reads), set(read_by.reads)
        while waiting:
            name = waiting.pop()
            origins = tuple(self._definers_above(name, cell_id))
            if origins:
                changes = name in read_by.mutates
                found[name] = tuple((origin, self._version(origin, name, by_run=changes)) for origin in origins)
            for origin in origins:
                carried = self._carried(origin, name) - looked_up
                waiting += carried
                looked_up |= carried
        return found, frozenset(looked_up)

    def _carried(self, cell_id: str, name: str) -> frozenset[str]:
        """What is looked up by who calls the value that the cell gave to `name`."""
        found = _NOBODY
        waiting, met = [(cell_id, name)], {(cell_id, name)}
        while waiting:
            origin, name = waiting.pop()
            names = self._names[origin]
            found |= names.carries.get(name, _NOBODY)
            first = names.second.get(name)
            if first is not None:
                own = [origin] if first in names.sets and first != name else []
                meant = {(other, first) for other in own or self._definers_above(first, origin)} - met
                waiting += meant
                met |= meant
        return found

    def origins(self, cell_id: str) -> frozenset[str]:
        """The cells that it would read from."""
        reads, _ = self.reads(cell_id)
        if ANYTHING in reads:
            return frozenset(self.above_that_define(cell_id))
        return frozenset(origin for origins in reads.values() for origin, _ in origins)

    def _version(self, cell_id: str, name: str, *, by_run: bool) -> str:
        run = self._evaluations.get(cell_id, FRESH).standing
        # Who changes a value needs a new one after each run, be it equal.
        return f"#{run.run}" if by_run else run.version(name)

    def _definers_above(self, name: str, cell_id: str) -> Iterator[str]:
        candidates = self._candidates(name)
        place = self._notebook.places[cell_id]
        for index in range(bisect_left(candidates, (place, "")) - 1, -1, -1):
            other_place, other = candidates[index]
            if self._sees(place[0], other_place[0]):
                yield other
                if name in self._names[other].defines:
                    return

    def _candidates(self, name: str) -> list[tuple[Place, str]]:
        known = self._sorted.get(name)
        if known is None:
            places = self._notebook.places
            ids = self._definers.get(name, _NOBODY) | self._anything
            known = self._sorted[name] = sorted((places[cell_id], cell_id) for cell_id in ids)
        return known

    def _sees(self, section: int, other: int) -> bool:
        """Whether cells of that section see those of the other, which is above it or the same."""
        if other in (section, -1):
            return True
        return self._notebook.sections[other].parent is None and other <= self._limit(section)

    def _limit(self, section: int) -> int:
        """The last section of the main line whose cells that one sees."""
        limit = self._limits.get(section)
        if limit is None:
            parent = self._notebook.sections[section].parent
            numbers = (number for number, each in enumerate(self._notebook.sections) if each.id == parent)
            limit = self._limits[section] = section if parent is None else next(numbers)
        return limit

    def _everything(self, cell_id: str) -> Origins:
        """All cells above that define something, as one version."""
        digest = hashlib.blake2b(digest_size=12)
        for other in self.above_that_define(cell_id):
            run = self._evaluations.get(other, FRESH).standing
            names = self._names[other]
            versions = [f"{name}{run.version(name)}" for name in sorted(names.sets)]
            digest.update(" ".join([other, *versions, f"#{run.run}" if names.defines_anything else "", "\n"]).encode())
        return (("", digest.hexdigest()),)

    def above_that_define(self, cell_id: str) -> Iterator[str]:
        """The cells above whose names a cell that may read any name would find, in the order of the document."""
        place = self._notebook.places[cell_id]
        for other, other_place in self._notebook.places.items():
            if other_place >= place:
                return
            names = self._names.get(other, NO_NAMES)
            if (names.sets or names.defines_anything) and self._sees(place[0], other_place[0]):
                yield other
