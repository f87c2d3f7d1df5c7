"""Histories written by chance, on small pools, against a world that believes only what it was told.

`World` does what the shell and the platform would do with each effect, and refuses one that makes no sense: a
grant on a node that was told to stop, a second boot of one runner, a slot too many. The invariants compare what
the world saw with what a pool owes its callers; none of them reads the reducer's own book-keeping.
"""

from __future__ import annotations

from math import ceil

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

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
    RunnerLost,
    RunnerUp,
    SetTimer,
    Started,
    StopRequested,
    StopRunner,
    TimerFired,
    TimerId,
)
from flame.pool_state import WORK_MAY_LINGER, PoolState, apply
from tests.support.soak import count

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1200)]

IDLE_AFTER = 1.0
SHUTDOWN_TIMEOUT = 7.0
LONG_ENOUGH = 30.0
"""Histories that stop earlier have seen little."""


class World:
    """Callers, machines and timers, as the pool's effects make them."""

    def __init__(self, options: PoolOptions) -> None:
        self.options = options
        self.state = PoolState(options)
        self.now = 0.0
        self.timers: dict[TimerId, float] = {}
        self.queue: list[CallId] = []
        self.deadlines: dict[CallId, float | None] = {}
        self.working: dict[CallId, int] = {}
        """call -> runner"""
        self.abandoned: dict[CallId, float] = {}
        """working calls whose caller is gone, and since when"""
        self.booting: set[int] = set()
        self.up: set[int] = set()
        self.leaving: set[int] = set()
        self.runners_seen = 0
        self.calls_seen = 0
        self.settled: set[CallId] = set()
        """calls that were granted or refused"""
        self.stopping = False
        self.finished = False

    def happens(self, event: Event) -> None:
        self.state, effects = apply(self.state, event)
        for effect in effects:
            self.perform(effect)

    def perform(self, effect: Effect) -> None:
        assert not self.finished or isinstance(effect, Refuse), f"{effect} after the end"
        match effect:
            case Boot(runner):
                assert runner > self.runners_seen, "a runner's id was used twice"
                assert not self.stopping
                assert Retry() not in self.timers, "a boot in the pause after a failed one"
                assert len(self.booting) < self.boots_needed(), "a boot that nobody needs"
                self.runners_seen = runner
                self.booting.add(runner)
            case StopRunner(runner):
                self.stop(runner)
            case Grant(call, runner, node):
                self.grant(call, runner, node)
            case Refuse(call, why):
                self.refuse(call, why)
            case SetTimer(timer, at):
                assert at >= self.now
                self.timers[timer] = at
            case CancelTimer(timer):
                self.timers.pop(timer, None)
            case Finished():
                assert self.stopping
                assert not self.machines
                self.finished = True

    def stop(self, runner: int) -> None:
        assert runner in self.booting | self.up
        cut_off = self.stopping and Drain() not in self.timers
        stuck = self.is_stuck(runner)
        at_work = {call for call, other in self.working.items() if other == runner}
        assert cut_off or not at_work or (stuck and at_work <= set(self.abandoned)), "a working runner was stopped"
        if not self.stopping and not stuck:
            assert len(self.up) > self.options.min, "idled below min"
        self.booting.discard(runner)
        self.up.discard(runner)
        self.leaving.add(runner)

    def grant(self, call: CallId, runner: int, node: str) -> None:
        assert call == self.queue[0], "not first come, first served"
        assert runner in self.usable()
        assert node == f"n{runner}"
        assert self.load(runner) == min(map(self.load, self.usable())), "not the least loaded runner"
        assert self.load(runner) < self.options.max_concurrency
        self.settle(call)
        self.working[call] = runner

    def refuse(self, call: CallId, why: Refusal) -> None:
        deadline = self.deadlines[call]
        if why is Refusal.QUEUE_TIMEOUT:
            assert deadline is not None
            assert deadline <= self.now
        elif why is Refusal.BOOT_FAILED:
            assert not self.booting | self.up, "a call was given up that a runner could have served"
        else:
            assert self.stopping
        self.settle(call)

    def settle(self, call: CallId) -> None:
        assert call not in self.settled
        self.settled.add(call)
        self.queue.remove(call)

    def load(self, runner: int) -> int:
        return sum(other == runner for other in self.working.values())

    def lose(self, runner: int) -> None:
        """The machine is no more, nor what ran there."""
        for machines in (self.booting, self.up, self.leaving):
            machines.discard(runner)
        self.working = {call: other for call, other in self.working.items() if other != runner}
        self.abandoned = {call: since for call, since in self.abandoned.items() if call in self.working}

    def is_stuck(self, runner: int) -> bool:
        """Whether work there was abandoned and did not end in time."""
        return any(
            self.working[call] == runner and since + WORK_MAY_LINGER <= self.now
            for call, since in self.abandoned.items()
        )

    def usable(self) -> set[int]:
        return {runner for runner in self.up if not self.is_stuck(runner)}

    @property
    def machines(self) -> set[int]:
        return self.booting | self.up | self.leaving

    def boots_needed(self) -> int:
        for_backlog = ceil(len(self.queue) / self.options.max_concurrency)
        return max(for_backlog, self.options.min - len(self.up))

    def free_slots(self) -> int:
        return sum(self.options.max_concurrency - self.load(runner) for runner in self.usable())


