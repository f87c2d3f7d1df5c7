"""What a pool tells: each runner's life is a path of the diagram, whatever happens, and decisions are told once."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flame.caps import Caps
from flame.events import (
    BOOTING,
    ENDS,
    FOLLOWS,
    BootRetryAt,
    BreakerClosed,
    BreakerOpened,
    CallFinished,
    CallQueued,
    CallStarted,
    CapHit,
    Cost,
    Decided,
    Event,
    Missed,
    RunnerPhase,
    Withheld,
)
from flame.pool_events import StopRequested
from flame.subscription import Subscription
from tests.support.watched_pools import WatchedPool, assert_paths_of_the_diagram, phases


def of(events: list[Event], kind: type[Any]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


# The diagram


def test_every_phase_leads_to_an_end() -> None:
    def reachable(phase: str) -> set[str]:
        found, new = set[str](), {phase}
        while new:
            found |= new
            new = {then for one in new for then in FOLLOWS[one]} - found  # type: ignore[index]
        return found

    assert all(ENDS & reachable(phase) for phase in FOLLOWS)
    assert all(not FOLLOWS[end] for end in ENDS)
    assert reachable("requested") == set(FOLLOWS)


def test_a_boot_may_leave_out_steps_and_never_goes_back() -> None:
    for number, step in enumerate(BOOTING):
        assert FOLLOWS[step] & set(BOOTING) == set(BOOTING[number + 1 :])


# Histories

moves = st.lists(
    st.tuples(
        st.sampled_from(
            ["call", "call", "end", "end", "step", "up", "up", "lost", "down", "withhold", "drain", "linger", "wait"]
        ),
        st.integers(0, 3),
    ),
    max_size=40,
)


def play(pool: WatchedPool, move: str, number: int) -> None:
    """Does what can happen to the machine of that number, if there is one."""
    if move == "call":
        pool.call()
    elif move == "wait":
        pool.wait([0.25, 1.0, 6.0, 40.0][number])
    elif pool.machines:
        runner = pool.machines[number % len(pool.machines)]
        known = pool.state.runner(runner)
        assert known is not None
        booting = known.phase.name == "BOOTING"
        match move:
            case "end":
                pool.end_work(runner)
            case "step" if booting:
                pool.step(runner, BOOTING[max(BOOTING.index(known.step), number + 1)])  # type: ignore[arg-type]
            case "up" if booting:
                pool.up(runner)
            case "lost" if not booting:
                pool.lost(runner)
            case "down":
                pool.down(runner)
            case "withhold" if known.step == "requested" and booting:
                pool.withhold(runner)
            case "drain":
                pool.drain(runner)
            case "linger" if not booting:
                pool.lingers(runner)


@given(history=moves, least=st.integers(0, 2), slots=st.integers(1, 3))
def test_each_runners_life_is_a_path_of_the_diagram_and_ends(
    history: list[tuple[str, int]], least: int, slots: int
) -> None:
    pool = WatchedPool(min=least, max=3, max_concurrency=slots, idle_shutdown_after=1.0)
    for move, number in history:
        play(pool, move, number)
        here = {runner.id: runner.phase for runner in pool.stats().runners}
        told = {id: path[-1] for id, path in phases(pool.events).items() if path[-1] not in ENDS}
        assert told == here
        assert set(pool.witness.seen(str)) == set(here), "a runner that is gone is remembered"
    pool.stop()
    assert_paths_of_the_diagram(pool.events)
    assert all(path[-1] in ENDS for path in phases(pool.events).values())
    assert len(phases(pool.events)) == pool.state.next_runner - 1
    assert pool.clock.next_at() is None, "a timer outlived the runners"


@given(history=moves)
def test_who_listens_changes_nothing(history: list[tuple[str, int]]) -> None:
    heard, alone = (WatchedPool(listens=listens, max=3, idle_shutdown_after=1.0) for listens in (True, False))
    for move, number in history:
        play(heard, move, number)
        play(alone, move, number)
        assert heard.state == alone.state
        assert heard.stats() == alone.stats()


# One by one


def test_a_runner_tells_of_its_boot_its_work_and_its_end() -> None:
    pool = WatchedPool(idle_shutdown_after=1.0)
    pool.call()
    for step in BOOTING[1:]:
        pool.step(1, step)
    pool.up(1)
    pool.end_work(1)
    pool.wait(1.0)
    pool.down(1, "idle")
    assert phases(pool.events) == {1: [*BOOTING, "ready", "busy", "ready", "stopping", "gone"]}
    ready = next(event for event in of(pool.events, RunnerPhase) if event.phase == "ready")
    assert (ready.node, ready.detail) == ("cpu-1-000001@host", "machine 1")


def test_a_boot_that_fails_says_where_why_and_what_was_printed_last() -> None:
    pool = WatchedPool()
    pool.call()
    pool.step(1, "started")
    pool.down(1, "process 7 ended with exit code 1; it printed:\nTraceback\nImportError: torch")
    failed = of(pool.events, RunnerPhase)[-1]
    assert (failed.phase, failed.was) == ("failed", "started")
    assert failed.detail == "process 7 ended with exit code 1"
    assert failed.last_lines == "Traceback\nImportError: torch"


def test_a_lost_runner_has_failed_and_a_stopped_one_is_gone() -> None:
    pool = WatchedPool(min=2, max=2)
    pool.up(1)
    pool.up(2)
    pool.call()
    pool.call()
    pool.lost(1)
    pool.down(1, "process 7 was killed by SIGKILL")
    pool.drain(2)
    pool.end_work(2)
    pool.down(2, "it was drained")
    assert phases(pool.events)[1][-3:] == ["busy", "stopping", "failed"]
    assert phases(pool.events)[2][-3:] == ["draining", "stopping", "gone"]


def test_a_withheld_boot_says_who_has_the_runners() -> None:
    pool = WatchedPool()
    pool.call()
    pool.withhold(1)
    assert of(pool.events, Withheld)[0].why == "other pools have them"
    assert phases(pool.events)[1] == ["requested", "gone"]


def test_a_decision_is_told_when_it_or_its_reason_changes() -> None:
    pool = WatchedPool(max=3)
    pool.call()
    told = len(of(pool.events, Decided))
    pool.wait(0.0)
    assert len(of(pool.events, Decided)) == told
    pool.call()
    decided = of(pool.events, Decided)[-1]
    assert decided.wanted == 2
    assert "2 calls wait" in decided.why


def test_a_cap_is_told_once_while_it_holds() -> None:
    pool = WatchedPool(max=3, caps=Caps(runners=1))
    for _ in range(3):
        pool.call()
    hit = of(pool.events, CapHit)
    assert [event.why for event in hit] == ["the cap is 1 runner and there is 1"]
    assert pool.stats().capped == hit[0].why
    pool.up(1)
    for _ in range(3):
        pool.end_work(1)
    assert pool.stats().capped == ""


def test_a_cap_that_is_used_up_is_told_as_it_ends_the_runners() -> None:
    pool = WatchedPool(caps=Caps(runner_seconds=10), min=1, idle_shutdown_after=None)
    pool.up(1)
    pool.wait(10.0)
    assert "runner-seconds" in of(pool.events, CapHit)[-1].why
    assert phases(pool.events)[1][-1] == "stopping"


def test_failed_boots_tell_when_the_next_is_tried_and_when_calls_are_refused() -> None:
    pool = WatchedPool()
    pool.call()
    for runner in (1, 2, 3):
        pool.down(runner, "no room")
        retry = of(pool.events, BootRetryAt)[-1]
        assert (retry.failures, retry.reason, retry.retry_at) == (runner, "no room", pool.state.retry_at)
        pool.wait(retry.seconds)
    assert [event.failures for event in of(pool.events, BreakerOpened)] == [3]
    pool.up(4)
    pool.served(4)
    assert len(of(pool.events, BreakerClosed)) == 1


def test_a_call_is_told_from_its_queue_to_its_end() -> None:
    pool = WatchedPool()
    pool.call()
    pool.clock.advance(2.0)
    pool.up(1)
    pool.clock.advance(0.5)
    pool.end_work(1)
    queued, started, finished = (
        event for event in pool.events if isinstance(event, CallQueued | CallStarted | CallFinished)
    )
    assert queued.call == started.call == finished.call == 1
    assert queued.function == "len"
    assert (started.runner, started.queue_s) == (1, 2.0)
    assert (finished.status, finished.queue_s, finished.run_s, finished.runner) == ("returned", 2.0, 0.5, 1)


def test_no_event_is_older_than_the_one_before_though_the_state_is_told_later_than_calls() -> None:
    pool = WatchedPool()
    call, looked = pool.call(), pool.now
    pool.clock.advance(0.001)
    pool.witness.abandoned(call)
    pool.happens(StopRequested(looked))
    assert_paths_of_the_diagram(pool.events)
    assert phases(pool.events)[1][-1] == "stopping"


def test_the_cost_is_told_while_there_are_runners_and_at_their_end() -> None:
    pool = WatchedPool(min=1, idle_shutdown_after=None)
    pool.clock.advance(11.0)
    assert [event.runner_seconds for event in of(pool.events, Cost)] == [5.0, 10.0]
    pool.stop()
    assert of(pool.events, Cost)[-1].runner_seconds == pool.state.ledger.seconds(pool.now)


def test_every_event_can_travel() -> None:
    pool = WatchedPool(caps=Caps(runners=1))
    pool.call()
    pool.down(1)
    assert pickle.loads(pickle.dumps(pool.events)) == pool.events


# Listeners


@pytest.mark.parametrize("too_many", [0, 1, 5])
def test_a_slow_listener_loses_the_oldest_and_is_told_how_many(too_many: int) -> None:
    subscription = Subscription(limit=3)
    for number in range(3 + too_many):
        subscription.put(CallQueued("cpu", float(number), 0.0, number, "len"))
    events = subscription.take()
    if too_many:
        lost = events.pop(0)
        assert isinstance(lost, Missed)
        assert lost.events == too_many
    assert [event.at for event in events] == [float(too_many + number) for number in range(3)]


def test_a_hearer_that_fails_hears_no_more_and_others_do(caplog: pytest.LogCaptureFixture) -> None:
    pool = WatchedPool()

    def fails(event: Event) -> None:
        raise RuntimeError("exporter")

    pool.witness.hear(fails)
    pool.call()
    assert len(caplog.records) == 1
    assert phases(pool.events) == {1: ["requested"]}
