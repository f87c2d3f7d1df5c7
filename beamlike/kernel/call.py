"""A request and its reply: what OTP's `gen:call` is to its behaviours.

The caller sends `Call(client, request)` and waits for the `Reply` that is sent to `client`, its one-shot address.
It hears, too, when the process that it asked ends, and when the time is up; from then on a late reply vanishes.

Between two processes of one scheduler nothing is monitored and no alias is made: the server's process keeps who waits
for it, and the reply is handed to the caller past its mailbox, however full that is.
"""

from __future__ import annotations

from collections.abc import Generator
from threading import get_ident
from typing import Any, Final, TypeAlias

from beamlike.kernel import current, deadlock, functions
from beamlike.kernel.bare_coroutine import bare_coroutine
from beamlike.kernel.call_errors import CALLER_ENDED, CALLING_SELF, CallFailed, CallTimeout, value_of
from beamlike.kernel.copying import COPIES, copied, sends_copies
from beamlike.kernel.current_task import EAGER_TASKS, current_task
from beamlike.kernel.failed import TIMED_OUT, Failed
from beamlike.kernel.guest import GuestProcess
from beamlike.kernel.server_names import Server, address_of
from beamlike.kernel.states import ANY, READY, REPLY, RUNNING
from beamlike.kernel.terms import Alias, Pid, RemoteName, Reply

Client: TypeAlias = Alias
"""Who asked, as the address for the reply: give it to `reply`, now or later, from any process."""

CALL_TIMEOUT: Final = 5.0
ABSENT: Final = object()


class Question(Alias):
    """A request on its way, which is the address for the reply as well: one object for each call instead of three."""

    __slots__ = ("request",)
    __match_args__ = ("client", "request")

    def __init__(self, pid: Pid, id: int, request: Any) -> None:
        self.pid = pid
        self.id = id
        self.request = request

    @property
    def client(self) -> Client:
        return self

    def __reduce__(self) -> tuple[type[Question], tuple[Any, ...]]:
        return type(self), (self.pid, self.id, self.request)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.request!r} from {self.pid})"


class Call(Question):
    """What `call` sends, unless it is told to send another kind of Question."""

    __slots__ = ()


@bare_coroutine
def call(
    server: Server, request: Any, timeout: float | None = CALL_TIMEOUT, asking: type[Question] = Call
) -> Generator[Any, Any, Any]:
    """Asks and waits for the reply.

    CallFailed if the server ends or is none, or is the caller itself; CallTimeout after `timeout` seconds (None: wait
    for ever). The server is not told of a timeout: it may still do what was asked.
    """
    if COPIES:
        request = copied(request)
    process = current.process_here()
    target = server.process if type(server) is Pid else None
    if (
        process.state is not RUNNING
        or target is None
        or target.scheduler is not process.scheduler
        or target is process
        or process.scheduler.thread_id != get_ident()
        or (EAGER_TASKS and current_task() is not process)
    ):
        return (yield from _call_by_signals(server, request, timeout, asking))  # type: ignore[misc]  # a coroutine may
    scheduler = process.scheduler
    client = asking(process.pid, process.node.next_id(), request)
    requests = target.rare.requests if target.rare is not None else None
    if requests is None:
        requests = target.own_requests()
    requests[process] = None
    if target.state is ANY:
        target.slot = client
        target.state = READY
        scheduler.queue.append(target)
    else:
        target.deliver(client)
    fresh = scheduler.deadlines.fresh
    fresh[process] = timeout
    process.awaited = client
    process.state = REPLY
    try:
        answer = yield
    finally:
        process.awaited = None
        requests.pop(process, None)
        if fresh.pop(process, ABSENT) is ABSENT and timeout is not None:
            scheduler.deadlines.discard(timeout, process)
    if type(answer) is Failed:
        if answer.reason is TIMED_OUT:
            raise CallTimeout(server, request, timeout, deadlock.circle(process, target))
        raise CallFailed(server, request, answer.reason, server_lives=answer.server_lives)
    return answer


@bare_coroutine
def _call_by_signals(
    server: Server, request: Any, timeout: float | None, asking: type[Question]
) -> Generator[Any, Any, Any]:
    """Asks from a task, or in another thread, or on another node, or one who may not exist."""
    address = address_of(server)
    if calls_itself(address):
        raise CallFailed(server, request, CALLING_SELF)
    process = current.current_process()
    if process.ended:
        raise CallFailed(server, request, CALLER_ENDED)
    client = functions.open_request(address)
    ref = client.ref
    try:
        functions.send(address, asking(client.pid, client.id, request))
        answer = yield from functions.receive(ref=ref, timeout=timeout)  # type: ignore[misc]
    except TimeoutError:
        circle = deadlock.circle(process, process.node.find(address))
        raise CallTimeout(server, request, timeout, circle) from None
    finally:
        process.scheduler.call(process.demonitor, ref, True)
    return value_of(answer, server, request)


@sends_copies
def reply(client: Client, value: Any) -> None:
    """Answers a request, from any process; an answer that nobody waits for any more vanishes."""
    process = client.pid.process
    if process is not None and process.awaited is client and process.state is REPLY:
        scheduler = process.scheduler
        if scheduler.open_to == get_ident():
            if not scheduler.armed:
                scheduler.arm()  # first, as in `send`
            process.slot = value
            process.state = READY
            scheduler.queue.append(process)
            return
    functions.send(client, Reply(client.ref, value))


def calls_itself(address: Pid | RemoteName) -> bool:
    """Whether this is the server's own code, which cannot answer while it waits; a child task of it may ask. An asyncio
    task that has an identity is its own server."""
    process = current.process_or_none()
    if process is None:
        return False
    if not process.runs and not (isinstance(process, GuestProcess) and process.task is current_task()):
        return False
    return address == process.pid or address == (process.name, process.node.name)
