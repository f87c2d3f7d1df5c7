"""The process that traces a node: one at a time, registered as TRACER, and gone with whoever asked for the trace.

It takes up what is to be watched, sends what the recorder took to the client ten times a second, lets go when the
budget of the second is spent, and takes up again in the next. It ends when the budget is, when the client says "stop",
ends, or is lost with its node, and before it goes everything is as it was.

From the client come ("go", address) once and "stop"; to it go (ref, rows), with the reference of its address. The
last row is of the kind "ended".
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Final

from beamlike.inspect.tracing.budget import Budget, Limits
from beamlike.inspect.tracing.calls import CallLog, CallWatch, watch_calls
from beamlike.inspect.tracing.events import Traced
from beamlike.inspect.tracing.functions import function_named
from beamlike.inspect.tracing.messages import MOST_PROCESSES, MessageWatch, check_flags
from beamlike.inspect.tracing.recorder import Recorder
from beamlike.kernel import current, functions, signals
from beamlike.kernel.errors import BeamlikeError, NameTaken
from beamlike.kernel.node import LocalNode
from beamlike.kernel.terms import Alias, Down, Pid

TRACER: Final = "inspect.trace"
FLUSH_SECONDS: Final = 0.1
_START_SECONDS: Final = 10.0
_MOST_FUNCTIONS: Final = 50
_CLOSED: Final = "closed"


class NotTraced(BeamlikeError):
    """A trace cannot begin; the message says what is in the way."""


def start_tracer(options: dict[str, Any], client: Pid) -> Pid:
    """Starts the tracer of the current node for `client`, who is to send it "go". NotTraced if that cannot be.

    `options`: "calls" (names of functions), "messages" (flags), "processes" (pids, or none for all), "limit", "rate",
    "seconds".
    """
    node = current.current_node()
    if set(options) - {"calls", "messages", "processes", "limit", "rate", "seconds"}:
        raise NotTraced(f"expected what a trace can be told, got {sorted(options)}: the asking node is a newer one")
    try:
        limits = Limits(options["limit"], options["rate"], options["seconds"])
        flags = check_flags(tuple(options["messages"]))
        names = tuple(options["calls"])[:_MOST_FUNCTIONS]
        watched = {name: function_named(name) for name in names}
        if not flags and not watched:
            raise ValueError("expected messages or functions to trace, got neither")
    except (ValueError, KeyError) as error:
        raise NotTraced(str(error)) from error
    chosen = frozenset(options["processes"])
    pid = functions.spawn(_trace, client, limits, flags, chosen, watched)
    try:
        node.register(TRACER, pid)
    except NameTaken as taken:
        functions.exit(pid, "kill")
        raise NotTraced(
            f"{node.name} is being traced by somebody else, and has one tracer at a time; theirs ends by itself, "
            "or stop it where it was begun"
        ) from taken
    return pid


async def _trace(
    client: Pid, limits: Limits, flags: frozenset[str], chosen: frozenset[Pid], watched: dict[str, Any]
) -> None:
    here = current.current_process()
    gone = functions.monitor(client)
    address = await _address()
    if address is None:
        return
    budget = Budget(limits, time.monotonic())
    recorder = Recorder(budget, here.pid, lambda: _closed())
    tracer = _Tracer(here.node, here.pid, client, address, recorder, budget)

    def _closed() -> None:
        # At once, and not by this process, whose loop may be stalled: what is watched is to pay no more.
        if tracer.calls is not None:
            tracer.calls.let_go()
        here.node.route(signals.Send(None, here.pid, _CLOSED))

    try:
        if watched:
            tracer.calls = watch_calls(watched, CallLog(recorder, here.node.name))
        if flags:
            tracer.messages = MessageWatch(here.node, here.pid, flags, chosen, recorder, client)
        why = await tracer.run(gone)
    except ValueError as error:
        why = str(error)
    finally:
        await tracer.let_go()
    tracer.end(why)


class _Tracer:
    calls: CallWatch | None = None
    messages: MessageWatch | None = None

    def __init__(
        self, node: LocalNode, pid: Pid, client: Pid, address: Alias, recorder: Recorder, budget: Budget
    ) -> None:
        self._node = node
        self._pid = pid
        self._client = client
        self._address = address
        self._recorder = recorder
        self._budget = budget

    async def run(self, gone: Any) -> str:
        """Until it is over; why."""
        left_alone = False
        while not self._recorder.is_over:
            await self._take_up()
            if self.messages is not None and self.messages.left_alone and not left_alone:
                left_alone = True
                self._tell(
                    [_note(f"{self.messages.left_alone} processes are left alone: {MOST_PROCESSES} are the most")]
                )
            if why := await self._wait(gone, self._wakes_in()):
                return why
            self._tell(self._recorder.fetch())
            if not self._recorder.is_open and not self._recorder.is_over:
                await self.let_go()
                if why := await self._pause(gone):
                    return why
                self._recorder.open()
        taken, limits = self._budget.taken, self._budget.limits
        return f"{taken} events, the limit" if taken >= limits.limit else f"after {limits.seconds:g} s, the time limit"

    def _wakes_in(self) -> float:
        return max(0.0, min(FLUSH_SECONDS, self._budget.ends_at - time.monotonic()))

    async def _pause(self, gone: Any) -> str:
        """Until the next second has room."""
        while (seconds := self._recorder.opens_in()) > 0 and not self._recorder.is_over:
            if why := await self._wait(gone, seconds):
                return why
        return ""

    async def _wait(self, gone: Any, seconds: float) -> str:
        """So long, or until there is something to do; a reason to end."""
        try:
            message = await functions.receive(timeout=seconds)
        except TimeoutError:
            return ""
        match message:
            case "stop":
                return "stopped by who asked for it"
            case Down(ref, _, reason) if ref == gone:
                return f"who asked for it is gone: {reason}"
            case _:
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

    def end(self, why: str) -> None:
        rows = self._recorder.fetch()
        if self._recorder.left_out:
            rows.append(_note(f"{self._recorder.left_out} events were left out: several threads came at once"))
        self._tell([*rows, Traced("ended", time.time(), text=why).row])

    def _tell(self, rows: list[tuple[Any, ...]]) -> None:
        if rows:
            self._node.route(signals.Send(self._pid, self._address, (self._address.ref, rows)))


async def _address() -> Alias | None:
    """Where events are to go; None if nobody says so."""
    try:
        message = await functions.receive(timeout=_START_SECONDS)
    except TimeoutError:
        return None
    match message:
        case ("go", Alias() as address):
            return address
        case _:
            return None


async def _in_slices(steps: Iterator[None]) -> None:
    """The loop turns between two steps."""
    for _ in steps:
        try:
            await functions.receive(lambda _: False, timeout=0)
        except TimeoutError:
            continue


def _note(text: str) -> tuple[Any, ...]:
    return Traced("note", time.time(), text=text).row
