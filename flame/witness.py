"""Sees what happens in a pool, counts it, and tells it to whoever listens.

The pool tells its witness by plain calls and never waits for it. Counting is all that a call costs while nobody
listens. Listeners get the same events in the same order, each in a queue of its own (`subscription`); those that are
this package's own hear them at once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

import beamlike as bl
from flame import events as told
from flame.calls import Call, name_of
from flame.clock import Clock, Timer
from flame.errors import BootTimeout, Cancelled, ExecTimeout, QueueTimeout, RunnerLost
from flame.events import CallStatus, Cost, Event, PhaseName, RunnerPhase
from flame.hold import Hold
from flame.outcome import Ended, Outcome, Raised, Returned
from flame.pool_events import Event as Happened
from flame.pool_events import RunnerId
from flame.pool_state import PoolState
from flame.stats import Seen
from flame.subscription import OnEvent, Subscription, call_back
from flame.tally import Tally
from flame.telemetry import telemetry
from flame.transitions import Stamp, Step, decisions, steps

logger = logging.getLogger("flame")

COST_SECONDS = 5.0
"""How often the cost is told while there are runners."""
_STATUS: Final[dict[type, CallStatus]] = {
    Returned: "returned",
    Raised: "raised",
    QueueTimeout: "queue_timeout",
    BootTimeout: "boot_timeout",
    ExecTimeout: "exec_timeout",
    RunnerLost: "lost",
    Cancelled: "cancelled",
}
_CALLED_OFF: Final = ("called off", "interrupted", "cancelled")


class _Runner:
    __slots__ = ("node", "phase", "requested", "served", "since")

    def __init__(self, at: float) -> None:
        self.phase: PhaseName = "requested"
        self.requested = self.since = at
        self.node = ""
        self.served = 0


class Witness:
    """See the head of this file; to be used on the pool's loop."""

    def __init__(self, pool: str, clock: Clock) -> None:
        self.tally = Tally()
        self.listens = False
        """Whether anybody does."""
        self._pool = pool
        self._clock = clock
        self._runners: dict[RunnerId, _Runner] = {}
        self._hearers: list[Callable[[Event], None]] = []
        self._subscriptions: list[Subscription] = []
        self._callbacks: list[bl.Pid] = []
        self._state: PoolState | None = None
        self._tick: Timer | None = None
        self._at = 0.0
        """Of the last event: what the state tells is told a moment later than what calls do."""
        self._closed = False
        self._telemetry = telemetry(pool)
        if self._telemetry is not None:
            self.hear(self._telemetry.hear)

    # Who listens.

    def subscribe(self, *, limit: int | None = None) -> Subscription:
        """A queue of all events from now on."""
        subscription = Subscription() if limit is None else Subscription(limit)
        if self._closed:
            subscription.close()
            return subscription
        self._subscriptions.append(subscription)
        self.hear(subscription.put)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        if subscription in self._subscriptions:
            self._subscriptions.remove(subscription)
            self.hear_no_more(subscription.put)

    def call_back(self, on_event: OnEvent) -> None:
        """Has `on_event` hear all events from now on, in a process of its own on this node."""
        self._callbacks.append(bl.spawn(call_back, on_event, self.subscribe()))

    def hear(self, hearer: Callable[[Event], None]) -> None:
        """Has this package's own function hear of all events as they happen."""
        self._hearers.append(hearer)
        self.listens = True
        self._keep_ticking()

    def hear_no_more(self, hearer: Callable[[Event], None]) -> None:
        self._hearers.remove(hearer)
        self.listens = bool(self._hearers)
        self._keep_ticking()

    def close(self) -> None:
        """The pool has ended."""
        self._closed = True
        self._keep_ticking()
        for subscription in self._subscriptions:
            subscription.close()

    def pool_ended(self, why: str, at: float) -> None:
        """The pool has ended by itself, and so does who attends to each of its runners, which stops that."""
        for runner in () if self._state is None else self._state.runners:
            if runner.id in self._runners and self._runners[runner.id].phase != "stopping":
                self._stepped(Step(runner, "stopping", why), at)

    def is_gone(self, id: RunnerId, at: float) -> None:
        """A runner of a pool that has ended by itself is gone."""
        runner = None if self._state is None else self._state.runner(id)
        if runner is not None and id in self._runners:
            self._stepped(Step(runner, "gone", runner.why), at)

    @property
    def runners(self) -> tuple[RunnerId, ...]:
        """Those that are not gone, as far as was told."""
        return tuple(self._runners)

    async def told(self, *, within: float) -> None:
        """Returns when the functions that listen have heard all events of a pool that has ended, or do not in time."""
        refs = [bl.monitor(pid) for pid in self._callbacks if pid != bl.self()]
        for ref in refs:
            try:
                await bl.receive(ref=ref, timeout=within)
            except TimeoutError:
                bl.demonitor(ref, flush=True)

    def _tell(self, event: Event) -> None:
        for hearer in tuple(self._hearers):
            try:
                hearer(event)
            except Exception:
                logger.exception("%r failed for an event of pool %r and hears no more of it", hearer, self._pool)
                self.hear_no_more(hearer)

    # The pool's state.

    def saw(self, before: PoolState, event: Happened, after: PoolState) -> None:
        """A step of the state; to be told before its effects are performed."""
        self._state = after
        for step in steps(before, event, after):
            self._stepped(step, event.at)
        if self.listens:
            for decision in decisions(before, after, self._stamp(event.at)):
                self._tell(decision)
            if before.ledger is not after.ledger:
                self._keep_ticking()
                if not after.ledger.running:
                    self._tell_cost(event.at)

    def seen(self, where: Callable[[RunnerId], str]) -> dict[RunnerId, Seen]:
        """What it knows of the runners that there are; `where` says where one's machine is."""
        return {id: Seen(runner.phase, runner.since, runner.served, where(id)) for id, runner in self._runners.items()}

    def _stepped(self, step: Step, at: float) -> None:
        id = step.runner.id
        known = self._runners.get(id)
        if known is None:
            known = self._runners[id] = _Runner(step.runner.since)
        elif step.phase == "ready":
            self.tally.boot.append(at - known.requested)
        known.node = step.runner.node
        self._enter(id, known, step.phase, at, step)
        if step.phase in told.ENDS:
            del self._runners[id]

    def _enter(self, id: RunnerId, known: _Runner, phase: PhaseName, at: float, step: Step | None = None) -> None:
        was, known.phase, known.since = known.phase, phase, at
        if not self.listens:
            return
        self._tell(
            RunnerPhase(
                *self._stamp(at),
                runner=id,
                node=known.node,
                phase=phase,
                seconds=at - known.requested,
                detail="" if step is None else step.detail,
                was=None if phase == "requested" else was,
                last_lines="" if step is None else step.last_lines,
            )
        )

    # Calls.

    def queued(self, call: Call) -> None:
        """A call has come in; only to be told while somebody listens, and in the caller's context."""
        self._tell(told.CallQueued(*self._stamp(self._clock.now()), call.number, name_of(call.request.function)))
        if self._telemetry is not None and not isinstance(
            call, Hold
        ):  # a slot that is held runs no function of its own
            self._telemetry.carry(call)

    def span_of(self, call: Call) -> str:
        """Its span as text, where the program uses OpenTelemetry; else empty."""
        return "" if self._telemetry is None else self._telemetry.span_of(call)

    def started(self, call: Call) -> None:
        """A call has got a slot."""
        lane, now = call.lane, call.began
        assert lane is not None
        runner = self._runners[lane.runner]
        runner.served += call.count
        if runner.phase == "ready":
            if self.listens:
                self._enter(lane.runner, runner, "busy", now)
            else:
                runner.phase, runner.since = "busy", now
        if self.listens:
            name, waited = name_of(call.request.function), now - call.since
            self._tell(told.CallStarted(*self._stamp(now), call.number, name, lane.runner, lane.node, waited))

    def freed(self, call: Call) -> None:
        """A call's slot was freed, and may have been given to another: does its runner have nothing to do now?"""
        lane = call.lane
        if lane is None or (since := lane.idle_since) is None:
            return
        runner = self._runners.get(lane.runner)
        if runner is not None and runner.phase == "busy":
            if self.listens:
                self._enter(lane.runner, runner, "ready", since)
            else:
                runner.phase, runner.since = "ready", since

    def passed(self, call: Call, count: int, now: float) -> None:
        """So many calls of a chunk have returned, and one goes on: each is taken to have had its part of the time."""
        self.tally.finished["returned"] += count
        run_s = (now - call.began) / (call.passed + count + 1)
        self.tally.run.extend([run_s] * count)
        self.tally.queue.extend([call.began - call.since] * count)

    def given_back(self, call: Call, count: int) -> None:
        """So many calls will not run on the runner that they had."""
        if call.lane is not None and call.lane.runner in self._runners:
            self._runners[call.lane.runner].served -= count

    def ended(self, call: Call, outcome: Outcome | Exception, now: float) -> None:
        """A call is over for its caller."""
        self._over(call, _STATUS.get(type(outcome)) or _rare_status(outcome), now)

    def abandoned(self, call: Call) -> None:
        """Nobody waits for a call any more."""
        self._over(call, "cancelled", self._clock.now())

    def released(self, call: Call, now: float) -> None:
        """A slot that was held is held no more."""
        self._over(call, "cancelled" if call.lane is None else "released", now)

    def _over(self, call: Call, status: CallStatus, now: float) -> None:
        lane, tally = call.lane, self.tally
        tally.finished[status] += call.count
        if lane is not None:
            queue_s, run_s = call.began - call.since, (now - call.began) / (call.passed + 1)
            tally.run.append(run_s)
        else:
            queue_s, run_s = now - call.since if call.order else 0.0, 0.0  # it may never have stood in line
        tally.queue.append(queue_s)
        if self.listens:
            name = name_of(call.request.function)
            runner, node = (None, "") if lane is None else (lane.runner, lane.node)
            self._tell(told.CallFinished(*self._stamp(now), call.number, name, status, queue_s, run_s, runner, node))

    # Cost.

    def _keep_ticking(self) -> None:
        ticks = self.listens and not self._closed and self._state is not None and bool(self._state.ledger.running)
        if ticks and self._tick is None:
            self._tick = self._clock.call_at(self._clock.now() + COST_SECONDS, self._ticked)
        elif not ticks and self._tick is not None:
            self._tick.cancel()
            self._tick = None

    def _ticked(self) -> None:
        self._tick = None
        self._tell_cost(self._clock.now())
        self._keep_ticking()

    def _tell_cost(self, at: float) -> None:
        assert self._state is not None
        ledger = self._state.ledger
        self._tell(Cost(*self._stamp(at), ledger.seconds(at), ledger.usd(at)))

    def _stamp(self, at: float) -> Stamp:
        self._at = at = max(self._at, at)
        return self._pool, at, time.time()


def _rare_status(outcome: Outcome | Exception) -> CallStatus:
    if isinstance(outcome, Ended):
        return "cancelled" if outcome.reason in _CALLED_OFF else "ended"
    return "refused"
