"""The index of a state, made from that of the one before: only what an operation touched is looked at again.

First the cells that changed are indexed anew (`_disturb`), each of which may disturb who reads from it. Then these are
judged in the order of the document (`_review`), for what one of them turns out to be worth may disturb others below.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Generic, TypeVar

from notebook_tui.document.evaluations import ANYTHING, FRESH, Evaluation, Origins
from notebook_tui.document.flow import Flow, order_of, out_of_place
from notebook_tui.document.inputs import Input, current
from notebook_tui.document.lookup import Lookup
from notebook_tui.document.names import NO_NAMES, Names, names
from notebook_tui.document.notebook import Cell, Notebook, Place

_NOBODY: frozenset[str] = frozenset()
V = TypeVar("V")


def is_outdated(cell: Cell, evaluation: Evaluation) -> bool:
    """Whether those below need the cell run first. One that failed is not: it may well fail again.

    Of a cell that runs, what counts until it is over is the run before.
    """
    if not cell.runnable:
        return False
    run = evaluation.standing
    if run.validity == "fresh":
        return cell.source.strip() != ""
    return run.validity != "evaluated" or run.source != cell.source


def names_now(cell: Cell, evaluation: Evaluation | None) -> Names:
    """The names in the cell's text, corrected by what its last run did with just this text."""
    if not cell.runnable:
        return NO_NAMES
    found = names(cell.source)
    run = evaluation.standing if evaluation is not None else None
    if run is None or run.source != cell.source:
        return found
    if run.errored:
        # What it changed inside of values cannot be taken back.
        return replace(found, defines=_NOBODY, may_define=found.mutates, defines_anything=False)
    unseen = run.versions.keys() - found.sets
    return replace(found, may_define=found.may_define | unseen) if unseen else found


class Upkeep:
    def __init__(
        self, old: Flow, notebook: Notebook, evaluations: Mapping[str, Evaluation], inputs: Mapping[str, Input]
    ) -> None:
        self._old = old
        self._notebook = notebook
        self._places = notebook.places
        self._inputs = inputs
        same_places = notebook.places is old.notebook.places
        same_runs = same_places and evaluations.keys() == old.evaluations.keys()
        self._order = old.order if same_runs else order_of(notebook, evaluations)
        self._covered = old.names.keys() if same_runs else {token for token in self._order if isinstance(token, str)}
        self._evaluations = _Changing(evaluations)
        self._names = _Changing(old.names)
        self._definers = _ChangingSets(old.definers)
        self._readers = _ChangingSets(old.readers)
        self._looked_up = _Changing(old.looked_up)
        self._anything = old.anything
        self._curious = old.curious
        self._outdated = old.outdated
        self._lookup: Lookup | None = None
        self._waiting: list[tuple[Place, str]] = []
        self._awaited: set[str] = set()

    def flow(self) -> Flow:
        """The new index. Its `evaluations` are the given ones, each called what it is worth now."""
        moved = set() if self._order is self._old.order else out_of_place(self._old, self._order, self._notebook)
        ran = set(_changed_keys(self._old.evaluations, self._evaluations.now))
        disturbed = moved | ran | set(_changed_sources(self._old.notebook, self._notebook))
        for cell_id in disturbed:
            self._disturb(cell_id, moved=cell_id in moved)
        if self._inputs is not self._old.inputs:
            self._await(self._bound_to(set(_changed_keys(self._old.inputs, self._inputs))))
        while self._waiting:
            _, cell_id = heapq.heappop(self._waiting)
            self._awaited.discard(cell_id)
            self._review(cell_id)
        return Flow(
            self._notebook,
            self._evaluations.now,
            self._inputs,
            self._order,
            self._names.now,
            self._definers.now,
            self._anything,
            self._readers.now,
            self._looked_up.now,
            self._curious,
            self._outdated,
        )

    def _disturb(self, cell_id: str, *, moved: bool) -> None:
        """Indexes the cell anew; all who read what it defines are to be judged if that may be another thing now."""
        covered = cell_id in self._covered
        before = self._names.now.get(cell_id, NO_NAMES)
        evaluation = self._evaluations.now.get(cell_id) if covered else None
        after = names_now(self._notebook.cell(cell_id), evaluation) if covered else NO_NAMES
        old = self._old.evaluations.get(cell_id, FRESH).standing
        new = FRESH if evaluation is None else evaluation.standing
        affects = moved or not _define_alike(before, after) or (old.run, old.versions) != (new.run, new.versions)
        self._index(cell_id, before, after, covered=covered)
        if evaluation is None:
            self._reads(cell_id, _NOBODY, curious=False)
            flag = covered and is_outdated(self._notebook.cell(cell_id), FRESH)
            affects = self._flag(cell_id, flag) or affects
        else:
            self._await([cell_id])
        if affects:
            self._await_readers(before)
            self._await_readers(after)

    def _index(self, cell_id: str, before: Names, after: Names, *, covered: bool) -> None:
        if before is not after:
            for name in before.sets - after.sets:
                self._definers.drop(name, cell_id)
            for name in after.sets - before.sets:
                self._definers.add(name, cell_id)
            self._anything = _with(self._anything, cell_id, after.defines_anything)
        if not covered:
            self._names.remove(cell_id)
        elif self._names.now.get(cell_id) is not after:
            self._names.set(cell_id, after)

    def _review(self, cell_id: str) -> None:
        """What the cell's last run is worth, and whether those below need another."""
        if self._lookup is None:
            arguments = self._names.now, self._definers.now, self._anything
            self._lookup = Lookup(self._notebook, self._evaluations.now, *arguments)
        reads, looked_up = self._lookup.reads(cell_id)
        self._reads(cell_id, looked_up, curious=ANYTHING in reads)
        evaluation = self._evaluations.now[cell_id]
        run = evaluation.standing
        if run.validity in ("evaluated", "stale"):
            holds = reads == run.reads and not self._reads_outdated(cell_id, reads) and self._binds_as_is(run)
            if holds != (run.validity == "evaluated"):
                judged = replace(run, validity="evaluated" if holds else "stale")
                evaluation = judged if evaluation.before is None else replace(evaluation, before=judged)
                self._evaluations.set(cell_id, evaluation)
        if self._flag(cell_id, is_outdated(self._notebook.cell(cell_id), evaluation)):
            self._await_readers(self._names.now[cell_id])

    def _reads_outdated(self, cell_id: str, reads: Mapping[str, Origins]) -> bool:
        if ANYTHING in reads and self._lookup is not None:
            return not self._outdated.isdisjoint(self._lookup.above_that_define(cell_id))
        return any(origin in self._outdated for origins in reads.values() for origin, _ in origins)

    def _binds_as_is(self, run: Evaluation) -> bool:
        return all(current(self._inputs, input_id) == value for input_id, value in run.bound.items())

    def _reads(self, cell_id: str, looked_up: frozenset[str], *, curious: bool) -> None:
        self._curious = _with(self._curious, cell_id, curious)
        before = self._looked_up.now.get(cell_id, _NOBODY)
        if looked_up == before:
            return
        for name in before - looked_up:
            self._readers.drop(name, cell_id)
        for name in looked_up - before:
            self._readers.add(name, cell_id)
        if looked_up:
            self._looked_up.set(cell_id, looked_up)
        else:
            self._looked_up.remove(cell_id)

    def _flag(self, cell_id: str, outdated: bool) -> bool:
        """Whether that is news."""
        if outdated == (cell_id in self._outdated):
            return False
        self._outdated = _with(self._outdated, cell_id, outdated)
        return True

    def _await_readers(self, names: Names) -> None:
        if names.defines_anything:
            self._await(self._looked_up.now)
        for name in names.sets:
            self._await(self._readers.now.get(name, _NOBODY))
        if names.sets or names.defines_anything:
            self._await(self._curious)

    def _await(self, cell_ids: Iterable[str]) -> None:
        for cell_id in cell_ids:
            if cell_id not in self._awaited and cell_id in self._evaluations.now and cell_id in self._places:
                self._awaited.add(cell_id)
                heapq.heappush(self._waiting, (self._places[cell_id], cell_id))

    def _bound_to(self, input_ids: set[str]) -> Iterator[str]:
        for cell_id, evaluation in self._evaluations.now.items():
            if not input_ids.isdisjoint(evaluation.standing.bound):
                yield cell_id


