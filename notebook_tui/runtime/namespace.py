"""The names that the code of one container sees: one dict, which its functions have as their globals, rebuilt before
each run from what the cells above have bound.

While a cell runs, names of cells that do not stand above it are out of the dict, as far as its code, or the functions
of cells above it, could reach them. The others stay: a task of a cell further down goes on while a cell above is run
again, and what it needs is not taken from under it. After the run all of them are back.

A name is bound by a run if its value is another object afterwards, or if a statement that surely ran binds it. Objects
are shared, not copied: what a cell changes within a list, it changes for all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import ModuleType
from typing import TypeAlias

from notebook_tui.runtime.bindings import MISSING, Bindings, Bound, Names
from notebook_tui.runtime.cell_code import CellCode
from notebook_tui.runtime.fingerprint import fingerprints
from notebook_tui.runtime.mutations import Contents

_AMBIENT = frozenset(
    {"_", "__builtins__", "__annotations__", "__annotate__", "__conditional_annotations__", "__warningregistry__"}
)
"""Of the module rather than of a cell."""

Versions: TypeAlias = tuple[tuple[str, str], ...]
"""Names with the fingerprints of their values."""


class Namespace:
    """`names` is the dict of a module; one run at a time goes from `enter` to `leave`.

    >>> from notebook_tui.runtime.cell_code import split
    >>> names = {}
    >>> namespace = Namespace(names, Bindings())
    >>> def run(cell_id, source, *above):
    ...     code = split(compile(source, "cell", "exec"), source)
    ...     visit = namespace.enter(cell_id, above, code)
    ...     exec(code.statements, names)
    ...     _ = namespace.leave(visit, kept=True)
    >>> run("c1", "x = 1; y = 2"), run("c2", "x = 3", "c1")
    (None, None)
    >>> run("c3", "seen = x, y", "c1", "c2"), names["seen"]
    (None, (3, 2))
    >>> run("c3", "seen = x, y", "c1"), names["seen"]
    (None, (1, 2))
    """

    def __init__(self, names: dict[str, object], bindings: Bindings, container: str = "") -> None:
        self.names = names
        self.container = container
        self.bindings = bindings
        self._base = dict(names)
        """What was there before any cell, and what came since and is of no cell."""
        self._left: dict[str, object] = {}
        """The names that were of some cell here at any time, as the last run left them."""
        self._visit: Visit | None = None
        self._chain: tuple[str, ...] = ()

    def enter(self, cell_id: str, above: Sequence[str], code: CellCode) -> Visit:
        """Has the dict hold what the cell sees; what its last run bound is gone."""
        if self._visit is not None:  # its process was ended, and its code is still unwinding
            self.leave(self._visit, kept=False)
        self.adopt()
        self.bindings.drop(cell_id)
        self._chain = (*above, cell_id)
        visit = self._visit = Visit(cell_id, tuple(above), code, self.bindings)
        for name in self._left.keys() - visit.seen.keys():
            self._take_out(name, visit)
        for name, value in visit.seen.items():
            self.names[name] = value
            self._left[name] = value
        visit.before = dict(self.names)
        visit.contents = Contents(visit.seen, visit.reaches)
        return visit

    def leave(self, visit: Visit, *, kept: bool, complete: bool = True) -> Versions:
        """The run is over; what it bound is recorded if it is `kept`, else undone. The answer tells of the names that
        have other values now: what it changed in place cannot be undone.

        `complete` is a run that got to its end, so that all its statements ran that stand under no condition.
        """
        if visit is not self._visit:
            return ()
        self._visit = None
        before = visit.before
        bound = {
            name: value
            for name, value in self.names.items()
            if before.get(name, MISSING) is not value and visit.reaches(name)
        }
        gone = [name for name in before if name not in self.names and visit.reaches(name)]
        if kept:
            if complete:
                bound |= {name: self.names[name] for name in visit.code.binds & self.names.keys() - _AMBIENT}
            values = bound | {name: MISSING for name in gone if name in visit.seen}
            self.bindings.record(visit.cell_id, Bound(self.container, visit.code.mentions, visit.code.future, values))
        else:
            for name in (*bound, *gone):
                self._put(name, before.get(name, MISSING))
            bound = {}
        for name, value in visit.hidden.items():
            self.names.setdefault(name, value)
        for name in self._left.keys() | bound.keys():
            # What it could not reach, other code has bound meanwhile: that is for `adopt`.
            self._left[name] = (self.names if visit.reaches(name) else before).get(name, MISSING)
        return tuple((visit.contents.changed() | fingerprints(bound.items())).items())

    def forget(self, cell_id: str) -> None:
        """The cell is gone, and so is what it bound; what it stood in front of is seen again."""
        self.adopt()
        run = self.bindings.of(cell_id)
        if run is None or run.container != self.container:  # it has run elsewhere since
            return
        self.bindings.drop(cell_id)
        self._chain = tuple(cell for cell in self._chain if cell != cell_id)
        seen = self.bindings.seen_from(self._chain)
        for name, value in run.values.items():
            if self.names.get(name, MISSING) is value:
                self._put(name, seen.get(name, self._base.get(name, MISSING)))
                self._left[name] = self.names.get(name, MISSING)

    def clear(self) -> None:
        """All cells of this container are gone, and what they bound; what was there before them is left."""
        self._visit, self._chain = None, ()
        self.bindings.drop_container(self.container)
        for name in self._left:
            self._put(name, self._base.get(name, MISSING))
        self.names.pop("_", None)
        self._left.clear()

    def adopt(self) -> None:
        """Takes note of what code in the background has bound since the last run."""
        new = [name for name in self.names if name not in self._left and name not in self._base]
        for name in new:
            if name not in _AMBIENT:
                self._left[name] = MISSING
        for name, was in list(self._left.items()):
            value = self.names.get(name, MISSING)
            if value is was:
                continue
            self._left[name] = value
            if not self.bindings.rebind(self.container, name, was, value) and was is MISSING:
                del self._left[name]
                self._base[name] = value

    def _take_out(self, name: str, visit: Visit) -> None:
        """A name of no cell above: it goes, unless a living cell has it and this run cannot reach it."""
        value = self.names.get(name, MISSING)
        if not self.bindings.hold(name, value):
            self._put(name, self._base.get(name, MISSING))
        elif isinstance(value, ModuleType) and name in visit.code.binds:
            pass  # it imports that itself, and a task further down needs it meanwhile
        elif visit.reaches(name):
            self._put(name, self._base.get(name, MISSING))
            visit.hidden[name] = value

    def _put(self, name: str, value: object) -> None:
        if value is MISSING:
            self.names.pop(name, None)
        else:
            self.names[name] = value


@dataclass
class Visit:
    """One run of a cell in a namespace."""

    cell_id: str
    above: tuple[str, ...]
    code: CellCode
    bindings: Bindings
    before: dict[str, object] = field(default_factory=dict)
    hidden: dict[str, object] = field(default_factory=dict)
    contents: Contents = field(default_factory=lambda: Contents({}, lambda name: False))

    @cached_property
    def seen(self) -> dict[str, object]:
        """What the cells above have bound."""
        return self.bindings.seen_from(self.above)

    @cached_property
    def _reach(self) -> Names:
        return self.bindings.mentioned(self.above, self.code.mentions)

    def mentioned(self) -> dict[str, object]:
        """What its own code mentions of it: for code that runs elsewhere."""
        names = self.code.mentions
        return {name: value for name, value in self.seen.items() if names is None or name in names}

    def reaches(self, name: str) -> bool:
        """Whether it may bind that name, as far as its text and that of the cells above tell."""
        return name not in _AMBIENT and (self._reach is None or name in self._reach)