small_pools = st.builds(
    lambda low, more, slots, idles: PoolOptions(
        name="cpu",
        min=low,
        max=max(1, low + more),
        max_concurrency=slots,
        idle_shutdown_after=IDLE_AFTER if idles else None,
        shutdown_timeout=SHUTDOWN_TIMEOUT,
    ),
    low=st.integers(0, 2),
    more=st.integers(0, 2),
    slots=st.integers(1, 3),
    idles=st.sampled_from([True, True, False]),
)


class PoolHistory(RuleBasedStateMachine):
    world: World

    @initialize(options=small_pools)
    def start(self, options: PoolOptions) -> None:
        self.world = World(options)
        self.world.happens(Started(0.0))

    # What callers do

    @rule(count=st.integers(1, 4), patience=st.none() | st.sampled_from([0.0, 0.5, 3.0]))
    def calls(self, count: int, patience: float | None) -> None:
        world = self.world
        for _ in range(count):
            world.calls_seen += 1
            deadline = None if patience is None else world.now + patience
            world.deadlines[world.calls_seen] = deadline
            world.queue.append(world.calls_seen)
            world.happens(CheckoutRequested(world.calls_seen, deadline, world.now))

    @precondition(lambda self: self.world.working)
    @rule(data=st.data())
    def work_ends(self, data: st.DataObject) -> None:
        call = data.draw(st.sampled_from(list(self.world.working)))
        del self.world.working[call]
        self.world.abandoned.pop(call, None)
        self.world.happens(CheckedIn(call, self.world.now))

    @precondition(lambda self: self.world.queue or self.world.working)
    @rule(data=st.data())
    def caller_dies(self, data: st.DataObject) -> None:
        world = self.world
        call = data.draw(st.sampled_from([*world.queue, *world.working]))
        if call in world.queue:
            world.queue.remove(call)
        else:
            world.abandoned.setdefault(call, world.now)
        world.happens(CallerGone(call, world.now))

    # What machines do

    @precondition(lambda self: self.world.booting)
    @rule(data=st.data())
    def boot_succeeds(self, data: st.DataObject) -> None:
        runner = data.draw(st.sampled_from(sorted(self.world.booting)))
        self.world.booting.remove(runner)
        self.world.up.add(runner)
        self.world.happens(RunnerUp(runner, f"n{runner}", self.world.now))

    @precondition(lambda self: self.world.booting)
    @rule(data=st.data())
    def boot_fails(self, data: st.DataObject) -> None:
        self.machine_ends(data.draw(st.sampled_from(sorted(self.world.booting))))

    @precondition(lambda self: self.world.up)
    @rule(data=st.data())
    def node_is_lost(self, data: st.DataObject) -> None:
        world = self.world
        runner = data.draw(st.sampled_from(sorted(world.up)))
        world.lose(runner)
        world.leaving.add(runner)
        world.happens(RunnerLost(runner, "lost", world.now))

    @precondition(lambda self: self.world.up)
    @rule(data=st.data())
    def runner_crashes(self, data: st.DataObject) -> None:
        self.machine_ends(data.draw(st.sampled_from(sorted(self.world.up))))

    @precondition(lambda self: self.world.leaving)
    @rule(data=st.data())
    def stop_is_done(self, data: st.DataObject) -> None:
        self.machine_ends(data.draw(st.sampled_from(sorted(self.world.leaving))))

    def machine_ends(self, runner: int) -> None:
        world = self.world
        world.lose(runner)
        world.happens(RunnerDown(runner, "gone", world.now))

    # What time does

    @rule(seconds=st.sampled_from([0.25, 1.0, 5.0, 20.0]))
    def time_passes(self, seconds: float) -> None:
        until = self.world.now + seconds
        while self.world.timers:
            timer, at = min(self.world.timers.items(), key=lambda item: item[1])
            if at > until:
                break
            del self.world.timers[timer]
            self.world.now = at
            self.world.happens(TimerFired(timer, at))
        self.world.now = until

    @precondition(lambda self: self.world.runners_seen and self.world.calls_seen)
    @rule(data=st.data())
    def late_news(self, data: st.DataObject) -> None:
        """What was in the mailbox already when it was overtaken: nothing may come of it."""
        self.time_passes(0.0)
        world = self.world
        call = data.draw(st.integers(1, world.calls_seen))
        runner = data.draw(st.integers(1, world.runners_seen))
        news: list[Event] = [TimerFired(Idle(runner), world.now), TimerFired(Retry(), world.now)]
        news += [TimerFired(timer, world.now) for timer in self.timers_of(call) if timer not in world.timers]
        if call not in world.working:
            news += [CheckedIn(call, world.now)]
        if call not in world.working or call in world.abandoned:
            news += [] if call in world.queue else [CallerGone(call, world.now)]
        if runner not in world.booting:
            news += [RunnerUp(runner, "late", world.now)]
        if runner not in world.up:
            news += [RunnerLost(runner, "late", world.now)]
        before = world.state
        for event in news:
            world.happens(event)
            assert world.state == before, event

    def timers_of(self, call: CallId) -> list[TimerId]:
        return [QueueDeadline(call), Overdue(call)]

    @precondition(lambda self: not self.world.stopping and self.world.now > LONG_ENOUGH)
    @rule()
    def stop(self) -> None:
        self.world.stopping = True
        self.world.happens(StopRequested(self.world.now))

    # What a pool owes its callers

    @invariant()
    def never_more_machines_than_max(self) -> None:
        assert len(self.world.machines) <= self.world.options.max

    @invariant()
    def nobody_waits_while_a_slot_is_free(self) -> None:
        if not self.world.stopping:
            assert not self.world.queue or not self.world.free_slots()

    @invariant()
    def nobody_waits_beyond_the_deadline(self) -> None:
        for call in self.world.queue:
            deadline = self.world.deadlines[call]
            assert deadline is None or QueueDeadline(call) in self.world.timers

    @invariant()
    def the_backlog_and_min_have_their_boots(self) -> None:
        world = self.world
        if world.stopping or Retry() in world.timers or len(world.machines) == world.options.max:
            return
        assert len(world.booting) >= world.boots_needed()

    @invariant()
    def whoever_waits_waits_for_something(self) -> None:
        if self.world.queue:
            assert self.world.machines or Retry() in self.world.timers

    @invariant()
    def idle_runners_are_watched_and_no_others(self) -> None:
        world = self.world
        idle = {runner for runner in world.up if not world.load(runner)}
        watched = {timer.runner for timer in world.timers if isinstance(timer, Idle)}
        assert watched <= idle
        if world.options.idle_shutdown_after is not None and not world.stopping:
            assert watched == idle

    @invariant()
    def no_timer_outlives_its_call(self) -> None:
        waiting = {timer.call for timer in self.world.timers if isinstance(timer, QueueDeadline)}
        assert waiting <= set(self.world.queue)

    @invariant()
    def abandoned_work_is_timed_and_no_other(self) -> None:
        timed = {timer.call for timer in self.world.timers if isinstance(timer, Overdue)}
        here = {call for call in self.world.abandoned if self.world.working[call] in self.world.up}
        assert timed == {call for call in here if self.world.abandoned[call] + WORK_MAY_LINGER > self.world.now}

    @invariant()
    def a_stuck_runner_stays_only_for_others(self) -> None:
        world = self.world
        for runner in world.up - world.usable():
            assert any(other == runner and call not in world.abandoned for call, other in world.working.items())

    @invariant()
    def a_stopping_pool_ends_when_its_machines_have(self) -> None:
        if self.world.stopping:
            assert Retry() not in self.world.timers
            assert self.world.finished == (not self.world.machines)
            assert not self.world.queue
            assert all(self.world.load(runner) for runner in self.world.up)

    def teardown(self) -> None:
        """Whatever the history was, stopping leaves nothing behind."""
        world = self.world
        if not world.stopping:
            world.stopping = True
            world.happens(StopRequested(world.now))
        self.time_passes(SHUTDOWN_TIMEOUT + 1.0)
        for runner in sorted(world.machines):
            assert runner in world.leaving
            world.leaving.discard(runner)
            world.happens(RunnerDown(runner, "stopped", world.now))
        assert world.finished
        assert not world.timers
        assert not world.queue


TestPoolHistory = PoolHistory.TestCase
TestPoolHistory.settings = settings(
    max_examples=count(250, 3000), stateful_step_count=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
