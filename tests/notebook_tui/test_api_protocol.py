"""The lines of the protocol: whatever comes, each gets its answer, and nobody else is touched by it."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.api import connection
from notebook_tui.api.client import connected
from notebook_tui.api.errors import KINDS, ApiError
from notebook_tui.api.house import Served
from notebook_tui.api.lines import LONGEST_REQUEST, NoRequest, request_of
from notebook_tui.api.methods import METHODS
from notebook_tui.api.server import NoSocket, api_server
from notebook_tui.document.operations import SetTitle
from notebook_tui.session.client import Client
from tests.support.api_world import NAME, api_world, heard_by, next_event, raw
from tests.support.local_nodes import eventually, in_node, run_in_node

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
PARAMETERS = ("notebook", "cell", "path", "source", "old", "new", "seconds", "run", "cells", "protocol", "offset")
REQUESTS = st.fixed_dictionaries(
    {"jsonrpc": st.just("2.0"), "id": JSON},
    optional={
        "method": st.sampled_from([*METHODS, "nothing"]) | JSON,
        "params": st.dictionaries(st.sampled_from(PARAMETERS), JSON | st.just(NAME), max_size=4) | JSON,
    },
)
LINES = st.one_of(
    st.binary(max_size=60).map(lambda data: data.replace(b"\n", b" ")),
    JSON.map(lambda plain: json.dumps(plain).encode()),
    REQUESTS.map(lambda plain: json.dumps(plain).encode()),
)


@given(LINES)
def test_any_line_is_a_request_or_is_refused_in_words(line: bytes) -> None:
    answer = refusal_of(line)
    if answer is not None:
        assert json.loads(answer)["error"]["data"]["kind"] in KINDS
        assert answer.index(b"\n") == len(answer) - 1


def refusal_of(line: bytes) -> bytes | None:
    try:
        request_of(line)
    except NoRequest as error:
        return error.answer
    return None


@given(st.lists(LINES.filter(lambda line: line.strip() != b""), min_size=1, max_size=12))
def test_after_any_lines_the_connection_answers_and_so_does_every_other(lines: list[bytes]) -> None:
    async def main() -> None:
        async with api_world() as world, world.client() as other, raw(world.socket) as wild:
            world.write("x = 1")
            await other.call("open", path=NAME)
            await wild.hello()
            for line in lines:
                # What ends the session, or waits for long, is somebody else's test.
                await wild.say(line.replace(b'"stop"', b'"whoami"').replace(b'"await"', b'"whoami"') + b"\n")
            await wild.say(b'{"jsonrpc": "2.0", "id": "the last", "method": "whoami"}\n')
            while (answer := await wild.hear()).get("id") != "the last":
                assert ("result" in answer) != ("error" in answer)
            assert "result" in answer
            assert (await other.call("state", notebook=NAME))["title"]

    run_in_node(main)


@in_node
async def test_each_kind_of_wrong_line_has_its_own_code_and_the_connection_goes_on() -> None:
    wrong: dict[bytes, str] = {
        b"{": "parse",
        b"\xff": "parse",
        b"[" * 100_000: "parse",
        b"[]": "request",
        b"7": "request",
        b'{"id": 1, "method": "whoami"}': "request",
        b'{"jsonrpc": "2.0", "id": 1}': "request",
        b'{"jsonrpc": "2.0", "id": {}, "method": "whoami"}': "request",
        b'{"jsonrpc": "2.0", "id": 1, "method": "whoami", "more": 1}': "request",
        b'{"jsonrpc": "2.0", "id": 1, "method": "nothing"}': "method",
        b'{"jsonrpc": "2.0", "id": 1, "method": "open", "params": {}}': "params",
        b'{"jsonrpc": "2.0", "id": 1, "method": "open", "params": {"path": "a.livemd", "more": 1}}': "params",
        b'{"jsonrpc": "2.0", "id": 1, "method": "open", "params": ["a.livemd"]}': "params",
        b'{"jsonrpc": "2.0", "id": 1, "method": "state", "params": {"notebook": "a.livemd"}}': "notebook",
        b'{"jsonrpc": "2.0", "id": 1, "method": "hello", "params": {"protocol": 1}}': "hello",
        b" " * (LONGEST_REQUEST + 9) + b"{}": "parse",
        b" " * (3 * LONGEST_REQUEST) + b"{}": "parse",
    }
    async with api_world() as world, raw(world.socket) as client:
        await client.hello()
        for line, kind in wrong.items():
            await client.say(line + b"\n")
            answer = await client.hear()
            assert answer["error"]["data"]["kind"] == kind, line[:80]
            assert answer["error"]["code"] == KINDS[kind].code
        assert "result" in await client.ask(id=1, method="whoami")


@in_node
async def test_before_hello_nothing_is_done_and_another_version_is_told_which_there_are() -> None:
    async with api_world() as world, raw(world.socket) as client:
        assert (await client.ask(id=1, method="list"))["error"]["data"]["kind"] == "hello"
        answer = await client.ask(id=2, method="hello", params={"protocol": 99})
        assert answer["error"]["data"] == {"kind": "version", "versions": [1]}
        await client.hello()
        assert "result" in await client.ask(id=3, method="list")


@in_node
async def test_a_notification_is_done_and_not_answered_and_the_last_line_needs_no_end() -> None:
    async with api_world() as world, raw(world.socket) as client:
        await client.hello()
        await client.say(b'{"jsonrpc": "2.0", "method": "nothing"}\n{"jsonrpc": "2.0", "id": 5, "method": "whoami"}')
        client.writer.write_eof()
        assert (await client.hear())["id"] == 5
        assert await client.is_over()


@in_node
async def test_requests_beyond_what_may_be_under_way_are_refused_and_one_can_still_be_interrupted() -> None:
    async with api_world() as world, raw(world.socket) as client:
        world.write("x")
        await client.hello()
        await client.ask(id=0, method="open", params={"path": NAME})
        await client.ask(id=0, method="run", params={"notebook": NAME, "cells": ["cell-1"]})
        waits = {"notebook": NAME, "cell": "cell-1", "seconds": 600}
        for number in range(connection.UNDER_WAY):
            line = {"jsonrpc": "2.0", "id": number, "method": "await", "params": waits}
            await client.say(json.dumps(line).encode() + b"\n")
        answer = await client.ask(id="more", method="whoami")
        assert answer["id"] == "more"
        assert answer["error"]["data"]["kind"] == "busy"
        # Somebody else ends what they wait for.
        async with world.client() as other:
            await other.call("open", path=NAME)
            await other.call("interrupt", notebook=NAME)
        answered = [await client.hear() for _ in range(connection.UNDER_WAY)]
        assert {answer["id"] for answer in answered} == set(range(connection.UNDER_WAY))
        assert all(answer["result"]["done"] for answer in answered)


@in_node
async def test_a_client_that_does_not_read_is_told_that_it_is_behind_and_then_how_all_is() -> None:
    async with api_world() as world, world.client() as quick, raw(world.socket, 2**16) as slow:
        world.write("x")
        await slow.hello()
        await slow.ask(id=1, method="open", params={"path": NAME})
        await slow.ask(id=2, method="subscribe", params={"notebook": NAME})
        await quick.call("open", path=NAME)
        person = await Client.join(await world.session())
        # More than any socket buffers, and than is kept for it.
        for number in range(3_000):
            await person.make(SetTitle(f"{number} {'long' * 200}"))
        assert (await quick.call("state", notebook=NAME))["title"].startswith("2999 ")
        events: list[dict[str, Any]] = []
        while not events or events[-1].get("event") != "resync":
            told = await slow.hear()
            events.append(told["params"])
        assert events[-2]["event"] == "behind"
        assert events[-2]["left_out"] > 0
        assert events[-1]["state"]["title"].startswith("2999 ")
        assert len(events) < 3_000
        await person.close()


@in_node
async def test_a_client_hears_what_others_do_in_order() -> None:
    async with api_world() as world, world.client() as one, world.client() as other:
        world.write("x")
        events = heard_by(one)
        await one.call("open", path=NAME)
        await one.call("subscribe", notebook=NAME)
        await other.call("open", path=NAME)
        for number in range(20):
            await other.call("insert", notebook=NAME, source=f"cell {number}")
        told = [await next_event(events, "changed") for _ in range(20)]
        assert [event["cells"][0]["source"] for event in told] == [f"cell {number}" for number in range(20)]
        await one.call("unsubscribe", notebook=NAME)
        await other.call("insert", notebook=NAME, source="unheard")
        await one.call("state", notebook=NAME)
        heard = [events.get_nowait()["event"] for _ in range(events.qsize())]
        assert "changed" not in heard


@in_node
async def test_who_goes_in_the_middle_of_everything_leaves_the_others_alone() -> None:
    async with api_world() as world, world.client() as other:
        world.write("x")
        await other.call("open", path=NAME)
        for number in range(5):
            async with raw(world.socket) as client:
                await client.hello()
                await client.ask(id=1, method="open", params={"path": NAME, "answers": True})
                await client.ask(
                    id=1, method="edit", params={"notebook": NAME, "cell": "cell-1", "old": "x", "new": "x"}
                )
                for line in (
                    b'{"jsonrpc": "2.0", "id": 2, "method": "await", "params": {"notebook": "a.livemd"',
                    b'{"',
                ):
                    await client.say(line)
            await other.call("insert", notebook=NAME, source=str(number))
        person = await Client.join(await world.session())
        await eventually(lambda: not person.state.clients)
        await person.close()


@in_node
async def test_the_session_ends_and_its_clients_are_told_and_open_begins_another() -> None:
    async with api_world() as world, world.client() as one, world.client() as other:
        world.write("x")
        events = heard_by(other)
        for client in (one, other):
            await client.call("open", path=NAME)
        await other.call("subscribe", notebook=NAME)
        await one.call("stop", notebook=NAME)
        assert "has ended" in (await next_event(events, "ended"))["why"]
        with pytest.raises(ApiError) as refusal:
            await other.call("state", notebook=NAME)
        assert refusal.value.kind == "ended"
        await other.call("open", path=NAME)
        assert (await other.call("state", notebook=NAME))["cells"]


@in_node
async def test_the_socket_is_for_its_user_alone_and_one_that_was_left_behind_is_taken_over(tmp_path: Path) -> None:
    async with api_world() as world:
        assert stat.S_IMODE(os.stat(world.socket).st_mode) == 0o600
        with pytest.raises(NoSocket, match="another server listens"):
            async with api_server(Served(world.sessions, world.directory), world.socket):
                pass
        left = world.socket.with_name("left")
        leaving = await asyncio.start_unix_server(lambda *_: None, left)
        kept = left.with_name("kept")
        os.link(left, kept)
        leaving.close()
        await leaving.wait_closed()
        os.rename(kept, left)
        house = Served(world.sessions, world.directory)
        async with api_server(house, left), connected(left, "test") as client:
            assert (await client.call("whoami"))["role"] == "run"
        assert not left.exists()
