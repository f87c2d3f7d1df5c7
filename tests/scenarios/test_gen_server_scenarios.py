"""Servers: calls and their ends, requests, `terminate`, `sys` and reports, as on the BEAM.

Where a recorded server sleeps, ours waits at a gate that the twin opens, so that no time limit depends on luck.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

import beamlike as bl
from beamlike.behaviours.servers import system
from beamlike.behaviours.servers.gen_requests import Requests, abcast, multi_call, send_request
from beamlike.behaviours.servers.outcomes import IGNORE, NO_REPLY
from beamlike.behaviours.servers.sent_requests import receive_response, wait_response
from beamlike.kernel.question import Client
from tests.scenarios.actors import Quit, idle
from tests.scenarios.trace import Error, Trace, ends
from tests.scenarios.twin import twin
from tests.support.local_nodes import PATIENCE, eventually, forever
from tests.support.shared_by_message import SharedByMessage

call, cast, reply = bl.GenServer.call, bl.GenServer.cast, bl.GenServer.reply

HERE = "test@127.0.0.1"
SHORT = 0.001


@dataclass(frozen=True, slots=True)
class Apply:
    """Has the server call `function(server, client)`, or `function(server)` where there is no client."""

    function: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Pass(SharedByMessage):
    """Has the server wait at the gate, and then answer."""

    gate: asyncio.Event
    answer: Any


class Driven(bl.GenServer):
    """Does what requests say, and tells `log` of its other callbacks."""

    def init(self, log: bl.Pid | None = None, state: Any = 0, *begin: Callable[[], Any]) -> Any:
        self.log = log
        self.state = state
        return begin[0]() if begin else None

    async def handle_call(self, request: Any, client: Client) -> Any:
        match request:
            case Apply(function):
                return await result(function(self, client))
            case Pass(gate, answer):
                await gate.wait()
                return answer
            case "ping":
                return "pong"
            case "get":
                return self.state
            case "inc":
                self.state += 1
                return self.state

    async def handle_cast(self, request: Any) -> None:
        match request:
            case Apply(function):
                await result(function(self))
            case ("set", state):
                self.state = state
            case other:
                self.tell(("cast", other))

    async def handle_info(self, message: Any) -> None:
        if isinstance(message, Apply):
            await result(message.function(self))
        else:
            self.tell(("info", message))

    def terminate(self, reason: Any) -> None:
        self.tell(("terminate", reason))

    def tell(self, message: Any) -> None:
        if self.log is not None:
            bl.send(self.log, message)


async def result(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


async def called(server: Any, request: Any, timeout: float = PATIENCE) -> tuple[Any, ...]:
    """What a call does, in Erlang's words: the caller of a server that fails exits."""
    try:
        return "returned", await call(server, request, timeout=timeout)
    except bl.CallTimeout:
        return "exit", "timeout", ("gen_server", "call")
    except bl.CallFailed as error:
        return "exit", error.reason, ("gen_server", "call")


def fails(error: Exception, *_: Any) -> None:
    raise error


# Calls.


@twin
async def test_s043_calls_casts_and_messages_of_one_client_are_handled_in_order(trace: Trace) -> None:
    server = await Driven.start_link(bl.self())
    cast(server, ("set", 5))
    trace("main", "cast", "ok")
    trace("main", "call", await call(server, "inc"))
    cast(server, ("set", 10))
    bl.send(server, "hello")
    trace("main", "call", await call(server, "get"))
    await trace.recv("main")


@twin
async def test_s044_a_call_that_timed_out_is_done_all_the_same_and_its_reply_vanishes(trace: Trace) -> None:
    server = await Driven.start(bl.self())
    gate = asyncio.Event()

    async def works_late(driven: Driven, _client: Client) -> str:
        await gate.wait()
        driven.state += 1
        return "late"

    trace("main", "call", await called(server, Apply(works_late), SHORT))
    gate.set()
    await trace.nothing("main")
    trace("main", "server_alive", bl.is_alive(server))
    trace("main", "call", await called(server, "get"))
    await trace.nothing("main")


