"""The pool's rules, a table row or a short history each; in `test_pool_histories` chance writes the histories."""

from __future__ import annotations

from typing import Any

import pytest

from flame.options import PoolOptions
from flame.pool_events import (
    Boot,
    CallerGone,
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
    RunnerLost,
    RunnerUp,
    SetTimer,
    Started,
    StopRequested,
    StopRunner,
    TimerFired,
)
from flame.pool_state import Phase, PoolState, apply


def pool(**options: Any) -> PoolState:
    return PoolState(PoolOptions(name="cpu", **{"idle_shutdown_after": None, **options}))


def run(state: PoolState, *events: Event) -> tuple[PoolState, list[Effect]]:
    """The state after all events, and the effects of the last."""
    effects: tuple[Effect, ...] = ()
    for event in events:
        state, effects = apply(state, event)
    return state, list(effects)


def ask(call: str, deadline: float | None = None, at: float = 0.0) -> CheckoutRequested:
    return CheckoutRequested(call, deadline, at)


def up(runner: int, at: float = 0.0) -> RunnerUp:
    return RunnerUp(runner, f"n{runner}", at)


def down(runner: int, at: float = 0.0, reason: str = "lost") -> RunnerDown:
    return RunnerDown(runner, reason, at)


# Growth


@pytest.mark.parametrize(
    ("calls", "max_concurrency", "most", "boots"),
    [(30, 1, 50, 30), (30, 10, 50, 3), (30, 100, 50, 1), (30, 1, 4, 4), (3, 2, 50, 2), (1, 2, 50, 1)],
)
def test_a_burst_on_an_empty_pool_boots_what_the_backlog_needs_within_max(
    calls: int, max_concurrency: int, most: int, boots: int
) -> None:
    state, _ = run(pool(max=most, max_concurrency=max_concurrency), *(ask(f"c{number}") for number in range(calls)))
    assert state.count(Phase.BOOTING) == boots


def test_starting_boots_the_minimum() -> None:
    _, effects = run(pool(min=2, max=4), Started(0.0))
    assert effects == [Boot(1), Boot(2)]


def test_a_call_on_a_busy_pool_below_max_boots_one_more() -> None:
    _, effects = run(pool(max=2), ask("a"), up(1), ask("b"))
    assert effects == [Boot(2)]


def test_a_call_on_a_full_pool_boots_nothing() -> None:
    _, effects = run(pool(max=1), ask("a"), up(1), ask("b"))
    assert effects == []


def test_a_lost_runner_is_replaced_for_the_calls_that_wait() -> None:
    state, effects = run(pool(max=1), ask("a"), up(1), ask("b"), ask("c"), down(1))
    assert effects == [Boot(2)]
    _, effects = run(state, up(2))
    assert effects == [Grant("b", 2, "n2")]


def test_a_lost_runner_below_min_is_replaced_without_any_call() -> None:
    _, effects = run(pool(min=1, max=2), Started(0.0), up(1), ask("a"), CheckedIn("a", 1.0), down(1))
    assert effects == [Boot(2)]


# Slots


def test_a_call_gets_the_least_loaded_runner() -> None:
    full: list[Event] = [ask("a"), ask("b"), ask("c"), ask("d"), up(1), up(2)]  # a, b and c on runner 1
    _, effects = run(pool(max=2, max_concurrency=3), *full, CheckedIn("c", 1.0), ask("e"))
    assert effects == [Grant("e", 2, "n2")]


def test_a_call_that_finds_a_free_slot_sets_no_timer() -> None:
    _, effects = run(pool(min=1), Started(0.0), up(1), ask("a", deadline=5.0))
    assert effects == [Grant("a", 1, "n1")]


def test_waiting_calls_are_served_in_the_order_they_came() -> None:
    _, effects = run(pool(max=1, max_concurrency=2), ask("a"), ask("b"), ask("c"), up(1))
    assert effects == [Grant("a", 1, "n1"), Grant("b", 1, "n1")]


def test_a_freed_slot_goes_to_the_next_call() -> None:
    _, effects = run(pool(max=1), ask("a"), up(1), ask("b"), ask("c"), CheckedIn("a", 1.0))
    assert effects == [Grant("b", 1, "n1")]


def test_a_lost_runner_is_lent_to_nobody_while_its_machine_is_cleared_away() -> None:
    state, effects = run(pool(max=1), ask("a"), up(1), ask("b"), RunnerLost(1, "lost", 1.0), CheckedIn("a", 1.0))
    assert effects == []
    _, effects = run(state, down(1, 2.0))
    assert effects == [Boot(2)]


