"""The pool's decisions about its runners, as values: `apply(state, event, picture)` gives the next state and the
effects it wants.

An event is noted first (`_note`), then the whole pool is looked at once and settled (`_settle`): runners whose time has
come are drained, boots follow what the policy, `min` and the backlog want, idle runners leave. Nothing is decided on
arrival alone, so a lost runner or an ended pause needs no case of its own. Which call runs where is `dispatch`'s
business; how its slots stand comes in as the `picture`. It is one room because each rule is held to what the others
leave it, and may change any part of the one state.

    Boot ──► BOOTING ──RunnerUp──► READY ──drain, lifetime, one use──► DRAINING ──empty, or out of time──► LEAVING
                │                    └──lost, idle for long─────────────────────────────────────────────────┤
                └──called off, failed───────────────────────────────────────────────── RunnerDown ──────────┴──► gone

Rules that are easily broken:
- A runner takes no more calls *before* it is told to stop, so no call is lent a node that is on its way out.
- One that takes calls again idles anew: who waits gets its slots before the picture shows it.
- Beyond `max`, which may have become smaller, runners go whether they idle or not: no call is cut off for that.
- An idle check that does not answer keeps no runner: nothing else would ever end it.
- A node is lost before the word of it is read. Such a runner is no reason to stop another one, and none to boot one
  either: whether that is to wait for a pause is known once the word is read.
- A leaving runner counts against `max`: it is a machine that still costs, and may hold the only GPU.
- A boot that is not wanted any more is called off only if callers have cancelled. One that became needless since other
  runners were quicker, or that callers had no time to wait for, goes on: the next burst would ask for it again.
- Abandoned work that does not end in time (a thread in C code cannot be interrupted) takes its runner with it, once
  nobody else works there.

Boots that fail together fail once: of those begun under one count of failures only the first to fail raises it. A
runner lost before its first call counts as a boot that failed, or a node that dies young would be booted without a
pause for ever; one lost later cost a call its life, and so comes to an end by itself.

One long file, since the rules hold only together: what one of them leaves behind, `_settle` finds in the same pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from enum import Enum, auto
from typing import Final, TypeAlias, assert_never

from beamlike.kernel.record import frozen
from flame.caps import hard_stop, room
from flame.ledger import Ledger
from flame.options import PoolOptions
from flame.policies import Demand, Wanted
from flame.pool_events import (
    AskIdle,
    Boot,
    BootStep,
    BootWithheld,
    Close,
    CordonRequested,
    DrainRequested,
    Effect,
    EndPlaced,
    Event,
    Finished,
    IdleAnswered,
    LanePicture,
    Looked,
    Open,
    Picture,
    Refusal,
    Refuse,
    Resized,
    RoomMade,
    RunnerDown,
    RunnerId,
    RunnerLost,
    RunnerServed,
    RunnerUp,
    StopRequested,
    StopRunner,
    WakeAt,
    WarmRequested,
    WorkLingers,
)
from flame.prices import Price

FAILURES_BEFORE_REFUSAL: Final = 3
FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 30.0
CHECK_SECONDS: Final = 30.0
"""How long an idle check may take to answer."""
POLICY_FAILED: Final = "the policy failed"
EMPTY: Final = LanePicture()
NOTHING_USED: Final = Ledger()
NOTHING_WANTED: Final = Wanted(0, "nothing has happened yet")


class Phase(Enum):
    BOOTING = auto()
    READY = auto()
    DRAINING = auto()
    LEAVING = auto()


class Stage(Enum):
    OPEN = auto()
    STOPPING = auto()
    STOPPED = auto()


@frozen
class Runner:
    id: RunnerId
    attempt: int
    """How many boots had failed in a row when this one began."""
    since: float
    """When it was asked for."""
    phase: Phase = Phase.BOOTING
    step: str = "requested"
    """How far its boot has come."""
    node: str = ""
    up_since: float | None = None
    cordoned: bool = False
    stuck: bool = False
    """Whether abandoned work did not end in time: no more calls here."""
    proven: bool = False
    """Whether it was ever lent to a call."""
    awake_at: float = 0.0
    """It idles since this time at the earliest: a check said that it was not idle."""
    asked_until: float | None = None
    """By when the check that was asked has to answer; None: none is asked."""
    until: float | None = None
    """When a drain is over."""
    why: str = ""
    """Why it is drained or leaves."""
    lost: bool = False
    """Whether it leaves because its node was lost."""


@frozen
class PoolState:
    options: PoolOptions
    stage: Stage = Stage.OPEN
    runners: tuple[Runner, ...] = ()
    next_runner: RunnerId = 1
    warm: int = 0
    """So many runners were asked to be warmed up and are not yet."""
    failures: int = 0
    """Boots in a row that led to no runner that could be lent."""
    last_failure: str = ""
    broken: bool = False
    """Whether the last boot failed in a way that the next one would, too."""
    retry_at: float | None = None
    """No boot before this time."""
    stop_at: float | None = None
    """When a stopping pool cuts off the calls that still run."""
    barred: str = ""
    """Why this pool may boot no runner at all. Empty: it may."""
    withheld: str = ""
    """Why no runner may be booted although one is wanted: other pools have them all. Empty: it may."""
    used_up: str = ""
    """Why there will never be a runner again; empty: there may."""
    capped: str = ""
    """Which cap keeps the pool from what it wants, in words. Empty: none does."""
    price: Price | None = None
    """What a runner costs."""
    ledger: Ledger = NOTHING_USED
    wanted: Wanted = NOTHING_WANTED
    """What was wanted at the last look, and why."""

    def count(self, *phases: Phase) -> int:
        return sum(runner.phase in phases for runner in self.runners)

    def runner(self, id: RunnerId) -> Runner | None:
        return next((runner for runner in self.runners if runner.id == id), None)

    @property
    def refuses(self) -> bool:
        """Whether a new call is refused at once, since the cause of the last failure is there to stay."""
        return self.broken and self.retry_at is not None and not self.count(Phase.BOOTING, Phase.READY)


Effects: TypeAlias = tuple[Effect, ...]
Step: TypeAlias = tuple[PoolState, Effects]


def apply(state: PoolState, event: Event, picture: Picture) -> Step:
    """The state after `event`, and what is to be done, in that order; the last effect says when to look again.

    >>> state, effects = apply(PoolState(PoolOptions(name="cpu")), Looked(at=0.0), Picture(waiting=1, first_since=0.0))
    >>> effects
    (Boot(runner=1), WakeAt(at=None))
    >>> state, effects = apply(state, RunnerUp(1, "cpu-1@127.0.0.1", at=0.2), Picture(waiting=1, first_since=0.0))
    >>> effects[0]
    Open(runner=1, node='cpu-1@127.0.0.1')
    """
    state, noted = _note(state, event, picture)
    if any(isinstance(effect, Refuse) for effect in noted):
        picture = replace(picture, waiting=0, bound=0, first_since=None)
    state, settled = _settle(state, event.at, picture)
    return state, (*noted, *settled, WakeAt(_next_look(state, event.at, picture)))


def _note(state: PoolState, event: Event, picture: Picture) -> Step:
    match event:
        case Looked():
            state = replace(state, retry_at=None) if _is_over(state.retry_at, event.at) else state
            return _call_off_boots(state, event.at, picture) if event.cancelled else (state, ())
        case BootStep():
            return _changed(state, event.runner, step=event.step), ()
        case RunnerUp():
            return _runner_up(state, event, picture)
        case RunnerServed():
            return _served(state, event.runner), ()
        case RunnerLost():
            return _runner_lost(state, event)
        case RunnerDown():
            return _runner_down(state, event)
        case WorkLingers():
            return _lingers(state, event.runner)
        case IdleAnswered():
            return _idle_answered(state, event, picture)
        case DrainRequested():
            return _drain(state, event.runner, event.why, event.at + event.seconds)
        case CordonRequested():
            return _cordon(state, event, picture)
        case Resized():
            options = replace(state.options, min=event.min, max=event.max)
            return replace(state, options=options, warm=min(state.warm, event.max)), ()
        case WarmRequested():
            return replace(state, warm=max(state.warm, min(event.runners, state.options.max))), ()
        case BootWithheld():
            return _withheld(state, event), ()
        case RoomMade():
            return replace(state, withheld=""), ()
        case StopRequested():
            return _begin_to_stop(state, event.at)
        case _:
            assert_never(event)


def _settle(state: PoolState, at: float, picture: Picture) -> Step:
    effects: Effects = ()
    for step in _STEPS if state.stage is Stage.OPEN else _LAST_STEPS:
        state, wanted = step(state, at, picture)
        effects += wanted
    return state, effects


# What is wanted


def demand_of(state: PoolState, at: float, picture: Picture) -> Demand:
    """The picture as a policy sees it: calls that free slots are about to take do not wait."""
    slots = state.options.max_concurrency
    usable = _usable(state, picture)
    busy = sum(min(slots, _lane(picture, runner).taken) for runner in usable)
    waited = 0.0 if picture.first_since is None else max(0.0, at - picture.first_since)
    return Demand(
        waiting=max(0, picture.waiting - picture.bound - (len(usable) * slots - busy)),
        waited=waited,
        busy=busy,
        up=len(usable),
        booting=len(_booting(state, picture)),
        slots=slots,
        at=at,
        wall=picture.wall,
    )


def _usable(state: PoolState, picture: Picture) -> list[Runner]:
    """Runners that take calls, now or when a slot falls free."""
    ready = _there(state, picture, Phase.READY)
    return [it for it in ready if not (it.stuck or it.cordoned or _lane(picture, it).spent)]


def _booting(state: PoolState, picture: Picture) -> list[Runner]:
    return _there(state, picture, Phase.BOOTING)


def _there(state: PoolState, picture: Picture, *phases: Phase) -> list[Runner]:
    """Without those whose loss is still to be read."""
    return [runner for runner in state.runners if runner.phase in phases and runner.id not in picture.lost]


def _to_be_told(state: PoolState, picture: Picture) -> int:
    """How many would be of use, had they not been lost, which is still to be read."""
    lost = [it for it in state.runners if it.phase in (Phase.BOOTING, Phase.READY) and it.id in picture.lost]
    return sum(not (it.stuck or it.cordoned) for it in lost)


def _want(state: PoolState, at: float, picture: Picture) -> Wanted:
    """How many runners shall be there, booting ones included, and which rule says so."""
    options = state.options
    wanted = _answer(state, demand_of(state, at, picture))
    if wanted.runners < state.warm:
        wanted = Wanted(state.warm, f"{state.warm} were asked to be warmed up")
    if wanted.runners < options.min:
        wanted = Wanted(options.min, f"min is {options.min}")
    if wanted.runners > options.max:
        return Wanted(options.max, f"{wanted.why}, and max is {options.max}")
    return wanted


def _answer(state: PoolState, demand: Demand) -> Wanted:
    """The policy's. It may be a user's own: one that fails must not end the pool, and so its last answer stands."""
    try:
        wanted = state.options.policy.wanted(demand)
        if isinstance(wanted, Wanted) and isinstance(wanted.runners, int):
            return wanted
        problem = f"it answered {type(wanted).__name__}, which is no Wanted"
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
    return Wanted(state.wanted.runners, f"{POLICY_FAILED}: {problem}")


def _change(state: PoolState, demand: Demand) -> float | None:
    try:
        change = state.options.policy.next_change(demand)
    except Exception:  # it is told when it is asked what it wants
        return None
    return change if isinstance(change, int | float) and change > 0 else None


def _grow(state: PoolState, at: float, picture: Picture) -> Step:
    if state.barred:
        return replace(state, wanted=Wanted(0, state.barred)), ()
    usable = len(_usable(state, picture))
    if usable >= state.warm:
        state = replace(state, warm=0)
    wanted = _want(state, at, picture)
    state = replace(state, wanted=wanted)
    missing = wanted.runners - usable - len(_booting(state, picture)) - _to_be_told(state, picture)
    more = min(missing, state.options.max - len(state.runners))
    if more <= 0 or state.retry_at is not None or state.withheld:
        return state, ()
    left = room(state.options.caps, state.ledger, state.price, at)
    if left.runners is not None and left.runners < more:
        if state.warm and not left.runners:  # as warm as it gets
            return _grow(replace(state, warm=0), at, picture)
        limited = Wanted(wanted.runners, f"{wanted.why}, but {left.why}")
        state, more = replace(state, wanted=limited, capped=left.why), left.runners
        if left.for_good and not (more or state.runners or state.used_up):
            refused = (Refuse(Refusal.USED_UP),) if picture.waiting else ()
            return replace(state, used_up=f"{left.why}, too little for another runner"), refused
    return _booted(state, more, at)


def _booted(state: PoolState, count: int, at: float) -> Step:
    ids = range(state.next_runner, state.next_runner + count)
    ledger = state.ledger
    for id in ids:
        ledger = ledger.started(id, at, state.price)
    booting = tuple(Runner(id, attempt=state.failures, since=at) for id in ids)
    grown = replace(state, runners=state.runners + booting, next_runner=ids.stop, ledger=ledger)
    return grown, tuple(Boot(id) for id in ids)


def _call_off_boots(state: PoolState, at: float, picture: Picture) -> Step:
    """The latest go first, which have come least far."""
    booting = _booting(state, picture)
    needless = len(_usable(state, picture)) + len(booting) - _want(state, at, picture).runners
    effects: Effects = ()
    for runner in booting[len(booting) - max(0, min(needless, len(booting))) :]:
        state, left = _leave(state, runner, "nobody waits for it any more")
        effects += left
    return state, effects


def _withheld(state: PoolState, event: BootWithheld) -> PoolState:
    runners = tuple(runner for runner in state.runners if runner.id != event.runner)
    return replace(state, runners=runners, withheld=event.why, ledger=state.ledger.stopped(event.runner, event.at))


def _shrink(state: PoolState, at: float, picture: Picture) -> Step:
    """Those that have idled longest go first, as far as they are not wanted."""
    effects: Effects = ()
    spare, pressing = _spare(state, picture), _pressing(state, picture)
    for runner in sorted(_idle_ones(state, picture), key=lambda runner: _idle_since(runner, picture)):
        why = _why_idle(state, runner, at, picture, pressing)
        if spare <= 0 or not why or runner.asked_until is not None:
            continue
        spare, pressing = spare - 1, pressing - 1
        if state.options.idle_check is not None:
            state = _changed(state, runner.id, asked_until=at + CHECK_SECONDS)
            effects += (AskIdle(runner.id),)
        else:
            state, left = _leave(state, runner, why)
            effects += left
    return state, effects


def _why_idle(state: PoolState, runner: Runner, at: float, picture: Picture, pressing: int) -> str:
    """Why one that has nothing to do may go, as far as that goes by the time; empty if it may not yet."""
    after = state.options.idle_seconds
    if after is not None and _idle_since(runner, picture) + after <= at:
        return "idle"
    since = _lane(picture, runner).idle_since
    said_no = since is None or runner.awake_at > since  # by its check, which is asked again after its time
    return "idle, and another pool waits for its place" if pressing > 0 and not said_no else ""


def _pressing(state: PoolState, picture: Picture) -> int:
    """How many places other pools wait for beyond those that are about to fall free here."""
    asked = sum(runner.asked_until is not None for runner in state.runners)
    return picture.wanted_elsewhere - state.count(Phase.LEAVING) - asked


def _unanswered(state: PoolState, at: float, picture: Picture) -> Step:
    effects: Effects = ()
    for runner in state.runners:
        if not _is_over(runner.asked_until, at):
            continue
        runner = replace(runner, asked_until=None)
        state = _with_runner(state, runner)
        if runner in _idle_ones(state, picture) and _spare(state, picture) > 0:
            state, left = _leave(state, runner, f"idle, and its check did not answer within {CHECK_SECONDS:g} s")
            effects += left
    return state, effects


def _spare(state: PoolState, picture: Picture) -> int:
    """How many may go. One that boots may fail, and does not count."""
    return len(_usable(state, picture)) - state.wanted.runners


def _idle_ones(state: PoolState, picture: Picture) -> list[Runner]:
    return [runner for runner in _usable(state, picture) if _lane(picture, runner).idle_since is not None]


def _idle_since(runner: Runner, picture: Picture) -> float:
    since = _lane(picture, runner).idle_since
    return max(runner.awake_at, 0.0 if since is None else since)


def _idle_answered(state: PoolState, event: IdleAnswered, picture: Picture) -> Step:
    runner = state.runner(event.runner)
    if runner is None or runner.asked_until is None or state.stage is not Stage.OPEN:
        return state, ()
    runner = replace(runner, asked_until=None, awake_at=runner.awake_at if event.idle else event.at)
    state = _with_runner(state, runner)
    why = _why_idle(state, runner, event.at, picture, _pressing(state, picture))
    may_go = why and runner in _idle_ones(state, picture) and _spare(state, picture) > 0
    return _leave(state, runner, why) if event.idle and may_go else (state, ())


# Runners


def _runner_up(state: PoolState, event: RunnerUp, picture: Picture) -> Step:
    runner = state.runner(event.runner)
    if runner is None or runner.phase is not Phase.BOOTING:  # its boot was called off a moment ago
        return state, ()
    ready = replace(runner, phase=Phase.READY, step="ready", node=event.node, up_since=event.at, awake_at=event.at)
    return replace(_with_runner(state, ready), broken=False), _opened(state, ready, event.at, picture)


def _runner_lost(state: PoolState, event: RunnerLost) -> Step:
    """Before any of its calls is given up, or the next one would be lent a slot on a node that is gone."""
    runner = state.runner(event.runner)
    if runner is None or runner.phase not in (Phase.READY, Phase.DRAINING):
        return state, ()
    state = _with_runner(state, replace(runner, phase=Phase.LEAVING, why=event.reason, lost=True))
    return _ended(state, runner, event.reason, event.at, permanent=False, effects=(Close(runner.id),))


def _runner_down(state: PoolState, event: RunnerDown) -> Step:
    runner = state.runner(event.runner)
    if runner is None:
        return state, ()
    runners = tuple(other for other in state.runners if other is not runner)
    state = replace(state, runners=runners, ledger=state.ledger.stopped(runner.id, event.at))
    if runner.phase is Phase.LEAVING:
        return state, ()
    return _ended(state, runner, event.reason, event.at, permanent=event.permanent, effects=(Close(runner.id),))


def _ended(state: PoolState, runner: Runner, reason: str, at: float, *, permanent: bool, effects: Effects) -> Step:
    """One that was booting or up has ended by itself."""
    if runner.proven or runner.phase is Phase.DRAINING:
        return state, effects
    state = replace(state, last_failure=reason, broken=permanent)
    if runner.attempt == state.failures:
        pause = min(FIRST_PAUSE * 2.0 ** min(state.failures, 16), LONGEST_PAUSE)
        state = replace(state, failures=state.failures + 1, retry_at=at + pause)
    if state.count(Phase.BOOTING, Phase.READY):
        return state, effects
    if not permanent and state.failures < FAILURES_BEFORE_REFUSAL:
        return state, effects
    return replace(state, warm=0), (*effects, Refuse(Refusal.BOOT_FAILED))


def _served(state: PoolState, id: RunnerId) -> PoolState:
    """One that was gone before this was read has proved nothing."""
    return state if state.runner(id) is None else replace(_changed(state, id, proven=True), failures=0)


def _drain(state: PoolState, id: RunnerId, why: str, until: float) -> Step:
    runner = state.runner(id)
    if runner is None or runner.phase is Phase.LEAVING:
        return state, ()
    if runner.phase is Phase.BOOTING:
        return _leave(state, runner, why)
    if runner.phase is Phase.DRAINING:
        sooner = until if runner.until is None else min(until, runner.until)
        return _with_runner(state, replace(runner, until=sooner)), ()
    return _with_runner(state, replace(runner, phase=Phase.DRAINING, until=until, why=why)), (Close(id),)


def _cordon(state: PoolState, event: CordonRequested, picture: Picture) -> Step:
    runner = state.runner(event.runner)
    if runner is None or runner.phase is not Phase.READY or runner.cordoned is event.cordoned:
        return state, ()
    changed = replace(runner, cordoned=event.cordoned, awake_at=event.at)
    effects = (Close(runner.id),) if event.cordoned else _opened(state, changed, event.at, picture)
    return _with_runner(state, changed), effects


def _age(state: PoolState, at: float, picture: Picture) -> Step:
    """Runners that have lived long enough, or have had their only call, take no more."""
    effects: Effects = ()
    for runner in state.runners:
        if runner.phase is not Phase.READY:
            continue
        expires = _expires(state, runner)
        until = float("inf") if expires is None else max(at, expires) + state.options.shutdown_timeout
        if _lane(picture, runner).spent:
            state, drained = _drain(state, runner.id, "it was to serve one call", until)
        elif _is_over(expires, at):
            state, drained = _drain(state, runner.id, "it has reached its lifetime", until)
        else:
            continue
        effects += drained
    return state, effects


def _fit(state: PoolState, at: float, picture: Picture) -> Step:
    """Those beyond `max` go: first the latest boots, then who has idled longest, then who has least to do."""
    there = _there(state, picture, Phase.BOOTING, Phase.READY)
    beyond = len(there) - state.options.max
    if beyond <= 0:
        return state, ()

    def loss(runner: Runner) -> tuple[bool, int, float]:
        if runner.phase is Phase.BOOTING:
            return False, 0, -runner.id
        return True, _lane(picture, runner).taken, _idle_since(runner, picture)

    effects: Effects = ()
    for runner in sorted(there, key=loss)[:beyond]:
        state, drained = _drain(state, runner.id, "max has become smaller", float("inf"))
        effects += drained
    return state, effects


def _drained(state: PoolState, at: float, picture: Picture) -> Step:
    effects: Effects = ()
    for runner in state.runners:
        if runner.phase is Phase.DRAINING and not _lane(picture, runner).taken:
            state, left = _leave(state, runner, runner.why)
        elif runner.phase is Phase.DRAINING and _is_over(runner.until, at):
            state, left = _leave(state, runner, f"{runner.why}, and its calls did not end in time")
        else:
            continue
        effects += left
    return state, effects


def _retire(state: PoolState, at: float, picture: Picture) -> Step:
    def is_lost(runner: Runner) -> bool:
        lane = _lane(picture, runner)
        return runner.stuck and lane.working <= lane.abandoned and not lane.kept

    effects: Effects = ()
    for runner in state.runners:
        if runner.stuck and not _lane(picture, runner).abandoned:  # the work that lingered has ended after all
            well = replace(runner, stuck=False, awake_at=at)
            state = _with_runner(state, well)
            effects += _opened(state, well, at, picture)
    state, left = _leave_all(state, is_lost, "work that nobody waits for does not end there")
    return state, effects + left


def _lingers(state: PoolState, id: RunnerId) -> Step:
    runner = state.runner(id)
    if runner is None or runner.stuck or runner.phase not in (Phase.READY, Phase.DRAINING):
        return state, ()
    return _with_runner(state, replace(runner, stuck=True)), (Close(id),)


def _opened(state: PoolState, runner: Runner, at: float, picture: Picture) -> Effects:
    is_over = runner.id in picture.lost or _is_over(_expires(state, runner), at)
    is_barred = runner.cordoned or runner.stuck or is_over
    opens = runner.phase is Phase.READY and state.stage is Stage.OPEN and not is_barred
    return (Open(runner.id, runner.node),) if opens else ()


def _cap(state: PoolState, at: float, picture: Picture) -> Step:
    """What is used up is used up: then all runners go at once, whatever they do."""
    stop = hard_stop(state.options.caps, state.ledger, at)
    if stop.due_in != 0:
        return (replace(state, capped="") if state.capped else state), ()
    state, left = _leave_all(replace(state, capped=stop.why, used_up=stop.why), lambda runner: True, stop.why)
    return state, (*left, Refuse(Refusal.USED_UP)) if picture.waiting else left


def _leave_all(state: PoolState, goes: Callable[[Runner], bool], reason: str) -> Step:
    effects: Effects = ()
    for runner in state.runners:
        if runner.phase is not Phase.LEAVING and goes(runner):
            state, left = _leave(state, runner, reason)
            effects += left
    return state, effects


def _leave(state: PoolState, runner: Runner, reason: str) -> Step:
    left = replace(runner, phase=Phase.LEAVING, why=reason)
    return _with_runner(state, left), (Close(runner.id), StopRunner(runner.id, reason))


def _changed(state: PoolState, id: RunnerId, **changes: object) -> PoolState:
    runner = state.runner(id)
    return state if runner is None else _with_runner(state, replace(runner, **changes))  # type: ignore[arg-type]


def _with_runner(state: PoolState, changed: Runner) -> PoolState:
    runners = tuple(changed if runner.id == changed.id else runner for runner in state.runners)
    return replace(state, runners=runners)


def _lane(picture: Picture, runner: Runner) -> LanePicture:
    return picture.lanes.get(runner.id, EMPTY)


# Time


def _is_over(at: float | None, now: float) -> bool:
    return at is not None and at <= now


def _expires(state: PoolState, runner: Runner) -> float | None:
    return state.options.caps.ends_at(runner.since)


def _next_look(state: PoolState, at: float, picture: Picture) -> float | None:
    if state.stage is not Stage.OPEN:
        return state.stop_at if state.count(Phase.BOOTING, Phase.READY, Phase.DRAINING) else None
    times = [state.retry_at]
    times += [runner.until for runner in state.runners if runner.phase is Phase.DRAINING]
    times += [_expires(state, runner) for runner in state.runners if runner.phase is Phase.READY]
    times += [runner.asked_until for runner in state.runners if runner.phase is Phase.READY]
    times += _ends_of_idling(state, at, picture)
    stop = hard_stop(state.options.caps, state.ledger, at)
    times.append(None if not stop.due_in else at + stop.due_in)
    change = _change(state, demand_of(state, at, picture))
    times.append(None if change is None else at + change)
    return min((time for time in times if time is not None and time != float("inf")), default=None)


def _ends_of_idling(state: PoolState, at: float, picture: Picture) -> Iterable[float]:
    """When a runner that is not wanted may have idled long enough. One that is busy now may begin to idle without a
    word: at the earliest now."""
    after = state.options.idle_seconds
    if after is None or len(_usable(state, picture)) <= state.options.min:
        return
    spare = _spare(state, picture) > 0
    for runner in _usable(state, picture):
        if runner.asked_until is not None:
            continue
        if _lane(picture, runner).idle_since is None:
            yield at + after
        elif spare:
            yield max(at, _idle_since(runner, picture) + after)


# The end


def _begin_to_stop(state: PoolState, at: float) -> Step:
    if state.stage is not Stage.OPEN:
        return state, ()
    closed = tuple(Close(runner.id) for runner in state.runners)
    stopping = replace(state, stage=Stage.STOPPING, retry_at=None, stop_at=at + state.options.shutdown_timeout)
    return stopping, (Refuse(Refusal.STOPPING), *closed)


def _empty(state: PoolState, at: float, picture: Picture) -> Step:
    """A stopping pool keeps only the runners that still work, and these not for ever. Results that were kept there are
    gone with it. Placed processes, which calls may use, end when no call is left."""
    if _is_over(state.stop_at, at):
        return _leave_all(state, lambda runner: True, "the pool stops and its calls did not end in time")
    state, left = _leave_all(state, lambda runner: not _lane(picture, runner).working, "the pool stops")
    working = sum(lane.working for lane in picture.lanes.values())
    return state, (*left, EndPlaced()) if 0 < working <= picture.placed else left


def _finish(state: PoolState, at: float, picture: Picture) -> Step:
    if state.stage is Stage.STOPPED or state.runners:
        return state, ()
    return replace(state, stage=Stage.STOPPED, stop_at=None), (Finished(),)


_STEPS: Final = (_age, _fit, _drained, _retire, _cap, _grow, _unanswered, _shrink)
_LAST_STEPS: Final = (_retire, _empty, _finish)