@twin(without=("main: throw_as_return", "main: bad_return"))
async def test_s046_a_caller_hears_why_the_server_ended(trace: Trace) -> None:
    """Two lines have no twin: Python has no throw whose value counts as returned, and any value is a reply."""

    async def is_killed(driven: Driven, client: Client) -> None:
        bl.exit(bl.self(), "kill")
        await forever()

    def dies_later(driven: Driven, client: Client) -> Any:
        bl.send(bl.self(), Apply(partial(fails, bl.Stop("later"))))
        return NO_REPLY

    ways: list[tuple[str, Callable[..., Any]]] = [
        ("error", partial(fails, Error("boom"))),
        ("exit", partial(fails, bl.ProcessExit("boom"))),
        ("killed", is_killed),
        ("stop_no_reply", partial(fails, bl.Stop("normal"))),
        ("stop_reply", partial(fails, bl.Stop("normal", reply="bye"))),
        ("shutdown", partial(fails, bl.ProcessExit(("shutdown", "x")))),
        ("noreply_then_dies", dies_later),
    ]
    for name, way in ways:
        trace("main", name, await called(await Driven.start(), Apply(way)))


@twin
async def test_s052_a_reply_may_come_from_elsewhere_later_or_twice(trace: Trace) -> None:
    server, me, gate = await Driven.start_link(), bl.self(), asyncio.Event()

    async def helper(client: Client) -> None:
        await gate.wait()
        reply(client, "from_helper")

    def has_it_answered(_driven: Driven, client: Client) -> Any:
        bl.spawn(helper, client)
        return NO_REPLY

    async def other() -> None:
        bl.send(me, ("other", await called(server, Apply(has_it_answered))))

    bl.spawn(other)
    trace("main", "meanwhile", await called(server, "ping"))
    trace("main", "not_blocked", not gate.is_set())
    gate.set()
    await trace.recv("main")

    def answers_twice(_driven: Driven, client: Client) -> str:
        reply(client, "one")
        return "two"

    trace("main", "double", await called(server, Apply(answers_twice)))
    await trace.nothing("main")


@twin
async def test_s053_the_answers_to_requests_are_fetched_later(trace: Trace) -> None:
    server = await Driven.start_link()

    async def fetched(waiting: Any) -> Any:
        try:
            return "reply", await waiting
        except bl.CallTimeout:
            return "timeout"
        except bl.CallFailed as error:
            return "error", error.reason

    gate = asyncio.Event()
    request = send_request(server, Pass(gate, "done"))
    trace("main", "wait_10", await fetched(wait_response(request, SHORT)))
    gate.set()
    trace("main", "receive", await fetched(receive_response(request, PATIENCE)))

    gate = asyncio.Event()
    trace("main", "receive_10", await fetched(receive_response(send_request(server, Pass(gate, "late")), SHORT)))
    gate.set()
    await trace.nothing("main")

    dead = idle()
    bl.exit(dead, "kill")
    await ends(dead)
    trace("main", "dead", await fetched(receive_response(send_request(dead, "ping"))))

    requests = Requests()
    requests.send(server, Apply(lambda driven, client: "r1"), label="l1")
    requests.send(server, "ping", label="l2")
    answers = [await requests.receive(PATIENCE) for _ in range(2)]
    trace("main", "collection", [(answer.label, answer.reply) for answer in answers])
    try:
        await requests.receive(PATIENCE)
    except LookupError:
        trace("main", "empty", "no_request")


@twin
async def test_s059_many_nodes_are_called_at_once_and_those_without_an_answer_are_bad(trace: Trace) -> None:
    trace.label(HERE, "here")
    await Driven.start_link(bl.self(), name="n")
    trace("main", "multi_call", await multi_call("n", "ping", nodes=[HERE]))
    trace("main", "unknown", await multi_call("nobody", "ping", nodes=[HERE]))
    abcast("n", "hi", nodes=[HERE])
    trace("main", "abcast", "abcast")
    await trace.recv("main")
    gate = asyncio.Event()
    trace("main", "timeout", await multi_call("n", Pass(gate, "x"), nodes=[HERE], timeout=SHORT))
    gate.set()
    await trace.nothing("main")


@twin(jumps=True)
async def test_s106_two_servers_that_call_each_other_end_by_the_shorter_time_limit(trace: Trace) -> None:
    x, y = await Driven.start(), await Driven.start()
    ref = bl.monitor(y)

    async def x_calls_y(_driven: Driven, _client: Client) -> Any:
        return await call(y, Apply(y_calls_x), timeout=0.05)

    async def y_calls_x(_driven: Driven, _client: Client) -> Any:
        return await call(x, "ping", timeout=PATIENCE)

    kind, reason, where = await called(x, Apply(x_calls_y))
    timed_out = isinstance(reason.exception, bl.CallTimeout) and reason.exception.server == y
    trace("main", "client", (kind, "timeout_inside_server" if timed_out else reason, where))
    ended = (await bl.receive(ref=ref, timeout=PATIENCE)).reason.exception
    trace("main", "y", "died_with_x_reason" if isinstance(ended, bl.CallFailed) and ended.reason == reason else ended)


