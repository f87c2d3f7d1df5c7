"""On the runner's node: takes the calls of one pool, has each performed, and tells the outcomes. A process.

An async function runs in a process of its own, a plain one in a thread (`crew`), so the node stays responsive. The desk
belongs to the process that opened it, `home`: it ends with it, and so does all that it has at work.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import copy_context
from types import FunctionType
from typing import Any, Final, NamedTuple

import beamlike as bl
from beamlike.kernel import current
from beamlike.kernel.callers import calls_users
from beamlike.kernel.exceptions import describe_exception
from beamlike.kernel.performing import cannot_travel, room_towards
from beamlike.kernel.signals import Send
from flame import output_logging
from flame.chunk_job import ChunkJob
from flame.crew import KEPT_THREADS, Crew
from flame.errand import CALLED_OFF, Errand
from flame.keyed import MOST_VALUES, KeyedValues, Wait
from flame.outcome import Ended, Outcome, Raised, Returned, outcome_of
from flame.output import CallOutput, Limits, hear_rest, short_name
from flame.output_sink import Sink
from flame.parent import Parent, booted_by
from flame.termination import on_terminate
from flame.thread_job import ThreadJob
from flame.tracking.keeping import tracked
from flame.turn_batch import TurnBatch
from flame.work import (
    DONE,
    ENDED,
    KEPT,
    LEFT_OVER,
    NOT_BEGUN,
    RAISED,
    RETURNED,
    SINK,
    SOME,
    WORKS,
    Answer,
    Asked,
    AskIdle,
    Cancel,
    Ending,
    Evict,
    Idle,
    Keyed,
    Released,
    Unread,
    is_light,
    letter,
    number_on,
)

HELD_UP_SECONDS: Final = 0.02
"""What has waited here for so long is given back, at the second look."""


async def open_desk(
    home: bl.Pid,
    slots: int,
    limit: int | None,
    log_level: int | str,
    parent: Parent | None = None,
    most_values: int = MOST_VALUES,
    sink: Sink | None = None,
) -> bl.Pid:
    """Starts the desk of `home` on this node. What calls log here goes to their callers, and what belongs to no call in
    particular to `sink`; results of more than `limit` bytes stay, if there is such a limit. As long as it is open, this
    node is the runner that `parent` says. So many keyed values are kept."""
    output_logging.install(log_level)
    return bl.spawn(_attend, home, slots, limit, parent, most_values, sink)


async def _attend(
    home: bl.Pid,
    slots: int,
    limit: int | None,
    parent: Parent | None,
    most_values: int = MOST_VALUES,
    sink: Sink | None = None,
) -> None:
    """The desk's code."""
    gone = bl.monitor(home)
    desk = Desk(home, slots, limit, most_values)
    booted_by(parent)
    hear_rest(desk.output_of_none(sink))
    handle_no_more = on_terminate(desk.tell_ending)
    try:
        while True:
            message = await bl.receive()
            if isinstance(message, bl.Down) and message.ref == gone:
                return
            desk.hear(message)
            del message  # or what it holds would stay until the next one has come
    finally:
        handle_no_more()
        booted_by(None)
        desk.close()
        hear_rest(None)


async def _sit() -> None:
    """Lends its identity to functions in threads, which cannot receive."""
    bl.trap_exit(True)
    while True:
        await bl.receive()


class _Call(NamedTuple):
    number: int
    function: Callable[..., Any]
    args: tuple[Any, ...]
    keyed: Keyed | None
    output: CallOutput | None


class _Beside:
    """What is performed that is no call, until that has ended: it may take two steps."""

    __slots__ = ("is_called_off", "job")

    def __init__(self) -> None:
        self.job: ThreadJob | Errand
        self.is_called_off = False

    def call_off(self) -> None:
        self.is_called_off = True
        self.job.call_off()


