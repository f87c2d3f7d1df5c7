"""The process of a pool: turns what happens into events, and performs the effects that `pool_state` decides.

caller ──submit──► pool ──Works──► desk, on the runner's node     (`calls`, `dispatch`, `outbox`; `desk`)
caller ◄──settle── pool ◄──Done─── desk
runner ──up, lost, answers──► pool ──Stop──► runner               (`runner`, a process for each, monitored)

Callers on the pool's loop submit by a plain call, and runners tell by one: a message for each would cost more than all
the rest of a call. Everybody else asks by messages (`Perform`), and has a process here that calls in his place.
"""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, assert_never

import beamlike as bl
import nodes
from beamlike.kernel import current, group_leader
from beamlike.kernel.question import Client
from beamlike.kernel.signals import Send
from beamlike.kernel.terms import ExceptionInfo, Pid, Reason
from flame import runner as runners
from flame.calls import Call, Request, Timeout, name_of, settled
from flame.clock import Clock, Timer
from flame.deadlines import Deadlines
from flame.dispatch import Dispatch, Grants, Lane
from flame.errors import (
    BootFailed,
    BootTimeout,
    ExecTimeout,
    FlameError,
    NestedPool,
    PoolStopped,
    QueueTimeout,
    RunnerLost,
)
from flame.explain import explain
from flame.leasing import STAY, AskLoss, Lease, Placed, Release, Reserve
from flame.listening import listening
from flame.options import PoolOptions
from flame.outbox import Outbox
from flame.outcome import Ended, Outcome, Raised, Returned, outcome_of
from flame.output_sink import sink_for_caller
from flame.parent import why_barred
from flame.policies import OnDemand
from flame.pool_events import (
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
    RunnerId,
    RunnerServed,
    RunnerUp,
    StopRequested,
    StopRunner,
    WakeAt,
    WarmRequested,
    WorkLingers,
)
from flame.pool_events import RunnerLost as NodeLost
from flame.pool_state import FAILURES_BEFORE_REFUSAL, Phase, PoolState, Stage, apply
from flame.prices import price_of
from flame.shares import Member
from flame.stats import Stats, stats
from flame.subscription import OnEvent
from flame.traced import within
from flame.tracking.keeping import refs_in
from flame.witness import Witness
from flame.work import KEPT, RAISED, RETURNED, Answer, Ending, Evict, Idle, Released, is_light
from flame.work import AskIdle as AskDesk

logger = logging.getLogger("flame")

WORK_MAY_LINGER = 5.0
"""Seconds that abandoned work has to end."""


@dataclass(frozen=True, slots=True)
class Perform:
    """Asks for a call, from another node or another loop. Answered by its Outcome, or by the exception that says why
    there is none."""

    request: Request
    call: bl.Ref
    leader: Pid
    """Who gets the caller's output."""
    span: str = ""
    """The caller's, where that uses OpenTelemetry."""


@dataclass(frozen=True, slots=True)
class Abandon:
    """The caller of `Perform` waits no more."""

    call: bl.Ref


@dataclass(frozen=True, slots=True)
class AwaitMinimum:
    """Answered by None once `min` runners are up, or by the BootFailed that says why they are not."""


@dataclass(frozen=True, slots=True)
class AwaitWarm:
    """Answered by None once so many runners are up, or none more is wanted; else by the BootFailed."""

    runners: int


@dataclass(frozen=True, slots=True)
class Resize:
    min: int | None
    max: int | None


@dataclass(frozen=True, slots=True)
class Drain:
    """Answered, once the runner on that node is gone, by None."""

    node: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Cordon:
    node: str
    cordoned: bool


@dataclass(frozen=True, slots=True)
class StopPool:
    """Answered by None once all runners are gone."""


@dataclass(frozen=True, slots=True)
class GetOptions:
    """Answered by the PoolOptions."""


@dataclass(frozen=True, slots=True)
class Explain:
    """Answered by the pool's state in words."""


@dataclass(frozen=True, slots=True)
class GetStats:
    """Answered by the pool's Stats."""


