"""Who defines what a cell reads: for each name the nearest cell above that defines it.

Cells between that one and the reader that may define the name count too, as do those that may define anything.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from notebook_tui.document.names import Names, names
from notebook_tui.document.notebook import Cell, Notebook

_NOBODY: frozenset[str] = frozenset()


def definers(notebook: Notebook, failed: Collection[str] = ()) -> Mapping[str, frozenset[str]]:
    """For each cell that may run, the ids of the cells whose names it reads.

    A cell that `failed` did so before or after it had defined its names: nobody knows, so all of them are perhaps.

    >>> from notebook_tui.document.notebook import Section
    >>> cells = Cell("a", "code", "x = 1"), Cell("b", "code", "y = 2"), Cell("c", "code", "x + 1")
    >>> definers(Notebook(sections=(Section("s", "S", cells),)))["c"]
    frozenset({'a'})
    """
    found: dict[str, frozenset[str]] = {}
    line = _Scope()
    ends: dict[str, _Scope] = {}
    found[notebook.setup.id] = line.enter(notebook.setup, failed)
    for section in notebook.sections:
        scope = line if section.parent is None else ends[section.parent].copy()
        for cell in section.cells:
            if cell.runnable:
                found[cell.id] = scope.enter(cell, failed)
        ends[section.id] = scope.copy()
    return found


@dataclass(slots=True)
class _Scope:
    """The definers of each name at one place of the document, and those of every name not listed."""

    of: dict[str, frozenset[str]] = field(default_factory=dict)
    of_others: frozenset[str] = _NOBODY
    everybody: frozenset[str] = _NOBODY

    def copy(self) -> _Scope:
        return _Scope(dict(self.of), self.of_others, self.everybody)

    def enter(self, cell: Cell, failed: Collection[str]) -> frozenset[str]:
        """Whom `cell` reads from; what it defines holds from here on."""
        found = names(cell.source)
        if cell.id in failed:
            found = replace(found, defines=_NOBODY, may_define=found.defines | found.may_define)
        read_from = self.everybody if found.reads_anything else self._read(found)
        self._define(cell.id, found)
        return read_from

    def _read(self, found: Names) -> frozenset[str]:
        return _NOBODY.union(*(self.of.get(name, self.of_others) for name in found.reads))

    def _define(self, id: str, found: Names) -> None:
        if found.defines_anything:
            self.of = {name: known | {id} for name, known in self.of.items()}
            self.of_others |= {id}
        for name in found.may_define:
            self.of[name] = self.of.get(name, self.of_others) | {id}
        for name in found.defines:
            self.of[name] = frozenset({id})
        if found.defines or found.may_define or found.defines_anything:
            self.everybody |= {id}
