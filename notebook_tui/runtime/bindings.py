"""What the cells of a notebook have bound, each by its last run: what a cell sees is put together from these.

They are shared by all containers of the notebook, so that a branch sees what the main flow has bound: by reference,
for a value is not copied. What code in the background binds later counts as bound by the run that bound it before, or
else by a cell whose code mentions the name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock
from typing import Final


class _Missing:
    """In place of a value: the run took the name away."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()

Names = frozenset[str] | None
"""Names that code mentions; None where it may reach any, as with `globals()` or a star import."""


@dataclass(slots=True)
class Bound:
    """What one run bound, in which container, and what its code mentions."""

    container: str
    mentions: Names
    future: int = 0
    """The compiler flags that it imported from `__future__`."""
    values: dict[str, object] = field(default_factory=dict)


class Bindings:
    """The last run of each cell, in the order in which cells ran first. Safe from any thread.

    >>> bindings = Bindings()
    >>> bindings.record("c1", Bound("", frozenset(), values={"x": 1, "y": 2}))
    >>> bindings.record("c2", Bound("", frozenset(), values={"x": 3, "y": MISSING}))
    >>> bindings.seen_from(["c1"]), bindings.seen_from(["c1", "c2"]), bindings.seen_from(["unknown"])
    ({'x': 1, 'y': 2}, {'x': 3}, {})
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._runs: dict[str, Bound] = {}
        self._holders: dict[str, dict[str, Bound]] = {}

    def record(self, cell_id: str, bound: Bound) -> None:
        with self._lock:
            self._drop(cell_id)
            self._runs[cell_id] = bound
            for name in bound.values:
                self._holders.setdefault(name, {})[cell_id] = bound

    def drop(self, cell_id: str) -> Bound | None:
        with self._lock:
            return self._drop(cell_id)

    def drop_container(self, container: str) -> None:
        with self._lock:
            for cell_id in [cell_id for cell_id, run in self._runs.items() if run.container == container]:
                self._drop(cell_id)

    def _drop(self, cell_id: str) -> Bound | None:
        run = self._runs.pop(cell_id, None)
        for name in run.values if run is not None else ():
            holders = self._holders[name]
            del holders[cell_id]
            if not holders:
                del self._holders[name]
        return run

    def cells(self) -> tuple[str, ...]:
        with self._lock:
            return tuple(self._runs)

    def of(self, cell_id: str) -> Bound | None:
        return self._runs.get(cell_id)

    def hold(self, name: str, value: object) -> bool:
        """Whether some cell has bound `name` to this very object."""
        with self._lock:
            return any(run.values[name] is value for run in self._holders.get(name, {}).values())

    def seen_from(self, above: Iterable[str]) -> dict[str, object]:
        """The names that the cells `above` have bound, in their order; a later one wins."""
        seen: dict[str, object] = {}
        for cell_id in above:
            run = self._runs.get(cell_id)
            if run is None:
                continue
            for name, value in run.values.items():
                if value is MISSING:
                    seen.pop(name, None)
                else:
                    seen[name] = value
        return seen

    def owners(self, above: Iterable[str]) -> dict[str, tuple[str, object]]:
        """As `seen_from`, each value with the id of the cell that bound it."""
        seen: dict[str, tuple[str, object]] = {}
        for cell_id in above:
            for name, value in list(run.values.items()) if (run := self._runs.get(cell_id)) is not None else ():
                if value is MISSING:
                    seen.pop(name, None)
                else:
                    seen[name] = cell_id, value
        return seen

    def future(self, above: Iterable[str]) -> int:
        flags = 0
        for cell_id in above:
            run = self._runs.get(cell_id)
            flags |= run.future if run is not None else 0
        return flags

    def mentioned(self, above: Iterable[str], own: Names) -> Names:
        """What a cell may reach that mentions `own`, by itself and by functions of the cells above it."""
        if own is None:
            return None
        names = set(own)
        for cell_id in above:
            run = self._runs.get(cell_id)
            if run is None:
                continue
            if run.mentions is None:
                return None
            names |= run.mentions
        return frozenset(names)

    def rebind(self, container: str, name: str, was: object, value: object) -> bool:
        """Code in the background bound `name`, which was `was`, to `value`, or took it away. False if that was none of
        this container's cells."""
        with self._lock:
            cells = [(cell_id, run) for cell_id, run in reversed(self._runs.items()) if run.container == container]
            owner = next((cell for cell in cells if was is not MISSING and cell[1].values.get(name) is was), None)
            if owner is None:
                owner = next((cell for cell in cells if cell[1].mentions is None or name in cell[1].mentions), None)
            if owner is None:
                return False
            cell_id, run = owner
            run.values[name] = value
            self._holders.setdefault(name, {})[cell_id] = run
            return True
