"""The calls of one pool on their way: from the line to a slot, to the desk of that runner, to their outcome.

All of this is called plainly, on the pool's loop: by callers, by the runners' processes, and by the pool itself. What
is to be decided about runners is left to the pool, which is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol

import beamlike as bl
import nodes
from beamlike.kernel.question import Client
from beamlike.kernel.terms import ExceptionInfo, Pid
from flame import pool_words as words
from flame.calls import NOTHING, Call, Timeout, name_of
from flame.clock import Clock
from flame.deadlines import Deadlines
from flame.dispatch import Dispatch, Grants, Lane
from flame.errors import FlameError, PoolStopped
from flame.fate import Fate
from flame.hold import Hold
from flame.keys import Key, Keys
from flame.options import PoolOptions
from flame.outbox import Outbox
from flame.outcome import Ended, Outcome, Raised, Returned
from flame.policies import OnDemand
from flame.pool_events import Event, LanePicture, Picture, RunnerId, RunnerServed, WorkLingers
from flame.tracking.keeping import refs_in
from flame.witness import Witness
from flame.work import KEPT, LEFT_OVER, NOT_BEGUN, RAISED, RETURNED, SOME, Answer, Arguments, AskIdle

WORK_MAY_LINGER = 5.0
"""Seconds that abandoned work has to end."""


class Overseer(Protocol):
    """Who decides about runners: the pool."""

    def refusal_now(self) -> FlameError | None: ...

    def late_in_line(self, call: Call) -> FlameError: ...

    def tell(self, event: Event) -> None: ...

    def look_soon(self, *, cancelled: bool = False) -> None: ...


class Desk:
    """That of one runner, as the pool has it, from before its boot."""

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


class Traffic:
    def __init__(self, pool: Overseer, options: PoolOptions, clock: Clock, witness: Witness) -> None:
        self._pool = pool
        self._options = options
        self.now = clock.now
        self._witness = witness
        self.dispatch = Dispatch(
            options.placement, single_use=options.single_use, keys_per_runner=options.keys_per_runner
        )
        self.desks: dict[RunnerId, Desk] = {}
        self.lost: dict[RunnerId, tuple[Call, ...]] = {}
        """The calls that lost runners had, until it is known what became of these."""
        self.deadlines: Deadlines[Call] = Deadlines(clock, self._overdue)
        self.lingering: Deadlines[Call] = Deadlines(clock, self._lingers)
        self._keys = Keys()
        self._numbers = 0
        self._attentive = type(options.policy) is not OnDemand
        """Whether the policy looks at more than at who waits."""
        self.is_pressed = False
        """Whether other pools wait for the place of a runner that has nothing to do."""

    def picture(self) -> Picture:
        """How the slots stand."""
        dispatch = self.dispatch
        lanes = {runner: _picture_of(lane) for runner, lane in dispatch.lanes.items()}
        lost = frozenset(self.lost)
        return Picture(dispatch.waiting, dispatch.bound, dispatch.first_since(), lanes, datetime.now(UTC), lost)

    # Calls.

    def submit(self, call: Call) -> None:
        """Brings a call on its way. To be called on the pool's loop, as all of these."""
        if call.key is not None:
            call.key = self._keys.of(call.key)
        call.number = self._numbers + 1  # of a chunk, that of the first; the others have those that follow
        self._numbers += call.count
        if self._witness.listens:
            self._witness.queued(call)
        if (refusal := self._pool.refusal_now()) is not None:
            self._settle(call, refusal)
            return
        if not call.is_light:
            call.home = self._home_of(call.args)
        timeout = call.request.timeout
        call.seconds = self._options.timeout if isinstance(timeout, Timeout) else timeout
        if call.seconds is not None:
            self.deadlines.add(call, call.seconds)
        if self.dispatch.ask(call, self.now()):
            self._start(call)
        else:
            self._pool.look_soon()

    def span_of(self, call: Call) -> str:
        """The span of a call, as text; empty if it has none."""
        return self._witness.span_of(call)

    def _home_of(self, args: Arguments) -> str | None:
        """The runner that has most of what the arguments refer to: there it is at hand."""
        homes = [ref.node for ref in refs_in(args) if self.dispatch.has_lane(ref.node)]
        return max(homes, key=homes.count, default=None)

    def calls_are_quick(self) -> bool:
        """Whether calls of many may be sent ahead of the slots: not where it is told when each begins."""
        return not self._witness.listens and self.dispatch.is_quick()

    def may_chunk(self) -> bool:
        """Whether calls of many may share a slot: not while others wait for one, nor where each call is told of."""
        return not self._witness.listens and not self._options.single_use and not self.dispatch.waiting

    def abandon(self, call: Call) -> None:
        """Nobody waits for the outcome: the call leaves the line, or its work is told to end."""
        if call.then is not None:
            self._witness.abandoned(call)
        call.forget()
        self.forget_deadline(call)
        lane = call.lane
        if lane is None:
            self._leave_line(call)
        elif call in lane.working:
            self._call_off(call, lane)

    def _leave_line(self, call: Call) -> None:
        waited = call.line is not None
        self.dispatch.leave(call)
        self._pool.look_soon(cancelled=waited)

    def _call_off(self, call: Call, lane: Lane) -> None:
        self.dispatch.abandon(call)
        runner = self.desks.get(lane.runner)
        if runner is not None and runner.outbox is not None and call.number in runner.calls:
            runner.outbox.cancel(call)
            self.lingering.add(call, WORK_MAY_LINGER)

    def _start(self, call: Call) -> None:
        lane = call.lane
        assert lane is not None
        if not lane.served:
            lane.served = True
            self._pool.tell(RunnerServed(lane.runner, self.now()))
        self._witness.started(call)
        if isinstance(call, Hold):
            call.granted(call)
            return
        runner = self.desks[lane.runner]
        assert runner.outbox is not None
        runner.calls[call.number] = call
        runner.outbox.put(call)
        if self.dispatch.evicted:
            self._evict()
        if self._attentive or lane.uses is not None:
            self._pool.look_soon()

    def _start_all(self, grants: Grants) -> None:
        for call in grants:
            assert isinstance(call, Call)
            self._start(call)

    def _evict(self) -> None:
        self._pool.look_soon()  # who waited for these keys waits for any runner now
        evicted, self.dispatch.evicted = self.dispatch.evicted, []
        for lane, key in evicted:
            runner = self.desks.get(lane.runner)
            if runner is not None and runner.outbox is not None:
                assert isinstance(key, Key)
                runner.outbox.evict(key.value)

    def _overdue(self, call: Call) -> None:
        """Its time is up."""
        call.seconds = None
        if call.lane is None:
            self.dispatch.leave(call)
            self._settle(call, self._pool.late_in_line(call))
            self._pool.look_soon()
            return
        self._settle(call, words.late_at_work(call, self._options.name, self.now()))
        if call in call.lane.working:
            self._call_off(call, call.lane)

    def _settle(self, call: Call, outcome: Outcome | Exception, now: float | None = None) -> None:
        if call.then is not None:
            self._witness.ended(call, outcome, self.now() if now is None else now)
        call.settle(outcome)

    def _lingers(self, call: Call) -> None:
        if call.lane is not None and call in call.lane.working:
            self._pool.tell(WorkLingers(call.lane.runner, self.now()))

    def forget_deadline(self, call: Call) -> None:
        if call.seconds is not None:
            self.deadlines.discard(call, call.seconds)
            call.seconds = None

    def failed_to_leave(self, call: Call, error: Exception) -> None:
        """It could not be sent."""
        assert call.lane is not None
        self._finished(call.lane.runner, call.number, error)

    # What desks tell.

    def finished(self, runner: RunnerId, answers: list[Answer]) -> None:
        for number, kind, value in answers:
            if kind < SOME:
                outcome = _outcome(kind, value) if kind != RAISED else self._raised(runner, number, value)
                self._finished(runner, number, outcome, stays=kind == KEPT)
            else:
                self._goes_on(runner, number, kind, value)

    def _goes_on(self, runner: RunnerId, number: int, kind: int, value: Any) -> None:
        known = self.desks.get(runner)
        call = None if known is None else known.calls.get(number)
        if call is None:  # its runner was lost first
            return
        is_waited_for, given_back = call.then is not None, 0
        if kind == SOME and is_waited_for:
            self._witness.passed(call, len(value), self.now())
            call.come(value)
        elif kind != SOME:
            given_back = value if kind == LEFT_OVER else call.count
            self._witness.given_back(call, given_back)
        if kind == NOT_BEGUN:
            call.forget()  # who sent it ahead may send it anew
            self._finished(runner, number, NOTHING)
        if given_back and is_waited_for:
            call.give_back(given_back)

    def _raised(self, runner: RunnerId, number: int, info: ExceptionInfo) -> Outcome:
        known = self.desks.get(runner)
        call = None if known is None else known.calls.get(number)
        return Raised(_in_call(number if call is None else number + call.passed, info))

    def _finished(self, runner: RunnerId, number: int, outcome: Outcome | Exception, *, stays: bool = False) -> None:
        known = self.desks.get(runner)
        call = None if known is None else known.calls.pop(number, None)
        if known is None or call is None:  # its runner was lost first
            return
        self.forget_deadline(call)
        call.letter = ()  # or it would hold itself, and what it was given, until the next collection
        if call.abandoned:
            self.lingering.discard(call, WORK_MAY_LINGER)
        now = self.now()
        if stays:
            grants = self.dispatch.keep(call, now)
            known.kept[number] = call
            call.args = ()  # or it would hold what it was given for as long
            call.request = replace(call.request, args=())
        else:
            grants = self.dispatch.done(call, now)
        if grants:
            self._start_all(grants)
        self._settle(call, outcome, now)
        self._witness.freed(call)
        if self._attentive or self.is_pressed or call.abandoned or not (call.lane and call.lane.open):
            self._pool.look_soon()

    def unread(self, runner: RunnerId, number: int, why: str) -> None:
        """What asked for this call, and for those that left with it, could not be read over there: one of them is to
        blame, so each goes again by itself."""
        desk = self.desks.get(runner)
        call = None if desk is None else desk.calls.get(number)
        if desk is None or call is None or desk.outbox is None:
            return
        others = [other for other in call.letter if other.number in desk.calls]
        if len(others) > 1:
            desk.outbox.send_alone(others)
        else:
            self.unreadable(runner, number, f"it cannot be read on its runner: {why}")

    def unreadable(self, runner: RunnerId, number: int, why: str) -> None:
        """The call has no outcome that could be told."""
        desk = self.desks.get(runner)
        call = None if desk is None else desk.calls.get(number)
        if call is not None:
            what = name_of(call.request.function)
            self._finished(runner, number, bl.UndecodableTerm(f"{what} on {self._node_of(call)}: {why}"))

    def _node_of(self, call: Call) -> str:
        return "a runner" if call.lane is None else call.lane.node

    def released(self, runner: RunnerId, number: int) -> None:
        """Nothing is left of what a call's result had kept there."""
        known = self.desks.get(runner)
        call = None if known is None else known.kept.pop(number, None)
        if call is not None:
            self._start_all(self.dispatch.release(call, self.now()))
            self._witness.freed(call)
            self._pool.look_soon()

    def take_calls_of(self, runner: RunnerId) -> None:
        """Its calls wait for the word what became of it; those that had to run there fail."""
        lost, homeless, granted = self.dispatch.remove(runner)
        self.lost[runner] = tuple(call for call in lost if isinstance(call, Call))
        self._start_all(granted)
        for call in homeless:
            assert isinstance(call, Call)
            self.dispatch.ask(call, self.now()) if call.home is None else self._settle(call, words.no_home(call))
        self._pool.look_soon()

    # What the pool does.

    def open(self, runner: RunnerId, node: str) -> None:
        """The runner takes calls."""
        self._start_all(self.dispatch.open(runner, node, self._options.max_concurrency, self.now()))

    def close(self, runners: Sequence[RunnerId], but_for_kept: Sequence[RunnerId] = ()) -> None:
        """These runners take no more calls, or none but those on what stays there."""
        # What waits for a key of one of them must not go to another, so the first closing is of all.
        self._start_all(self.dispatch.close(*runners, *but_for_kept))
        self._start_all(self.dispatch.close(*but_for_kept, but_for_kept=True))
        if self.dispatch.waiting:  # for a key of that runner, perhaps, and now for any
            self._pool.look_soon()

    def ask_idle(self, runner: RunnerId) -> None:
        outbox, check = self.desks[runner].outbox, self._options.idle_check
        assert outbox is not None
        assert check is not None
        outbox.send(AskIdle(check))

    def runner_down(self, runner: RunnerId, fate: Fate) -> Desk:
        """It is known what became of a runner, and so of its calls."""
        desk = self.desks.pop(runner)
        if runner not in self.lost:
            self.take_calls_of(runner)
        for call in self.lost.pop(runner):
            self.forget_deadline(call)
            call.letter = ()
            self.lingering.discard(call, WORK_MAY_LINGER)
            self._settle(call, words.loss(call, self._options.name, fate))
        return desk

    def refuse_all(self, why: FlameError) -> None:
        """All that wait."""
        for call in self.dispatch.waiters():
            assert isinstance(call, Call)
            self.dispatch.leave(call)
            self.forget_deadline(call)
            self._settle(call, why)

    def end(self, why: str) -> None:
        """Nothing waits for a pool that has ended."""
        self.deadlines.close()
        self.lingering.close()
        for call in self.dispatch.waiters():
            assert isinstance(call, Call)
            self._settle(call, PoolStopped(f"{why}: start it again"))
        for desk in self.desks.values():
            for call in desk.calls.values():
                self._settle(call, words.loss(call, self._options.name, Fate(why)))

    def release(self, hold: Hold) -> None:
        """A slot that was held is held no more, or the wait for it is over."""
        now = self.now()
        if hold.then is not None:
            self._witness.released(hold, now)
        hold.forget()
        self.forget_deadline(hold)
        self._start_all(self.dispatch.done(hold, now))
        self._witness.freed(hold)
        self._leave_line(hold)


def _picture_of(lane: Lane) -> LanePicture:
    """Calls that were sent ahead of the slots are at work in none."""
    working = min(len(lane.working), lane.slots)
    return LanePicture(working, len(lane.kept), lane.abandoned, lane.idle_since, lane.uses == 0)


def _outcome(kind: int, value: Any) -> Outcome:
    return Returned(value) if kind in (RETURNED, KEPT) else Ended(value)


def _in_call(number: int, info: ExceptionInfo) -> ExceptionInfo:
    """By this number log records of the call go, too."""
    return replace(info, traceback=f"{info.traceback.rstrip()}\n\n(in call {number} of its pool)")
