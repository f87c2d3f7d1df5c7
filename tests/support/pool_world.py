"""A pool's surroundings as a model: callers, machines, mail and the clock, for `tests/flame/test_pool_histories.py`.

`World` does what the shell and the platform would do: it lends slots by a real `Dispatch`, has `apply` decide about the
runners, performs each effect, and refuses one that makes no sense: a call on a node that was told to stop, a second
boot of one runner, a boot that nobody needs. Mail may lie unread for a while, as in the mailbox of a busy pool.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from flame.dispatch import Dispatch, Ticket
from flame.options import PoolOptions
from flame.policies import Demand, on_demand
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

IDLE_AFTER = 1.0
SHUTDOWN_TIMEOUT = 7.0
LIFETIME = 12.0
WORK_MAY_LINGER = 5.0
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
