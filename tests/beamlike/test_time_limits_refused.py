"""A time limit that is no number is refused in the same words by all that take one, and harms nobody."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import beamlike as bl
from tests.support.local_nodes import in_node, no_message


class Echo(bl.GenServer):
    def handle_call(self, request: Any, client: Any) -> Any:
        return request


WAITS: dict[str, Callable[[Any], Awaitable[Any]]] = {
    "call": lambda limit: bl.GenServer.call("echo", 1, timeout=limit),
    "stop": lambda limit: bl.GenServer.stop("echo", timeout=limit),
    "start_link": lambda limit: Echo.start_link(timeout=limit),
    "receive_response": lambda limit: bl.GenServer.receive_response(bl.GenServer.send_request("echo", 1), limit),
    "multi_call": lambda limit: bl.GenServer.multi_call("echo", 1, timeout=limit),
    "get_state": lambda limit: bl.sys.get_state("echo", timeout=limit),
    "supervision_tree": lambda limit: bl.supervision_tree("echo", timeout=limit),
    "await_many": lambda limit: bl.Task.await_many([], limit),
    "yield_many": lambda limit: bl.Task.yield_many([], limit),
    "async_stream": lambda limit: anext(bl.Task.async_stream([1], print, timeout=limit)),
}


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
@in_node
async def test_a_time_limit_that_is_no_number_is_refused(wait: Callable[[Any], Awaitable[Any]]) -> None:
    server = await Echo.start(name="echo")
    with pytest.raises(TypeError, match=r"^expected timeout as a number of seconds, or None for no limit, got '5'$"):
        await wait("5")
    assert await bl.GenServer.call(server, "alive") == "alive"
    assert set(bl.processes()) == {server, bl.self()}
    await no_message()
