"""What callbacks may return: a value that means nothing ends the server, with an error that says what it may be."""

from __future__ import annotations

from typing import Any

import pytest

import beamlike as bl
from beamlike.kernel.terms import ExceptionInfo
from tests.support.local_nodes import down_reason, in_node

call, cast = bl.GenServer.call, bl.GenServer.cast


class Returns(bl.GenServer):
    """Returns from its callbacks what it is sent."""

    def handle_call(self, request: Any, client: Any) -> Any:
        return request

    async def handle_cast(self, request: Any) -> Any:
        return request

    def handle_info(self, message: Any) -> Any:
        return message

    def handle_continue(self, value: Any) -> Any:
        return value

    @bl.cast
    def typed(self, value: Any) -> Any:
        return value

    @bl.call
    def asked(self, value: Any) -> Any:
        return value


async def error_of(server: bl.Pid) -> str:
    reason = await down_reason(bl.monitor(server))
    assert isinstance(reason, ExceptionInfo)
    return reason.message


def tell(server: bl.Pid, callback: str, value: Any) -> None:
    """Has this callback of a Returns return `value`."""
    if callback == "handle_cast":
        cast(server, value)
    elif callback == "handle_info":
        bl.send(server, value)
    elif callback == "handle_continue":
        cast(server, bl.Continue(value))
    else:
        Returns.at(server).typed(value)


CALLBACKS = ("handle_cast", "handle_info", "handle_continue", "typed")


@pytest.mark.parametrize("callback", CALLBACKS)
@in_node
async def test_a_callback_that_answers_nobody_and_returns_a_value_ends_the_server(callback: str) -> None:
    server = await Returns.start()
    tell(server, callback, ("noreply", 1))
    assert await error_of(server) == (
        f"expected {callback} of Returns to return None, Continue, TimeoutAfter or NO_REPLY, got ('noreply', 1); "
        "the state is kept in attributes of self, and `raise bl.Stop(reason)` ends the server"
    )


@pytest.mark.parametrize("callback", CALLBACKS)
@pytest.mark.parametrize("step", [None, bl.NO_REPLY, bl.TimeoutAfter(60), bl.Continue(None)], ids=str)
@in_node
async def test_a_callback_that_answers_nobody_may_return_a_step(callback: str, step: Any) -> None:
    server = await Returns.start()
    tell(server, callback, step)
    assert await call(server, ("noreply", 1)) == ("noreply", 1)


@in_node
async def test_the_value_is_refused_though_the_message_is_none() -> None:
    class Counts(bl.GenServer):
        def handle_info(self, message: Any) -> Any:
            return 1

    server = await Counts.start()
    bl.send(server, None)
    assert "expected handle_info of Counts to return None" in await error_of(server)


@in_node
async def test_the_value_is_refused_while_the_server_is_observed_too() -> None:
    server = await Returns.start()
    await bl.sys.log(server)
    cast(server, 1)
    assert "expected handle_cast of Returns to return None" in await error_of(server)


@in_node
async def test_a_cast_of_what_is_a_typed_call_here_is_no_end_of_the_server() -> None:
    class Older(bl.GenServer):
        @bl.cast
        def asked(self, value: Any) -> None: ...

        @bl.cast
        def gone(self) -> None: ...

    server = await Returns.start()
    older = Older.at(server)
    older.asked(1)
    older.gone()
    assert await call(server, "alive") == "alive"


class Forgets(bl.GenServer):
    def init(self, other: bl.Pid) -> None:
        self.other = other

    async def handle_call(self, request: Any, client: Any) -> Any:
        return call(self.other, request)

    @bl.call
    async def ask(self, request: Any) -> Any:
        return call(self.other, request)

    async def handle_cast(self, request: Any) -> Any:
        return call(self.other, request)


@pytest.mark.parametrize("observed", [False, True])
@pytest.mark.parametrize("callback", ["handle_call", "ask", "handle_cast"])
@in_node
async def test_an_async_callback_that_forgets_an_await_ends_the_server_with_an_error_that_says_so(
    callback: str, observed: bool
) -> None:
    server = await Forgets.start(await Returns.start())
    if observed:
        await bl.sys.log(server)
    match callback:
        case "handle_call":
            bl.GenServer.send_request(server, "?")
        case "ask":
            bl.spawn(Forgets.at(server).ask, "?")
        case "handle_cast":
            cast(server, "?")
    assert await error_of(server) == (
        f"expected {callback} of Forgets to return a value, got the coroutine call: write `return await call(...)`"
    )


# What comes to no callback.


@in_node
async def test_each_message_to_a_server_without_handle_info_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    class Deaf(bl.GenServer):
        def handle_call(self, request: Any, client: Any) -> Any:
            return request

    server = await Deaf.start()
    for _ in range(2):
        bl.send(server, "unexpected")
    bl.send(server, "x" * 1000)
    assert await call(server, "alive") == "alive"
    *twice, long = [record for record in caplog.records if record.name == "beamlike.gen_server"]
    assert [record.getMessage() for record in twice] == [
        f"Deaf {server} got the message 'unexpected' and has no handle_info"
    ] * 2
    assert {record.levelname for record in caplog.records} == {"ERROR"}
    assert len(long.getMessage()) < 200


# What makes no sense where it is said.


@pytest.mark.parametrize("seconds", ["5", None, float("nan")])
def test_a_timeout_after_what_is_no_number_is_refused_where_it_is_made(seconds: Any) -> None:
    with pytest.raises(TypeError, match=f"expected a number of seconds after which Timeout is due, got {seconds!r}"):
        bl.TimeoutAfter(seconds)
