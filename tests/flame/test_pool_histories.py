"""Histories written by chance, on small pools, against a world that believes only what it was told.

`World` does what the shell and the platform would do: it lends slots by a real `Dispatch`, has `apply` decide about the
runners, performs each effect, and refuses one that makes no sense: a call on a node that was told to stop, a second
boot of one runner, a boot that nobody needs. Mail may lie unread for a while, as in the mailbox of a busy pool. The
invariants compare what the world saw with what a pool owes its callers; none of them reads the reducer's own
book-keeping.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from flame.caps import Caps
from flame.dispatch import Dispatch, Ticket
from flame.options import PoolOptions
from flame.policies import Demand, on_demand, queue_depth, spare
from flame.pool_events import (
    EPOCH,
    AskIdle,
    Boot,
    BootStep,
    BootWithheld,
    Close,
    CordonRequested,
    DrainRequested,
    Effect,
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
    RunnerLost,
    RunnerServed,
    RunnerUp,
    StopRequested,
    StopRunner,
    WakeAt,
    WarmRequested,
    WorkLingers,
)
from flame.pool_state import CHECK_SECONDS, PoolState, apply
from tests.support.soak import count

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1200)]

IDLE_AFTER = 1.0
SHUTDOWN_TIMEOUT = 7.0
DRAIN_SECONDS = 3.0
LIFETIME = 12.0
RUNNER_SECONDS = 60.0
WORK_MAY_LINGER = 5.0
LONG_ENOUGH = 30.0
"""Histories that stop earlier have seen little."""
MOMENT = 1e-3


class Call(Ticket):
    __slots__ = ("deadline", "number", "over")

    def __init__(self, number: int, deadline: float | None, key: Hashable, home: str | None, *, bulk: bool) -> None:
        super().__init__(key, home, bulk=bulk)
        self.number = number
        self.deadline = deadline
        self.over = False
        """Whether its caller knows how it ended, or is gone."""

    def __repr__(self) -> str:
        return f"call {self.number}"


class Machine:
    """A runner: what it does, and what the pool was told of it."""

    def __init__(self, began: float, attempt: int) -> None:
        self.began = began
        self.attempt = attempt
        """How many boots had failed in a row when this one began."""
        self.node = ""
        # What it does.
        self.has_booted = False
        self.has_ended = False
        self.is_lost = False
        self.working: list[Call] = []
        self.kept: list[Call] = []
        self.served = 0
        self.idle_since = 0.0
        # What the pool was told, and has said.
        self.is_up = False
        self.is_known_lost = False
        self.is_proven = False
        self.takes_calls = False
        self.is_told_to_stop = False
        self.drain_until: float | None = None
        self.is_known_to_drain = False
        self.is_cordoned = False
        self.is_stuck = False
        self.is_asked = False
        self.asked_at = 0.0
        self.says_idle = False

    @property
    def taken(self) -> int:
        return len(self.working) + len(self.kept)

    @property
    def runs(self) -> bool:
        return self.has_booted and not (self.has_ended or self.is_lost)

    @property
    def has_only_abandoned_work(self) -> bool:
        return not self.kept and all(call.abandoned for call in self.working)


class World:
    """Callers, machines, mail and the clock, as the pool's effects make them."""

    def __init__(self, options: PoolOptions, shared: int | None) -> None:
        self.options = options
        self.shared = shared
        """How many runners several pools have together."""
        self.state = PoolState(options)
        self.dispatch = Dispatch(
            options.placement, single_use=options.single_use, keys_per_runner=options.keys_per_runner
        )
        self.now = 0.0
        self.wake: float | None = None
        self.mail: deque[Event] = deque()
        self.slow_for = 0
        """So many turns pass before the pool reads its mail."""
        self.machines: dict[int, Machine] = {}
        self.runners_seen = 0
        self.calls_seen = 0
        self.has_cancelled = False
        self.heard: Picture | None = None
        """How the slots stood when the pool heard of the last event, on which it decides."""
        self.waiting: list[Call] = []
        self.lingering: dict[Call, float] = {}
        self.others_have = 0
        self.lacks_shared = False
        self.is_withheld = False
        self.failures = 0
        self.is_hopeless = False
        self.must_refuse = False
        self.pause_until = 0.0
        self.seconds_used = 0.0
        self.warm = 0
        self.stop_at: float | None = None
        self.is_finished = False

    # Mail

    @property
    def is_slow(self) -> bool:
        return self.slow_for > 0

    @contextmanager
    def turn(self) -> Iterator[World]:
        """Something happens; a pool that is not slow hears of it before anything else does."""
        yield self
        if self.slow_for:
            self.slow_for -= 1
        if not self.slow_for:
            self.read()

    def tell(self, event: Event) -> None:
        self.mail.append(event)

    def look_soon(self) -> None:
        if not any(isinstance(event, Looked) for event in self.mail):
            self.tell(Looked(self.now))

    def looked(self, event: Looked) -> Looked:
        """Whether callers have left since the last look is asked when it is read."""
        cancelled, self.has_cancelled = self.has_cancelled, False
        return replace(event, cancelled=cancelled)

    def read(self) -> None:
        read = 0
        while self.mail:
            read += 1
            assert read < 200, "the pool keeps itself busy"
            event = self.mail.popleft()
            if isinstance(event, Looked):
                event = self.looked(event)
            self.note(event)
            self.happens(event)

    def happens(self, event: Event) -> None:
        picture = self.picture()
        self.heard = picture
        state, effects = apply(self.state, event, picture)
        assert apply(self.state, event, picture) == (state, effects), "the same comes of the same"
        self.state = state
        *others, last = effects
        assert isinstance(last, WakeAt)
        assert not any(isinstance(effect, WakeAt) for effect in others)
        if isinstance(event, Looked) and not others:
            assert last.at is None or last.at > event.at, f"{event} has no effect and is to be repeated at once"
        self.close(
            [effect.runner for effect in effects if isinstance(effect, Close)],
            [effect.runner for effect in effects if isinstance(effect, StopRunner)],
        )
        for effect in effects:
            self.perform(effect)
        for machine in self.machines.values():
            machine.is_asked = machine.is_asked and not self.is_overdue(machine)
        if len(self.usable()) >= self.warm:
            self.warm = 0
        if self.must_refuse:
            assert not self.waiting, "calls wait though no runner can be booted"
            self.must_refuse = False

    def picture(self) -> Picture:
        lanes = {
            runner: LanePicture(len(lane.working), len(lane.kept), lane.abandoned, lane.idle_since, lane.uses == 0)
            for runner, lane in self.dispatch.lanes.items()
        }
        lost = frozenset(runner for runner, machine in self.machines.items() if machine.is_lost)
        return Picture(self.dispatch.waiting, self.dispatch.bound, self.dispatch.first_since(), lanes, lost=lost)

    def note(self, event: Event) -> None:
        """What the pool is about to hear."""
        match event:
            case RunnerDown(runner=runner):
                self.note_end(runner, permanent=event.permanent)
            case BootWithheld(runner=runner):
                self.seconds_used += self.now - self.machines.pop(runner).began
                self.is_withheld = True
            case RoomMade():
                self.is_withheld = False
            case Resized():
                self.options = replace(self.options, min=event.min, max=event.max)
                self.warm = min(self.warm, event.max)
            case WarmRequested():
                self.warm = max(self.warm, min(event.runners, self.options.max))
            case StopRequested():
                self.stop_at = self.now + SHUTDOWN_TIMEOUT
            case Looked():
                pass
            case _ if event.runner in self.machines:
                self.note_of(self.machines[event.runner], event)

    def note_of(self, machine: Machine, event: Event) -> None:
        match event:
            case RunnerUp() if not machine.is_told_to_stop:
                machine.is_up = True
                machine.idle_since = self.now
            case RunnerServed():
                self.failures = 0
                machine.is_proven = True
            case RunnerLost():
                machine.is_known_lost = True
                self.note_failure(machine, permanent=False)
            case WorkLingers():
                machine.is_stuck = any(call.abandoned for call in machine.working)
            case IdleAnswered(idle=idle):
                machine.is_asked = False
                machine.says_idle = idle
                machine.idle_since = machine.idle_since if idle else self.now
            case DrainRequested():
                until = self.now + event.seconds
                machine.drain_until = until if machine.drain_until is None else min(until, machine.drain_until)
            case CordonRequested(cordoned=cordoned) if machine.is_up and machine.is_cordoned is not cordoned:
                machine.is_cordoned = cordoned
                machine.idle_since = self.now

    def note_end(self, runner: int, *, permanent: bool) -> None:
        machine = self.machines[runner]
        if machine.has_booted and not machine.is_lost:
            self.lose_calls(runner)
        self.seconds_used += self.now - machine.began
        del self.machines[runner]
        if not (machine.is_told_to_stop or machine.is_known_lost):
            self.note_failure(machine, permanent=permanent)
        if self.lacks_shared:
            self.tell(RoomMade(self.now))

    def note_failure(self, machine: Machine, *, permanent: bool) -> None:
        """A boot that led to no runner that could be lent."""
        if machine.is_told_to_stop or machine.is_proven or machine.is_known_to_drain:
            return
        if machine.attempt == self.failures:
            self.failures += 1
            self.pause_until = self.now + min(2.0 ** (self.failures - 1), 30.0)
        self.is_hopeless = permanent or self.failures >= 3
        others = [it for it in self.machines.values() if it is not machine and not it.is_told_to_stop]
        self.must_refuse = self.is_hopeless and all(it.is_known_lost for it in others)

    # Effects

    def perform(self, effect: Effect) -> None:
        assert not self.is_finished or isinstance(effect, WakeAt), f"{effect} after the end"
        match effect:
            case Boot(runner):
                self.boot(runner)
            case Open(runner, node):
                self.open(runner, node)
            case Close():
                pass  # done already, with the others
            case StopRunner(runner, reason):
                self.stop(runner, reason)
            case AskIdle(runner):
                self.ask_idle(runner)
            case Refuse(why):
                self.refuse(why)
            case WakeAt(at):
                self.wake = at
            case Finished():
                assert self.stop_at is not None
                assert not self.machines
                self.is_finished = True

    def boot(self, runner: int) -> None:
        assert runner > self.runners_seen, "a runner's id was used twice"
        assert self.stop_at is None
        assert self.now >= self.pause_until, "a boot in the pause after a failed one"
        assert len(self.machines) < self.options.max, "more machines than max"
        assert not self.is_withheld, "a boot although others have the runners"
        assert self.room_in_caps() >= 1 - MOMENT, "a boot beyond the caps"
        assert self.lacking(self.warm, self.heard) > self.to_be_told(), "a boot that nobody needs"
        self.runners_seen = runner
        self.machines[runner] = machine = Machine(self.now, self.failures)
        if self.shared is not None and len(self.machines) + self.others_have > self.shared:
            machine.has_ended = True
            self.lacks_shared = True
            self.tell(BootWithheld(runner, "others have them", self.now))

    def open(self, runner: int, node: str) -> None:
        machine = self.machines[runner]
        assert machine.node == node
        assert machine in self.usable()
        assert self.stop_at is None
        machine.takes_calls = True
        machine.idle_since = self.now
        if machine.runs:  # else its end is in the mail
            self.granted(self.dispatch.open(runner, node, self.options.max_concurrency, self.now))

    def close(self, runners: list[int], stopped: list[int]) -> None:
        for runner in runners:
            if runner in self.machines:
                machine = self.machines[runner]
                machine.takes_calls = False
                if machine in self.there() and self.beyond_max() > 0:
                    machine.drain_until = float("inf")
                machine.is_known_to_drain = self.is_draining(machine)
        self.granted(self.dispatch.close(*runners))
        stay = [it for it in runners if it not in stopped and it in self.machines and self.stop_at is None]
        stay = [it for it in stay if not (self.machines[it].is_known_lost or self.machines[it].is_told_to_stop)]
        self.granted(self.dispatch.close(*stay, but_for_kept=True))
        if runners and self.waiting:
            self.look_soon()

    def stop(self, runner: int, reason: str) -> None:
        machine = self.machines[runner]
        assert not machine.is_told_to_stop, "told to stop twice"
        assert not machine.is_known_lost
        assert not machine.takes_calls, "it was stopped while it takes calls"
        assert self.may_stop(machine), f"runner {runner} with {machine.working} at work was stopped: {reason}"
        machine.is_told_to_stop = True

    def may_stop(self, machine: Machine) -> bool:
        if self.is_used_up():
            return True
        if machine.is_stuck and machine.has_only_abandoned_work:
            return True
        if self.stop_at is not None:
            return self.now >= self.stop_at or not machine.working
        if not machine.is_up:  # a boot that nobody waits for any more
            return machine.drain_until is not None or self.lacking(0) < 0
        if self.is_draining(machine):
            return not machine.taken or self.is_drained(machine)
        is_spare = self.lacking(0) + self.booting() < 0  # those that boot may fail
        return self.is_idle(machine) and machine in self.usable() and is_spare

    def is_idle(self, machine: Machine) -> bool:
        """Whether it has been without any call for long enough, and may go."""
        if not machine.is_up or machine.taken or self.options.idle_seconds is None:
            return False
        agreed = machine.says_idle or self.options.idle_check is None or self.is_overdue(machine)
        return agreed and self.now - machine.idle_since >= self.options.idle_seconds - MOMENT

    def is_overdue(self, machine: Machine) -> bool:
        """Whether its check has not answered in time."""
        return machine.is_asked and self.now >= machine.asked_at + CHECK_SECONDS

    def ask_idle(self, runner: int) -> None:
        machine = self.machines[runner]
        assert self.options.idle_check is not None
        assert machine in self.usable()
        assert not machine.is_asked
        assert not machine.taken
        assert self.now - machine.idle_since >= IDLE_AFTER - MOMENT
        machine.is_asked, machine.asked_at = True, self.now
        machine.says_idle = False

    def refuse(self, why: Refusal) -> None:
        if why is Refusal.BOOT_FAILED:
            assert self.is_hopeless
            assert not self.booting()
            assert not self.usable(), "a call was given up that a runner could have served"
            self.warm = 0
        elif why is Refusal.USED_UP:
            cap = self.options.caps.runner_seconds
            assert cap is not None
            assert cap - self.seconds() < 1 + MOMENT, "refused although another runner could run for a while"
        else:
            assert self.stop_at is not None
        for call in self.waiting:
            self.dispatch.leave(call)
            self.settle(call)
        self.waiting.clear()

    # Calls

    def calls(self, key: Hashable, home: str | None, patience: float | None, *, bulk: bool = False) -> None:
        self.calls_seen += 1
        call = Call(self.calls_seen, None if patience is None else self.now + patience, key, home, bulk=bulk)
        if self.stop_at is not None or self.state.refuses or self.state.used_up:
            self.settle(call)
            return
        self.waiting.append(call)
        if self.dispatch.ask(call, self.now):
            self.granted([call])
        else:
            self.look_soon()

    def granted(self, grants: list[Ticket]) -> None:
        for call in grants:
            assert isinstance(call, Call)
            self.grant(call)
        if self.dispatch.evicted:
            self.dispatch.evicted.clear()
            self.look_soon()

    def grant(self, call: Call) -> None:
        assert call in self.waiting, "lent to one who does not wait"
        assert call.lane is not None
        machine = self.machines[call.lane.runner]
        earlier = self.waiting[: self.waiting.index(call)]
        if call.home is None:
            assert not [other for other in earlier if other.key is other.home is None], "not first come, first served"
        works_on_kept = call.home is not None and bool(machine.kept)
        assert machine.takes_calls or works_on_kept
        assert machine.has_booted
        assert not machine.is_lost
        assert not machine.is_told_to_stop, "lent a slot on a node that is on its way out"
        assert len(machine.working) < self.options.max_concurrency * (2 if call.bulk else 1)
        assert not (self.options.single_use and machine.served) or works_on_kept, "a second call for single use"
        assert call.home in (None, machine.node)
        self.waiting.remove(call)
        machine.working.append(call)
        machine.served += 1
        if machine.served == 1:
            self.tell(RunnerServed(call.lane.runner, self.now))
        if self.is_attentive or self.options.single_use:
            self.look_soon()

    @property
    def is_attentive(self) -> bool:
        return self.options.policy is not on_demand

    def ends(self, call: Call, *, stays: bool) -> None:
        assert call.lane is not None
        machine = self.machines[call.lane.runner]
        machine.working.remove(call)
        self.lingering.pop(call, None)
        if stays:
            machine.kept.append(call)
        if not machine.taken:
            machine.idle_since = self.now
        if machine.is_stuck and not any(other.abandoned for other in machine.working):
            machine.is_stuck = False
        if not call.over:
            self.settle(call)
        self.granted((self.dispatch.keep if stays else self.dispatch.done)(call, self.now))
        if self.is_attentive or call.abandoned or not machine.takes_calls:
            self.look_soon()

    def releases(self, machine: Machine) -> None:
        call = machine.kept.pop(0)
        if not machine.taken:
            machine.idle_since = self.now
        self.granted(self.dispatch.release(call, self.now))
        self.look_soon()

    def abandon(self, call: Call, *, cancelled: bool) -> None:
        """Its caller is gone, or its time is up."""
        self.settle(call)
        if call.lane is None:
            self.waiting.remove(call)
            self.dispatch.leave(call)
            self.has_cancelled = self.has_cancelled or cancelled
            self.look_soon()
        else:
            self.dispatch.abandon(call)
            self.lingering[call] = self.now + WORK_MAY_LINGER

    def settle(self, call: Call) -> None:
        assert not call.over, "settled twice"
        call.over = True

    def comes_up(self, runner: int) -> None:
        self.machines[runner].has_booted = True
        self.machines[runner].node = f"n{runner}"
        self.tell(BootStep(runner, "syncing", self.now))
        self.tell(RunnerUp(runner, f"n{runner}", self.now))

    def lose_calls(self, runner: int) -> None:
        """Their callers are told what became of them, before the pool decides what comes of it."""
        machine = self.machines[runner]
        lost, homeless, granted = self.dispatch.remove(runner)
        assert lost == machine.working
        for call in machine.working:
            self.lingering.pop(call, None)
            if not call.over:
                self.settle(call)
        for ticket in homeless:
            assert isinstance(ticket, Call)
            self.waiting.remove(ticket)
            self.settle(ticket)
        machine.working.clear()
        machine.kept.clear()
        machine.takes_calls = False
        machine.is_stuck = False
        self.granted(granted)
        self.look_soon()

    # How it stands

    def is_draining(self, machine: Machine) -> bool:
        """Whether it was told to take no more calls, for good."""
        return machine.drain_until is not None or self.is_spent(machine) or self.is_old(machine)

    def is_drained(self, machine: Machine) -> bool:
        """Whether its calls have had their time."""
        if machine.drain_until is not None and self.now >= machine.drain_until:
            return True
        return self.is_old(machine) and self.now >= machine.began + LIFETIME + SHUTDOWN_TIMEOUT

    def is_spent(self, machine: Machine) -> bool:
        return self.options.single_use and machine.served > 0

    def is_old(self, machine: Machine) -> bool:
        lifetime = self.options.caps.lifetime
        return lifetime is not None and machine.is_up and self.now >= machine.began + lifetime

    def seconds(self) -> float:
        return self.seconds_used + sum(self.now - machine.began for machine in self.machines.values())

    def is_used_up(self) -> bool:
        cap = self.options.caps.runner_seconds
        return cap is not None and self.seconds() >= cap - MOMENT

    def room_in_caps(self) -> float:
        caps, running = self.options.caps, len(self.machines)
        rooms = [float("inf")]
        rooms += [caps.runners - running] if caps.runners is not None else []
        rooms += [caps.runner_seconds - self.seconds() - running] if caps.runner_seconds is not None else []
        return min(rooms)

    def usable(self) -> list[Machine]:
        """Those that take calls, now or when a slot falls free, as far as the pool knows."""
        return [machine for machine in self.machines.values() if machine.is_up and not self.is_barred(machine)]

    def there(self) -> list[Machine]:
        """Those that boot or are up, and are not to end."""
        gone = [it for it in self.machines.values() if it.is_told_to_stop or it.is_lost or self.is_draining(it)]
        return [machine for machine in self.machines.values() if machine not in gone]

    def beyond_max(self) -> int:
        return len(self.there()) - self.options.max

    def is_barred(self, machine: Machine) -> bool:
        gone = machine.is_told_to_stop or machine.is_lost
        return gone or machine.is_cordoned or machine.is_stuck or self.is_draining(machine)

    def booting(self) -> int:
        return sum(not (it.is_up or it.is_told_to_stop or it.is_lost) for it in self.machines.values())

    def to_be_told(self) -> int:
        """How many are lost, the word of which lies in the mail: whether a boot in their place is to wait for a pause
        is in there, too."""
        lost = [it for it in self.machines.values() if it.is_lost and not (it.is_known_lost or it.is_told_to_stop)]
        return sum(not (it.is_cordoned or it.is_stuck or self.is_draining(it)) for it in lost)

    def lacking(self, warm: int, heard: Picture | None = None) -> int:
        """How many more runners the policy wants, or min, or who warms the pool up; below 0: how many too many."""
        usable, slots = self.usable(), self.options.max_concurrency
        busy = sum(min(slots, machine.taken) for machine in usable)
        known = heard or self.picture()
        waited = 0.0 if known.first_since is None else self.now - known.first_since
        waiting = max(0, self.dispatch.waiting - known.bound - (len(usable) * slots - busy))
        demand = Demand(waiting, waited, busy, len(usable), self.booting(), slots, self.now, EPOCH)
        wanted = max(self.options.policy.wanted(demand).runners, self.options.min, warm)
        return min(wanted, self.options.max) - len(usable) - self.booting()

    def undone(self) -> list[Call]:
        """The calls whose callers wait."""
        at_work = [call for machine in self.machines.values() for call in machine.working]
        return [call for call in [*self.waiting, *at_work] if not call.over]

    # Time

    def next_at(self) -> float | None:
        times = [call.deadline for call in self.undone() if call.deadline is not None]
        times += list(self.lingering.values())
        times += [] if self.wake is None else [self.wake]
        return min(times, default=None)

    def pass_time(self, until: float) -> None:
        at_once = 0
        while (at := self.next_at()) is not None and at <= until:
            at_once = at_once + 1 if at <= self.now else 0
            assert at_once < 50, "the clock stands still"
            self.now = max(self.now, at)
            with self.turn():
                self.time_is_up()
        self.now = until

    def time_is_up(self) -> None:
        for call in self.undone():
            if call.deadline is not None and call.deadline <= self.now:
                self.abandon(call, cancelled=False)
        for call, at in list(self.lingering.items()):
            if at <= self.now:
                del self.lingering[call]
                assert call.lane is not None
                self.tell(WorkLingers(call.lane.runner, self.now))
        if self.wake is not None and self.wake <= self.now:
            self.wake = None
            self.look_soon()


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