# Start and end.


@twin(jumps=True)
async def test_s047_how_init_ends_decides_what_start_link_says(trace: Trace) -> None:
    """A plain return stands for the throw, whose value counts as returned on the BEAM."""
    bl.trap_exit(True)

    async def hangs() -> None:
        await asyncio.sleep(PATIENCE)

    begins: list[tuple[str, Callable[[], Any], float | None]] = [
        ("ok", lambda: None, None),
        ("ignore", lambda: IGNORE, None),
        ("stop", partial(fails, bl.Stop("why")), None),
        ("error", partial(fails, Error("boom")), None),
        ("exit", partial(fails, bl.ProcessExit("boom")), None),
        ("throw", lambda: None, None),
        ("badret", lambda: "hello", None),
        ("timeout", hangs, SHORT),
    ]
    for name, begin, timeout in begins:
        trace("main", name, await started(begin, timeout))
        try:
            trace("main", "  exit_msg", in_otps_words((await bl.receive(timeout=SHORT)).reason))
        except TimeoutError:
            trace("main", "  no exit_msg")


async def started(begin: Callable[[], Any], timeout: float | None) -> Any:
    try:
        pid = await Driven.start_link(None, 0, begin, timeout=timeout)
    except bl.CallTimeout:
        return "error", "timeout"
    except bl.CallFailed as error:
        return "error", error.reason
    except Error as error:
        return "error", (error.term, "<stack>")
    except TypeError as error:
        return "error", bad_return_value(error)
    if pid is None:
        return "ignore"
    bl.unlink(pid)
    return "ok"


def in_otps_words(reason: Any) -> Any:
    """OTP ends a server whose init returns nonsense with a reason, and we with an exception."""
    if isinstance(reason, bl.ExceptionInfo) and isinstance(reason.exception, TypeError):
        return bad_return_value(reason.exception)
    return reason


def bad_return_value(error: TypeError) -> Any:
    assert str(error).endswith("got 'hello'")
    return "bad_return_value", "hello"


@twin
async def test_s049_terminate_runs_for_ends_of_its_own_and_for_the_parents_signal(trace: Trace) -> None:
    bl.trap_exit(True)
    me = bl.self()
    ways: list[tuple[str, bool, Callable[[bl.Pid], Any]]] = [
        ("stop_return", False, lambda pid: bl.send(pid, Apply(partial(fails, bl.Stop("enough"))))),
        ("stop_call", False, lambda pid: bl.GenServer.stop(pid)),
        ("stop_call_reason", False, lambda pid: bl.GenServer.stop(pid, "custom", timeout=PATIENCE)),
        ("raises", False, lambda pid: bl.send(pid, Apply(partial(fails, Error("boom"))))),
        ("exits", False, lambda pid: bl.send(pid, Apply(partial(fails, bl.ProcessExit("boom"))))),
        ("parent_signal_nontrap", False, lambda pid: bl.exit(pid, "shutdown")),
        ("parent_signal_trap", True, lambda pid: bl.exit(pid, "shutdown")),
        ("kill_trap", True, lambda pid: bl.exit(pid, "kill")),
    ]
    for name, traps, end in ways:
        pid = await Driven.start_link(me, 0, partial(traps_exits, traps))
        await result(end(pid))
        exit = await bl.receive(lambda message: isinstance(message, bl.Exit), timeout=PATIENCE)
        try:
            last = await bl.receive(timeout=0)
        except TimeoutError:
            last = "no_terminate"
        trace("main", name, ("exit", exit.reason, last))


def traps_exits(flag: bool = True) -> None:
    bl.trap_exit(flag)


@twin
async def test_s050_the_exit_of_the_parent_ends_a_server_and_that_of_others_is_a_message(trace: Trace) -> None:
    bl.trap_exit(True)
    server = trace.label(await Driven.start_link(bl.self(), 0, traps_exits), "srv")
    other = idle(trace, "o")
    await call(server, Apply(lambda driven, client: bl.link(other)))
    bl.send(other, Quit("boom"))
    await trace.recv("main")
    trace("main", "alive", await called(server, "ping"))
    bl.exit(server, "stop_it")
    await trace.recv("main")
    await trace.recv("main")