def test_a_runner_that_is_lost_before_its_first_call_counts_as_a_failed_boot() -> None:
    state, effects = run(pool(min=1), Started(0.0), up(1), RunnerLost(1, "lost", 1.0))
    assert effects == [SetTimer(Retry(), 2.0)]
    _, effects = run(state, down(1, 1.5))
    assert effects == []


def test_a_check_in_after_the_runner_was_lost_changes_nothing() -> None:
    before, _ = run(pool(max=1), ask("a"), up(1), down(1))
    assert run(before, CheckedIn("a", 1.0)) == (before, [])


def test_a_caller_that_dies_in_the_queue_leaves_it() -> None:
    state, effects = run(pool(max=1), ask("a"), up(1), ask("b", 9.0), CallerGone("b", 1.0))
    assert effects == [CancelTimer(QueueDeadline("b"))]
    assert state.waiting == ()


# Work that nobody waits for


def abandoned(**options: Any) -> PoolState:
    """A pool whose only runner still does the work of a, whose caller is gone since 1.0."""
    state, _ = run(pool(max=1, **options), ask("a"), up(1), CallerGone("a", 1.0))
    return state


def test_a_caller_that_dies_at_work_keeps_its_slot_until_the_work_has_ended() -> None:
    state, effects = run(abandoned(), ask("b"))
    assert effects == []
    _, effects = run(state, CheckedIn("a", 2.0))
    assert effects == [CancelTimer(Overdue("a")), Grant("b", 1, "n1")]


def test_abandoned_work_is_given_some_time_to_end() -> None:
    _, effects = run(pool(), ask("a"), up(1), CallerGone("a", 1.0))
    assert effects == [SetTimer(Overdue("a"), 6.0)]


def test_abandoned_work_is_timed_though_others_come_and_go() -> None:
    _, effects = run(abandoned(max_concurrency=2), ask("b"))
    assert effects == [Grant("b", 1, "n1")]


def test_a_caller_is_gone_once() -> None:
    before = abandoned()
    assert run(before, CallerGone("a", 2.0)) == (before, [])


def test_work_that_does_not_end_takes_its_runner_with_it() -> None:
    state, effects = run(abandoned(), ask("b"), TimerFired(Overdue("a"), 6.0))
    assert StopRunner(1, "work that nobody waits for does not end there") in effects
    _, effects = run(state, down(1, 7.0))
    assert effects == [Boot(2)]


def test_a_stuck_runner_gets_no_calls_and_stays_until_the_others_there_have_ended() -> None:
    working: list[Event] = [ask("a"), ask("b"), up(1), CallerGone("a", 1.0), TimerFired(Overdue("a"), 6.0)]
    state, effects = run(pool(max=1, max_concurrency=3), *working, ask("c"))
    assert effects == []
    _, effects = run(state, CheckedIn("b", 7.0))
    assert StopRunner(1, "work that nobody waits for does not end there") in effects


def test_a_stuck_runner_is_well_again_when_the_work_ends_after_all() -> None:
    working: list[Event] = [ask("a"), ask("b"), up(1), CallerGone("a", 1.0), TimerFired(Overdue("a"), 6.0)]
    state, _ = run(pool(max=1, max_concurrency=2), *working, ask("c"))
    _, effects = run(state, CheckedIn("a", 7.0))
    assert Grant("c", 1, "n1") in effects


# Deadlines in the queue


def test_a_call_that_has_to_wait_sets_a_timer_which_its_grant_cancels() -> None:
    state, effects = run(pool(), ask("a", deadline=5.0))
    assert effects == [SetTimer(QueueDeadline("a"), 5.0), Boot(1)]
    _, effects = run(state, up(1))
    assert effects == [CancelTimer(QueueDeadline("a")), Grant("a", 1, "n1")]


def test_all_calls_whose_deadline_has_passed_are_refused_at_once() -> None:
    waiting = [ask("a", 5.0), ask("b", 5.0), ask("c", 6.0), ask("d")]
    state, effects = run(pool(), *waiting, TimerFired(QueueDeadline("a"), 5.0))
    assert [effect for effect in effects if isinstance(effect, Refuse)] == [
        Refuse("a", Refusal.QUEUE_TIMEOUT),
        Refuse("b", Refusal.QUEUE_TIMEOUT),
    ]
    assert [waiter.call for waiter in state.waiting] == ["c", "d"]


