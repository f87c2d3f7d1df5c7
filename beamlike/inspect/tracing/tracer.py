"""The process that traces a node: one at a time, registered as TRACER, and gone with whoever asked for the trace.

It takes up what is to be watched, lets go when the budget of the second is spent, and takes up again in the next. It
stops watching when the budget is spent for good, when the client says so, ends, is lost with its node, or has not
fetched anything for LEASE_SECONDS; and then everything is as it was. What it has told by then can still be fetched.

It takes ("fetch", who, ref, seen), answered by (ref, first, rows, is_over) when there is something, and "stop". Rows
are numbered from 0, `first` is the number of the first that comes, and they are kept until a fetch says how many were
seen: an answer may be lost on its way. The last row is of the kind "ended".
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextvars import Context
from types import FunctionType
from typing import Any, Final

from beamlike.distribution.secret import OBSERVE, Role
from beamlike.inspect.tracing import messages
from beamlike.inspect.tracing.budget import Budget, Limits
from beamlike.inspect.tracing.call_watches import watch_calls
from beamlike.inspect.tracing.calls import CallLog, CallWatch
from beamlike.inspect.tracing.events import Traced
from beamlike.inspect.tracing.functions import function_named
from beamlike.inspect.tracing.messages import MessageWatch, check_flags
from beamlike.inspect.tracing.recorder import Recorder
from beamlike.inspect.tracing.shown import shown
from beamlike.kernel import current, functions, signals
from beamlike.kernel.errors import BeamlikeError, NameTaken
from beamlike.kernel.node import LocalNode
from beamlike.kernel.terms import KILLED, Down, Pid, Ref

TRACER: Final = "inspect.trace"
FLUSH_SECONDS: Final = 0.1
LEASE_SECONDS: Final = 10.0
_MOST_CHOSEN: Final = 100
_AT_ONCE: Final = 500
"""Rows that are fetched in one go."""
_CLOSED: Final = "closed"
_HIDDEN: Final = (
    "of arguments and results only the types are told to who holds the observers' secret; to see them, connect with "
    "the node's own"
)
_PAUSE: Final = 0.002


class NotTraced(BeamlikeError, ValueError):
    """A trace cannot begin; the message says what is in the way."""


def start_tracer(node: LocalNode, options: dict[Any, Any], client: Pid) -> Pid:
    """Starts the tracer of `node` for `client`, whose process is watched. NotTraced if that cannot be.

    `options`: "calls" (names of functions), "messages" (flags), "processes" (pids, or none for all), "limit", "rate",
    "seconds".
    """
    limits, flags, chosen, watched = _checked(options)
    values = _may_see_values(node, client)
    process = node.start_process(_trace, (client, limits, flags, chosen, watched, values), context=Context())
    try:
        node.register(TRACER, process.pid)
    except NameTaken as taken:
        process.end(KILLED)
        raise NotTraced(
            f"{node.name} is being traced by somebody else, and has one tracer at a time; theirs ends by itself, "
            "or stop it where it was begun"
        ) from taken
    process.scheduler.call(process.scheduler.ready, process)
    return process.pid


def _checked(options: dict[Any, Any]) -> tuple[Limits, frozenset[str], frozenset[Pid], dict[str, FunctionType]]:
    """They may come from anybody who may look."""
    if set(options) != {"calls", "messages", "processes", "limit", "rate", "seconds"}:
        raise NotTraced(f"expected what a trace can be told, got {sorted(map(str, options))}: is it another version?")
    calls, told, processes = (_few(options[name]) for name in ("calls", "messages", "processes"))
    if not all(type(each) is str for each in (*calls, *told)) or not all(type(each) is Pid for each in processes):
        raise NotTraced("expected calls and messages as texts, and processes as pids")
    try:
        limits = Limits(options["limit"], options["rate"], options["seconds"])
        flags = check_flags(told, calls)
        watched = {name: function_named(name) for name in calls}
    except ValueError as error:
        raise NotTraced(str(error)) from error
    return limits, flags, frozenset(processes), watched


def _may_see_values(node: LocalNode, client: Pid) -> bool:
    """Of calls. Whoever may only observe would see what opens the node: its own secret is an argument of `hmac.digest`
    each time that somebody connects."""
    role_of: Callable[[str], Role] | None = getattr(node, "role_of", None)
    return role_of is None or role_of(client.node) != OBSERVE


def _few(values: Any) -> tuple[Any, ...]:
    if type(values) not in (list, tuple) or len(values) > _MOST_CHOSEN:
        raise NotTraced(f"expected a list of at most {_MOST_CHOSEN} to trace, got {type(values).__name__}")
    return tuple(values)


async def _trace(
    client: Pid,
    limits: Limits,
    flags: frozenset[str],
    chosen: frozenset[Pid],
    watched: dict[str, FunctionType],
    values: bool,
) -> None:
    here = current.current_process()
    gone = functions.monitor(client)
    budget = Budget(limits, time.monotonic())
    recorder = Recorder(budget, here.pid, lambda: _closed())
    tracer = _Tracer(here.node, gone, recorder, budget)

    def _closed() -> None:
        # At once, and not by this process, whose loop may be stalled: what is watched is to pay no more.
        if tracer.calls is not None:
            tracer.calls.let_go()
        here.node.route(signals.Send(None, here.pid, _CLOSED))

    try:
        if watched:
            if not values:
                tracer.tell(_HIDDEN)
            tracer.calls = watch_calls(watched, CallLog(recorder, here.node.name, watched, values=values))
        if flags:
            tracer.messages = MessageWatch(here.node, here.pid, flags, chosen, recorder, client)
        why = await tracer.watch()
    except ValueError as error:
        why = str(error)
    finally:
        await tracer.let_go()
    functions.unregister(TRACER)
    await tracer.end(why)


class _Tracer:
    calls: CallWatch | None = None
    messages: MessageWatch | None = None

    def __init__(self, node: LocalNode, gone: Ref, recorder: Recorder, budget: Budget) -> None:
        self._node = node
        self._gone = gone
        self._recorder = recorder
        self._budget = budget
        self._rows: list[tuple[Any, ...]] = []
        self._first = 0
        self._fetching: tuple[Pid, Ref] | None = None
        self._fetched_at = time.monotonic()
        self._is_over = False

    def tell(self, text: str) -> None:
        self._rows.append(_note(text))

    async def watch(self) -> str:
        """Until it is over; why."""
        left_alone = False
        while not self._recorder.is_over:
            await self._take_up()
            if self.messages is not None and self.messages.left_alone and not left_alone:
                left_alone = True
                alone = self.messages.left_alone
                self._rows.append(_note(f"{alone} processes are left alone: {messages.MOST_PROCESSES} are the most"))
            if why := await self._wait(self._wakes_in()):
                return why
            self._collect()
            if not self._recorder.is_open and not self._recorder.is_over:
                await self.let_go()
                if why := await self._pause():
                    return why
                self._recorder.open()
        taken, limits = self._budget.taken, self._budget.limits
        return f"{taken} events, the limit" if taken >= limits.limit else f"after {limits.seconds:g} s, the time limit"

    def _wakes_in(self) -> float:
        return max(0.0, min(FLUSH_SECONDS, self._budget.ends_at - time.monotonic()))

    async def _pause(self) -> str:
        """Until the next second has room."""
        while (seconds := self._recorder.opens_in()) > 0 and not self._recorder.is_over:
            if why := await self._wait(seconds):
                return why
            self._collect()
        return ""

    async def _wait(self, seconds: float) -> str:
        """So long, or until there is something to do; a reason to end."""
        if time.monotonic() > self._fetched_at + LEASE_SECONDS:
            return f"nobody has fetched what it told for {LEASE_SECONDS:g} s"
        try:
            message = await functions.receive(timeout=seconds)
        except TimeoutError:
            return ""
        match message:
            case "stop":
                return "stopped by who asked for it"
            case ("fetch", Pid() as who, Ref() as ref, int() as seen):
                self._fetching, self._fetched_at = (who, ref), time.monotonic()
                self._drop(seen)
                self._hand_on()
            case Down(ref, _, reason) if ref == self._gone:
                return f"who asked for it is gone: {shown(reason)}"
        return ""

    async def _take_up(self) -> None:
        if self.calls is not None and self._recorder.is_open:
            self.calls.take_up()
        if self.messages is not None and self._recorder.is_open:
            await _in_slices(self.messages.take_up())

    async def let_go(self) -> None:
        if self.calls is not None:
            self.calls.let_go()
        if self.messages is not None:
            await _in_slices(self.messages.let_go())

    async def end(self, why: str) -> None:
        """Keeps what was told until it is fetched."""
        self._collect()
        if self._recorder.left_out:
            self._rows.append(_note(f"{self._recorder.left_out} events were left out: several threads came at once"))
        self._rows.append(Traced("ended", time.time(), text=why).row)
        self._is_over = True
        self._hand_on()
        while self._rows and not await self._wait(LEASE_SECONDS):
            continue

    def _collect(self) -> None:
        self._rows += self._recorder.fetch()
        self._hand_on()

    def _hand_on(self) -> None:
        if self._fetching is not None and self._rows:
            who, ref = self._fetching
            self._fetching = None
            rows = self._rows[:_AT_ONCE]
            functions.send(who, (ref, self._first, rows, self._is_over and len(rows) == len(self._rows)))

    def _drop(self, seen: int) -> None:
        gone = max(0, min(seen - self._first, len(self._rows)))
        del self._rows[:gone]
        self._first += gone


async def _in_slices(steps: Iterator[None]) -> None:
    """The loop has time for others between two steps."""
    for _ in steps:
        await asyncio.sleep(_PAUSE)


def _note(text: str) -> tuple[Any, ...]:
    return Traced("note", time.time(), text=text).row
