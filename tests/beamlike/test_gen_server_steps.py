"""Continue and TimeoutAfter: what a server does next, before any message or when none comes."""

from __future__ import annotations

import asyncio
import pickle
from typing import Any

import pytest

import beamlike as bl
from beamlike.behaviours.servers.outcomes import NO_REPLY, Continue, Timeout, TimeoutAfter
from beamlike.kernel.question import Client
from tests.support.local_nodes import in_node, no_message, received, settled

call, cast = bl.GenServer.call, bl.GenServer.cast


class Steps(bl.GenServer):
    """Returns from each callback what a message says, and tells `witness` what it handled."""

    def init(self, witness: bl.Pid, outcome: Any = None) -> Any:
        self.witness = witness
        return outcome

    def handle_call(self, request: Any, client: Client) -> Any:
        return self._did("call", request)

    async def handle_cast(self, request: Any) -> Any:
        return self._did("cast", request)

    def handle_info(self, message: Any) -> Any:
        return self._did("info", message)

    def handle_continue(self, value: Any) -> Any:
        return self._did("continue", value)

    def _did(self, kind: str, content: Any) -> Any:
        bl.send(self.witness, (kind, content))
        if isinstance(content, Exception):
            raise content
        return content if kind == "call" or isinstance(content, Continue | TimeoutAfter) else None


# Continue.


@in_node
async def test_what_init_leaves_to_do_is_done_before_any_message_but_start_does_not_wait_for_it() -> None:
    class Early(Steps):
        def init(self, witness: bl.Pid, outcome: Any = None) -> Any:
            bl.send(bl.self(), "sent by init to itself")
            return super().init(witness, Continue("load"))

    await Early.start_link(bl.self())
    assert await received(2) == [("continue", "load"), ("info", "sent by init to itself")]


@in_node
async def test_start_returns_before_a_continue_is_done() -> None:
    class Waits(bl.GenServer):
        def init(self, gate: asyncio.Event) -> Any:
            self.gate = gate
            return Continue("wait")

        async def handle_continue(self, value: Any) -> None:
            await self.gate.wait()

        def handle_call(self, request: Any, client: Client) -> Any:
            return self.gate.is_set()

    gate = asyncio.Event()
    server = await Waits.start_link(gate)
    asking = asyncio.create_task(call(server, "?"))
    await settled()
    assert not asking.done()
    gate.set()
    assert await asking is True


@in_node
async def test_every_callback_may_continue_and_before_what_waits() -> None:
    server = await Steps.start_link(bl.self())
    for send in (cast, bl.send):
        send(server, Continue("first"))
        cast(server, "second")
        handled = [content for _, content in await received(3)]
        assert handled == [Continue("first"), "first", "second"]


@in_node
async def test_a_continue_may_continue() -> None:
    await Steps.start_link(bl.self(), Continue(Continue(Continue("end"))))
    assert [kind for kind, _ in await received(3)] == ["continue"] * 3


@in_node
async def test_a_call_is_answered_before_it_continues() -> None:
    server = await Steps.start_link(bl.self())
    assert await call(server, Continue("later", reply="now")) == "now"
    assert [kind for kind, _ in await received(2)] == ["call", "continue"]


@in_node
async def test_a_call_that_continues_without_a_reply_is_answered_later() -> None:
    class Answers(Steps):
        def handle_call(self, request: Any, client: Client) -> Any:
            return Continue(client)

        def handle_continue(self, value: Any) -> None:
            bl.GenServer.reply(value, "late")

    assert await call(await Answers.start_link(bl.self()), "question") == "late"


@in_node
async def test_a_continue_that_fails_ends_the_server() -> None:
    bl.trap_exit(True)
    await Steps.start_link(bl.self(), Continue(ValueError("no database")))
    assert [message.reason.message for message in await received(2) if isinstance(message, bl.Exit)] == ["no database"]


@in_node
async def test_a_continue_without_its_callback_says_so() -> None:
    class Forgot(bl.GenServer):
        def init(self) -> Any:
            return Continue("load")

    bl.trap_exit(True)
    await Forgot.start_link()
    [exit] = await received(1)
    assert exit.reason.message == "Forgot is to continue with 'load' and has no handle_continue"


# Timeouts.


@pytest.mark.parametrize("start", [TimeoutAfter(0.001), Continue(TimeoutAfter(0))])
@in_node
async def test_a_timeout_is_a_message_if_none_comes(start: Any) -> None:
    await Steps.start_link(bl.self(), start)
    messages = await received(1 if isinstance(start, TimeoutAfter) else 2)
    assert messages[-1] == ("info", Timeout())
    await no_message()


@in_node
async def test_a_timeout_of_nothing_comes_when_the_mailbox_is_empty() -> None:
    server = await Steps.start_link(bl.self())
    bl.send(server, TimeoutAfter(0))
    bl.send(server, TimeoutAfter(0))
    assert await received(3) == [("info", TimeoutAfter(0)), ("info", TimeoutAfter(0)), ("info", Timeout())]


@in_node
async def test_any_message_takes_the_timeout_back() -> None:
    server = await Steps.start_link(bl.self(), TimeoutAfter(0.5))
    bl.send(server, "in time")
    assert await received(1) == [("info", "in time")]
    with pytest.raises(TimeoutError):
        await bl.receive(timeout=0.7)


@in_node
async def test_a_call_is_answered_and_its_timeout_runs() -> None:
    server = await Steps.start_link(bl.self())
    assert await call(server, TimeoutAfter(0, reply="now")) == "now"
    assert await received(2) == [("call", TimeoutAfter(0, reply="now")), ("info", Timeout())]


@in_node
async def test_a_call_in_between_takes_the_timeout_back() -> None:
    server = await Steps.start_link(bl.self())
    await call(server, TimeoutAfter(0.5, reply="now"))
    await call(server, "plain")
    assert [kind for kind, _ in await received(2)] == ["call", "call"]
    with pytest.raises(TimeoutError):
        await bl.receive(timeout=0.7)


@in_node
async def test_a_timeout_may_be_renewed_each_time() -> None:
    class Ticks(Steps):
        def handle_info(self, message: Any) -> Any:
            bl.send(self.witness, message)
            return TimeoutAfter(0.001)

    await Ticks.start_link(bl.self(), TimeoutAfter(0))
    assert await received(3) == [Timeout()] * 3


@in_node
async def test_no_reply_is_itself_wherever_it_is_said() -> None:
    assert pickle.loads(pickle.dumps(NO_REPLY)) is NO_REPLY
    assert repr(NO_REPLY) == "NO_REPLY"
