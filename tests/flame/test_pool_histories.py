"""Histories written by chance, on small pools, against a world that believes only what it was told.

The world (`tests.support.pool_world`) refuses effects that make no sense. The invariants compare what it saw with what
a pool owes its callers; none of them reads the reducer's own book-keeping.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from flame.caps import Caps
from flame.options import PoolOptions
from flame.policies import on_demand, queue_depth, spare
from flame.pool_events import (
    CordonRequested,
    DrainRequested,
    Event,
    IdleAnswered,
    Looked,
    Resized,
    RoomMade,
    RunnerDown,
    RunnerLost,
    RunnerServed,
    RunnerUp,
    StopRequested,
    WarmRequested,
    WorkLingers,
)
from tests.support.pool_world import IDLE_AFTER, LIFETIME, MOMENT, SHUTDOWN_TIMEOUT, Call, Machine, World
from tests.support.soak import count

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1200)]

DRAIN_SECONDS = 3.0
RUNNER_SECONDS = 60.0
LONG_ENOUGH = 30.0
"""Histories that stop earlier have seen little."""


@st.composite
def small_pools(draw: st.DrawFn) -> PoolOptions:
    low, more = draw(st.integers(0, 2)), draw(st.integers(0, 2))
    caps = [Caps(), Caps(), Caps(), Caps(runners=2), Caps(lifetime=LIFETIME), Caps(runner_seconds=RUNNER_SECONDS)]
    return PoolOptions(
        name="cpu",
        min=low,
        max=max(1, low + more),
        max_concurrency=draw(st.integers(1, 3)),
        idle_shutdown_after=draw(st.sampled_from([IDLE_AFTER, IDLE_AFTER, None, (IDLE_AFTER, bool)])),
        shutdown_timeout=SHUTDOWN_TIMEOUT,
        policy=draw(st.sampled_from([on_demand, on_demand, spare(1), queue_depth(2), queue_depth(2, age=0.5)])),
        placement=draw(st.sampled_from(["spread", "pack"])),
        single_use=draw(st.sampled_from([False, False, False, True])),
        keys_per_runner=draw(st.sampled_from([None, 1, 2])),
        caps=draw(st.sampled_from(caps)),
    )


def some_machine(is_one: Callable[[Machine], bool]) -> Any:
    return precondition(lambda self: any(map(is_one, self.world.machines.values())))


def boots(machine: Machine) -> bool:
    return not (machine.has_booted or machine.has_ended)


def runs(machine: Machine) -> bool:
    return machine.runs


def is_to_end(machine: Machine) -> bool:
    return not machine.has_ended and (machine.is_told_to_stop or machine.is_lost)


def keeps(machine: Machine) -> bool:
    return bool(machine.kept)


def is_asked(machine: Machine) -> bool:
    return machine.runs and machine.is_asked


class PoolHistory(RuleBasedStateMachine):
    world: World

    @initialize(options=small_pools(), shared=st.sampled_from([None, None, 2, 4]))
    def start(self, options: PoolOptions, shared: int | None) -> None:
        self.world = World(options, shared)
        with self.world.turn() as world:
            world.look_soon()

    def any_runner(self, data: st.DataObject, is_one: Callable[[Machine], bool]) -> int:
        return data.draw(st.sampled_from([id for id, machine in self.world.machines.items() if is_one(machine)]))

    def any_machine(self, data: st.DataObject, is_one: Callable[[Machine], bool]) -> Machine:
        return self.world.machines[self.any_runner(data, is_one)]

    def at_work(self) -> list[Call]:
        return [call for machine in self.world.machines.values() if machine.runs for call in machine.working]

    # What callers do

    @rule(
        count=st.integers(1, 4),
        patience=st.none() | st.sampled_from([0.0, 0.5, 3.0]),
        key=st.sampled_from([None, None, "a", "b"]),
        bulk=st.booleans(),
    )
    def calls(self, count: int, patience: float | None, key: Hashable, bulk: bool) -> None:
        with self.world.turn() as world:
            for _ in range(count):
                world.calls(key, None, patience, bulk=bulk)

    @some_machine(keeps)
    @rule(data=st.data())
    def calls_on_a_result(self, data: st.DataObject) -> None:
        with self.world.turn() as world:
            world.calls(None, self.any_machine(data, keeps).node, 3.0)

    @precondition(lambda self: self.at_work())
    @rule()
    def all_work_ends(self) -> None:
        with self.world.turn() as world:
            for call in self.at_work():
                world.ends(call, stays=False)

    @precondition(lambda self: self.at_work())
    @rule(data=st.data())
    def work_ends(self, data: st.DataObject) -> None:
        with self.world.turn() as world:
            world.ends(data.draw(st.sampled_from(self.at_work())), stays=False)

    @precondition(lambda self: not all(call.abandoned for call in self.at_work()))
    @rule(data=st.data())
    def work_ends_and_its_result_stays(self, data: st.DataObject) -> None:
        with self.world.turn() as world:
            call = data.draw(st.sampled_from([call for call in self.at_work() if not call.abandoned]))
            world.ends(call, stays=True)

    @some_machine(keeps)
    @rule(data=st.data())
    def a_result_is_released(self, data: st.DataObject) -> None:
        with self.world.turn() as world:
            world.releases(self.any_machine(data, keeps))

    @precondition(lambda self: self.world.undone())
    @rule(data=st.data())
    def caller_dies(self, data: st.DataObject) -> None:
        with self.world.turn() as world:
            world.abandon(data.draw(st.sampled_from(world.undone())), cancelled=True)

    # What machines do

    @some_machine(boots)
    @rule(data=st.data())
    def boot_succeeds(self, data: st.DataObject) -> None:
        with self.world.turn() as world:
            world.comes_up(self.any_runner(data, boots))

    @some_machine(boots)
    @rule()
    def all_boots_succeed(self) -> None:
        with self.world.turn() as world:
            for runner in [runner for runner, machine in world.machines.items() if boots(machine)]:
                world.comes_up(runner)

    @some_machine(boots)
    @rule(data=st.data(), permanent=st.sampled_from([False, False, False, True]))
    def boot_fails(self, data: st.DataObject, permanent: bool) -> None:
        self.machine_ends(self.any_runner(data, boots), permanent=permanent)

    @some_machine(runs)
    @rule(data=st.data())
    def node_is_lost(self, data: st.DataObject) -> None:
        with self.world.turn() as world:
            runner = self.any_runner(data, runs)
            world.tell(RunnerLost(runner, "lost", world.now))
            world.lose_calls(runner)
            world.machines[runner].is_lost = True

    @some_machine(runs)
    @rule(data=st.data())
    def runner_crashes(self, data: st.DataObject) -> None:
        self.machine_ends(self.any_runner(data, runs))

    @some_machine(is_to_end)
    @rule(data=st.data())
    def stop_is_done(self, data: st.DataObject) -> None:
        self.machine_ends(self.any_runner(data, is_to_end))

    def machine_ends(self, runner: int, *, permanent: bool = False) -> None:
        with self.world.turn() as world:
            world.machines[runner].has_ended = True
            world.tell(RunnerDown(runner, "gone", world.now, permanent))

    @some_machine(is_asked)
    @rule(data=st.data(), idle=st.booleans())
    def a_check_answers(self, data: st.DataObject, idle: bool) -> None:
        with self.world.turn() as world:
            world.tell(IdleAnswered(self.any_runner(data, is_asked), idle, world.now))

    @precondition(lambda self: self.world.shared is not None)
    @rule(others_have=st.integers(0, 3))
    def other_pools_grow_and_shrink(self, others_have: int) -> None:
        with self.world.turn() as world:
            fewer = others_have < world.others_have
            world.others_have = others_have
            if fewer and world.lacks_shared:
                world.lacks_shared = False
                world.tell(RoomMade(world.now))

    # What people do

    @rule(data=st.data(), what=st.sampled_from(["drain", "cordon", "uncordon", "resize", "warm"]))
    def somebody_intervenes(self, data: st.DataObject, what: str) -> None:
        """One rule for all of this, or hardly a runner would live for long enough to see anything else."""
        with self.world.turn() as world:
            world.tell(self.intervention(data, what))

    def intervention(self, data: st.DataObject, what: str) -> Event:
        world = self.world
        if what == "resize":
            low, more = data.draw(st.integers(0, 2)), data.draw(st.integers(0, 2))
            return Resized(low, max(1, low + more), world.now)
        if what == "warm" or not world.machines:
            return WarmRequested(data.draw(st.integers(1, 4)), world.now)
        runner = data.draw(st.sampled_from([*world.machines]))
        if what == "drain":
            return DrainRequested(runner, "drained", data.draw(st.sampled_from([0.5, DRAIN_SECONDS])), world.now)
        return CordonRequested(runner, what == "cordon", world.now)

    @precondition(lambda self: self.world.stop_at is None and self.world.now > LONG_ENOUGH)
    @rule()
    def stop(self) -> None:
        with self.world.turn() as world:
            world.tell(StopRequested(world.now))

    # What time does

    @precondition(lambda self: not self.world.is_slow)
    @rule(seconds=st.sampled_from([0.25, 0.5, 1.0]))
    def a_moment_passes(self, seconds: float) -> None:
        self.world.pass_time(self.world.now + seconds)

    @precondition(lambda self: not self.world.is_slow)
    @rule(seconds=st.sampled_from([5.0, 20.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.pass_time(self.world.now + seconds)

    @precondition(lambda self: not self.world.is_slow)
    @rule(turns=st.integers(2, 12))
    def the_pool_is_slow(self, turns: int) -> None:
        """For so long alone: no time passes meanwhile."""
        self.world.slow_for = turns

    @precondition(lambda self: self.world.runners_seen and not self.world.is_slow)
    @rule(data=st.data())
    def late_news(self, data: st.DataObject) -> None:
        """What was in the mailbox already when it was overtaken: nothing may come of it."""
        world = self.world
        runner = data.draw(st.integers(1, world.runners_seen))
        machine = world.machines.get(runner)
        news: list[Event] = []
        if machine is None or machine.is_up or machine.is_told_to_stop:
            news.append(RunnerUp(runner, "late", world.now))
        if machine is None or not machine.is_up or machine.is_told_to_stop or machine.is_known_lost:
            news += [RunnerLost(runner, "late", world.now), WorkLingers(runner, world.now)]
        if machine is None:
            news += [RunnerDown(runner, "late", world.now), RunnerServed(runner, world.now)]
            news += [DrainRequested(runner, "late", 1.0, world.now), CordonRequested(runner, True, world.now)]
        if machine is None or not machine.is_asked:
            news.append(IdleAnswered(runner, True, world.now))
        with world.turn():
            world.look_soon()  # what time has brought meanwhile is not their doing
        before = world.state
        for event in [Looked(world.now), *news]:
            world.happens(event)
            assert world.state == before, (event, world.state, before)

    # What a pool owes its callers, once it has read its mail

    def pool_that_is_open(self) -> World | None:
        return None if self.world.mail or self.world.stop_at is not None else self.world

    @invariant()
    def nobody_waits_while_a_slot_is_free(self) -> None:
        world = self.world
        anybody = [call for call in world.waiting if call.key is None and call.home is None]
        if anybody:
            open = [machine for machine in world.machines.values() if machine.takes_calls and machine.runs]
            assert all(machine.taken >= world.options.max_concurrency or world.is_spent(machine) for machine in open)

    @invariant()
    def who_waits_for_what_stays_on_a_runner_waits_for_a_slot_there(self) -> None:
        world = self.world
        if world.mail or world.stop_at is not None:
            return
        for call in world.waiting:
            [machine] = [it for it in world.machines.values() if call.home == it.node] or [None]
            if machine is not None and machine.kept and machine.runs and not machine.is_told_to_stop:
                assert len(machine.working) >= world.options.max_concurrency

    @invariant()
    def who_waits_for_a_runner_that_is_gone_waits_no_more(self) -> None:
        nodes = {machine.node for machine in self.world.machines.values() if not machine.is_lost}
        assert all(call.home is None or call.home in nodes for call in self.world.waiting)

    @invariant()
    def nobody_waits_beyond_the_deadline(self) -> None:
        for call in self.world.undone():
            assert call.deadline is None or call.deadline >= self.world.now

    @invariant()
    def what_is_wanted_has_its_boots(self) -> None:
        world = self.pool_that_is_open()
        if world is None or world.now < world.pause_until or world.is_withheld or world.room_in_caps() < 1 + MOMENT:
            return
        if len(world.machines) < world.options.max:
            assert world.lacking(0) <= 0, (world.state, world.picture(), world.waiting)

    @invariant()
    def whoever_waits_waits_for_something(self) -> None:
        world = self.pool_that_is_open()
        if world is not None and world.waiting:
            is_held_up = world.is_withheld or world.room_in_caps() < 1 + MOMENT
            assert world.machines or is_held_up or (world.wake is not None and world.now < world.pause_until)

    @invariant()
    def who_is_not_wanted_and_has_idled_is_gone(self) -> None:
        world = self.pool_that_is_open()
        after = None if world is None else world.options.idle_seconds
        if world is None or after is None:
            return
        asked = sum(machine.is_asked for machine in world.usable())
        if world.lacking(world.warm) + world.booting() + asked >= 0:
            return
        for machine in world.usable():
            assert machine.taken or machine.is_asked or world.now - machine.idle_since < after + MOMENT

    @invariant()
    def who_takes_no_more_calls_goes_when_the_last_has_ended_or_its_time_is_up(self) -> None:
        world = self.pool_that_is_open()
        for machine in [] if world is None else world.machines.values():
            if machine.is_up and world.is_draining(machine):  # type: ignore[union-attr]
                going = machine.is_told_to_stop or machine.is_known_lost
                assert going or (machine.taken and not world.is_drained(machine))  # type: ignore[union-attr]

    @invariant()
    def beyond_max_all_are_to_end(self) -> None:
        world = self.pool_that_is_open()
        assert world is None or world.beyond_max() <= 0

    @invariant()
    def a_stuck_runner_stays_only_for_others(self) -> None:
        world = self.pool_that_is_open()
        for machine in [] if world is None else world.machines.values():
            gone = machine.is_told_to_stop or machine.is_known_lost
            has_time = any(call in self.world.lingering for call in machine.working)
            assert gone or not machine.is_stuck or not machine.has_only_abandoned_work or has_time

    @invariant()
    def what_is_used_up_is_used_up(self) -> None:
        world = self.pool_that_is_open()
        if world is not None and world.is_used_up():
            assert all(machine.is_told_to_stop or machine.is_known_lost for machine in world.machines.values())

    @invariant()
    def a_stopping_pool_ends_when_its_machines_have(self) -> None:
        world = self.world
        if world.stop_at is not None and not world.mail:
            assert world.is_finished == (not world.machines)
            assert not world.waiting
            for machine in world.machines.values():
                assert machine.working or machine.is_told_to_stop or machine.is_known_lost

    def teardown(self) -> None:
        """Whatever the history was, stopping leaves nothing behind."""
        world = self.world
        world.slow_for = 0
        with world.turn():
            if world.stop_at is None:
                world.tell(StopRequested(world.now))
        world.pass_time(world.now + SHUTDOWN_TIMEOUT + 1.0)
        for runner, machine in list(world.machines.items()):
            assert machine.is_told_to_stop or machine.is_known_lost
            machine.has_ended = True
            with world.turn():
                world.tell(RunnerDown(runner, "stopped", world.now))
        assert world.is_finished
        assert world.wake is None
        assert not world.undone()
        assert not world.lingering
        assert not world.dispatch.lanes
        assert world.dispatch.waiting == 0


TestPoolHistory = PoolHistory.TestCase
TestPoolHistory.settings = settings(
    max_examples=count(300, 3000, part=900),
    stateful_step_count=80,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
