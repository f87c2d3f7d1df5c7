"""A server runs in one of two loops, the ordinary one and that which `sys` looks through. Whatever is switched on and
off in between, it must handle the same messages in the same order and give the same answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import beamlike as bl
from beamlike.behaviours.servers import system
from beamlike.behaviours.servers.outcomes import NO_REPLY, Continue, TimeoutAfter
from beamlike.behaviours.servers.typed_calls import call, cast
from beamlike.kernel.question import Client
from tests.support.local_nodes import PATIENCE, run_in_node, settled


@dataclass(frozen=True, slots=True)
class Later:
    """A call that is answered by the next message of another kind."""


class Historian(bl.GenServer):
    """Returns what it is told to, from plain callbacks and from async ones, and remembers everything."""

    def init(self) -> None:
        self.history: list[Any] = []
        self.waiting: list[Client] = []

    def handle_call(self, request: Any, client: Client) -> Any:
        if isinstance(request, Later):
            self.waiting.append(client)
            return NO_REPLY
        return self.did("call", request)

    async def handle_cast(self, request: Any) -> Any:
        await asyncio.sleep(0)
        return self.did("cast", request)

    def handle_info(self, message: Any) -> Any:
        return self.did("info", message)

    async def handle_continue(self, value: Any) -> Any:
        return self.did("continue", value)

    @call
    async def typed(self, value: Any) -> Any:
        return self.did("typed", value)

    @cast
    def noted(self, value: Any) -> None:
        self.did("noted", value)

    def did(self, kind: str, content: Any) -> Any:
        self.history.append((kind, content))
        while self.waiting:
            bl.GenServer.reply(self.waiting.pop(), f"answered by {kind}")
        return content if kind in ("call", "typed") or isinstance(content, Continue | TimeoutAfter) else None


values = st.recursive(
    st.integers(0, 9),
    lambda inner: st.builds(Continue, inner) | st.just(TimeoutAfter(0)),
    max_leaves=3,
)
replying = st.integers(0, 9) | st.builds(Continue, values, st.integers(0, 9)) | st.just(TimeoutAfter(0, reply="yes"))


async def calls(server: bl.Pid, request: Any) -> Any:
    return await bl.GenServer.call(server, request, timeout=PATIENCE)


async def asks_typed(server: bl.Pid, value: Any) -> Any:
    return await Historian.at(server, timeout=PATIENCE).typed(value)


async def asks_for_later(server: bl.Pid, value: Any) -> Any:
    request = bl.GenServer.send_request(server, Later())
    bl.send(server, value)
    return await bl.GenServer.receive_response(request, PATIENCE)


async def sends(server: bl.Pid, value: Any) -> None:
    bl.send(server, value)


async def casts(server: bl.Pid, value: Any) -> None:
    bl.GenServer.cast(server, value)


async def notes(server: bl.Pid, value: Any) -> None:
    Historian.at(server).noted(value)


acts = st.one_of(
    st.tuples(st.just(calls), replying),
    st.tuples(st.just(asks_typed), st.integers(0, 9)),
    st.tuples(st.sampled_from([sends, casts, asks_for_later]), values),
    st.tuples(st.just(notes), st.integers(0, 9)),
)


async def while_suspended(act: Callable[..., Any], server: bl.Pid, argument: Any) -> Any:
    """What the act comes to if it reaches a server that is suspended, and resumed later."""
    await system.suspend(server)
    acting = asyncio.create_task(act(server, argument))
    await settled()
    await system.resume(server)
    return await acting


async def logs(server: bl.Pid) -> None:
    await system.log(server, 2)


async def logs_no_more(server: bl.Pid) -> None:
    await system.log(server, 0)


async def counts(server: bl.Pid) -> None:
    await system.statistics(server)


async def counts_no_more(server: bl.Pid) -> None:
    await system.statistics(server, False)


async def watches_once(server: bl.Pid) -> None:
    await system.install(server, lambda state, event, pid: system.DONE, id=str(bl.make_ref()))


async def looks(server: bl.Pid) -> None:
    await system.get_state(server)


switches = st.sampled_from(
    [logs, logs_no_more, counts, counts_no_more, watches_once, looks],
)


@given(st.lists(st.tuples(st.lists(switches, max_size=2), st.booleans(), acts), max_size=8))
def test_a_watched_server_does_what_one_that_nobody_watches_does(script: list[Any]) -> None:
    async def main() -> None:
        plain, watched = await Historian.start_link(), await Historian.start_link()
        for switched, suspended, (act, argument) in script:
            for switch in switched:
                await switch(watched)
            answer = await (while_suspended(act, watched, argument) if suspended else act(watched, argument))
            assert answer == await act(plain, argument)
            # So that a timeout that is due has come, in both, before the next message takes it back.
            await settled()
        states = [await system.get_state(server) for server in (plain, watched)]
        assert states[0] == states[1]

    run_in_node(main)