class Desk:
    """See the head of this file; to be made in the desk's process."""

    def __init__(self, home: bl.Pid, slots: int, limit: int | None = None, most_values: int = MOST_VALUES) -> None:
        self._home = home
        self._slots = slots
        self._limit = limit
        """Results of more bytes, or that cannot travel, stay here; None: none does."""
        self._node = current.current_node()
        self._tag = short_name(self._node.name)
        self._at_work: dict[int, ThreadJob | Errand | Wait | None] = {}
        """Calls by their number, with what performs them now, or the wait for what they are to be given."""
        self._errands: dict[bl.Ref, tuple[Errand, Callable[[Outcome], None], int]] = {}
        """With who is told, and how many slots it takes."""
        self._line: dict[int, _Call] = {}
        """Calls that wait for a slot, by their number."""
        self._called_off: set[int] = set()
        """Calls at work that nobody waits for; it is told all the same when they have ended."""
        self._beside: set[_Beside] = set()
        """What is performed that is no call: what makes a keyed value, a check. It takes no slot: its call does, or
        nobody, and a check that waited for the calls would say nothing."""
        self._answers: TurnBatch[Answer] = TurnBatch(self._send_answers)
        self._crew = Crew(f"call of {home}", slots, self._answers.flush)
        self._crew_beside = Crew(f"call of {home}", KEPT_THREADS, self._answers.flush)
        self._slots_of_errands = 0
        self._to_look_after: list[int] = []
        """Calls by their number that may hold others up, since the last look."""
        self._held_up: list[int] = []
        """Those that did so at the last look."""
        self._closed = False
        self._loop = asyncio.get_running_loop()
        self._keyed = KeyedValues(most_values)
        self._sink: Sink | None = None
        self._own_context = copy_context()
        self._take_seat()

    def hear(self, message: Any) -> None:
        match message:
            case bl.Reply(value=value):
                self.hear(value)
            case tuple() if message[0] == WORKS:
                self._take(*message[1:])
            case tuple() if message[0] == SINK:
                self._sink = message[1]
            case bl.Down(ref=ref) if ref in self._errands:
                errand, then, slots = self._errands.pop(ref)
                self._slots_of_errands -= slots
                self._crew.allow(self._slots - self._slots_of_errands)
                outcome = errand.outcome(message)
                assert outcome is not None
                then(outcome)
            case bl.Down(ref=ref) if ref == self._seated:  # a function in a thread has killed "its" process
                self._take_seat()
            case bl.Down(ref=ref, reason=why) if (first := number_on(ref)) is not None:
                self._send(Unread(first, str(why)))
            case Cancel(number):
                self._call_off(number)
            case Evict(key):
                with suppress(Exception):  # a key that cannot be compared has no value here
                    self._keyed.evict(key)
            case AskIdle(check):
                self._perform_beside(check, (), None, self._tell_idle)

    def _take_seat(self) -> None:
        """Functions in threads have the seat's identity from now on."""
        self._seat, self._seated = bl.spawn_monitor(_sit)
        self._context = copy_context()
        seat = self._node.process(self._seat)
        assert seat is not None
        self._context.run(current.enter, seat)

    def close(self) -> None:
        """Calls off all that is at work."""
        self._closed = True
        for number in list(self._at_work):
            self._call_off(number)
        for beside in self._beside:
            beside.call_off()
        self._crew.close()
        self._crew_beside.close()
        bl.exit(self._seat, "kill")

    def output_of_none(self, sink: Sink | None) -> CallOutput | None:
        """For what belongs to no call in particular."""
        return None if sink is None else CallOutput(sink, tag=self._tag, call=None, limits=Limits(in_all=None))

    def tell_ending(self) -> None:
        self._send(Ending("its machine is to end: it got SIGTERM"))

    # Calls.

    def _take(
        self, function: Callable[..., Any], sink: Sink | int | None, asked: list[Asked], keyed: Keyed | None
    ) -> None:
        if isinstance(sink, int):
            sink = self._sink
        for number, args in asked:
            output = None if sink is None else CallOutput(sink, tag=self._tag, call=number)
            is_ahead = keyed is None and len(self._at_work) >= self._slots
            # Plain functions wait for their slot in the crew: there the next begins as soon as one has ended.
            if isinstance(args, list):
                self._start_chunk(number, function, args, output)
            elif len(self._at_work) < self._slots or (keyed is None and not is_async(function)):
                self._start(_Call(number, function, args, keyed, output))
            else:
                self._line[number] = _Call(number, function, args, keyed, output)
            if is_ahead or isinstance(args, list):
                self._look_after(number)

    def _start(self, call: _Call) -> None:
        number, function, args, keyed, output = call
        if keyed is None:
            self._begin(number, function, args, output)
        else:
            self._begin_keyed(number, function, args, keyed, output)

    def _start_chunk(
        self, number: int, function: Callable[..., Any], items: list[Any], output: CallOutput | None
    ) -> None:
        def tell(outcome: Outcome) -> None:
            self._tell_so_far(number, job)
            self._tell(number, function, outcome)

        job = ChunkJob(function, items, self._context.copy(), output, self._seat, tell)
        self._at_work[number] = job
        self._crew.submit(job)

    def _start_next(self) -> None:
        """What was sent ahead of the slots begins as they fall free."""
        while self._line and len(self._at_work) < self._slots:
            self._start(self._line.pop(next(iter(self._line))))

    def _begin(
        self, number: int, function: Callable[..., Any], args: tuple[Any, ...], output: CallOutput | None
    ) -> None:
        then = functools.partial(self._tell, number, function)
        self._at_work[number] = self._perform(function, args, output, then)

    def _begin_keyed(
        self,
        number: int,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        keyed: Keyed,
        output: CallOutput | None,
    ) -> None:
        def take(made: Outcome) -> None:
            if number in self._called_off:
                self._tell(number, function, CALLED_OFF)
            elif isinstance(made, Returned):
                self._begin(number, function, (made.value, *args), output)
            else:
                self._tell(number, function, made)

        self._at_work[number] = None
        try:
            wait = self._keyed.get(keyed.key, keyed.init, functools.partial(self._perform_beside, output=output), take)
        except Exception as error:  # the key cannot be compared
            self._tell(number, function, outcome_of(error, self._seat))
        else:
            if wait is not None:
                self._at_work[number] = wait

    def _call_off(self, number: int) -> None:
        """One that is not here has ended: word of a call never comes before the call."""
        waiting = self._line.pop(number, None)
        if waiting is not None:
            self._tell(number, waiting.function, CALLED_OFF)
        elif number in self._at_work:
            self._called_off.add(number)
            job = self._at_work[number]
            if isinstance(job, ChunkJob):
                self._tell_so_far(number, job)
            if isinstance(job, ThreadJob) and self._crew.withdraw(job):
                job.ended()
            elif job is not None:
                job.call_off()

    # What others would have ended by now, had they not been sent here.

    def _look_after(self, number: int) -> None:
        """A call that was sent ahead of the slots, or a chunk: what of it is still waiting in a while is given back."""
        if not self._to_look_after and not self._held_up:
            self._look_later()
        self._to_look_after.append(number)

    def _look_later(self) -> None:
        self._loop.call_later(HELD_UP_SECONDS, self._look, context=self._own_context)

    def _look(self) -> None:
        for number in self._held_up:
            if number not in self._called_off:
                self._give_back(number)
        self._held_up, self._to_look_after = self._to_look_after, []
        if self._held_up and not self._closed:
            self._look_later()

    def _give_back(self, number: int) -> None:
        job = self._at_work.get(number)
        if number in self._line:
            del self._line[number]
            self._answers.add((number, NOT_BEGUN, None))
        elif isinstance(job, ThreadJob) and self._crew.withdraw(job):
            del self._at_work[number]
            self._answers.add((number, NOT_BEGUN, None))
        elif isinstance(job, ChunkJob):
            self._tell_so_far(number, job)

    def _tell_so_far(self, number: int, job: ChunkJob) -> None:
        """A chunk's values up to the last, and that what has not begun of it will not."""
        if left := job.give_back():
            self._answers.add((number, LEFT_OVER, left))
        if values := job.taken():
            self._answers.add((number, SOME, values))

    # How a function is performed.

    def _perform(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        output: CallOutput | None,
        then: Callable[[Outcome], None],
        slots: int = 1,
    ) -> ThreadJob | Errand:
        if is_async(function):
            return self._errand(_heard, (output, function, args), then, slots)
        job = ThreadJob(function, args, self._context.copy(), output, self._seat, then)
        (self._crew if slots else self._crew_beside).submit(job)
        return job

    def _perform_beside(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        output: CallOutput | None,
        then: Callable[[Outcome], None],
    ) -> _Beside:
        beside = _Beside()

        def ended(outcome: Outcome) -> None:
            if not isinstance(outcome, Returned) or not is_awaitable(outcome.value):
                self._beside.discard(beside)
                then(outcome)
            elif beside.is_called_off:
                if inspect.iscoroutine(outcome.value):
                    outcome.value.close()
                ended(CALLED_OFF)
            else:
                beside.job = self._perform(_awaited, (outcome.value,), output, ended, slots=0)

        beside.job = self._perform(function, args, output, ended, slots=0)
        self._beside.add(beside)
        return beside

    def _errand(
        self,
        function: Callable[..., Awaitable[Any]],
        args: tuple[Any, ...],
        then: Callable[[Outcome], None],
        slots: int = 1,
    ) -> Errand:
        # As the desk's, also where a thread's end is told: that is a callback of the loop's, and no process.
        errand = self._own_context.run(Errand, function, *args)
        self._errands[errand.ref] = errand, then, slots
        self._slots_of_errands += slots
        self._crew.allow(self._slots - self._slots_of_errands)
        return errand

    # What is told.

    def _tell(self, number: int, function: Callable[..., Any], outcome: Outcome) -> None:
        if number in self._called_off:
            self._called_off.discard(number)
            if isinstance(outcome, Returned) and inspect.iscoroutine(outcome.value):
                outcome.value.close()
            outcome = CALLED_OFF
        match outcome:
            case Returned(value) if is_light(value):
                self._answers.add((number, RETURNED, value))
            case Returned(value) if is_awaitable(value):
                then = functools.partial(self._tell, number, function)
                self._at_work[number] = self._errand(_awaited, (value,), then)
                return
            case Returned(value):
                bl.spawn(self._deliver, number, function, value)
            case Raised(info):
                self._answers.add((number, RAISED, info))
            case Ended(reason):
                told = reason if is_light(reason) or isinstance(reason, bl.ExceptionInfo) else str(reason)
                self._answers.add((number, ENDED, told))
        self._at_work.pop(number, None)
        if self._line:
            self._start_next()

    def _send_answers(self, answers: list[Answer]) -> None:
        try:
            self._send((DONE, answers))
        except bl.UnencodableTerm:
            for answer in answers:
                self._send_alone(answer)

    def _send_alone(self, answer: Answer) -> None:
        """An exception or a reason that cannot travel must not take other answers with it."""
        try:
            self._send((DONE, [answer]))
        except bl.UnencodableTerm as error:
            self._send((DONE, [(answer[0], ENDED, f"its outcome could not be sent: {error}")]))

    async def _deliver(self, number: int, function: Callable[..., Any], value: Any) -> None:
        """In a process of its own, so that what is large holds nobody up."""
        await room_towards(self._home.node)
        kind = RETURNED
        if self._limit is not None:
            value, kind = self._stays(number, value, self._limit)
        try:
            bl.send(self._home, letter(self._home.node, number, (DONE, [(number, kind, value)])))
        except bl.UnencodableTerm as error:
            self._answers.add((number, RAISED, describe_exception(cannot_travel(function, error), bl.self())))

    def _stays(self, number: int, value: Any, limit: int) -> tuple[Any, int]:
        """What goes in place of a result, and whether a part of it stays."""
        result = tracked(value, limit)
        if not result.refs:
            return result.value, RETURNED
        result.released.then(functools.partial(self._send, Released(number)))
        return result.value, KEPT

    def _tell_idle(self, outcome: Outcome) -> None:
        match outcome:
            case Returned(value):
                self._send(Idle(bool(value), ""))
            case Raised(info):
                self._send(Idle(False, str(info)))
            case Ended(reason):
                self._send(Idle(False, f"it was ended: {reason}"))

    def _send(self, message: object) -> None:
        try:
            self._node.route(Send(None, self._home, message))
        except bl.LinkBusy:  # home takes less than is sent to it, and what is told must not be lost
            self._own_context.run(bl.spawn, self._send_with_room, message)

    async def _send_with_room(self, message: object) -> None:
        await room_towards(self._home.node)
        self._send(message)


@calls_users
async def _heard(output: CallOutput | None, function: Callable[..., Awaitable[Any]], args: tuple[Any, ...]) -> Any:
    if output is None:
        return await function(*args)
    output.enter()
    try:
        return await function(*args)
    finally:
        output.end()


@calls_users
async def _awaited(value: Awaitable[Any]) -> Any:
    return await value


def is_awaitable(value: object) -> bool:
    """Also of a value that cannot be asked, such as a proxy of nothing: it is the user's object, and this the desk."""
    try:
        return inspect.isawaitable(value)
    except Exception:
        return False


def is_async(function: Callable[..., Any]) -> bool:
    """Whether it is known before the call that a function returns a coroutine."""
    if type(function) is FunctionType:
        return bool(function.__code__.co_flags & inspect.CO_COROUTINE)
    return inspect.iscoroutinefunction(function)
