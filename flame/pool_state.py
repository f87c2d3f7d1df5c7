"""The pool's decisions, as values: `apply(state, event)` gives the next state and the effects it wants.

An event is noted first (`_note`), then the whole pool is looked at once and settled (`_settle`): free slots go to the
calls that waited longest, boots follow the backlog and `min`, runners without a call begin to idle. Nothing is decided
on arrival alone, so a lost runner or an ended pause needs no case of its own.

    Boot ──► BOOTING ──RunnerUp──► UP ──lost, idle for long, stuck, or the pool stops──► LEAVING
                └────────────────────┴─────────────────── RunnerDown ───────────────────────┴──► gone

Rules that are easily broken:
- A runner leaves the pool *before* it is told to stop, so no call is lent a node that is on its way out.
- A leaving runner counts against `max`: it is a machine that still costs, and may hold the only GPU.
- A slot is free when its work has ended or its node is gone, never merely because the caller left. Abandoned work
  that does not end in time (a thread in C code cannot be interrupted) takes its runner with it, once nobody else
  works there.

Boots that fail together fail once: of those begun under one count of failures only the first to fail raises it. A
runner lost before its first call counts as a boot that failed, or a node that dies young would be booted without a
pause for ever; one lost later cost a call its life, and so comes to an end by itself.

The queue is a tuple: an event that changes it copies it, which is some 25 µs with 10 000 calls waiting.

One long file, since the rules hold only together: what one of them leaves behind, `_settle` finds in the same pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TypeAlias, assert_never

from flame.options import PoolOptions
from flame.pool_events import (
    Boot,
    CallerGone,
    CallId,
    CancelTimer,
    CheckedIn,
    CheckoutRequested,
    Drain,
    Effect,
    Event,
    Finished,
    Grant,
    Idle,
    Overdue,
    QueueDeadline,
    Refusal,
    Refuse,
    Retry,
    RunnerDown,
    RunnerId,
    RunnerLost,
    RunnerUp,
    SetTimer,
    Started,
    StopRequested,
    StopRunner,
    TimerFired,
)

FAILURES_BEFORE_REFUSAL = 3
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
WORK_MAY_LINGER = 5.0
"""Seconds that abandoned work has to end."""


class Phase(Enum):
    BOOTING = auto()
    UP = auto()
    LEAVING = auto()


class Stage(Enum):
    OPEN = auto()
    STOPPING = auto()
    STOPPED = auto()


@dataclass(frozen=True, slots=True)
class Runner:
    id: RunnerId
    attempt: int
    """How many boots had failed in a row when this one began."""
    phase: Phase = Phase.BOOTING
    node: str = ""
    leases: frozenset[CallId] = frozenset()
    abandoned: frozenset[CallId] = frozenset()
    """Calls whose caller is gone and whose work still runs."""
    stuck: bool = False
    """Whether abandoned work did not end in time: no more calls here."""
    proven: bool = False
    """Whether it was ever lent to a call."""
    idle_until: float | None = None

    @property
    def taken(self) -> int:
        return len(self.leases) + len(self.abandoned)


@dataclass(frozen=True, slots=True)
class Waiter:
    call: CallId
    since: float
    deadline: float | None


@dataclass(frozen=True, slots=True)
class PoolState:
    options: PoolOptions
    stage: Stage = Stage.OPEN
    runners: tuple[Runner, ...] = ()
    waiting: tuple[Waiter, ...] = ()
    next_runner: RunnerId = 1
    failures: int = 0
    """Boots in a row that led to no runner that could be lent."""
    last_failure: str = ""
    retry_at: float | None = None
    """No boot before this time."""

    def count(self, *phases: Phase) -> int:
        return sum(runner.phase in phases for runner in self.runners)

    def runner(self, id: RunnerId) -> Runner | None:
        return next((runner for runner in self.runners if runner.id == id), None)

    def runner_of(self, call: CallId) -> Runner | None:
        return next((runner for runner in self.runners if call in runner.leases or call in runner.abandoned), None)


Effects: TypeAlias = tuple[Effect, ...]
Step: TypeAlias = tuple[PoolState, Effects]


def apply(state: PoolState, event: Event) -> Step:
    """The state after `event`, and what is to be done, in that order.

    >>> state, effects = apply(PoolState(PoolOptions(name="cpu")), CheckoutRequested("a", None, at=0.0))
    >>> effects
    (Boot(runner=1),)
    >>> state, effects = apply(state, RunnerUp(1, "cpu-1@127.0.0.1", at=0.2))
    >>> effects
    (Grant(call='a', runner=1, node='cpu-1@127.0.0.1'),)
    """
    state, noted = _note(state, event)
    state, settled = _settle(state, event.at)
    return state, noted + settled


def _note(state: PoolState, event: Event) -> Step:
    match event:
        case Started():
            return state, ()
        case CheckoutRequested():
            return _check_out(state, event)
        case CheckedIn():
            return _check_in(state, event.call)
        case CallerGone():
            return _caller_gone(state, event)
        case RunnerUp():
            return _runner_up(state, event), ()
        case RunnerLost():
            return _runner_lost(state, event)
        case RunnerDown():
            return _runner_down(state, event)
        case TimerFired():
            return _timer_fired(state, event)
        case StopRequested():
            return _begin_to_stop(state, event.at)
        case _:
            assert_never(event)


def _settle(state: PoolState, at: float) -> Step:
    effects: Effects = ()
    steps = (_retire, _grant, _grow, _rest) if state.stage is Stage.OPEN else (_retire, _empty, _finish)
    for step in steps:
        state, wanted = step(state, at)
        effects += wanted
    return state, effects


# Calls


def _check_out(state: PoolState, event: CheckoutRequested) -> Step:
    if state.stage is not Stage.OPEN:
        return state, (Refuse(event.call, Refusal.STOPPING),)
    runner = _least_loaded(state)
    if runner is not None:  # then nobody waits
        return _lend(state, runner, event.call)
    waiter = Waiter(event.call, event.at, event.deadline)
    deadline = () if event.deadline is None else (SetTimer(QueueDeadline(event.call), event.deadline),)
    return replace(state, waiting=(*state.waiting, waiter)), deadline


def _check_in(state: PoolState, call: CallId) -> Step:
    runner = state.runner_of(call)
    if runner is None:  # its runner was lost first
        return state, ()
    abandoned = runner.abandoned - {call}
    free = replace(runner, leases=runner.leases - {call}, abandoned=abandoned, stuck=runner.stuck and bool(abandoned))
    effects = (CancelTimer(Overdue(call)),) if call in runner.abandoned else ()
    return _with_runner(state, free), effects


def _caller_gone(state: PoolState, event: CallerGone) -> Step:
    runner = state.runner_of(event.call)
    if runner is None:
        gone = tuple(waiter for waiter in state.waiting if waiter.call == event.call)
        return _without_waiters(state, gone), _cancelled(gone)
    if event.call in runner.abandoned:
        return state, ()
    left = replace(runner, leases=runner.leases - {event.call}, abandoned=runner.abandoned | {event.call})
    return _with_runner(state, left), (SetTimer(Overdue(event.call), event.at + WORK_MAY_LINGER),)


def _refuse(state: PoolState, refused: tuple[Waiter, ...], why: Refusal) -> Step:
    refusals = tuple(Refuse(waiter.call, why) for waiter in refused)
    return _without_waiters(state, refused), _cancelled(refused) + refusals


def _without_waiters(state: PoolState, gone: tuple[Waiter, ...]) -> PoolState:
    if not gone:
        return state
    calls = {waiter.call for waiter in gone}
    return replace(state, waiting=tuple(waiter for waiter in state.waiting if waiter.call not in calls))


def _cancelled(waiters: Iterable[Waiter]) -> Effects:
    return tuple(CancelTimer(QueueDeadline(waiter.call)) for waiter in waiters if waiter.deadline is not None)


def _least_loaded(state: PoolState) -> Runner | None:
    slots = state.options.max_concurrency
    free = (
        runner for runner in state.runners if runner.phase is Phase.UP and not runner.stuck and runner.taken < slots
    )
    return min(free, key=lambda runner: (runner.taken, runner.id), default=None)


def _lend(state: PoolState, runner: Runner, call: CallId) -> Step:
    lent = replace(runner, leases=runner.leases | {call}, proven=True, idle_until=None)
    failures = state.failures if runner.proven else 0
    grant = Grant(call, runner.id, runner.node)
    return replace(_with_runner(state, lent), failures=failures), (*_awake(runner), grant)


def _grant(state: PoolState, at: float) -> Step:
    effects: Effects = ()
    granted = 0
    while granted < len(state.waiting) and (runner := _least_loaded(state)) is not None:
        waiter = state.waiting[granted]
        state, lent = _lend(state, runner, waiter.call)
        effects += _cancelled([waiter]) + lent
        granted += 1
    return (replace(state, waiting=state.waiting[granted:]) if granted else state), effects


# Runners


def boots_wanted(state: PoolState) -> int:
    """How many boots to begin now: what the backlog and `min` lack, as far as `max` has room."""
    if state.stage is not Stage.OPEN or state.retry_at is not None:
        return 0
    booting = state.count(Phase.BOOTING)
    for_backlog = boots_for_backlog(state) - booting
    for_min = state.options.min - booting - state.count(Phase.UP)
    room = state.options.max - len(state.runners)
    return max(0, min(max(for_backlog, for_min), room))


def boots_for_backlog(state: PoolState) -> int:
    """How many new runners would serve all that wait."""
    return -(-len(state.waiting) // state.options.max_concurrency)


def _grow(state: PoolState, at: float) -> Step:
    wanted = boots_wanted(state)
    if not wanted:
        return state, ()
    ids = range(state.next_runner, state.next_runner + wanted)
    booting = tuple(Runner(id, attempt=state.failures) for id in ids)
    grown = replace(state, runners=state.runners + booting, next_runner=ids.stop)
    return grown, tuple(Boot(id) for id in ids)


def _runner_up(state: PoolState, event: RunnerUp) -> PoolState:
    runner = state.runner(event.runner)
    if runner is None or runner.phase is not Phase.BOOTING:  # its boot was called off a moment ago
        return state
    return _with_runner(state, replace(runner, phase=Phase.UP, node=event.node))


def _runner_lost(state: PoolState, event: RunnerLost) -> Step:
    """Before anybody who worked there checks in, or the next call would be lent a slot on a node that is gone."""
    runner = state.runner(event.runner)
    if runner is None or runner.phase is not Phase.UP:
        return state, ()
    state = _with_runner(state, _leaving(runner))
    return _ended(state, runner, event)


def _runner_down(state: PoolState, event: RunnerDown) -> Step:
    runner = state.runner(event.runner)
    if runner is None:
        return state, ()
    state = replace(state, runners=tuple(other for other in state.runners if other is not runner))
    if runner.phase is Phase.LEAVING:
        return state, ()
    return _ended(state, runner, event)


def _ended(state: PoolState, runner: Runner, event: RunnerLost | RunnerDown) -> Step:
    """One that was booting or up has ended by itself."""
    if runner.proven:
        return state, _untimed(runner)
    state, paused = _boot_failed(state, runner.attempt, event)
    return state, _untimed(runner) + paused


def _boot_failed(state: PoolState, attempt: int, event: RunnerLost | RunnerDown) -> Step:
    state = replace(state, last_failure=event.reason)
    effects: Effects = ()
    if attempt == state.failures:
        retry_at = event.at + min(FIRST_PAUSE * 2.0 ** min(state.failures, 16), LONGEST_PAUSE)
        state = replace(state, failures=state.failures + 1, retry_at=retry_at)
        effects = (SetTimer(Retry(), retry_at),)
    if state.failures < FAILURES_BEFORE_REFUSAL or state.count(Phase.BOOTING, Phase.UP):
        return state, effects
    state, refused = _refuse(state, state.waiting, Refusal.BOOT_FAILED)
    return state, effects + refused


def _rest(state: PoolState, at: float) -> Step:
    after = state.options.idle_shutdown_after
    if after is None:
        return state, ()
    idle = [
        replace(runner, idle_until=at + after)
        for runner in state.runners
        if runner.phase is Phase.UP and not runner.leases and not runner.abandoned and runner.idle_until is None
    ]
    for runner in idle:
        state = _with_runner(state, runner)
    return state, tuple(SetTimer(Idle(runner.id), at + after) for runner in idle)


def _retire(state: PoolState, at: float) -> Step:
    return _leave_all(
        state, lambda runner: runner.stuck and not runner.leases, "work that nobody waits for does not end there"
    )


def _leave_all(state: PoolState, goes: Callable[[Runner], bool], reason: str) -> Step:
    effects: Effects = ()
    for runner in state.runners:
        if runner.phase is not Phase.LEAVING and goes(runner):
            state, left = _leave(state, runner, reason)
            effects += left
    return state, effects


def _leave(state: PoolState, runner: Runner, reason: str) -> Step:
    return _with_runner(state, _leaving(runner)), (*_untimed(runner), StopRunner(runner.id, reason))


def _leaving(runner: Runner) -> Runner:
    return Runner(runner.id, runner.attempt, Phase.LEAVING, runner.node)


def _untimed(runner: Runner) -> Effects:
    """Cancels the timers of a runner that leaves or is gone."""
    return _awake(runner) + tuple(CancelTimer(Overdue(call)) for call in runner.abandoned)


def _awake(runner: Runner) -> Effects:
    return () if runner.idle_until is None else (CancelTimer(Idle(runner.id)),)


def _with_runner(state: PoolState, changed: Runner) -> PoolState:
    runners = tuple(changed if runner.id == changed.id else runner for runner in state.runners)
    return replace(state, runners=runners)


# Time


def _timer_fired(state: PoolState, event: TimerFired) -> Step:
    """It may have fired just before it was cancelled or set anew: the state decides if its time has come."""
    match event.timer:
        case QueueDeadline():
            return _expire_waiters(state, event.at)
        case Idle(runner=id):
            return _idled(state, id, event.at)
        case Retry():
            paused = state.retry_at is not None and state.retry_at > event.at
            return (state if paused else replace(state, retry_at=None)), ()
        case Drain():
            return _cut_off(state)
        case Overdue(call=call):
            return _overdue(state, call), ()
        case _:
            assert_never(event.timer)


def _expire_waiters(state: PoolState, at: float) -> Step:
    """All whose time has come, in one pass: thousands may share a deadline."""
    late = tuple(waiter for waiter in state.waiting if waiter.deadline is not None and waiter.deadline <= at)
    return _refuse(state, late, Refusal.QUEUE_TIMEOUT)


def _idled(state: PoolState, id: RunnerId, at: float) -> Step:
    runner = state.runner(id)
    if runner is None or runner.idle_until is None or runner.idle_until > at:
        return state, ()
    runner = replace(runner, idle_until=None)
    if state.count(Phase.UP) <= state.options.min:
        return _with_runner(state, runner), ()  # it begins to idle anew: the pool may have grown by then
    return _leave(state, runner, "idle")


def _overdue(state: PoolState, call: CallId) -> PoolState:
    runner = state.runner_of(call)
    if runner is None or call not in runner.abandoned:
        return state
    return _with_runner(state, replace(runner, stuck=True))


# The end


def _begin_to_stop(state: PoolState, at: float) -> Step:
    if state.stage is not Stage.OPEN:
        return state, ()
    state, refused = _refuse(state, state.waiting, Refusal.STOPPING)
    paused = () if state.retry_at is None else (CancelTimer(Retry()),)
    state = replace(state, stage=Stage.STOPPING, retry_at=None)
    return state, (*refused, *paused, SetTimer(Drain(), at + state.options.shutdown_timeout))


def _empty(state: PoolState, at: float) -> Step:
    """A stopping pool keeps only the runners that still work."""
    return _leave_all(state, lambda runner: not runner.taken, "the pool stops")


def _cut_off(state: PoolState) -> Step:
    return _leave_all(state, lambda runner: True, "the pool stops and its calls did not end in time")


def _finish(state: PoolState, at: float) -> Step:
    if state.stage is Stage.STOPPED or state.runners:
        return state, ()
    return replace(state, stage=Stage.STOPPED), (CancelTimer(Drain()), Finished())
