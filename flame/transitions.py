"""What of a step of the pool's state is worth telling: pure, from the state before, the event, and the state after."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from beamlike.kernel.record import frozen
from flame import events as told
from flame.events import PhaseName
from flame.fate import PRINTED
from flame.pool_events import BootStep, BootWithheld, Event, RunnerDown, RunnerUp
from flame.pool_state import FAILURES_BEFORE_REFUSAL, Phase, PoolState, Runner

Stamp: TypeAlias = tuple[str, float, float]
"""The pool's name, its clock, and the time of day."""


@frozen
class Step:
    """A runner has come into a phase of the pool's state, which knows nothing of `busy`."""

    runner: Runner
    phase: PhaseName
    detail: str = ""
    last_lines: str = ""


def steps(before: PoolState, event: Event, after: PoolState) -> list[Step]:
    """The runners whose phase has changed.

    >>> from flame.options import PoolOptions
    >>> from flame.pool_events import Looked, Picture
    >>> from flame.pool_state import apply
    >>> before, event = PoolState(PoolOptions(name="cpu")), Looked(at=0.0)
    >>> after, _ = apply(before, event, Picture(waiting=1, first_since=0.0))
    >>> [(step.runner.id, step.phase) for step in steps(before, event, after)]
    [(1, 'requested')]
    """
    if after.runners is before.runners:
        return []
    known = {runner.id: runner for runner in before.runners}
    changed = []
    for runner in after.runners:
        old = known.pop(runner.id, None)
        if old is not runner and (old is None or phase_of(old) != phase_of(runner)):
            changed.append(_step(runner, event))
    return [*(_end(runner, event) for runner in known.values()), *changed]


def phase_of(runner: Runner) -> PhaseName:
    match runner.phase:
        case Phase.BOOTING:
            return runner.step  # type: ignore[return-value]
        case Phase.READY:
            return "ready"
        case Phase.DRAINING:
            return "draining"
        case Phase.LEAVING:
            return "stopping"


def _step(runner: Runner, event: Event) -> Step:
    if isinstance(event, BootStep | RunnerUp) and event.runner == runner.id and not runner.why:
        return Step(runner, phase_of(runner), event.detail)
    return Step(runner, phase_of(runner), runner.why)


def _end(runner: Runner, event: Event) -> Step:
    if isinstance(event, RunnerDown) and (runner.lost or runner.phase is not Phase.LEAVING):
        reason, _, printed = event.reason.partition(PRINTED)
        return Step(runner, "failed", reason, printed)
    return Step(runner, "gone", event.why if isinstance(event, BootWithheld) else runner.why)


def decisions(before: PoolState, after: PoolState, stamp: Stamp) -> Iterator[told.Event]:
    """What the pool has decided, apart from its runners' phases."""
    if after.wanted != before.wanted:
        yield told.Decided(*stamp, after.wanted.runners, after.wanted.why)
    if after.capped and not before.capped:
        yield told.CapHit(*stamp, after.capped)
    if after.withheld and after.withheld != before.withheld:
        yield told.Withheld(*stamp, after.withheld)
    if after.retry_at is not None and after.retry_at != before.retry_at:
        pause = after.retry_at - stamp[1]
        yield told.BootRetryAt(*stamp, after.retry_at, pause, after.failures, after.last_failure)
    if breaker_is_open(after) and not breaker_is_open(before):
        yield told.BreakerOpened(*stamp, after.failures, after.last_failure, after.broken)
    if breaker_is_open(before) and not breaker_is_open(after):
        yield told.BreakerClosed(*stamp)


def breaker_is_open(state: PoolState) -> bool:
    """Whether boots have failed so often, or for such a cause, that calls were refused."""
    return state.broken or state.failures >= FAILURES_BEFORE_REFUSAL