def test_a_timer_that_fired_just_before_the_grant_changes_nothing() -> None:
    before, _ = run(pool(), ask("a", 5.0), up(1, at=4.9))
    assert run(before, TimerFired(QueueDeadline("a"), 5.0)) == (before, [])


# Boots that fail


def test_a_failed_boot_is_tried_again_after_a_pause() -> None:
    state, effects = run(pool(), ask("a"), down(1, at=10.0))
    assert effects == [SetTimer(Retry(), 11.0)]
    _, effects = run(state, TimerFired(Retry(), 11.0))
    assert effects == [Boot(2)]


def test_calls_that_come_in_the_pause_are_all_counted_when_it_ends() -> None:
    arrivals = [ask(f"c{number}", at=10.5) for number in range(19)]
    state, effects = run(pool(max=20), ask("a"), down(1, at=10.0), *arrivals)
    assert effects == []
    _, effects = run(state, TimerFired(Retry(), 11.0))
    assert len(effects) == 20


def test_no_boot_is_tried_again_for_a_caller_who_left() -> None:
    _, effects = run(pool(), ask("a"), down(1), CallerGone("a", 0.5), TimerFired(Retry(), 1.0))
    assert effects == []


def failing(*pauses: float) -> list[Event]:
    """A boot fails, the pause passes, the next one fails, ..."""
    history: list[Event] = []
    now = 0.0
    for runner, pause in enumerate(pauses, start=1):
        history.append(down(runner, now, "no such image"))
        now += pause
        history.append(TimerFired(Retry(), now))
    return history


def test_each_pause_is_twice_as_long_as_the_one_before() -> None:
    state, _ = run(pool(), ask("a"), *failing(1.0, 2.0))
    assert state.failures == 2
    state, _ = run(pool(min=1), Started(0.0), *failing(1.0, 2.0, 4.0, 8.0, 16.0, 30.0))
    _, effects = run(state, down(7, at=61.0))
    assert effects == [SetTimer(Retry(), 91.0)]


def test_after_three_failures_in_a_row_the_waiting_calls_are_told() -> None:
    state, effects = run(pool(), ask("a"), *failing(1.0, 2.0), down(3, 3.0, "no such image"))
    assert effects == [SetTimer(Retry(), 7.0), Refuse("a", Refusal.BOOT_FAILED)]
    assert state.last_failure == "no such image"


def test_the_next_call_after_that_tries_again_and_can_succeed() -> None:
    broken, _ = run(pool(), ask("a"), *failing(1.0, 2.0, 4.0))
    state, effects = run(broken, ask("b", at=20.0))
    assert effects == [Boot(4)]
    state, effects = run(state, up(4))
    assert effects == [Grant("b", 4, "n4")]
    assert state.failures == 0


def test_the_next_call_after_that_is_told_at_once_if_it_fails_again() -> None:
    broken, _ = run(pool(), ask("a"), *failing(1.0, 2.0, 4.0))
    _, effects = run(broken, ask("b", at=20.0), down(4, at=20.5))
    assert Refuse("b", Refusal.BOOT_FAILED) in effects


def test_boots_that_fail_together_count_as_one_failure() -> None:
    state, _ = run(pool(max=5), *(ask(f"c{number}") for number in range(5)), *(down(id) for id in range(1, 6)))
    assert state.failures == 1
    assert len(state.waiting) == 5


def test_calls_go_on_waiting_for_a_runner_that_works_while_others_fail_to_boot() -> None:
    working: list[Event] = [ask("a"), up(1), ask("b")]
    growth: list[Event] = [down(2), TimerFired(Retry(), 1.0), down(3, 1.0), TimerFired(Retry(), 3.0), down(4, 3.0)]
    state, effects = run(pool(max=2), *working, *growth)
    assert state.failures == 3
    assert effects == [SetTimer(Retry(), 7.0)]
    _, effects = run(state, CheckedIn("a", 4.0))
    assert effects == [Grant("b", 1, "n1")]


def test_a_runner_that_dies_before_its_first_call_counts_as_a_failed_boot() -> None:
    _, effects = run(pool(min=1), Started(0.0), up(1), down(1, at=1.0))
    assert effects == [SetTimer(Retry(), 2.0)]


# Idling


