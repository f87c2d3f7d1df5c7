"""`bl.sys`: the state of a running server, suspended servers, and what can be watched."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import beamlike as bl
from beamlike.behaviours.servers import system
from beamlike.behaviours.servers.outcomes import NO_REPLY, Continue, Timeout, TimeoutAfter
from beamlike.behaviours.servers.system import DONE, NoReply, Received, Replied
from beamlike.kernel.question import Client
from tests.support.captured_log import captured_log
from tests.support.local_nodes import down_reason, forever, in_node, no_message, received, settled

call, cast = bl.GenServer.call, bl.GenServer.cast


class Counter(bl.GenServer):
    def init(self, witness: bl.Pid | None = None, value: int = 7) -> None:
        self.witness = witness
        self.value = value

    def handle_call(self, request: Any, client: Client) -> Any:
        match request:
            case "get":
                return self.value
            case "get, and continue":
                return Continue("more", reply=self.value)
            case "later":
                return NO_REPLY
        raise ValueError(request)

    async def handle_cast(self, request: Any) -> Any:
        if isinstance(request, TimeoutAfter):
            return request
        self.value = request
        return None

    def handle_continue(self, value: Any) -> None:
        self.value += 1

    def handle_info(self, message: Any) -> None:
        self._tell(message)

    def terminate(self, reason: Any) -> None:
        self._tell(("terminate", reason))

    def _tell(self, content: Any) -> None:
        if self.witness is not None:
            bl.send(self.witness, content)


# State.


@in_node
async def test_the_state_is_seen_without_the_callbacks() -> None:
    server = await Counter.start_link()
    assert await system.get_state(server) == {"witness": None, "value": 7}
    await no_message()


@in_node
async def test_the_state_that_is_seen_is_a_copy() -> None:
    server = await Counter.start_link()
    (await system.get_state(server))["value"] = 0
    assert await call(server, "get") == 7


@in_node
async def test_the_state_is_replaced() -> None:
    server = await Counter.start_link(name="counter")
    state = await system.replace_state("counter", lambda state: {**state, "value": state["value"] * 6})
    assert state["value"] == await call(server, "get") == 42


@in_node
async def test_a_replacement_that_fails_is_told_and_changes_nothing() -> None:
    server = await Counter.start_link()
    with pytest.raises(KeyError, match="missing"):
        await system.replace_state(server, lambda state: state["missing"])
    with pytest.raises(TypeError, match="expected the function to return a dict of attributes, got 8"):
        await system.replace_state(server, lambda state: 8)
    assert await call(server, "get") == 7


@in_node
async def test_a_class_may_say_what_its_state_is() -> None:
    class Agent(Counter):
        def system_get_state(self) -> Any:
            return self.value

        def system_replace_state(self, function: Any) -> Any:
            self.value = function(self.value)
            return self.value

    server = await Agent.start_link()
    assert await system.replace_state(server, lambda value: value + 1) == await system.get_state(server) == 8


@in_node
async def test_a_supervisor_can_be_looked_into() -> None:
    supervisor = await bl.Supervisor.start_link([])
    status = await system.get_status(supervisor)
    assert status.behaviour == "beamlike.behaviours.supervision.supervisor.Supervisor"


# Suspended.


@in_node
async def test_a_suspended_server_answers_sys_and_nobody_else_until_it_is_resumed() -> None:
    server = await Counter.start_link(bl.self())
    await system.suspend(server)
    cast(server, 8)
    bl.send(server, "hello")
    asking = asyncio.create_task(call(server, "get"))
    await settled()
    assert (await system.get_state(server))["value"] == 7
    assert not asking.done()
    await system.resume(server)
    assert await asking == 8
    assert await received(1) == ["hello"]


@in_node
async def test_a_suspended_server_stops_when_it_is_told_to() -> None:
    server = await Counter.start(bl.self())
    await system.suspend(server)
    await bl.GenServer.stop(server, "done")
    assert await received(1) == [("terminate", "done")]


@in_node
async def test_a_suspended_server_ends_with_its_parent_and_passes_on_no_other_exit() -> None:
    class Traps(Counter):
        def init(self, witness: bl.Pid | None = None, value: int = 7) -> None:
            super().init(witness, value)
            bl.trap_exit(True)

    async def starts(witness: bl.Pid) -> None:
        bl.send(witness, await Traps.start_link(witness))
        await forever()

    parent = bl.spawn(starts, bl.self())
    [server] = await received(1)
    await system.suspend(server)
    bl.exit(server, "of a stranger")
    await no_message()
    bl.exit(parent, "boom")
    assert await received(1) == [("terminate", "boom")]


@in_node
async def test_resume_of_a_server_that_runs_does_nothing() -> None:
    server = await Counter.start_link()
    await system.resume(server)
    assert (await system.get_status(server)).activity == "running"


@in_node
async def test_a_timeout_that_is_due_survives_a_look_into_the_server() -> None:
    server = await Counter.start_link(bl.self())
    cast(server, TimeoutAfter(0.01))
    await system.get_state(server)
    await system.log(server)
    assert await received(1) == [Timeout()]
    cast(server, TimeoutAfter(0.001))
    assert await received(1) == [Timeout()]


# Status.


@in_node
async def test_the_status_tells_who_and_what_is_on() -> None:
    server = await Counter.start_link(name="counter")
    await system.trace(server)
    await system.log(server)
    await system.install(server, lambda state, event, pid: state, id="mine")
    status = await system.get_status(server)
    assert (status.pid, status.name, status.parent) == (server, "counter", bl.self())
    assert (status.behaviour.rpartition(".")[2], status.activity, status.state["value"]) == ("Counter", "running", 7)
    assert status.on == ("log", "trace", "mine")


# Who does not answer.


@in_node
async def test_a_process_that_is_no_server_does_not_answer() -> None:
    with pytest.raises(bl.CallTimeout, match=r"did not answer get_state\(\) within 0.01 s"):
        await system.get_state(bl.spawn(forever), timeout=0.01)
    with pytest.raises(bl.CallFailed, match="noproc"):
        await system.suspend("nobody")


@in_node
async def test_a_request_that_is_not_known_is_no_harm_to_the_server() -> None:
    server = await Counter.start_link()
    with pytest.raises(ValueError, match=r"does not know the system request log\('a'\)"):
        await system.log(server, "a")  # type: ignore[arg-type]
    assert await call(server, "get") == 7


# Events.


@in_node
async def test_messages_are_counted_from_when_it_was_switched_on() -> None:
    server = await Counter.start_link()
    await call(server, "get")
    assert await system.get_statistics(server) is None
    await system.statistics(server)
    await call(server, "get")
    cast(server, 3)
    await call(server, "get")
    counted = await system.get_statistics(server)
    assert counted is not None
    assert (counted.messages_in, counted.messages_out) == (3, 2)
    await system.statistics(server, False)
    assert await system.get_statistics(server) is None


@in_node
async def test_the_log_keeps_the_last_events_in_order() -> None:
    server, me = await Counter.start_link(), bl.self()
    await system.log(server)
    assert await call(server, "get") == 7
    cast(server, 3)
    bl.send(server, "hello")
    assert await call(server, "get, and continue") == 3
    events = [
        *(Received("call", "get", me), Replied(7, me)),
        *(Received("cast", 3), NoReply()),
        *(Received("info", "hello"), NoReply()),
        *(Received("call", "get, and continue", me), Replied(3, me)),
    ]
    assert await system.get_log(server) == events
    await system.log(server, 3)
    assert await system.get_log(server) == events[-3:]
    await system.log(server, 0)
    assert await system.get_log(server) == []


@in_node
async def test_a_call_without_a_reply_is_logged_as_that() -> None:
    server = await Counter.start_link()
    await system.log(server)
    bl.GenServer.send_request(server, "later")
    await settled()
    assert await system.get_log(server) == [Received("call", "later", bl.self()), NoReply()]


@in_node
async def test_an_installed_function_sees_each_event_until_it_is_done() -> None:
    server, me = await Counter.start_link(), bl.self()

    def first_two(count: int, event: system.Event, pid: bl.Pid) -> Any:
        bl.send(me, (count, event, pid))
        return DONE if count == 2 else count + 1

    await system.install(server, first_two, 1)
    for _ in range(2):
        await call(server, "get")
    assert await received(2) == [(1, Received("call", "get", me), server), (2, Replied(7, me), server)]
    await no_message()
    assert (await system.get_status(server)).on == ()


@in_node
async def test_an_installed_function_can_be_taken_out_and_its_id_is_its_own() -> None:
    server = await Counter.start_link()

    def watch(state: Any, event: system.Event, pid: bl.Pid) -> Any:
        return state

    await system.install(server, watch, id="watch")
    with pytest.raises(ValueError, match="a function 'watch' is installed already; give this one another id="):
        await system.install(server, watch, id="watch")
    assert await system.remove(server, "watch") is True
    assert await system.remove(server, "watch") is False


@in_node
async def test_an_installed_function_that_raises_is_taken_out_and_logged() -> None:
    server = await Counter.start_link()
    await system.install(server, lambda state, event, pid: 1 // 0, id="wrong")
    with captured_log("beamlike.gen_server") as records:
        assert await call(server, "get") == 7
    assert "the function 'wrong' that is installed in" in records[0].getMessage()
    assert (await system.get_status(server)).on == ()


@in_node
async def test_a_trace_prints_what_happens(capsys: pytest.CaptureFixture[str]) -> None:
    server = await Counter.start_link(name="counter")
    await system.trace(server)
    await call(server, "get")
    await system.trace(server, False)
    await call(server, "get")
    assert capsys.readouterr().out.splitlines() == [
        f"*DBG* counter got call 'get' from {bl.self()}",
        f"*DBG* counter sent 7 to {bl.self()}",
    ]


@in_node
async def test_a_watched_server_crashes_as_any_other() -> None:
    server = await Counter.start(bl.self())
    await system.statistics(server)
    ref = bl.monitor(server)
    with pytest.raises(bl.CallFailed, match="it ended: ValueError: unknown"):
        await call(server, "unknown")
    assert (await down_reason(ref)).message == "unknown"
    [(_, reason)] = await received(1)
    assert reason.message == "unknown"


@in_node
async def test_a_question_to_nobody_is_named_in_words() -> None:
    for question, words in (
        (bl.sys.get_state("nobody"), "get_state()"),
        (bl.sys.log("nobody", 5), "log(5)"),
        (bl.Supervisor.which_children("nobody"), "which_children()"),
        (bl.Supervisor.restart_child("nobody", "clock"), "restart_child('clock')"),
        (bl.supervision_tree("nobody"), "describe()"),
    ):
        with pytest.raises(bl.CallFailed) as failed:
            await question
        assert str(failed.value) == f"nobody did not answer {words}: no such process (noproc)"