def _define_alike(one: Names, other: Names) -> bool:
    return one is other or (
        one.defines == other.defines
        and one.may_define == other.may_define
        and one.defines_anything == other.defines_anything
        and one.carries == other.carries
        and one.second == other.second
    )


def _with(cell_ids: frozenset[str], cell_id: str, belongs: bool) -> frozenset[str]:
    if belongs == (cell_id in cell_ids):
        return cell_ids
    return cell_ids | {cell_id} if belongs else cell_ids - {cell_id}


def _changed_keys(old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[str]:
    if old is new:
        return
    yield from (key for key, value in new.items() if old.get(key) is not value)
    if len(old) + len(new) > 2 * len(old.keys() & new.keys()):
        yield from old.keys() - new.keys()


def _changed_sources(old: Notebook, new: Notebook) -> Iterator[str]:
    """The cells of both whose text, kind or language is another."""
    if old.setup is not new.setup and not _same_code(old.setup, new.setup):
        yield new.setup.id
    same_places = old.places is new.places
    untouched = {id(section) for section in old.sections}
    kept = {id(section) for section in new.sections}
    known = {id(cell) for section in old.sections if id(section) not in kept for cell in section.cells}
    for number, section in enumerate(new.sections):
        if id(section) in untouched:
            continue
        if same_places:
            pairs = zip(old.sections[number].cells, section.cells, strict=True)
            yield from (now.id for was, now in pairs if was is not now and not _same_code(was, now))
        else:
            changed = (cell for cell in section.cells if id(cell) not in known and old.has_cell(cell.id))
            yield from (cell.id for cell in changed if not _same_code(old.cell(cell.id), cell))


def _same_code(one: Cell, other: Cell) -> bool:
    return one.source == other.source and one.kind == other.kind and one.language == other.language


class _Changing(Generic[V]):
    """A mapping that is copied when it first changes."""

    def __init__(self, start: Mapping[str, V]) -> None:
        self.now = start
        self._own: dict[str, V] | None = None

    def set(self, key: str, value: V) -> None:
        self._mine()[key] = value

    def remove(self, key: str) -> None:
        if key in self.now:
            del self._mine()[key]

    def _mine(self) -> dict[str, V]:
        if self._own is None:
            self.now = self._own = dict(self.now)
        return self._own


class _ChangingSets(_Changing[frozenset[str]]):
    def add(self, key: str, member: str) -> None:
        self.set(key, self.now.get(key, _NOBODY) | {member})

    def drop(self, key: str, member: str) -> None:
        left = self.now.get(key, _NOBODY) - {member}
        if left:
            self.set(key, left)
        else:
            self.remove(key)
