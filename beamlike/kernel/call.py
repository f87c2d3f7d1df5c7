"""A request and its reply: what OTP's `gen:call` is to its behaviours.

The caller sends `Call(client, request)` and waits for the `Reply` that is sent to `client`, its one-shot address.
It hears, too, when the process that it asked ends, and when the time is up; from then on a late reply vanishes.

Between two processes of one scheduler nothing is monitored and no alias is made: the server's process keeps who waits
for it, and the reply is handed to the caller past its mailbox, however full that is. Otherwise the request makes the
monitor, and the server's reply ends it: two signals, `Ask` and `Answer`.
"""

from __future__ import annotations

from collections.abc import Generator
from threading import get_ident
from typing import Any, Final

from beamlike.kernel import current, deadlock, functions, signals
from beamlike.kernel.bare_coroutine import bare_coroutine
from beamlike.kernel.call_errors import CALLER_ENDED, CALLING_SELF, CallFailed, CallTimeout, value_of
from beamlike.kernel.copying import COPIES, copied, sends_copies
from beamlike.kernel.current_task import EAGER_TASKS, current_task
from beamlike.kernel.failed import TIMED_OUT, Failed
from beamlike.kernel.guest import GuestProcess
from beamlike.kernel.process import Process
from beamlike.kernel.question import Call, Client, Question
from beamlike.kernel.server_names import Server, address_of
from beamlike.kernel.states import ANY, READY, REPLY, RUNNING
from beamlike.kernel.terms import Pid, RemoteName, Reply

CALL_TIMEOUT: Final = 5.0
ABSENT: Final = object()


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
        if type(server) is Pid and process.state is RUNNING and process.runs and server.node != process.node.name:
            client = asking(process.pid, process.node.next_id(), request)
            return (yield from _call_far(process, server, server, client, timeout))  # type: ignore[misc]
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
    client = asking(process.pid, process.node.next_id(), request)
    if process.state is RUNNING and process.runs and not process.node.is_home_of(address):
        return (yield from _call_far(process, address, server, client, timeout))  # type: ignore[misc]
    ref = client.ref
    try:
        if process.tracing is not None:
            process.tracing.sent(address, client)
        process.ask(address, client)
        answer = yield from functions.receive(ref=ref, timeout=timeout)  # type: ignore[misc]
    except TimeoutError:
        circle = deadlock.circle(process, process.node.find(address))
        raise CallTimeout(server, request, timeout, circle) from None
    finally:
        process.scheduler.call(process.demonitor, ref, True)
    return value_of(answer, server, request)


@bare_coroutine
def _call_far(
    process: Process, address: Pid | RemoteName, server: Server, client: Question, timeout: float | None
) -> Generator[Any, Any, Any]:
    """Asks a process of another node and waits for nothing else, as on the fast path: it needs no alias."""
    _ask_far(process, address, client)
    answer = yield from answer_to(process, client, timeout)  # type: ignore[misc]
    if type(answer) is not Failed:
        return answer
    if answer.reason is TIMED_OUT:
        raise CallTimeout(server, client.request, timeout)
    raise CallFailed(server, client.request, answer.reason, server_lives=answer.server_lives)


@bare_coroutine
def answer_to(process: Process, client: Client, timeout: float | None) -> Generator[Any, Any, Any]:
    """Waits, past the mailbox, for the Answer to what the running code of `process` has just sent with a monitor.
    Failed, if there will be none or the time is up; with the wait the monitor ends."""
    monitors = process.own_rare().monitors or {}
    if client.id not in monitors:  # the answer has come at once: no node of that name can be reached
        down = yield from functions.receive(ref=client.ref, timeout=0)  # type: ignore[misc]
        return Failed(down.reason, server_lives=False)
    deadlines = process.scheduler.deadlines
    deadlines.fresh[process] = timeout
    process.awaited = client
    process.state = REPLY
    try:
        return (yield)
    finally:
        process.awaited = None
        if client.id in monitors:
            process.demonitor(client.ref, False)
        if deadlines.fresh.pop(process, ABSENT) is ABSENT and timeout is not None:
            deadlines.discard(timeout, process)


def _ask_far(process: Process, address: Pid | RemoteName, client: Question) -> None:
    """Sends the request, with its monitor."""
    node, rare = process.node, process.own_rare()
    if rare.monitors is None:
        rare.monitors = {}
    monitors = rare.monitors
    monitors[client.id] = client.ref, address
    outlet = node.outlets.get(address.node) if type(address) is Pid else None
    try:
        if outlet is not None and type(address) is Pid:
            outlet.ask(process.pid.id, address.id, client)
        else:
            node.route(signals.Ask(process.pid, address, client))
    except BaseException:
        monitors.pop(client.id, None)
        raise


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
    elif process is None and _answered(client, value):
        return
    functions.send(client, Reply(client.ref, value))


def _answered(client: Client, value: Any) -> bool:
    """Answers a request that came with a monitor of the current process, which ends with it."""
    server = current.process_here()
    if server.state is not RUNNING or server.scheduler.thread_id != get_ident():
        return False
    watches = server.rare.monitored_by if server.rare is not None else None
    if not watches or type(watches.get(client.id)) is not signals.Ask:
        return False
    outlet = server.node.outlets.get(client.pid.node)
    if outlet is not None:
        outlet.answer(server.pid.id, client, value)
    else:
        server.node.route(signals.Answer(server.pid, client, value))
    watches.pop(client.id, None)
    return True


def calls_itself(address: Pid | RemoteName) -> bool:
    """Whether this is the server's own code, which cannot answer while it waits; a child task of it may ask. An asyncio
    task that has an identity is its own server."""
    process = current.process_or_none()
    if process is None:
        return False
    if not process.runs and not (isinstance(process, GuestProcess) and process.task is current_task()):
        return False
    return address == process.pid or address == (process.name, process.node.name)
