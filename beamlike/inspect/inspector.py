"""The process named "inspect": answers who looks at its node from elsewhere, in plain terms only.

    ("snapshot", {part: {option: value}})       ──► ("ok", pieces, number, bytes)
    ("logs", who, {option: value})              ──► the same, when there are lines, or after a second
    ("leave", who)                              ──► who follows the log no longer
    ("trace", who, {option: value})             ──► a trace begins
    ("traced", who, seen)                       ──► what it has told since, when there is something, or after a second
    ("trace off", who), which is no call         ──► it ends
    ("profile", {option: value})                ──► a sampling profile, when it has been taken
    ("mailbox", pid)                            ──► the first messages that wait for a process, as short texts
    ("rest", number, piece)                     ──► ("ok", pieces, number, bytes), the further pieces of an answer
                                                 or ("no", why)

It starts with its node and then waits: what it needs to look is imported at the first request. Each request is carried
out by a process of its own, so a long look delays no short one; there are at most so many at a time. Whatever a request
contains, it is answered, and nothing of it is ever run.
"""

from __future__ import annotations

import itertools
import logging
from typing import TYPE_CHECKING, Any, Final

from beamlike.behaviours.child_spec import ChildSpec
from beamlike.behaviours.supervision.supervisor import Supervisor
from beamlike.inspect.loaded import loaded
from beamlike.inspect.requests import NAME, OFF
from beamlike.kernel import current, functions
from beamlike.kernel.call import reply
from beamlike.kernel.node import LocalNode
from beamlike.kernel.question import Question
from beamlike.kernel.terms import Pid

if TYPE_CHECKING:
    from beamlike.inspect.looking.log_lines import Followers

logger = logging.getLogger("beamlike.inspect")

AT_ONCE: Final = 8
KEPT: Final = 8
"""Answers of more than one piece that wait to be fetched; of more the oldest are dropped."""
LONGEST_WAIT: Final = 1.0


async def start_inspector() -> None:
    """Starts the inspector of the current node, under a supervisor of its own: whoever ends it has the next soon."""
    await Supervisor.start([ChildSpec(NAME, _start_link)])


async def _start_link() -> Pid:
    pid = functions.spawn_link(inspect_node)
    functions.register(NAME, pid)
    return pid


async def inspect_node() -> None:
    """What the process runs. It ends with its node."""
    inspector = Inspector(current.current_process().pid)
    try:
        while True:
            inspector.take(await functions.receive())
    finally:
        inspector.close()


class Inspector:
    def __init__(self, pid: Pid) -> None:
        self._pid = pid
        self._busy = 0
        self._numbers = itertools.count(1)
        self._answers: dict[int, list[bytes]] = {}
        self.followers: Followers | None = None

    def take(self, message: Any) -> None:
        match message:
            case Question() if type(message.request) is tuple:
                self._asked(message, message.request)
            case Question():
                reply(message, ("no", f"expected a request as a tuple, got a {type(message.request).__name__}"))
            case (word, str() as who) if word == OFF:
                _stop_trace(who)
            case ("done", Question() as client, answer):
                self._busy -= 1
                reply(client, self._first(answer))
            case _:
                pass  # nobody waits for an answer to it

    def close(self) -> None:
        if self.followers is not None:
            self.followers.leave_all()

    def _asked(self, client: Question, request: tuple[Any, ...]) -> None:
        match request:
            case ("rest", int() as number, int() as piece):
                reply(client, self._piece(number, piece))
            case ("leave", str() as who):
                if self.followers is not None:
                    self.followers.leave(who)
                reply(client, ("ok", 0, 0, b""))
            case _ if self._busy >= AT_ONCE:
                reply(client, ("no", f"{AT_ONCE} others look at this node just now; try again"))
            case _:
                self._busy += 1
                _spawn(_answer, self, client, request)

    def _first(self, answer: Any) -> tuple[Any, ...]:
        if type(answer) is str:
            return "no", answer
        if len(answer) == 1:
            return "ok", 1, 0, answer[0]
        number = next(self._numbers)
        self._answers[number] = answer
        while len(self._answers) > KEPT:
            del self._answers[next(iter(self._answers))]
        return "ok", len(answer), number, answer[0]

    def _piece(self, number: int, piece: int) -> tuple[Any, ...]:
        pieces = self._answers.get(number, ())
        if not 0 <= piece < len(pieces):
            return "no", "expected the number of an answer that is still kept; ask anew"
        if piece == len(pieces) - 1:
            del self._answers[number]
        return "ok", len(pieces), number, pieces[piece]

    def done(self, client: Question, answer: list[bytes] | str) -> None:
        functions.send(self._pid, ("done", client, answer))


async def _answer(inspector: Inspector, client: Question, request: tuple[Any, ...]) -> None:
    """In a process of its own. The answer leaves by the inspector, who was asked."""
    answer: list[bytes] | str = "the look was ended before it was over"
    try:
        answer = await _looked(inspector, request, client.pid)
    except ValueError as error:
        answer = str(error)
    except Exception as error:
        logger.exception("a look at this node failed")
        answer = f"the look failed: {type(error).__name__}: {error}"
    finally:
        inspector.done(client, answer)


async def _looked(inspector: Inspector, request: tuple[Any, ...], client: Pid) -> list[bytes]:
    # Most nodes are never looked at, and all start: so nothing of this is imported before. A thread does it, or the
    # service would wait for the files.
    await loaded("beamlike.inspect.looking.parts", "beamlike.inspect.looking.log_lines", "beamlike.inspect.envelope")
    from beamlike.inspect.envelope import wrap
    from beamlike.inspect.plain import to_plain

    return wrap(to_plain(await look(inspector, current.current_node(), request, client)))


async def look(inspector: Inspector, node: LocalNode, request: tuple[Any, ...], client: Pid) -> Any:
    """What a request asks for, as records. ValueError says what is wrong with it."""
    from beamlike.inspect.looking.log_lines import Followers
    from beamlike.inspect.looking.parts import snapshot
    from beamlike.inspect.requests import log_options, part_options

    match request:
        case ("snapshot", dict() as parts):
            return await snapshot(node, part_options(parts))
        case ("logs", str() as who, dict() as options):
            if inspector.followers is None:
                inspector.followers = Followers()
            told = log_options(options)
            return await inspector.followers.fetch(
                who, told.level, told.logger, told.per_second, min(told.wait, LONGEST_WAIT)
            )
        case ("trace" | "traced", *_):
            await loaded("beamlike.inspect.tracing.tracers", "beamlike.inspect.tracing.call_watches")
            from beamlike.inspect.tracing.tracers import traced

            return await traced(node, request, client)
        case ("profile", dict() as options):
            await loaded("beamlike.inspect.profiling.sampler")
            from beamlike.inspect.profiling.sampler import take_profile

            return await take_profile(node, options, client)
        case ("mailbox", Pid() as pid):
            await loaded("beamlike.inspect.tracing.waiting")
            from beamlike.inspect.tracing.waiting import waiting_messages

            return waiting_messages(node, pid)
        case _:
            raise ValueError(f"expected a request that this node knows, got one that begins with {request[:1]!r}")


def _stop_trace(who: str) -> None:
    from beamlike.inspect.tracing.tracers import stop

    stop(current.current_node(), who)


def _spawn(function: Any, *args: Any) -> None:
    """Beside the inspector, on the same loop."""
    here = current.current_process()
    process = here.node.start_process(function, args, scheduler=here.scheduler)
    process.own_inspected().label = NAME  # by which it is known for one of those that look
    here.scheduler.ready(process)