@twin
async def test_s058_the_death_of_the_parent_ends_a_server(trace: Trace) -> None:
    async def parent(me: bl.Pid) -> None:
        bl.send(me, await Driven.start_link(me, 0, traps_exits))
        await forever()

    pid = bl.spawn(parent, bl.self())
    server = trace.label(await bl.receive(timeout=PATIENCE), "srv")
    trace.label(bl.monitor(server), "m")
    bl.exit(pid, "kill")
    await trace.recv("main")
    await trace.recv("main")


# sys, and reports.


@twin
async def test_s055_the_state_is_seen_and_replaced_and_a_suspended_server_only_answers_sys(trace: Trace) -> None:
    server = await Driven.start_link(bl.self(), 7)

    async def state() -> Any:
        return (await system.get_state(server))["state"]

    trace("main", "state", await state())
    await system.replace_state(server, lambda state: {**state, "state": state["state"] * 6})
    trace("main", "replace", await state())
    trace("main", "call", await called(server, "get"))
    await system.suspend(server)
    trace("main", "suspend", "ok")
    cast(server, "hi")
    trace("main", "call_50", await called(server, "get", SHORT))
    trace("main", "state_while_suspended", await state())
    await trace.nothing("main")
    await system.resume(server)
    trace("main", "resume", "ok")
    await trace.recv("main")
    trace("main", "call", await called(server, "get"))
    status = await system.get_status(server)
    kind = "gen_server" if status.behaviour == f"{Driven.__module__}.Driven" else status.behaviour
    trace("main", "status", (status.pid == server, kind, status.activity))
    nobody = idle()
    with pytest.raises(bl.CallTimeout) as caught:
        await system.get_state(nobody, timeout=SHORT)
    error = caught.value
    assert (error.server, error.request, error.timeout) == (nobody, ("get_state",), SHORT)
    trace("main", "not_a_sys_process", ("raised", "exit", ("timeout", ("sys", "get_state", [nobody, 50]))))


@twin
async def test_s056_messages_are_counted_and_logged_and_shown_to_an_installed_function(trace: Trace) -> None:
    server, me = await Driven.start_link(), bl.self()
    await system.statistics(server)
    await system.log(server)
    await call(server, "ping")
    cast(server, ("set", 3))
    await call(server, "get")
    counted = await system.get_statistics(server)
    assert counted is not None
    trace("main", "in", counted.messages_in)
    trace("main", "out", counted.messages_out)
    trace("main", "log", [event_in_otps_words(event) for event in await system.get_log(server)])

    def twice(count: int, event: system.Event, _pid: bl.Pid) -> Any:
        bl.send(me, ("seen", count, event_in_otps_words(event)))
        return system.DONE if count >= 2 else count + 1

    await system.install(server, twice, 1)
    await call(server, "ping")
    await call(server, "ping")
    trace("main", "installed", [await bl.receive(timeout=PATIENCE) for _ in range(2)])


def event_in_otps_words(event: system.Event) -> Any:
    match event:
        case system.Received(kind, request):
            return "in", kind, request
        case system.Replied(value):
            return "out", value
        case system.NoReply():
            return "noreply"


@twin(without=("main: recv (crash_report", "main: recv (other"))
async def test_s088_a_server_that_crashes_leaves_a_report(trace: Trace) -> None:
    """The reports of crashing processes, which need no server, are another test's: ours know no ancestors."""
    logger, forwards = logging.getLogger("beamlike.gen_server"), ForwardsReports(bl.self())
    logger.addHandler(forwards)
    try:
        server = await Driven.start(None, 7, name="srv")
        cast(server, Apply(partial(fails, Error("boom"))))
        await trace.recv("main")
        await trace.nothing("main")
        quiet = await Driven.start(None, 7)
        cast(quiet, Apply(partial(fails, bl.ProcessExit(("shutdown", "x")))))
        await eventually(lambda: not bl.is_alive(quiet))
        await trace.nothing("main")
    finally:
        logger.removeHandler(forwards)


class ForwardsReports(logging.Handler):
    def __init__(self, to: bl.Pid) -> None:
        super().__init__()
        self.to = to

    def emit(self, record: logging.LogRecord) -> None:
        report: Any = record.__dict__["report"]
        assert "'state': 7" in report.state
        bl.send(self.to, ("server_terminating", report.name, 7, report.reason.exception.term))
