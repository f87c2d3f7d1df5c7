"""What a runtime tells of a run and of versions, as the document has it."""

from __future__ import annotations

from notebook_tui.document.outputs import Display, Error, Output, Result
from notebook_tui.document.versions import Versions
from notebook_tui.runtime.outcome import Outcome
from notebook_tui.runtime.versions import CellVersions


def outputs_of(outcome: Outcome) -> list[Output]:
    """What a cell shows of how its run ended.

    >>> outputs_of(Outcome("ok", result="5"))
    [Result(text='5')]
    """
    if outcome.failure is not None:
        failure = outcome.failure
        places = tuple((place.cell_id, place.line) for place in failure.places)
        return [Error(failure.type, failure.message, failure.traceback, failure.line, places)]
    if outcome.result is None:
        return []
    if outcome.forms:
        return [Display((*outcome.forms, ("text/plain", outcome.result)))]
    return [Result(outcome.result)]


def versions_of(cell: CellVersions) -> Versions:
    return Versions(cell.current, tuple((behind.node, behind.since) for behind in cell.behind))
