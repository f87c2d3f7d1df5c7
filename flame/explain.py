"""A pool's state in words: what it has, and which rule decided that it boots no more than it does."""

from __future__ import annotations

from flame.pool_state import Phase, PoolState, Stage, boots_for_backlog


def explain(state: PoolState, now: float) -> str:
    """What the pool has and why it is not more, as sentences for a person.

    >>> from flame.options import PoolOptions
    >>> print(explain(PoolState(PoolOptions(name="cpu", max=4)), now=0.0))
    pool 'cpu': no runner (min 0, max 4), 0 of 0 slots taken, no call waits
    no call waits and min is met: nothing to boot
    """
    return f"{_inventory(state, now)}\n{_growth(state, now)}"


def _inventory(state: PoolState, now: float) -> str:
    options = state.options
    taken = sum(runner.taken for runner in state.runners)
    abandoned = sum(len(runner.abandoned) for runner in state.runners)
    ending = f" ({abandoned} by work that was told to stop)" if abandoned else ""
    slots = options.max_concurrency * state.count(Phase.UP)
    return (
        f"pool {options.name!r}: {_runners(state)} (min {options.min}, max {options.max}), "
        f"{taken} of {slots} slots taken{ending}, {_queue(state, now)}"
    )


def _runners(state: PoolState) -> str:
    words = {Phase.UP: "up", Phase.BOOTING: "booting", Phase.LEAVING: "leaving"}
    present = [f"{count} {word}" for phase, word in words.items() if (count := state.count(phase))]
    return f"runners: {', '.join(present)}" if present else "no runner"


def _queue(state: PoolState, now: float) -> str:
    if not state.waiting:
        return "no call waits"
    return f"{_calls(len(state.waiting))}, the first for {now - state.waiting[0].since:.1f} s"


def _growth(state: PoolState, now: float) -> str:
    if state.stage is not Stage.OPEN:
        return "the pool stops: nothing is booted, calls that run may end"
    if state.retry_at is not None:
        return (
            f"{_counted(state.failures, 'boot')} failed in a row, the last because {state.last_failure}: "
            f"the next boot is tried in {max(0.0, state.retry_at - now):.1f} s"
        )
    if state.waiting and len(state.runners) >= state.options.max:
        return "max is reached: a waiting call gets the next slot that falls free"
    if state.waiting:
        return (
            f"{_calls(len(state.waiting))} at {state.options.max_concurrency} a runner: "
            f"{boots_for_backlog(state)} more needed, {state.count(Phase.BOOTING)} booting"
        )
    return "no call waits and min is met: nothing to boot"


def _calls(waiting: int) -> str:
    return f"{_counted(waiting, 'call')} {'waits' if waiting == 1 else 'wait'}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