def idling(**options: Any) -> PoolState:
    """A pool whose runner 1 idles since 1.0, to be stopped at 11.0."""
    state, _ = run(pool(idle_shutdown_after=10.0, **options), ask("a"), up(1), CheckedIn("a", 1.0))
    return state


def test_a_runner_that_idled_long_enough_is_stopped() -> None:
    _, effects = run(idling(), TimerFired(Idle(1), 11.0))
    assert effects == [StopRunner(1, "idle")]


def test_a_call_ends_the_idling() -> None:
    _, effects = run(idling(), ask("b", at=5.0))
    assert effects == [CancelTimer(Idle(1)), Grant("b", 1, "n1")]


def test_an_idle_runner_that_is_lost_is_no_longer_timed() -> None:
    _, effects = run(idling(), down(1, 5.0))
    assert effects == [CancelTimer(Idle(1))]


def test_a_call_that_comes_as_the_idle_timer_fires_is_never_cut_off() -> None:
    state, effects = run(idling(), ask("b", at=11.0), TimerFired(Idle(1), 11.0))
    assert effects == []
    assert state.count(Phase.UP) == 1


def test_an_idle_timer_that_fired_before_a_short_call_does_not_count_after_it() -> None:
    before, _ = run(idling(), ask("b", at=10.9), CheckedIn("b", 10.95))
    assert run(before, TimerFired(Idle(1), 11.0)) == (before, [])


def test_a_runner_on_its_way_out_gets_no_call_and_holds_its_place_until_it_is_gone() -> None:
    state, effects = run(idling(), TimerFired(Idle(1), 11.0), ask("b", at=11.1))
    assert effects == []
    _, effects = run(state, down(1, 12.0))
    assert effects == [Boot(2)]


def test_idling_never_goes_below_min_and_is_looked_at_again() -> None:
    state, effects = run(idling(min=1), TimerFired(Idle(1), 11.0))
    assert effects == [SetTimer(Idle(1), 21.0)]
    assert state.count(Phase.UP) == 1


# The end


def test_stopping_an_empty_pool_finishes_at_once() -> None:
    _, effects = run(pool(), StopRequested(0.0))
    assert effects == [SetTimer(Drain(), 30.0), CancelTimer(Drain()), Finished()]


def test_a_pool_finishes_once() -> None:
    before, _ = run(pool(), StopRequested(0.0))
    assert run(before, StopRequested(1.0)) == (before, [])


def test_stopping_ends_the_pause_after_a_failed_boot() -> None:
    _, effects = run(pool(min=1), Started(0.0), down(1, at=1.0), StopRequested(1.5))
    assert CancelTimer(Retry()) in effects


def test_stopping_refuses_those_who_wait_stops_the_idle_and_lets_the_busy_end() -> None:
    calls: list[Event] = [ask("a"), ask("b"), up(1), up(2), CheckedIn("b", 1.0), ask("c"), ask("d", 50.0)]
    state, effects = run(pool(max=3), *calls, StopRequested(2.0))
    assert effects == [
        CancelTimer(QueueDeadline("d")),
        Refuse("d", Refusal.STOPPING),
        SetTimer(Drain(), 32.0),
        StopRunner(3, "the pool stops"),
    ]
    state, effects = run(state, down(3), CheckedIn("a", 3.0))
    assert effects == [StopRunner(1, "the pool stops")]
    _, effects = run(state, down(1), CheckedIn("c", 4.0), down(2))
    assert effects == [CancelTimer(Drain()), Finished()]


def test_calls_that_do_not_end_in_time_are_cut_off() -> None:
    _, effects = run(pool(), ask("a"), up(1), StopRequested(0.0), TimerFired(Drain(), 30.0))
    assert effects == [StopRunner(1, "the pool stops and its calls did not end in time")]


def test_a_stopping_pool_refuses_new_calls_and_boots_nothing_for_min() -> None:
    stopping: list[Event] = [Started(0.0), up(1), StopRequested(1.0)]
    state, effects = run(pool(min=1), *stopping, ask("a"))
    assert effects == [Refuse("a", Refusal.STOPPING)]
    _, effects = run(state, down(1))
    assert effects == [CancelTimer(Drain()), Finished()]


def test_a_runner_that_comes_up_after_its_boot_was_called_off_is_not_used() -> None:
    before, _ = run(pool(min=1), Started(0.0), StopRequested(1.0))
    assert run(before, up(1)) == (before, [])
