"""The process of a pool: turns what happens into events, and performs the effects that `pool_state` decides.

caller ──Checkout──► pool ──Lease──► caller ──spawn, result──► runner's node
       ──Working, CheckIn or Abandon──► pool
runner ──Up──► pool ──Stop──► runner          (`flame.runner`, monitored)
pool   ──Cancel──► worker                     (`flame.worker`, once its caller is gone; monitored from then on)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, assert_never

import beamlike as bl
import nodes
from beamlike.kernel.question import Client
from beamlike.kernel.terms import ExceptionInfo, Reason
from flame import runner as runners
from flame.clock import Clock, Timer
from flame.errors import BootFailed, FlameError, PoolStopped, QueueTimeout
from flame.explain import explain
from flame.options import PoolOptions
from flame.pool_events import (
    Boot,
    CallerGone,
    CancelTimer,
    CheckedIn,
    CheckoutRequested,
    Effect,
    Event,
    Finished,
    Grant,
    Refusal,
    Refuse,
    RunnerDown,
    RunnerId,
    RunnerLost,
    RunnerUp,
    SetTimer,
    Started,
    StopRequested,
    StopRunner,
    TimerFired,
    TimerId,
)
from flame.pool_state import FAILURES_BEFORE_REFUSAL, Phase, PoolState, Stage, apply
from flame.worker import Cancel

FATES_KEPT = 100
"""Of so many lost runners the pool remembers what became of them."""


class Timeout(Enum):
    OF_POOL = "the pool's own"


@dataclass(frozen=True, slots=True)
class Checkout:
    """Answered by a Lease, or by the FlameError that says why there is none."""

    call: bl.Ref
    timeout: float | Timeout | None


@dataclass(frozen=True, slots=True)
class Lease:
    """A slot on `node`, for `seconds` more (None: without a limit)."""

    call: bl.Ref
    runner: RunnerId
    node: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Working:
    """The caller has had `worker` spawned for its call."""

    call: bl.Ref
    worker: bl.Pid


@dataclass(frozen=True, slots=True)
class CheckIn:
    """The caller has seen the end of the work, or that the connection to its runner is lost."""

    call: bl.Ref
    lost: RunnerId | None


@dataclass(frozen=True, slots=True)
class Abandon:
    """The caller waits no more, for a slot or for the outcome."""

    call: bl.Ref


@dataclass(frozen=True, slots=True)
class AwaitMinimum:
    """Answered by None once `min` runners are up, or by the BootFailed that says why they are not."""


@dataclass(frozen=True, slots=True)
class Fate:
    """Answered, once the runner is gone, by why it went."""

    runner: RunnerId


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
class _Call:
    client: Client
    deadline: float | None
    caller: bl.Ref
    """Monitors the caller."""
    worker: bl.Pid | None = None


class PoolServer(bl.GenServer):
    def init(self, options: PoolOptions, backend: nodes.Backend, clock: Clock) -> None:
        self._state = PoolState(options)
        self._backend = backend
        self._clock = clock
        self._timers: dict[TimerId, Timer] = {}
        self._runners: dict[RunnerId, bl.Pid] = {}
        self._calls: dict[bl.Ref, _Call] = {}
        self._watched: dict[bl.Ref, Callable[[Reason], None]] = {}
        """What to do when the monitored process ends, by the monitor."""
        self._fates: deque[tuple[RunnerId, str]] = deque(maxlen=FATES_KEPT)
        self._curious: list[tuple[RunnerId, Client]] = []
        self._starters: list[Client] = []
        self._stoppers: list[Client] = []
        self._happens(Started(self._now()))

    # Messages.

    def handle_call(self, request: Any, client: Client) -> Any:
        match request:
            case Checkout():
                self._check_out(request, client)
            case AwaitMinimum():
                self._starters.append(client)
                self._tell_starters()
            case Fate(runner):
                self._curious.append((runner, client))
                self._tell_curious()
            case StopPool():
                self._stoppers.append(client)
                self._happens(StopRequested(self._now()))
            case GetOptions():
                return self._state.options
            case Explain():
                return explain(self._state, self._now())
            case _:
                raise TypeError(f"a pool does not know the request {request!r}")
        return bl.NO_REPLY

    def handle_cast(self, request: Any) -> None:
        match request:
            case Working(call, worker):
                if call in self._calls:
                    self._calls[call] = replace(self._calls[call], worker=worker)
            case CheckIn(call, lost):
                if lost is not None:
                    self._happens(RunnerLost(lost, "the connection to it was lost", self._now()))
                self._ended(call)
            case Abandon(call):
                self._caller_gone(call)

    def handle_info(self, message: Any) -> None:
        match message:
            case bl.Down(ref=ref, reason=reason) if ref in self._watched:
                self._watched.pop(ref)(reason)
            case runners.Up(pid, node):
                self._runner_up(pid, node)
            case bl.NodeDown(node, reason):
                self._node_down(node, reason)
            case TimerFired(timer):
                self._timers.pop(timer, None)
                self._happens(message)

    # Calls.

    def _check_out(self, request: Checkout, client: Client) -> None:
        call, now = request.call, self._now()
        timeout = self._state.options.timeout if isinstance(request.timeout, Timeout) else request.timeout
        deadline = None if timeout is None else now + timeout
        caller = self._watch(client.pid, lambda _reason: self._caller_gone(call))
        self._calls[call] = _Call(client, deadline, caller)
        self._happens(CheckoutRequested(call, deadline, now))

    def _caller_gone(self, call: bl.Ref) -> None:
        known = self._calls.pop(call, None)
        if known is None:
            return
        self._unwatch(known.caller)
        self._happens(CallerGone(call, self._now()))
        if known.worker is None:  # it had no slot, or had just been granted one
            self._happens(CheckedIn(call, self._now()))
        else:
            bl.send(known.worker, Cancel())
            self._watch(known.worker, lambda _reason: self._happens(CheckedIn(call, self._now())))

    def _ended(self, call: bl.Ref) -> None:
        known = self._calls.pop(call, None)
        if known is not None:
            self._unwatch(known.caller)
            self._happens(CheckedIn(call, self._now()))

    # Runners.

    def _boot(self, runner: RunnerId) -> None:
        boot_timeout = self._state.options.boot_timeout
        pid, ref = bl.spawn_monitor(runners.run, bl.self(), self._backend, boot_timeout)
        self._runners[runner] = pid
        self._watched[ref] = lambda reason: self._runner_down(runner, reason)

    def _runner_up(self, pid: bl.Pid, node: str) -> None:
        runner = next(runner for runner, known in self._runners.items() if known == pid)
        bl.monitor_node(node)
        self._happens(RunnerUp(runner, node, self._now()))

    def _node_down(self, node: str, reason: str) -> None:
        bl.monitor_node(node, False)
        for runner in self._state.runners:
            if runner.node == node:
                self._happens(RunnerLost(runner.id, f"the connection to it was lost ({reason})", self._now()))

    def _runner_down(self, runner: RunnerId, reason: Reason) -> None:
        words = _words(reason)
        del self._runners[runner]
        self._fates.append((runner, words))
        self._tell_curious()
        self._happens(RunnerDown(runner, words, self._now()))

    # Events and effects.

    def _happens(self, event: Event) -> None:
        self._state, effects = apply(self._state, event)
        for effect in effects:
            self._perform(effect)
        self._tell_starters()
        if self._state.stage is Stage.STOPPED:
            raise bl.Stop

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Boot(runner):
                self._boot(runner)
            case StopRunner(runner, reason):
                bl.send(self._runners[runner], runners.Stop(reason))
            case Grant(call, runner, node):
                self._grant(call, runner, node)
            case Refuse(call, why):
                self._refuse(call, why)
            case SetTimer(timer, at):
                self._set_timer(timer, at)
            case CancelTimer(timer):
                self._cancel_timer(timer)
            case Finished():
                for client in self._stoppers:
                    self.reply(client, None)
            case _:
                assert_never(effect)

    def _grant(self, call: Any, runner: RunnerId, node: str) -> None:
        known = self._calls[call]
        seconds = None if known.deadline is None else known.deadline - self._now()
        self.reply(known.client, Lease(call, runner, node, seconds))

    def _refuse(self, call: Any, why: Refusal) -> None:
        known = self._calls.pop(call)
        self._unwatch(known.caller)
        self.reply(known.client, self._refusal(why))

    def _refusal(self, why: Refusal) -> FlameError:
        options = self._state.options
        match why:
            case Refusal.QUEUE_TIMEOUT:
                return QueueTimeout(
                    f"a call to pool {options.name!r} got no slot in time; raise max, max_concurrency or the call's "
                    f"timeout. Now: {self._explained()}"
                )
            case Refusal.BOOT_FAILED:
                return BootFailed(
                    f"pool {options.name!r} could not boot a runner on {self._backend!r}, {self._state.failures} times "
                    f"in a row; the next call tries again. The last time: {self._state.last_failure}"
                )
            case Refusal.STOPPING:
                return PoolStopped(f"pool {options.name!r} is stopping and takes no calls")
            case _:
                assert_never(why)

    # Whoever waits for the pool itself.

    def _tell_starters(self) -> None:
        answer: BootFailed | None = None
        if self._state.count(Phase.UP) < self._state.options.min:
            if self._state.failures < FAILURES_BEFORE_REFUSAL:
                return
            answer = BootFailed(str(self._refusal(Refusal.BOOT_FAILED)))
        for client in self._starters:
            self.reply(client, answer)
        self._starters.clear()

    def _tell_curious(self) -> None:
        fates = dict(self._fates)
        for runner, client in self._curious:
            if runner not in self._runners:
                self.reply(client, fates.get(runner, "that is too long ago"))
        self._curious = [(runner, client) for runner, client in self._curious if runner in self._runners]

    # Monitors and timers.

    def _watch(self, pid: bl.Pid, then: Callable[[Reason], None]) -> bl.Ref:
        ref = bl.monitor(pid)
        self._watched[ref] = then
        return ref

    def _unwatch(self, ref: bl.Ref) -> None:
        if self._watched.pop(ref, None) is not None:
            bl.demonitor(ref, flush=True)

    def _set_timer(self, timer: TimerId, at: float) -> None:
        self._cancel_timer(timer)
        pool = bl.self()
        self._timers[timer] = self._clock.call_at(at, lambda: bl.send(pool, TimerFired(timer, max(at, self._now()))))

    def _cancel_timer(self, timer: TimerId) -> None:
        if (running := self._timers.pop(timer, None)) is not None:
            running.cancel()

    def _now(self) -> float:
        return self._clock.now()

    def _explained(self) -> str:
        return explain(self._state, self._now()).replace("\n", "; ")


def _words(reason: Reason) -> str:
    match reason:
        case ("shutdown", str(words)):
            return words
        case ExceptionInfo():
            return str(reason)
    return f"its process ended: {reason}"
