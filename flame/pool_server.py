"""The process of a pool: turns what happens into events, and performs the effects that `pool_state` decides.

caller ──submit──► pool ──Works──► desk, on the runner's node     (`calls`, `dispatch`, `outbox`; `desk`)
caller ◄──settle── pool ◄──Done─── desk
runner ──up, lost, answers──► pool ──Stop──► runner               (`runner`, a process for each, monitored)

Callers on the pool's loop submit by a plain call, and runners tell by one: a message for each would cost more than all
the rest of a call. Everybody else asks by messages (`Perform`), and has a process here that calls in his place.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Any, assert_never

import beamlike as bl
import nodes
from beamlike.kernel import current
from beamlike.kernel.question import Client
from beamlike.kernel.signals import Send
from beamlike.kernel.terms import Pid, Reason
from flame import pool_words as words
from flame import runner as runners
from flame.calls import Call
from flame.clock import Clock, Timer
from flame.elsewhere import Elsewhere
from flame.errors import (
    FlameError,
)
from flame.explain import explain
from flame.fate import fate_of
from flame.holds import Holds
from flame.leasing import AskLoss, Placed, Release, Reserve
from flame.options import PoolOptions
from flame.outbox import Outbox
from flame.output_sink import sink_for_caller
from flame.parent import why_barred
from flame.pool_events import (
    AskIdle,
    Boot,
    BootStep,
    BootWithheld,
    Close,
    CordonRequested,
    DrainRequested,
    Effect,
    EndPlaced,
    Event,
    Finished,
    IdleAnswered,
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
from flame.pool_requests import (
    Abandon,
    AwaitMinimum,
    AwaitWarm,
    Cordon,
    Drain,
    Explain,
    GetOptions,
    GetPlaced,
    GetStats,
    Perform,
    Resize,
    StopPool,
)
from flame.pool_state import FAILURES_BEFORE_REFUSAL, POLICY_FAILED, Phase, PoolState, Stage, apply
from flame.prices import price_of_backend
from flame.shares import Member
from flame.stats import Stats, stats
from flame.subscription import OnEvent
from flame.traffic import Desk, Traffic
from flame.watches import Watches
from flame.witness import Witness
from flame.work import Answer, Ending, Idle, Released, Unread

logger = logging.getLogger("flame")

POOLS: dict[Pid, PoolServer] = {}
"""The pools of this interpreter, by their processes."""


class PoolServer(bl.GenServer):
    def init(self, options: PoolOptions, backend: nodes.Backend, clock: Clock, on_event: OnEvent | None = None) -> None:
        self.loop = asyncio.get_running_loop()
        self.log_level = logging.getLogger().level if options.log_level is None else options.log_level
        self.sink = sink_for_caller()
        price = price_of_backend(backend)
        if options.caps.need_price and price is None:
            raise ValueError(
                f"pool {options.name!r}: a cap in dollars needs a price, and none is known of {backend!r}: give it in "
                "a file that BEAMLIKE_PRICES names, or cap runner_seconds instead"
            )
        self._state = PoolState(
            options,
            price=price,
            barred=why_barred(options.nested, options.max_depth),
        )
        self._backend = backend
        self._clock = clock
        self._pid = bl.self()
        self._node = current.current_node()
        self.witness = Witness(options.name, clock)
        self.traffic = Traffic(self, options, clock, self.witness)
        self.watches = Watches()
        self.holds = Holds(self.traffic, self.watches)
        self.elsewhere = Elsewhere(self.traffic, self.watches)
        self._looking = False
        self._cancelled = False
        """Whether a call that waited was cancelled since the last look."""
        self._check_problem = ""
        self._wake: tuple[float, Timer] | None = None
        self.starters: list[tuple[int, Client]] = []
        self._stoppers: list[Client] = []
        self._share: Member | None = None
        if options.shared_caps is not None:
            self._share = options.shared_caps.join(
                options.name, lambda: self.tell(RoomMade(self._now())), lambda: self.tell(Looked(self._now()))
            )
        if on_event is not None:
            self.witness.call_back(on_event)
        POOLS[self._pid] = self
        bl.spawn(_mourn, self, self._pid)
        self._happens(Looked(self._now()))

    @property
    def options(self) -> PoolOptions:
        return self._state.options

    def terminate(self, reason: Reason) -> None:
        self.end(reason)

    def end(self, reason: Reason) -> None:
        """Nothing waits for a pool that has ended, however that came."""
        if POOLS.pop(self._pid, None) is None:
            return
        if self._share is not None:
            self._share.leave()
        self._wake_at(None)
        why = f"pool {self.options.name!r} has ended ({_brief(reason)})"
        self.traffic.end(why)
        self.witness.pool_ended(why, self._now())
        if not self.witness.runners:
            self.witness.close()

    async def see_runners_go(self) -> None:
        """For whoever listens to a pool that has ended by itself: those who attend to its runners stop them now."""
        watched = {runner: bl.monitor(desk.pid) for runner, desk in self.traffic.desks.items()}
        for runner, ref in watched.items():
            await bl.receive(ref=ref)
            self.witness.is_gone(runner, self._now())
        for runner in self.witness.runners:  # whose boot was withheld
            self.witness.is_gone(runner, self._now())

    # Messages. All events are noted here, in the pool's own process.

    def handle_call(self, request: Any, client: Client) -> Any:
        match request:
            case Perform():
                self.elsewhere.perform(request, client)
            case AwaitMinimum():
                self.starters.append((0 if self._state.barred else self.options.min, client))
                self._tell_starters()
            case AwaitWarm() if self._state.barred:
                return self.refusal_now()
            case AwaitWarm(runners_wanted):
                self._happens(WarmRequested(runners_wanted, self._now()))
                self.starters.append((min(runners_wanted, self.options.max), client))
                self._tell_starters()
            case Reserve():
                self.holds.reserve(request, client)
            case Placed():
                self.look_soon()
                return self.holds.place(request, client)
            case AskLoss(lease):
                self.holds.ask_loss(lease, client)
            case Resize(min=least, max=most):
                return self._resize(least, most)
            case Drain(node, seconds):
                return self._drain(node, seconds, client)
            case Cordon(node, cordoned):
                return self._cordon(node, cordoned)
            case StopPool():
                self._stoppers.append(client)
                self._happens(StopRequested(self._now()))
                self.look_soon()  # which sees what is placed
            case GetPlaced():
                return self.holds.placed_for(client.pid)
            case GetOptions():
                return self.options
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
                self.elsewhere.abandon(call)
            case Release(lease):
                self.holds.release(lease)

    def handle_info(self, message: Any) -> None:
        match message:
            case bl.Down():
                self.watches.heard(message)
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

    # What runners tell.

    def boot_step(self, runner: RunnerId, step: str, detail: str = "") -> None:
        self.tell(BootStep(runner, step, self._now(), detail))

    def runner_up(self, runner: RunnerId, child: nodes.Child, desk: Pid) -> None:
        known = self.traffic.desks[runner]
        known.child = child
        known.outbox = Outbox(desk, self.traffic.failed_to_leave)
        self.tell(RunnerUp(runner, child.node, self._now(), child.machine.where))

    def node_lost(self, runner: RunnerId, reason: str) -> None:
        self.tell(NodeLost(runner, reason, self._now()))  # before the look that this makes due
        self.traffic.take_calls_of(runner)

    def finished(self, runner: RunnerId, answers: list[Answer]) -> None:
        self.traffic.finished(runner, answers)

    def unreadable(self, runner: RunnerId, number: int, why: str) -> None:
        self.traffic.unreadable(runner, number, f"its result cannot be read here: {why}")

    def answered(self, runner: RunnerId, message: Released | Idle | Ending | Unread) -> None:
        match message:
            case Unread(number, why):
                self.traffic.unread(runner, number, why)
            case Released(number):
                self.traffic.released(runner, number)
            case Ending(why):
                self.tell(DrainRequested(runner, why, self.options.shutdown_timeout, self._now()))
            case Idle(idle, problem):
                if problem:
                    self._report_check(runner, problem)
                self.tell(IdleAnswered(runner, idle, self._now()))

    def _report_check(self, runner: RunnerId, problem: str) -> None:
        """Once for each problem: it comes back with each look."""
        known = self.traffic.desks.get(runner)
        if known is None or known.child is None or problem == self._check_problem:
            return
        self._check_problem = problem
        logger.warning(
            "pool %r: the idle check failed on %s, which so counts as busy: %s",
            self.options.name,
            known.child.node,
            problem,
        )

    def _runner_down(self, runner: RunnerId, reason: Reason) -> None:
        fate = fate_of(reason)
        desk = self.traffic.runner_down(runner, fate)
        for client in desk.waiters:
            self.reply(client, None)
        self._happens(RunnerDown(runner, fate.words, self._now(), fate.permanent))
        self._offer_places()

    # Events and effects.

    def look_soon(self, *, cancelled: bool = False) -> None:
        """The state is looked at once this turn of the loop is over, however much happens in it. `cancelled`: a call
        that waited was."""
        self._cancelled = self._cancelled or cancelled
        if not self._looking:
            self._looking = True
            self.tell(Looked(self._now()))

    def tell(self, event: Event) -> None:
        """Has the pool note what has happened. In nobody's name: whoever tells it may be dead, or no process."""
        self._node.route(Send(None, self._pid, event))

    def _happens(self, event: Event) -> None:
        before = self._state
        self._state, effects = apply(before, event, self._picture())
        self.witness.saw(before, event, self._state)
        why = self._state.wanted.why
        if why != before.wanted.why and why.startswith(POLICY_FAILED):
            logger.warning("pool %r goes on with %d runners: %s", self.options.name, self._state.wanted.runners, why)
        closed = [effect.runner for effect in effects if isinstance(effect, Close)]
        if closed:
            self._close(closed)
        for effect in effects:
            self._act(effect)
        self._tell_starters()
        if self._state.stage is Stage.STOPPED:
            raise bl.Stop

    def _close(self, runners: list[RunnerId]) -> None:
        """As long as they stay, who uses what is kept there may come to an end with it."""
        stay = {it.id for it in self._state.runners if it.phase in (Phase.READY, Phase.DRAINING)}
        if self._state.stage is not Stage.OPEN:
            stay.clear()
        self.traffic.close([it for it in runners if it not in stay], [it for it in runners if it in stay])

    def _picture(self) -> Picture:
        picture = self.traffic.picture()
        if self._state.stage is not Stage.OPEN:
            picture = replace(picture, placed=len(self.holds.placed))
        if self._share is None:
            return picture
        wanted = self._share.wanted_by_others()
        self.traffic.is_pressed = wanted > 0
        return replace(picture, wanted_elsewhere=wanted)

    def _act(self, effect: Effect) -> None:
        match effect:
            case Boot(runner):
                self._boot(runner)
            case Open(runner, node):
                self.traffic.open(runner, node)
            case Close():
                pass  # done already, with the others
            case StopRunner(runner, reason):
                if runner in self.traffic.desks:  # else it was withheld, the word of which is still on its way here
                    bl.send(self.traffic.desks[runner].pid, runners.Stop(reason))
            case AskIdle(runner):
                self.traffic.ask_idle(runner)
            case EndPlaced():
                self.holds.end_placed()
            case Refuse(why):
                self.traffic.refuse_all(words.refusal(why, self._state, self._backend))
            case WakeAt(at):
                self._wake_at(at)
            case Finished():
                self._finish()
            case _:
                assert_never(effect)

    def _boot(self, runner: RunnerId) -> None:
        if self._share is not None and not self._share.ask(runners=len(self.traffic.desks), more=1):
            assert self.options.shared_caps is not None
            self.tell(BootWithheld(runner, self.options.shared_caps.explain(), self._now()))
            return
        pid, ref = bl.spawn_monitor(runners.run, self, self._pid, runner, self._backend)
        self.traffic.desks[runner] = Desk(pid)
        self.watches.add(ref, lambda reason: self._runner_down(runner, reason))

    def _offer_places(self) -> None:
        """Others may have the places that this pool does not need; it stays in line for one that was withheld, even if
        the word of that is still on its way here."""
        if self._share is None:
            return
        waits = bool(self._state.withheld) or len(self._state.runners) > len(self.traffic.desks)
        if self._share.ask(runners=len(self.traffic.desks), more=int(waits)):
            self.tell(RoomMade(self._now()))

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

    # Words and numbers.

    def refusal_now(self) -> FlameError | None:
        return words.refusal_now(self._state, self._backend)

    def late_in_line(self, call: Call) -> FlameError:
        explained = self._explained().replace("\n", "; ")
        return words.late_in_line(call, self._state, explained, self._now())

    def _explained(self) -> str:
        return explain(self._state, self.traffic.picture(), self._now())

    def _stats(self) -> Stats:
        picture = self.traffic.picture()
        seen, wall = self.witness.seen(self._where), picture.wall.timestamp()
        return stats(self._state, picture, seen, self.witness.tally, at=self._now(), wall=wall)

    def _where(self, runner: RunnerId) -> str:
        known = self.traffic.desks.get(runner)
        return "" if known is None or known.child is None else known.child.machine.where

    def _now(self) -> float:
        return self._clock.now()

    # Whoever waits for the pool itself.

    def _tell_starters(self) -> None:
        if not self.starters:
            return
        state = self._state
        up = state.count(Phase.READY)
        # What boots now may succeed, whatever failed before it.
        failed = (state.broken or state.failures >= FAILURES_BEFORE_REFUSAL) and not state.count(Phase.BOOTING)
        over = failed or state.stage is not Stage.OPEN or not self._may_grow()
        waiting, self.starters = self.starters, []
        for wanted, client in waiting:
            if up >= min(wanted, state.options.max) or over:
                self.reply(
                    client,
                    words.refusal(Refusal.BOOT_FAILED, self._state, self._backend) if failed and up < wanted else None,
                )
            else:
                self.starters.append((wanted, client))

    def _may_grow(self) -> bool:
        """Whether there may be more runners without another call: it is under way, or waits for something."""
        state = self._state
        return state.retry_at is not None or bool(state.withheld) or len(state.runners) > state.count(Phase.READY)

    def _resize(self, least: int | None, most: int | None) -> Exception | None:
        options = self.options
        try:
            new = replace(
                options, min=options.min if least is None else least, max=options.max if most is None else most
            )
        except (TypeError, ValueError) as error:
            return error
        self._happens(Resized(new.min, new.max, self._now()))
        return None

    def _drain(self, node: str, seconds: float | None, client: Client) -> Any:
        runner = self._runner_on(node)
        if runner is None:
            return words.no_such_runner(node, self._state)
        self.traffic.desks[runner].waiters.append(client)
        within = self.options.shutdown_timeout if seconds is None else seconds
        self._happens(DrainRequested(runner, "it was drained", within, self._now()))
        return bl.NO_REPLY

    def _cordon(self, node: str, cordoned: bool) -> Exception | None:
        runner = self._runner_on(node)
        if runner is None:
            return words.no_such_runner(node, self._state)
        self._happens(CordonRequested(runner, cordoned, self._now()))
        return None

    def _runner_on(self, node: str) -> RunnerId | None:
        return next((runner.id for runner in self._state.runners if runner.node == node), None)


async def _mourn(pool: PoolServer, pid: Pid) -> None:
    """A killed pool tells nobody that it has ended. Where the node stops, this process may be the first to."""
    reason: Reason = "its node has stopped"
    try:
        reason = (await bl.receive(ref=bl.monitor(pid))).reason
        pool.end(reason)
        await pool.see_runners_go()
    finally:
        pool.end(reason)
        pool.witness.close()


def _brief(reason: Reason) -> str:
    return str(reason).partition("\n")[0]
