"""A pool's state in words: what it has, and which rule decided that it boots no more than it does."""

from __future__ import annotations

from flame.pool_events import Picture
from flame.pool_state import Phase, PoolState, Stage
from flame.words import calls_wait, counted


def explain(state: PoolState, picture: Picture, now: float) -> str:
    """What the pool has and why it is not more, as sentences for a person.

    >>> from flame.options import PoolOptions
    >>> print(explain(PoolState(PoolOptions(name="cpu", max=4)), Picture(), now=0.0))
    pool 'cpu': no runner (min 0, max 4), 0 of 0 slots taken, no call waits
    0 runners are wanted: nothing has happened yet
    """
    return f"{_inventory(state, picture, now)}\n{_growth(state, picture, now)}"


def _inventory(state: PoolState, picture: Picture, now: float) -> str:
    options = state.options
    taken = sum(lane.taken for lane in picture.lanes.values())
    slots = options.max_concurrency * state.count(Phase.READY)
    return (
        f"pool {options.name!r}: {_runners(state)} (min {options.min}, max {options.max}), "
        f"{taken} of {slots} slots taken{_held(picture)}, {_queue(picture, now)}"
    )


def _held(picture: Picture) -> str:
    """Slots that no call works in."""
    abandoned = sum(lane.abandoned for lane in picture.lanes.values())
    kept = sum(lane.kept for lane in picture.lanes.values())
    ways = [f"{abandoned} by work that was told to stop"] * bool(abandoned)
    ways += [f"{kept} by results that stay there"] * bool(kept)
    return f" ({', '.join(ways)})" if ways else ""


def _runners(state: PoolState) -> str:
    words = {Phase.READY: "up", Phase.BOOTING: "booting", Phase.DRAINING: "draining", Phase.LEAVING: "leaving"}
    present = [f"{count} {word}" for phase, word in words.items() if (count := state.count(phase))]
    return f"runners: {', '.join(present)}" if present else "no runner"


def _queue(picture: Picture, now: float) -> str:
    if not picture.waiting or picture.first_since is None:
        return "no call waits"
    return f"{calls_wait(picture.waiting)}, the first for {max(0.0, now - picture.first_since):.1f} s"


def _growth(state: PoolState, picture: Picture, now: float) -> str:
    if state.stage is not Stage.OPEN:
        return "the pool stops: nothing is booted, calls that run may end"
    if state.retry_at is not None:
        return (
            f"{counted(state.failures, 'boot')} failed in a row, the last because {state.last_failure}: "
            f"the next boot is tried in {max(0.0, state.retry_at - now):.1f} s"
        )
    if state.withheld:
        return f"{state.wanted.why}, but {state.withheld}"
    wanted = f"{counted(state.wanted.runners, 'runner')} {_are(state.wanted.runners)} wanted: {state.wanted.why}"
    if picture.waiting and len(state.runners) >= state.options.max:
        return f"{wanted}; max is reached, so a waiting call gets the next slot that falls free"
    return wanted


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