class Hold(Call):
    """A call that stands for a slot which its holder uses by itself."""

    __slots__ = ("curious", "granted", "holder", "placed")

    def __init__(self, request: Request, granted: Callable[[Call], None]) -> None:
        super().__init__(request)
        self.granted = granted
        self.holder: bl.Ref
        self.placed: Pid | None = None
        self.curious: list[Client] = []
        """Who waits for the word what became of its runner."""


class _Runner:
    """What the shell keeps of a runner."""

    __slots__ = ("calls", "child", "kept", "outbox", "pid", "waiters")

    def __init__(self, pid: Pid) -> None:
        self.pid = pid
        self.child: nodes.Child | None = None
        self.outbox: Outbox | None = None
        self.calls: dict[int, Call] = {}
        """Those that its desk has, by number."""
        self.kept: dict[int, Call] = {}
        """Those whose results stay there."""
        self.waiters: list[Client] = []
        """Who waits until it is gone."""


POOLS: dict[Pid, PoolServer] = {}
"""The pools of this interpreter, by their processes."""


class PoolServer(bl.GenServer):
    def init(self, options: PoolOptions, backend: nodes.Backend, clock: Clock, on_event: OnEvent | None = None) -> None:
        self.loop = asyncio.get_running_loop()
        self.options = options
        self.name = options.name
        self.log_level = logging.getLogger().level if options.log_level is None else options.log_level
        self._state = PoolState(
            options,
            price=price_of({"backend": type(backend).__name__.lower()}),
            barred=why_barred(options.nested, options.max_depth),
        )
        self._backend = backend
        self._clock = clock
        self._dispatch = Dispatch(
            options.placement, single_use=options.single_use, keys_per_runner=options.keys_per_runner
        )
        self._deadlines: Deadlines[Call] = Deadlines(clock, self._overdue)
        self._lingering: Deadlines[Call] = Deadlines(clock, self._lingers)
        self._runners: dict[RunnerId, _Runner] = {}
        self._lost: dict[RunnerId, tuple[Call, ...]] = {}
        """The calls that lost runners had, until it is known what became of these."""
        self._numbers = 0
        self._looking = False
        self._cancelled = False
        """Whether a call that waited was cancelled since the last look."""
        self._check_problem = ""
        self._wake: tuple[float, Timer] | None = None
        self._holds: dict[bl.Ref, Hold] = {}
        self._performed: dict[bl.Ref, Pid] = {}
        self._watched: dict[bl.Ref, Callable[[Reason], None]] = {}
        """What to do when the monitored process ends, by the monitor."""
        self._starters: list[tuple[int, Client]] = []
        self._stoppers: list[Client] = []
        self._attentive = type(options.policy) is not OnDemand
        """Whether the policy looks at more than at who waits."""
        self._pid = bl.self()
        self._node = current.current_node()
        self._share: Member | None = None
        if options.shared_caps is not None:
            self._share = options.shared_caps.join(options.name, lambda: self._tell(RoomMade(self._now())))
        self.witness = Witness(options.name, clock)
        if on_event is not None:
            self.witness.call_back(on_event)
        POOLS[self._pid] = self
        bl.spawn(_mourn, self, self._pid)
        self._happens(Looked(self._now()))

    def terminate(self, reason: Reason) -> None:
        self.end(reason)

    def end(self, reason: Reason) -> None:
        """Nothing waits for a pool that has ended, however that came."""
        if POOLS.pop(self._pid, None) is None:
            return
        if self._share is not None:
            self._share.leave()
        self._deadlines.close()
        self._lingering.close()
        self._wake_at(None)
        why = f"pool {self.options.name!r} has ended ({_brief(reason)})"
        for call in self._dispatch.waiters():
            assert isinstance(call, Call)
            self._settle(call, PoolStopped(f"{why}: start it again"))
        for runner in self._runners.values():
            for call in runner.calls.values():
                self._settle(call, self._loss(call, runners.Fate(why)))
        self.witness.close()

    # Messages. All events are noted here, in the pool's own process.

    def handle_call(self, request: Any, client: Client) -> Any:
        match request:
            case Perform():
                self._perform_for(request, client)
            case AwaitMinimum():
                self._starters.append((0 if self._state.barred else self._state.options.min, client))
                self._tell_starters()
            case AwaitWarm() if self._state.barred:
                return self._refusal_now()
            case AwaitWarm(runners_wanted):
                self._happens(WarmRequested(runners_wanted, self._now()))
                self._starters.append((min(runners_wanted, self._state.options.max), client))
                self._tell_starters()
            case Reserve():
                self._reserve(request, client)
            case Placed():
                return self._place(request, client)
            case AskLoss(lease):
                self._ask_loss(lease, client)
            case Resize(min=least, max=most):
                return self._resize(least, most)
            case Drain(node, seconds):
                return self._drain(node, seconds, client)
            case Cordon(node, cordoned):
                return self._cordon(node, cordoned)
            case StopPool():
                self._stoppers.append(client)
                self._happens(StopRequested(self._now()))
            case GetOptions():
                return self._state.options
            case Explain():
                return self._explained()
            case GetStats():
                return self._stats()
            case _:
                raise TypeError(f"a pool does not know the request {request!r}")
        return bl.NO_REPLY

    def handle_cast(self, request: Any) -> None:
        match request:
            case Abandon(call):
                pid = self._performed.get(call)
                if pid is not None:
                    bl.exit(pid, "kill")
            case Release(lease):
                self._release(lease)

    def handle_info(self, message: Any) -> None:
        match message:
            case bl.Down(ref=ref, reason=reason) if ref in self._watched:
                self._watched.pop(ref)(reason)
            case Looked():
                cancelled, self._looking, self._cancelled = self._cancelled, False, False
                self._happens(Looked(self._now(), cancelled))
            case (
                BootStep()
                | RunnerUp()
                | RunnerServed()
                | NodeLost()
                | IdleAnswered()
                | WorkLingers()
                | BootWithheld()
                | DrainRequested()
            ):
                self._happens(message)
            case RoomMade():
                self._happens(message)
                self._offer_places()

    # Calls of this loop.

    def submit(self, call: Call) -> None:
        """Brings a call on its way. To be called on the pool's loop, as all of these."""
        self._numbers += 1
        call.number = self._numbers
        if self.witness.listens:
            self.witness.queued(call)
        if (refusal := self._refusal_now()) is not None:
            self._settle(call, refusal)
            return
        if not is_light(call.args):
            call.home = self._home_of(call.args)
        timeout = call.request.timeout
        call.seconds = self._state.options.timeout if isinstance(timeout, Timeout) else timeout
        if call.seconds is not None:
            self._deadlines.add(call, call.seconds)
        if self._dispatch.ask(call, self._now()):
            self._start(call)
        else:
            self.look_soon()

    def _home_of(self, args: tuple[Any, ...]) -> str | None:
        """The runner that has most of what the arguments refer to: there it is at hand."""
        homes = [ref.node for ref in refs_in(args) if self._dispatch.has_lane(ref.node)]
        return max(homes, key=homes.count, default=None)

    def calls_are_quick(self) -> bool:
        """Whether calls of many may be sent ahead of the slots."""
        return self._dispatch.is_quick()

    def abandon(self, call: Call) -> None:
        """Nobody waits for the outcome: the call leaves the line, or its work is told to end."""
        if call.then is not None:
            self.witness.abandoned(call)
        call.forget()
        self._forget_deadline(call)
        lane = call.lane
        if lane is None:
            self._leave_line(call)
        elif call in lane.working:
            self._call_off(call, lane)

    def _leave_line(self, call: Call) -> None:
        self._cancelled = self._cancelled or call.line is not None
        self._dispatch.leave(call)
        self.look_soon()

    def _call_off(self, call: Call, lane: Lane) -> None:
        self._dispatch.abandon(call)
        runner = self._runners.get(lane.runner)
        if runner is not None and runner.outbox is not None and call.number in runner.calls:
            runner.outbox.cancel(call)
            self._lingering.add(call, WORK_MAY_LINGER)

    def _start(self, call: Call) -> None:
        lane = call.lane
        assert lane is not None
        if not lane.served:
            lane.served = True
            self._tell(RunnerServed(lane.runner, self._now()))
        self.witness.started(call)
        if isinstance(call, Hold):
            call.granted(call)
            return
        runner = self._runners[lane.runner]
        assert runner.outbox is not None
        runner.calls[call.number] = call
        runner.outbox.put(call)
        if self._dispatch.evicted:
            self._evict()
        if self._attentive or lane.uses is not None:
            self.look_soon()

    def _start_all(self, grants: Grants) -> None:
        for call in grants:
            assert isinstance(call, Call)
            self._start(call)

    def _evict(self) -> None:
        self.look_soon()  # who waited for these keys waits for any runner now
        evicted, self._dispatch.evicted = self._dispatch.evicted, []
        for lane, key in evicted:
            runner = self._runners.get(lane.runner)
            if runner is not None and runner.outbox is not None:
                runner.outbox.send(Evict(key))

    def _overdue(self, call: Call) -> None:
        """Its time is up."""
        call.seconds = None
        if call.lane is None:
            self._dispatch.leave(call)
            self._settle(call, self._late_in_line(call))
            self.look_soon()
            return
        self._settle(call, self._late_at_work(call))
        if call in call.lane.working:
            self._call_off(call, call.lane)

    def _settle(self, call: Call, outcome: Outcome | Exception, now: float | None = None) -> None:
        if call.then is not None:
            self.witness.ended(call, outcome, self._now() if now is None else now)
        call.settle(outcome)

    def _lingers(self, call: Call) -> None:
        if call.lane is not None and call in call.lane.working:
            self._tell(WorkLingers(call.lane.runner, self._now()))

    def _forget_deadline(self, call: Call) -> None:
        if call.seconds is not None:
            self._deadlines.discard(call, call.seconds)
            call.seconds = None

    def _failed_to_leave(self, call: Call, error: Exception) -> None:
        """It could not be sent."""
        assert call.lane is not None
        self._finished(call.lane.runner, call.number, error)

    # Slots that are held. A placed process keeps its own.

    def _reserve(self, request: Reserve, client: Client) -> None:
        hold = Hold(request.request, functools.partial(self._lease, request.lease, client))
        hold.then = lambda call: self.reply(client, call.outcome)
        hold.holder = self._watch(client.pid, lambda _reason: self._holder_gone(request.lease))
        self._holds[request.lease] = hold
        with within(request.span):
            self.submit(hold)

    def _lease(self, lease: bl.Ref, client: Client, hold: Call) -> None:
        left = None if hold.seconds is None else max(0.0, hold.since + hold.seconds - self._now())
        self._forget_deadline(hold)
        assert hold.lane is not None
        hold.then = lambda call: self._tell_loss(lease, call)
        self.reply(client, Lease(lease, hold.lane.node, left))

    def _holder_gone(self, lease: bl.Ref) -> None:
        hold = self._holds.get(lease)
        if hold is not None and hold.placed is None:
            self._release(lease, even_if_placed=True)

    def _release(self, lease: bl.Ref, *, even_if_placed: bool = False) -> None:
        hold = self._holds.get(lease)
        if hold is None or (hold.placed is not None and not even_if_placed):
            return
        del self._holds[lease]
        self._unwatch(hold.holder)
        now = self._now()
        if hold.then is not None:
            self.witness.released(hold, now)
        hold.forget()
        self._forget_deadline(hold)
        self._start_all(self._dispatch.done(hold, now))
        self.witness.freed(hold)
        self._leave_line(hold)

    def _place(self, placed: Placed, client: Client) -> None:
        hold = self._holds.get(placed.lease)
        if hold is None:  # its node is lost, or its holder is gone
            bl.exit(placed.pid, "kill")
            return
        hold.placed = placed.pid
        bl.send(placed.keeper, STAY)
        self._unwatch(hold.holder)
        if placed.link:
            hold.holder = self._watch(client.pid, lambda reason: bl.exit(placed.pid, reason))
        self._watch(placed.pid, lambda _reason: self._release(placed.lease, even_if_placed=True))

    def _ask_loss(self, lease: bl.Ref, client: Client) -> None:
        hold = self._holds.get(lease)
        if hold is None or hold.lane is None:
            self.reply(client, None)
        elif hold.then is None:
            self.reply(client, hold.outcome)
        else:
            hold.curious.append(client)

    def _tell_loss(self, lease: bl.Ref, hold: Call) -> None:
        assert isinstance(hold, Hold)
        for client in hold.curious:
            self.reply(client, hold.outcome)
        hold.curious.clear()

    # What runners tell.

    def boot_step(self, runner: RunnerId, step: str, detail: str = "") -> None:
        self._tell(BootStep(runner, step, self._now(), detail))

    def runner_up(self, runner: RunnerId, child: nodes.Child, desk: Pid) -> None:
        known = self._runners[runner]
        known.child = child
        known.outbox = Outbox(desk, self._failed_to_leave)
        self._tell(RunnerUp(runner, child.node, self._now(), child.machine.where))

    def node_lost(self, runner: RunnerId, reason: str) -> None:
        self._take_calls_of(runner)
        self._tell(NodeLost(runner, reason, self._now()))

    def finished(self, runner: RunnerId, answers: list[Answer]) -> None:
        for number, kind, value in answers:
            self._finished(runner, number, _outcome(number, kind, value), stays=kind == KEPT)

    def answered(self, runner: RunnerId, message: Released | Idle | Ending) -> None:
        match message:
            case Released(number):
                self._released(runner, number)
            case Ending(why):
                self._tell(DrainRequested(runner, why, self._state.options.shutdown_timeout, self._now()))
            case Idle(idle, problem):
                if problem:
                    self._report_check(runner, problem)
                self._tell(IdleAnswered(runner, idle, self._now()))

    def _report_check(self, runner: RunnerId, problem: str) -> None:
        """Once for each problem: it comes back with each look."""
        known = self._runners.get(runner)
        if known is None or known.child is None or problem == self._check_problem:
            return
        self._check_problem = problem
        logger.warning(
            "pool %r: the idle check failed on %s, which so counts as busy: %s", self.name, known.child.node, problem
        )

    def _finished(self, runner: RunnerId, number: int, outcome: Outcome | Exception, *, stays: bool = False) -> None:
        known = self._runners.get(runner)
        call = None if known is None else known.calls.pop(number, None)
        if known is None or call is None:  # its runner was lost first
            return
        self._forget_deadline(call)
        if call.abandoned:
            self._lingering.discard(call, WORK_MAY_LINGER)
        now = self._now()
        if stays:
            grants = self._dispatch.keep(call, now)
            known.kept[number] = call
            call.args = ()  # or it would hold what it was given for as long
            call.request = replace(call.request, args=())
        else:
            grants = self._dispatch.done(call, now)
        if grants:
            self._start_all(grants)
        self._settle(call, outcome, now)
        self.witness.freed(call)
        if self._attentive or call.abandoned or not (call.lane and call.lane.open):
            self.look_soon()

    def _released(self, runner: RunnerId, number: int) -> None:
        """Nothing is left of what a call's result had kept there."""
        known = self._runners.get(runner)
        call = None if known is None else known.kept.pop(number, None)
        if call is not None:
            self._start_all(self._dispatch.release(call, self._now()))
            self.witness.freed(call)
            self.look_soon()

    def _take_calls_of(self, runner: RunnerId) -> None:
        """Its calls wait for the word what became of it; those that had to run there fail."""
        lost, homeless, granted = self._dispatch.remove(runner)
        self._lost[runner] = tuple(call for call in lost if isinstance(call, Call))
        self._start_all(granted)
        for call in homeless:
            assert isinstance(call, Call)
            self._dispatch.ask(call, self._now()) if call.home is None else self._settle(call, self._no_home(call))
        self.look_soon()

    def _runner_down(self, runner: RunnerId, reason: Reason) -> None:
        fate = _fate_of(reason)
        known = self._runners.pop(runner)
        if runner not in self._lost:
            self._take_calls_of(runner)
        for call in self._lost.pop(runner):
            self._forget_deadline(call)
            self._lingering.discard(call, WORK_MAY_LINGER)
            self._settle(call, self._loss(call, fate))
        for client in known.waiters:
            self.reply(client, None)
        self._happens(RunnerDown(runner, fate.words, self._now(), fate.permanent))
        self._offer_places()

    # Events and effects.

    def look_soon(self) -> None:
        """The state is looked at once this turn of the loop is over, however much happens in it."""
        if not self._looking:
            self._looking = True
            self._tell(Looked(self._now()))

    def _tell(self, event: Event) -> None:
        """Has the pool note what has happened. In nobody's name: whoever tells it may be dead, or no process."""
        self._node.route(Send(None, self._pid, event))

    def _happens(self, event: Event) -> None:
        before = self._state
        self._state, effects = apply(before, event, self._picture())
        self.witness.saw(before, event, self._state)
        for effect in effects:
            self._act(effect)
        self._tell_starters()
        if self._state.stage is Stage.STOPPED:
            raise bl.Stop

    def _picture(self) -> Picture:
        dispatch = self._dispatch
        lanes = {runner: _picture_of(lane) for runner, lane in dispatch.lanes.items()}
        return Picture(dispatch.waiting, dispatch.bound, dispatch.first_since(), lanes, datetime.now(UTC))

    def _act(self, effect: Effect) -> None:
        match effect:
            case Boot(runner):
                self._boot(runner)
            case Open(runner, node):
                self._start_all(self._dispatch.open(runner, node, self._state.options.max_concurrency, self._now()))
            case Close(runner):
                self._start_all(self._dispatch.close(runner))
                if self._dispatch.waiting:  # for a key of that runner, perhaps, and now for any
                    self.look_soon()
            case StopRunner(runner, reason):
                bl.send(self._runners[runner].pid, runners.Stop(reason))
            case AskIdle(runner):
                self._ask_idle(runner)
            case Refuse(why):
                self._refuse_all(why)
            case WakeAt(at):
                self._wake_at(at)
            case Finished():
                self._finish()
            case _:
                assert_never(effect)

    def _boot(self, runner: RunnerId) -> None:
        if self._share is not None and not self._share.ask(runners=len(self._runners), more=1):
            assert self.options.shared_caps is not None
            self._tell(BootWithheld(runner, self.options.shared_caps.explain(), self._now()))
            return
        pid, ref = bl.spawn_monitor(runners.run, self, self._pid, runner, self._backend)
        self._runners[runner] = _Runner(pid)
        self._watched[ref] = lambda reason: self._runner_down(runner, reason)

    def _offer_places(self) -> None:
        """Others may have the places that this pool does not need; it stays in line for one that was withheld, even if
        the word of that is still on its way here."""
        if self._share is None:
            return
        waits = bool(self._state.withheld) or len(self._state.runners) > len(self._runners)
        if self._share.ask(runners=len(self._runners), more=int(waits)):
            self._tell(RoomMade(self._now()))

    def _ask_idle(self, runner: RunnerId) -> None:
        outbox, check = self._runners[runner].outbox, self._state.options.idle_check
        assert outbox is not None
        assert check is not None
        outbox.send(AskDesk(check))

    def _wake_at(self, at: float | None) -> None:
        if self._wake is not None:
            if self._wake[0] == at:
                return
            self._wake[1].cancel()
            self._wake = None
        if at is not None:
            self._wake = at, self._clock.call_at(at, self._woken)

    def _woken(self) -> None:
        self._wake = None
        self.look_soon()

    def _finish(self) -> None:
        for client in self._stoppers:
            self.reply(client, None)

    # Refusals, and other words.

    def _refusal_now(self) -> FlameError | None:
        if self._state.stage is not Stage.OPEN:
            return self._refusal(Refusal.STOPPING)
        if self._state.barred:
            return NestedPool(f"pool {self.name!r} boots no runners: {self._state.barred}")
        if self._state.refuses:
            return self._refusal(Refusal.BOOT_FAILED)
        return None

    def _refuse_all(self, why: Refusal) -> None:
        for call in self._dispatch.waiters():
            assert isinstance(call, Call)
            self._dispatch.leave(call)
            self._forget_deadline(call)
            self._settle(call, self._refusal(why))

    def _refusal(self, why: Refusal) -> FlameError:
        name = self._state.options.name
        if why is Refusal.STOPPING:
            return PoolStopped(f"pool {name!r} is stopping and takes no calls")
        times = f"{self._state.failures} times in a row; " if self._state.failures > 1 else ""
        return BootFailed(
            f"pool {name!r} could not boot a runner on {self._backend!r}, {times}"
            f"the next call tries again. The last time: {self._state.last_failure}"
        )

    def _late_in_line(self, call: Call) -> FlameError:
        name = self._state.options.name
        waited = f"{self._now() - call.since:.1f} s"
        booting = [runner for runner in self._state.runners if runner.phase is Phase.BOOTING]
        if booting and not self._state.count(Phase.READY):
            first = booting[0]
            return BootTimeout(
                f"a call to pool {name!r} waited {waited} for a runner to boot, which is {first.step} for "
                f"{self._now() - first.since:.1f} s now; raise the call's timeout, or keep runners up by min or a "
                f"policy. Now: {self._explained_briefly()}"
            )
        return QueueTimeout(
            f"a call to pool {name!r} got no slot in {waited}; raise max, max_concurrency or the call's timeout. "
            f"Now: {self._explained_briefly()}"
        )

    def _late_at_work(self, call: Call) -> ExecTimeout:
        assert call.lane is not None
        return ExecTimeout(
            f"{name_of(call.request.function)} did not end in time on {call.lane.node}, a runner of pool "
            f"{self._state.options.name!r}, and is being stopped: its time was up {self._now() - call.since:.1f} s "
            "after it was called. Raise the call's timeout, which covers the wait for a slot"
        )

    def _loss(self, call: Call, fate: runners.Fate) -> RunnerLost:
        node = call.lane.node if call.lane is not None else ""
        return RunnerLost(
            f"{node}, a runner of pool {self._state.options.name!r}, was lost while it ran "
            f"{name_of(call.request.function)}: {fate.words}",
            node=node,
            exit_code=fate.exit_code,
        )

    def _no_home(self, call: Call) -> RunnerLost:
        return RunnerLost(
            f"{call.home}, where a value is that {name_of(call.request.function)} was to use, is gone",
            node=call.home or "",
        )

    def _explained(self) -> str:
        return explain(self._state, self._picture(), self._now())

    def _explained_briefly(self) -> str:
        return self._explained().replace("\n", "; ")

    def _stats(self) -> Stats:
        picture = self._picture()
        seen, wall = self.witness.seen(self._where), picture.wall.timestamp()
        return stats(self._state, picture, seen, self.witness.tally, at=self._now(), wall=wall)

    def _where(self, runner: RunnerId) -> str:
        known = self._runners.get(runner)
        return "" if known is None or known.child is None else known.child.machine.where

    def _now(self) -> float:
        return self._clock.now()

    # Whoever waits for the pool itself.

    def _tell_starters(self) -> None:
        if not self._starters:
            return
        state = self._state
        up = state.count(Phase.READY)
        # What boots now may succeed, whatever failed before it.
        failed = (state.broken or state.failures >= FAILURES_BEFORE_REFUSAL) and not state.count(Phase.BOOTING)
        over = failed or state.stage is not Stage.OPEN or not self._may_grow()
        waiting, self._starters = self._starters, []
        for wanted, client in waiting:
            if up >= min(wanted, state.options.max) or over:
                self.reply(client, self._refusal(Refusal.BOOT_FAILED) if failed and up < wanted else None)
            else:
                self._starters.append((wanted, client))

    def _may_grow(self) -> bool:
        """Whether there may be more runners without another call: it is under way, or waits for something."""
        state = self._state
        return state.retry_at is not None or bool(state.withheld) or len(state.runners) > state.count(Phase.READY)

    def _resize(self, least: int | None, most: int | None) -> Exception | None:
        options = self._state.options
        try:
            new = replace(
                options, min=options.min if least is None else least, max=options.max if most is None else most
            )
        except (TypeError, ValueError) as error:
            return error
        self.options = new
        self._happens(Resized(new.min, new.max, self._now()))
        return None

    def _drain(self, node: str, seconds: float | None, client: Client) -> Any:
        runner = self._runner_on(node)
        if runner is None:
            return self._no_such_runner(node)
        self._runners[runner].waiters.append(client)
        within = self._state.options.shutdown_timeout if seconds is None else seconds
        self._happens(DrainRequested(runner, "it was drained", within, self._now()))
        return bl.NO_REPLY

    def _cordon(self, node: str, cordoned: bool) -> Exception | None:
        runner = self._runner_on(node)
        if runner is None:
            return self._no_such_runner(node)
        self._happens(CordonRequested(runner, cordoned, self._now()))
        return None

    def _runner_on(self, node: str) -> RunnerId | None:
        return next((runner.id for runner in self._state.runners if runner.node == node), None)

    def _no_such_runner(self, node: str) -> LookupError:
        known = ", ".join(runner.node for runner in self._state.runners if runner.node) or "none"
        return LookupError(
            f"expected the node of a runner of pool {self._state.options.name!r}, got {node!r}; it has {known}"
        )

    # Callers elsewhere.

    def _perform_for(self, request: Perform, client: Client) -> None:
        """In a process of its own, which ends with the caller, unless the work is to go on without him."""
        pid = bl.spawn(_perform_here, self, request, client)
        self._performed[request.call] = pid

        def over(_reason: Reason) -> None:
            self._performed.pop(request.call, None)
            for ref in watched:
                self._unwatch(ref)
            bl.exit(pid, "kill")

        watched = [self._watch(other, over) for other in ((pid, client.pid) if request.request.link else (pid,))]

    def _watch(self, pid: Pid, then: Callable[[Reason], None]) -> bl.Ref:
        ref = bl.monitor(pid)
        self._watched[ref] = then
        return ref

    def _unwatch(self, ref: bl.Ref) -> None:
        if self._watched.pop(ref, None) is not None:
            bl.demonitor(ref, flush=True)


