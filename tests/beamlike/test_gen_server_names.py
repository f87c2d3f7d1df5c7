"""A server under a name of a registry: started, called, and told of as under a name of the node."""

from __future__ import annotations

from typing import Any

import pytest

import beamlike as bl
from beamlike.behaviours.registry import Registry, Via
from beamlike.behaviours.servers import system
from beamlike.behaviours.servers.starting import AlreadyStarted
from beamlike.behaviours.servers.typed_calls import call
from beamlike.kernel.question import Client
from tests.support.local_nodes import in_node, no_message, received

ROOM = Via("rooms", ("floor", 2))


class Room(bl.GenServer):
    def init(self, witness: bl.Pid | None = None) -> None:
        self.witness = witness

    @call
    def size(self) -> int:
        return 40

    def handle_call(self, request: Any, client: Client) -> Any:
        return bl.self() if request == "pid" else request

    def handle_cast(self, request: Any) -> None:
        assert self.witness is not None
        bl.send(self.witness, request)

    async def handle_info(self, message: Any) -> None:
        await bl.GenServer.call(ROOM, "to itself")


@in_node
async def test_a_server_is_started_and_addressed_under_a_key() -> None:
    await Registry.start_link("rooms")
    server = await Room.start_link(bl.self(), name=ROOM)
    assert await bl.GenServer.call(ROOM, "pid") == server
    assert await Room.at(ROOM).size() == 40
    bl.GenServer.cast(ROOM, "fact")
    assert await received(1) == ["fact"]
    status = await system.get_status(ROOM)
    assert (status.pid, status.name) == (server, ROOM)
    await bl.GenServer.stop(ROOM)
    assert ROOM.whereis() is None


@in_node
async def test_a_key_that_is_taken_tells_whose_it_is() -> None:
    await Registry.start_link("rooms")
    server = await Room.start_link(name=ROOM)
    with pytest.raises(
        AlreadyStarted, match=r"the name Via\(registry='rooms', key=\('floor', 2\)\) belongs to"
    ) as caught:
        await Room.start_link(name=ROOM)
    assert caught.value.pid == server


@in_node
async def test_nobody_under_a_key_is_as_nobody_under_a_name() -> None:
    await Registry.start_link("rooms")
    with pytest.raises(bl.CallFailed, match=r"Via\(.*\) did not answer 'pid': no such process \(noproc\)"):
        await bl.GenServer.call(ROOM, "pid")
    with pytest.raises(bl.CallFailed, match="noproc"):
        await bl.GenServer.stop(ROOM)
    bl.GenServer.cast(ROOM, "no error")
    await no_message()


@in_node
async def test_a_server_that_calls_itself_by_its_key_is_told_at_once() -> None:
    bl.trap_exit(True)
    await Registry.start_link("rooms")
    bl.send(await Room.start_link(name=ROOM), "call yourself")
    [exit] = await received(1)
    assert "calling_self" in exit.reason.message


@in_node
async def test_the_key_of_a_failed_start_is_free_again() -> None:
    class Fails(Room):
        def init(self, witness: bl.Pid | None = None) -> None:
            raise bl.Stop("why")

    await Registry.start_link("rooms")
    with pytest.raises(bl.CallFailed, match="it ended: why"):
        await Fails.start_link(name=ROOM)
    assert bl.is_alive(await Room.start_link(name=ROOM))


@in_node
async def test_a_registry_that_does_not_run_is_told_to_the_starter() -> None:
    with pytest.raises(bl.NoProcess, match="no registry 'rooms' runs on this node"):
        await Room.start_link(name=ROOM)


@in_node
async def test_what_is_no_address_is_refused() -> None:
    for address in (None, 5, ("name", "node", "more")):
        with pytest.raises(TypeError, match="expected a pid, a name"):
            await bl.GenServer.call(address, "question")  # type: ignore[arg-type]
