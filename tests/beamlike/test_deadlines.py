"""Time limits against a list that is searched each time, on a clock that moves when told."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from contextvars import Context
from typing import Any, cast

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from beamlike.kernel.deadlines import KEPT_LANES, Deadlines
from tests.support.soak import count

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1200)]


class Timer:
    def __init__(self, at: float, callback: Callable[..., None], args: tuple[Any, ...]) -> None:
        self.at, self.callback, self.args = at, callback, args
        self.cancelled = False

    def __lt__(self, other: Timer) -> bool:
        return self.at < other.at

    def cancel(self) -> None:
        self.cancelled = True


class Clock:
    """What Deadlines uses of an event loop."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[Timer] = []

    def time(self) -> float:
        return self.now

    def call_at(self, at: float, callback: Callable[..., None], *args: Any, context: Context) -> Timer:
        timer = Timer(at, callback, args)
        heapq.heappush(self.timers, timer)
        return timer

    def advance(self, seconds: float) -> None:
        self.now += seconds
        while self.timers and self.timers[0].at <= self.now:
            timer = heapq.heappop(self.timers)
            if not timer.cancelled:
                timer.callback(*timer.args)

    def pending(self) -> int:
        return sum(not timer.cancelled for timer in self.timers)


class Waiter:
    def __init__(self, seconds: float, at: float) -> None:
        self.seconds, self.at = seconds, at
        self.expired = 0

    def expire(self) -> None:
        self.expired += 1


def deadlines_on(clock: Clock) -> Deadlines:
    return Deadlines(cast(Any, clock), Context())


LENGTHS = [0.5, 1.0, 5.0]


class DeadlinesAgainstList(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.deadlines = deadlines_on(self.clock)
        self.waiting: list[Waiter] = []
        self.discarded: list[Waiter] = []
        self.passed: list[Waiter] = []

    @rule(seconds=st.sampled_from(LENGTHS) | st.floats(0.01, 6))
    def add(self, seconds: float) -> None:
        waiter = Waiter(seconds, self.clock.now + seconds)
        self.deadlines.add(seconds, waiter)
        self.waiting.append(waiter)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def discard(self, data: st.DataObject) -> None:
        waiter = self.waiting.pop(data.draw(st.integers(0, len(self.waiting) - 1)))
        self.deadlines.discard(waiter.seconds, waiter)
        self.discarded.append(waiter)

    @rule(seconds=st.sampled_from([0.1, 0.5, 2.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.passed += [waiter for waiter in self.waiting if waiter.at <= self.clock.now]
        self.waiting = [waiter for waiter in self.waiting if waiter.at > self.clock.now]

    @invariant()
    def only_those_whose_time_has_come_expired_and_once(self) -> None:
        assert all(waiter.expired == 1 for waiter in self.passed)
        assert not any(waiter.expired for waiter in (*self.waiting, *self.discarded))


DeadlinesAgainstList.TestCase.settings = settings(max_examples=count(100, 1500), stateful_step_count=30, deadline=None)
test_any_history_agrees_with_a_naive_list = DeadlinesAgainstList.TestCase


def test_limits_that_come_and_go_cost_one_timer_for_their_length() -> None:
    clock = Clock()
    deadlines = deadlines_on(clock)
    for _ in range(1000):
        waiter = Waiter(5.0, 5.0)
        deadlines.add(5.0, waiter)
        deadlines.discard(5.0, waiter)
    assert len(clock.timers) == 1


def test_any_number_of_different_lengths_leaves_few_timers_behind() -> None:
    clock = Clock()
    deadlines = deadlines_on(clock)
    for number in range(1000):
        waiter = Waiter(5.0 + number, 0)
        deadlines.add(waiter.seconds, waiter)
        deadlines.discard(waiter.seconds, waiter)
    assert clock.pending() <= KEPT_LANES


def test_a_hundred_thousand_limits_of_one_length_expire_in_linear_time() -> None:
    clock = Clock()
    deadlines = deadlines_on(clock)
    waiters = []
    for number in range(100_000):
        clock.now = number * 1e-5
        waiters.append(Waiter(5.0, clock.now + 5.0))
        deadlines.add(5.0, waiters[-1])
    while clock.timers:
        clock.advance(1e-5)
    assert all(waiter.expired == 1 for waiter in waiters)


def test_who_expires_may_begin_to_wait_anew() -> None:
    clock = Clock()
    deadlines = deadlines_on(clock)

    class Again(Waiter):
        def expire(self) -> None:
            super().expire()
            deadlines.add(self.seconds, self)

    again = Again(1.0, 1.0)
    deadlines.add(1.0, again)
    for _ in range(3):
        clock.advance(1.0)
    assert again.expired == 3
    assert clock.pending() == 1


@pytest.mark.parametrize("late", [0.0, 10.0])
def test_a_loop_that_wakes_late_expires_all_that_is_due(late: float) -> None:
    clock = Clock()
    deadlines = deadlines_on(clock)
    waiters = [Waiter(1.0, 1.0), Waiter(1.0, 1.5)]
    deadlines.add(1.0, waiters[0])
    clock.now = 0.5
    deadlines.add(1.0, waiters[1])
    clock.advance(1.0 + late)
    assert [waiter.expired for waiter in waiters] == [1, 1]
    assert clock.pending() == 0