async def _mourn(pool: PoolServer, pid: Pid) -> None:
    """A killed pool tells nobody that it has ended."""
    down = await bl.receive(ref=bl.monitor(pid))
    pool.end(down.reason)


async def _perform_here(pool: PoolServer, request: Perform, client: Client) -> None:
    """Calls for `client`, who has the outcome as an answer: an exception by itself would lose its traceback."""
    answer: Outcome | Exception
    group_leader.set_leader(request.leader)
    call = Call(replace(request.request, sink=sink_for_caller()))
    try:
        with within(request.span):
            answer = Returned(await _settled_here(call, pool))
    except FlameError as error:
        answer = error
    except Exception as error:
        answer = call.outcome if isinstance(call.outcome, Raised) else outcome_of(error, bl.self())
    bl.GenServer.reply(client, answer)


async def _settled_here(call: Call, pool: PoolServer) -> Any:
    """Its progress goes by way of this node: a child reaches its parent alone."""
    address = call.request.progress
    if address is None:
        return await settled(call, pool)
    async with listening(lambda progress: bl.send(address, bl.Reply(address.ref, progress))) as here:
        call.request = replace(call.request, sink=sink_for_caller(here))
        return await settled(call, pool)


def _picture_of(lane: Lane) -> LanePicture:
    """Calls that were sent ahead of the slots are at work in none."""
    working = min(len(lane.working), lane.slots)
    return LanePicture(working, len(lane.kept), lane.abandoned, lane.idle_since, lane.uses == 0)


def _outcome(number: int, kind: int, value: Any) -> Outcome:
    if kind in (RETURNED, KEPT):
        return Returned(value)
    return Raised(_in_call(number, value)) if kind == RAISED else Ended(value)


def _in_call(number: int, info: ExceptionInfo) -> ExceptionInfo:
    """By this number log records of the call go, too."""
    return replace(info, traceback=f"{info.traceback.rstrip()}\n\n(in call {number} of its pool)")


def _fate_of(reason: Reason) -> runners.Fate:
    match reason:
        case ("shutdown", runners.Fate() as fate):
            return fate
        case ExceptionInfo():
            return runners.Fate(str(reason))
    return runners.Fate(f"its process ended: {reason}")


def _brief(reason: Reason) -> str:
    return str(reason).partition("\n")[0]
