"""Why a pool refuses a call, or gives it up: exceptions with their words, made of the state and the call."""

from __future__ import annotations

from flame.calls import Call, name_of
from flame.errors import (
    BootFailed,
    BootTimeout,
    CapReached,
    ExecTimeout,
    FlameError,
    NestedPool,
    PoolStopped,
    QueueTimeout,
    RunnerLost,
)
from flame.fate import PRINTED, Fate
from flame.pool_events import Refusal
from flame.pool_state import Phase, PoolState, Stage
from nodes.backend import Cause


def refusal_now(state: PoolState, backend: object) -> FlameError | None:
    """Why a new call would be refused at once; None if it would not."""
    if state.stage is not Stage.OPEN:
        return refusal(Refusal.STOPPING, state, backend)
    if state.used_up:
        return refusal(Refusal.USED_UP, state, backend)
    if state.barred:
        return NestedPool(f"pool {state.options.name!r} boots no runners: {state.barred}")
    return refusal(Refusal.BOOT_FAILED, state, backend) if state.refuses else None


def refusal(why: Refusal, state: PoolState, backend: object) -> FlameError:
    name = state.options.name
    if why is Refusal.STOPPING:
        return PoolStopped(f"pool {name!r} is stopping and takes no calls")
    if why is Refusal.USED_UP:
        return CapReached(f"{state.used_up}: raise its caps, or start another pool")
    times = f"{state.failures} times in a row; " if state.failures > 1 else ""
    return BootFailed(
        f"pool {name!r} could not boot a runner on {backend!r}, {times}"
        f"the next call tries again. The last time: {state.last_failure}"
    )


def late_in_line(call: Call, state: PoolState, explained: str, now: float) -> FlameError:
    """Its time was up before it got a slot; `explained` says what the pool has."""
    name, waited = state.options.name, f"{now - call.since:.1f} s"
    booting = [runner for runner in state.runners if runner.phase is Phase.BOOTING]
    if booting and not state.count(Phase.READY):
        first = booting[0]
        return BootTimeout(
            f"a call to pool {name!r} waited {waited} for a runner to boot, which is {first.step} for "
            f"{now - first.since:.1f} s now; raise the call's timeout, or keep runners up by min or a policy. "
            f"Now: {explained}"
        )
    return QueueTimeout(
        f"a call to pool {name!r} got no slot in {waited}; raise max, max_concurrency or the call's timeout. "
        f"Now: {explained}"
    )


def late_at_work(call: Call, pool: str, now: float) -> ExecTimeout:
    assert call.lane is not None
    return ExecTimeout(
        f"{name_of(call.request.function)} did not end in time on {call.lane.node}, a runner of pool {pool!r}, and is "
        f"being stopped: its time was up {now - call.since:.1f} s after it was called. Raise the call's timeout, which "
        "covers the wait for a slot"
    )


def loss(call: Call, pool: str, fate: Fate) -> RunnerLost:
    """Its runner was lost, with that fate."""
    node = call.lane.node if call.lane is not None else ""
    return RunnerLost(
        f"{node}, a runner of pool {pool!r}, was lost while it ran {name_of(call.request.function)}: {fate.words}",
        node=node,
        reason=fate.words.partition(PRINTED)[0],
        exit_code=fate.exit_code,
        out_of_memory=_is(fate, "out of memory"),
        evicted=_is(fate, "evicted", "preempted"),
    )


def _is(fate: Fate, *causes: Cause) -> bool | None:
    """Whether it was one of these; None where its platform says nothing of the cause."""
    return None if fate.cause is None else fate.cause in causes


def no_home(call: Call) -> RunnerLost:
    return RunnerLost(
        f"{call.home}, where a value is that {name_of(call.request.function)} was to use, is gone", node=call.home or ""
    )


def no_such_runner(node: str, state: PoolState) -> LookupError:
    known = ", ".join(runner.node for runner in state.runners if runner.node) or "none"
    return LookupError(f"expected the node of a runner of pool {state.options.name!r}, got {node!r}; it has {known}")
