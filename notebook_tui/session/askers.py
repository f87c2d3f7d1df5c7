"""Who asked for the cells that wait or run, as a journal keeps it: a run is logged when it is over, and its program may
have ended before."""

from __future__ import annotations

from collections.abc import Iterable

from beamlike.kernel.record import frozen
from notebook_tui.document.operations import EvaluationFinished, Operation
from notebook_tui.document.state import State


@frozen
class AskedFor:
    """That person did, for these cells."""

    cell_ids: tuple[str, ...]
    person: str
    origin: str


class Askers:
    """As a journal is read again."""

    def __init__(self, asked: Iterable[AskedFor] = ()) -> None:
        self._by_cell: dict[str, AskedFor] = {}
        for each in asked:
            self.add(each)

    def add(self, asked: AskedFor) -> None:
        self._by_cell.update(dict.fromkeys(asked.cell_ids, asked))

    def applied(self, operation: Operation) -> None:
        """What has run is asked for no more."""
        if isinstance(operation, EvaluationFinished):
            self._by_cell.pop(operation.cell_id, None)

    def going(self, state: State) -> tuple[AskedFor, ...]:
        """For the cells that wait or run there.

        >>> askers = Askers([AskedFor(("a", "b"), "ann", "")])
        >>> askers.going(State(running={"": "b"}))
        (AskedFor(cell_ids=('b',), person='ann', origin=''),)
        """
        return tuple(
            AskedFor((cell_id,), self._by_cell[cell_id].person, self._by_cell[cell_id].origin)
            for cell_id in (*state.running.values(), *state.queue)
            if cell_id in self._by_cell
        )
