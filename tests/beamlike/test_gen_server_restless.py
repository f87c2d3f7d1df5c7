"""A server that always finds a message: timers, sockets and other processes have their turn all the same."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import pytest

import beamlike as bl
from beamlike.kernel.question import Client
from tests.support.local_nodes import PATIENCE, in_node


class Restless(bl.GenServer):
    """Always has something to do: it asks itself for more each time."""

    def init(self, cast: Callable[[bl.Pid], None]) -> None:
        self.cast, self.rounds = cast, 0
        cast(bl.self())

    def handle_cast(self, request: Any) -> None:
        self.rounds += 1
        self.cast(bl.self())

    def handle_call(self, request: Any, client: Client) -> int:
        return self.rounds

    @bl.cast
    def again(self) -> None:
        self.handle_cast("again")


def casts(server: bl.Pid) -> None:
    bl.GenServer.cast(server, "again")


def casts_typed(server: bl.Pid) -> None:
    Restless.at(server).again()


def sends_a_cast_by_its_name(server: bl.Pid) -> None:
    if bl.whereis("restless") is None:
        bl.register("restless", server)
    bl.GenServer.cast("restless", "again")


class Echo(bl.GenServer):
    def handle_call(self, request: Any, client: Client) -> Any:
        return request


@pytest.mark.parametrize("cast", [casts, casts_typed, sends_a_cast_by_its_name])
@in_node
async def test_a_server_that_always_finds_a_message_lets_others_live(cast: Callable[[bl.Pid], None]) -> None:
    server = await Restless.start_link(cast)
    quiet = await Echo.start_link()
    async with asyncio.timeout(PATIENCE):
        await asyncio.sleep(0.001)
        assert await bl.GenServer.call(quiet, "hello") == "hello"
        assert await said_over_a_socket(b"hello") == b"hello"
        first = await bl.GenServer.call(server, "rounds")
        assert await bl.GenServer.call(server, "rounds") > first > 0
        await bl.GenServer.stop(server)


@in_node
async def test_a_server_with_more_to_do_than_it_can_lets_others_live() -> None:
    async def asks_for_ever(server: bl.Pid) -> None:
        while True:
            for _ in range(1000):
                bl.GenServer.cast(server, "again")
            await asyncio.sleep(0)

    server = await Restless.start_link(casts)
    asking = bl.spawn_link(asks_for_ever, server)
    async with asyncio.timeout(PATIENCE):
        assert await said_over_a_socket(b"hello") == b"hello"
        for pid in (asking, server):
            bl.unlink(pid)
            bl.exit(pid, "kill")


async def said_over_a_socket(words: bytes) -> bytes:
    """What comes back from a peer that says what it hears, over a socket of this loop."""
    one, other = socket.socketpair()
    (reader, writer), (peer_reader, peer_writer) = [await asyncio.open_connection(sock=end) for end in (one, other)]
    try:
        writer.write(words)
        peer_writer.write(await peer_reader.readexactly(len(words)))
        return await reader.readexactly(len(words))
    finally:
        for stream in (writer, peer_writer):
            stream.close()
            await stream.wait_closed()
