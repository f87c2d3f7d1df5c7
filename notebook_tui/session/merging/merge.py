"""What we did and what somebody else did to one file, put together. Pure.

    base: what both began with        ours: the open notebook        theirs: the file as it is now

`base` and `ours` have the same ids for the same cells; what `theirs` means by its cells is found out by `matching`.
Nothing that either side wrote is lost: where both changed the same lines of a cell, ours stays and theirs stands
below it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

from beamlike.kernel.record import frozen
from notebook_tui.document.notebook import Cell, Notebook, Section
from notebook_tui.document.operations import Operation
from notebook_tui.session.merging.difference import operations_between
from notebook_tui.session.merging.lines import merged_lines
from notebook_tui.session.merging.matching import matching
from notebook_tui.session.merging.places import Place, in_order, places, sections_of

_T = TypeVar("_T")


@frozen
class Merge:
    notebook: Notebook
    """What is to be in the open notebook."""
    operations: tuple[Operation, ...]
    """Lead there, and touch nothing that need not change."""
    base: Notebook
    """What is in the file, with the ids that its cells have now: the base of the next merge."""
    conflicts: tuple[str, ...]
    """Where both changed the same, and what came of it."""


def merge(
    base: Notebook, ours: Notebook, theirs: Notebook, new_id: Callable[[], str], keep: Collection[str] = ()
) -> Merge:
    """`new_id` makes ids for what is new in the file; cells in `keep` stay in the notebook whatever the file says.

    >>> from notebook_tui.format.markdown_read import read
    >>> base, _ = read("# Cats")
    >>> merge(base, base, read("# Dogs")[0], str).operations
    (SetTitle(title='Dogs'),)
    """
    return _Merging(base, ours, theirs, new_id, keep).result()


class _Merging:
    def __init__(
        self, base: Notebook, ours: Notebook, theirs: Notebook, new_id: Callable[[], str], keep: Collection[str]
    ) -> None:
        self._ours, self._base, self._keep, self._new_id = ours, base, keep, new_id
        self._conflicts: list[str] = []
        self._extra: list[Cell] = []
        self._before = {place.id: place for place in places(base)}
        self._here = {place.id: place for place in places(ours)}
        self._there = self._with_our_ids(list(places(base)), list(places(theirs)))
        self._theirs = replace(theirs, sections=sections_of(self._there.values()))

    def _with_our_ids(self, before: list[Place], after: list[Place]) -> dict[str, Place]:
        pairs = matching(before, after)
        ids = {
            place.id: before[pairs[index]].id if index in pairs else self._new_id() for index, place in enumerate(after)
        }
        line = [
            replace(place, id=ids[place.id], parent=ids.get(place.parent or ""))
            if isinstance(place, Section)
            else replace(place, id=ids[place.id])
            for place in after
        ]
        return {place.id: place for place in line}

    def result(self) -> Merge:
        ours, theirs, base = self._ours, self._theirs, self._base
        there = self._revived()
        line = [self._merged(place_id) for place_id in self._line(list(there), there)]
        setup = self._merged_top(base.setup, ours.setup, theirs.setup)
        pyproject = self._merged_top(base.pyproject, ours.pyproject, theirs.pyproject)
        beside = self._beside(line)
        assert setup is not None
        notebook = replace(
            ours,
            **_unless_changed(base, ours, theirs),
            title=self._of_both("the title", base.title, ours.title, theirs.title),
            setup=setup,
            pyproject=pyproject,
            sections=_with_sound_parents(sections_of(beside)),
            metadata=_merged_mapping(base.metadata, ours.metadata, theirs.metadata),
            leading=self._of_both("the comment above the title", base.leading, ours.leading, theirs.leading),
        )
        known = replace(theirs, sections=sections_of(there.values()))
        return Merge(notebook, tuple(operations_between(ours, notebook)), known, tuple(self._conflicts))

    def _revived(self) -> dict[str, Place]:
        """Their line, in which a cell that they changed and we deleted is a new one."""
        line: list[Place] = []
        for place_id, place in self._there.items():
            old = self._before.get(place_id)
            if old is None or place_id in self._here or not _text_changed(old, place):
                line.append(place)
                continue
            if isinstance(place, Cell):
                self._conflicts.append("a cell that was deleted here was changed in the file, so it is back")
            line.append(replace(place, id=self._new_id()))
        renamed = {old: new.id for old, new in zip(self._there, line, strict=True)}
        return {
            place.id: replace(place, parent=renamed.get(place.parent or "")) if isinstance(place, Section) else place
            for place in line
        }

    def _line(self, theirs: list[str], there: Mapping[str, Place]) -> list[str]:
        """The ids in order: ours, without what they took out, and with what they put in or moved behind what it stands
        behind in the file."""
        self._there = dict(there)
        before = {place_id: index for index, place_id in enumerate(self._before)}
        their_moves = _moved(theirs, before)
        our_moves = _moved(list(self._here), before)
        moved = {place_id for place_id in their_moves - our_moves if place_id in self._here}
        line = [place_id for place_id in self._here if place_id not in moved and not self._taken_out(place_id)]
        placed = set(line)
        last: str | None = None
        for place_id in theirs:
            if place_id not in placed and (place_id in moved or place_id not in self._before):
                line.insert(0 if last is None else line.index(last) + 1, place_id)
                placed.add(place_id)
            if place_id in placed:
                last = place_id
        if line and isinstance(self._place(line[0]), Cell):
            # Every cell stands in a section.
            heading = next(place.id for place in (*self._here.values(), *there.values()) if isinstance(place, Section))
            if heading in line:
                line.remove(heading)
            line.insert(0, heading)
        return line

    def _taken_out(self, place_id: str) -> bool:
        """By them, and nobody minds."""
        if place_id in self._there or place_id not in self._before:
            return False
        if place_id in self._keep:
            self._conflicts.append("a cell that runs was removed from the file; it stays")
            return False
        if _changed(self._before[place_id], self._here[place_id]):
            what = "section" if isinstance(self._here[place_id], Section) else "cell"
            self._conflicts.append(f"a {what} that was changed here was removed from the file; it stays")
            return False
        return True

    def _place(self, place_id: str) -> Place:
        return self._here[place_id] if place_id in self._here else self._there[place_id]

    def _merged(self, place_id: str) -> Place:
        ours, theirs, base = self._here.get(place_id), self._there.get(place_id), self._before.get(place_id)
        if ours is None or theirs is None or base is None:
            return self._place(place_id)
        if isinstance(ours, Section) and isinstance(theirs, Section) and isinstance(base, Section):
            return replace(
                ours,
                name=self._of_both("the name of a section", base.name, ours.name, theirs.name),
                parent=theirs.parent if ours.parent == base.parent else ours.parent,
                metadata=_merged_mapping(base.metadata, ours.metadata, theirs.metadata),
            )
        assert isinstance(ours, Cell)
        assert isinstance(theirs, Cell)
        assert isinstance(base, Cell)
        return self._merged_cell(base, ours, theirs)

    def _merged_cell(self, base: Cell, ours: Cell, theirs: Cell) -> Cell:
        source = merged_lines(base.source, ours.source, theirs.source)
        return replace(
            ours,
            source=ours.source if source is None else source,
            metadata=_merged_mapping(base.metadata, ours.metadata, theirs.metadata),
        )

    def _merged_top(self, base: Cell | None, ours: Cell | None, theirs: Cell | None) -> Cell | None:
        """The setup cell, or its pyproject.toml. What of theirs has no place in it goes into the first section."""
        if ours is None or theirs is None:
            if _bare(theirs) == _bare(base):
                return ours
            return theirs if ours is None or _bare(ours) == _bare(base) else ours
        known = base or replace(ours, source="", metadata={})
        if merged_lines(known.source, ours.source, theirs.source) is None:
            self._conflicts.append(
                "the same lines of the setup cell were changed here and in the file; the file's are in a cell below it"
            )
            self._extra.append(replace(theirs, id=self._new_id()))
        merged = self._merged_cell(known, ours, theirs)
        return replace(merged, language=theirs.language if ours.language == known.language else ours.language)

    def _beside(self, line: list[Place]) -> list[Place]:
        """With their text of each cell in which both changed the same lines, in a cell below it."""
        beside: list[Place] = []
        for place in line:
            beside.append(place)
            old, new = self._before.get(place.id), self._there.get(place.id)
            ours = self._here.get(place.id)
            if not (isinstance(old, Cell) and isinstance(new, Cell) and isinstance(ours, Cell)):
                continue
            if merged_lines(old.source, ours.source, new.source) is None:
                self._conflicts.append(
                    "the same lines of a cell were changed here and in the file; the file's are in a cell below it"
                )
                beside.append(replace(new, id=self._new_id(), outputs=()))
        if self._extra:
            if not beside:
                beside.append(Section(self._new_id(), "Section"))
            beside[1:1] = self._extra
        return beside

    def _of_both(self, what: str, base: str, ours: str, theirs: str) -> str:
        if theirs in (base, ours):
            return ours
        if ours == base:
            return theirs
        self._conflicts.append(f"{what} was changed here and in the file, where it was {theirs!r}; ours stays")
        return ours


def _unless_changed(base: Notebook, ours: Notebook, theirs: Notebook) -> dict[str, Any]:
    """What nobody reads, such as what stands after the last cell: theirs, unless ours is another than it was."""
    named = {"title", "setup", "pyproject", "sections", "metadata", "leading"}
    names = [field.name for field in fields(Notebook) if field.init and field.name not in named]
    return {name: getattr(theirs if getattr(ours, name) == getattr(base, name) else ours, name) for name in names}


def _moved(line: list[str], before: Mapping[str, int]) -> set[str]:
    """What stands in another order than before."""
    numbers = [before[place_id] for place_id in line if place_id in before]
    unmoved = in_order(numbers)
    return {place_id for place_id in line if place_id in before and before[place_id] not in unmoved}


def _text_changed(old: Place, new: Place) -> bool:
    if isinstance(old, Section) or isinstance(new, Section):
        return False
    return old.source != new.source


def _changed(old: Place, new: Place) -> bool:
    if isinstance(old, Section) and isinstance(new, Section):
        return (old.name, old.metadata) != (new.name, new.metadata)
    assert isinstance(old, Cell)
    assert isinstance(new, Cell)
    return _bare(old) != _bare(new)


def _bare(cell: Cell | None) -> Cell | None:
    return None if cell is None else replace(cell, outputs=())


def _merged_mapping(base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Key by key; ours where both changed one."""
    if theirs in (base, ours):
        return ours
    if ours == base:
        return theirs
    nothing = object()
    merged = {}
    for key in {**ours, **theirs}:
        old, mine, other = (mapping.get(key, nothing) for mapping in (base, ours, theirs))
        value = other if mine == old else mine
        if value is not nothing:
            merged[key] = value
    return merged


def _with_sound_parents(sections: tuple[Section, ...]) -> tuple[Section, ...]:
    """A section branches from one above it that branches from none."""
    roots: set[str] = set()
    sound: list[Section] = []
    for section in sections:
        parent = section.parent if section.parent in roots else None
        if parent is None:
            roots.add(section.id)
        sound.append(section if parent == section.parent else replace(section, parent=parent))
    return tuple(sound)
