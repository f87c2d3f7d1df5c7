"""Children that cannot dial their parent, and are dialled through tunnels that break: real processes, real sockets."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

import beamlike as bl
import nodes
from nodes.exit_codes import CANNOT_JOIN
from nodes.invitation import Invitation
from nodes.tunnels.carrier import Carrier
from nodes.tunnels.dialling import dial
from nodes.tunnels.landing import Landing
from nodes.tunnels.route import Route
from tests.nodes.backend_contract import BackendContract, World
from tests.support.dialled_world import PORT, DialledWorld, hosts
from tests.support.local_nodes import PATIENCE, eventually
from tests.support.loose_children import Loose
from tests.support.relay import Relay


@pytest.fixture
def dialled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DialledWorld:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return DialledWorld(tmp_path)


class TestDialled(BackendContract):
    @pytest.fixture
    def world(self, dialled: DialledWorld) -> World:
        return dialled


def parent() -> bl.Node:
    return bl.Node("tunnels@127.0.0.1", secret=b"a secret of the test")


@asynccontextmanager
async def booted(world: DialledWorld, lease: float = 20.0, *, own_thread: bool = False) -> AsyncIterator[nodes.Child]:
    async with parent():
        child = await nodes.boot(world.behind, lease=lease, timeout=PATIENCE, own_thread=own_thread)
        try:
            yield child
        finally:
            await child.stop(grace=0.1)


def test_what_is_under_way_when_a_tunnel_is_cut_comes_whole_and_in_order(dialled: DialledWorld) -> None:
    """Cut again and again in the middle of it, in both directions."""

    async def main() -> None:
        async with booted(dialled) as child:
            echo = bl.spawn(echoes, bl.self(), node=child.node)
            monitor = bl.monitor(echo)
            blocks = [os.urandom(200_000) for _ in range(20)]
            before = len(dialled.behind.tunnels)
            dialled.behind.cut_after = 700_000
            dialled.behind.tunnels[-1].cut_after = 300_000
            for block in blocks:
                bl.send(echo, block)
            for block in blocks:
                assert await bl.receive(lambda it: type(it) is bytes, timeout=PATIENCE) == block
            assert len(dialled.behind.tunnels) >= before + 3
            bl.demonitor(monitor, flush=True)

    asyncio.run(main())


async def echoes(home: bl.Pid) -> None:
    while True:
        bl.send(home, await bl.receive())


def test_links_monitors_and_variables_outlive_a_tunnel_that_cannot_be_had_for_a_while(dialled: DialledWorld) -> None:
    async def main() -> None:
        async with booted(dialled) as child:
            bl.monitor_node(child.node)
            counter = bl.spawn_link(counts, bl.self(), node=child.node)
            monitor = bl.monitor(counter)
            bl.send(counter, "next")
            assert await bl.receive(lambda it: isinstance(it, int), timeout=PATIENCE) == 1
            dialled.behind.refused = 3
            assert dialled.cut_tunnels()
            bl.send(counter, "next")
            assert await bl.receive(lambda it: isinstance(it, int), timeout=PATIENCE) == 2
            assert dialled.behind.refused == 0
            with pytest.raises(TimeoutError):
                await bl.receive(timeout=0)
            bl.unlink(counter)
            bl.exit(counter, "kill")
            assert (await bl.receive(ref=monitor, timeout=PATIENCE)).reason == "killed"

    asyncio.run(main())


async def counts(home: bl.Pid) -> None:
    number = 0
    while True:
        await bl.receive()
        number += 1
        bl.send(home, number)


def test_a_tunnel_that_stays_open_and_carries_nothing_is_left(dialled: DialledWorld) -> None:
    async def main() -> None:
        async with booted(dialled, lease=12.0) as child:
            before = len(dialled.behind.tunnels)
            dialled.behind.tunnels[-1].hold()
            assert await bl.rpc.call(child.node, os.getpid, timeout=PATIENCE) == int(child.machine.id)
            assert len(dialled.behind.tunnels) > before

    asyncio.run(main())


def test_a_node_that_cannot_be_reached_for_its_lease_is_down_and_its_child_ends(dialled: DialledWorld) -> None:
    async def main() -> None:
        async with booted(dialled, lease=4.0) as child:
            bl.monitor_node(child.node)
            dialled.behind.refused = 10**6
            dialled.cut_tunnels()
            down = await bl.receive(lambda it: isinstance(it, bl.NodeDown), timeout=PATIENCE)
            assert down.node == child.node
            assert "still runs" not in await child.fate(within=PATIENCE)
        assert "nothing was heard of tunnels@127.0.0.1 for 4 s, which is the lease" in dialled.behind.loose.words()

    asyncio.run(main())


def test_a_machine_that_ends_while_there_is_no_tunnel_is_not_waited_for(dialled: DialledWorld) -> None:
    async def main() -> None:
        async with booted(dialled, lease=600.0) as child:
            bl.monitor_node(child.node)
            dialled.behind.refused = 10**6
            dialled.cut_tunnels()
            os.kill(int(child.machine.id), signal.SIGKILL)
            await bl.receive(lambda it: isinstance(it, bl.NodeDown), timeout=PATIENCE)

    asyncio.run(main())


def test_a_parent_that_is_busy_for_longer_than_the_lease_keeps_its_child(dialled: DialledWorld) -> None:
    async def main() -> None:
        async with booted(dialled, lease=5.0) as child:
            time.sleep(6.5)  # noqa: ASYNC251 - user code that blocks the loop
            assert await bl.rpc.call(child.node, os.getpid, timeout=PATIENCE) == int(child.machine.id)

    asyncio.run(main())


@pytest.mark.parametrize("own_thread", [False, True])
def test_a_child_that_is_busy_for_longer_than_its_lease_stays(dialled: DialledWorld, own_thread: bool) -> None:
    async def main() -> None:
        async with booted(dialled, lease=4.0, own_thread=own_thread) as child:
            assert await bl.rpc.call(child.node, busy, timeout=PATIENCE) == int(child.machine.id)

    asyncio.run(main())


async def busy() -> int:
    time.sleep(5.5)  # noqa: ASYNC251 - user code that blocks the loop
    return os.getpid()


def waiting(log: Path, dial_seconds: float) -> tuple[Loose, Invitation]:
    """A child that waits for its parent at an address of its own."""
    host = next(hosts)
    invitation = Invitation(
        *("tunnels@127.0.0.1", "", 0, "waits@127.0.0.1", b"the token", dial_seconds),
        tls="always",
        listens_at=f"{host}:{PORT}",
    )
    # Its failsafe, which tells nothing, acts that much later than what it stands in for.
    return Loose(log, before="from nodes import guards\nguards.LATE_SECONDS = 4.0"), invitation


def test_a_child_that_nobody_dials_ends_by_itself(tmp_path: Path) -> None:
    place, invitation = waiting(tmp_path / "log", 5.0)
    asyncio.run(place.boot(invitation))
    assert place.wait() == CANNOT_JOIN
    assert f"its 5 s are over, and nobody has dialled {invitation.listens_at}" in place.words()


def test_who_was_accepted_as_the_parents_end_closes_is_hung_up_on() -> None:
    """It sleeps for another time in each round, so that every moment of the coming has its turn."""

    async def main() -> None:
        for moment in range(60):
            carrier = carrier_to(("127.0.0.1", 9))
            await carrier.open()
            with socket.create_connection(carrier.address) as dialler:
                dialler.settimeout(20)
                time.sleep(moment % 20 * 0.0001)  # noqa: ASYNC251 - the carrier has a thread of its own
                await carrier.close()
                with suppress(ConnectionError):  # it had not been accepted
                    assert await asyncio.to_thread(dialler.recv, 1) == b""

    asyncio.run(main())
    gc.collect()  # a connection that was left open is told of as this test's


def test_who_is_cancelled_while_the_parents_end_opens_leaves_no_socket_open() -> None:
    """It sleeps for another time in each round, so that every moment of the opening has its turn."""

    async def main() -> None:
        for moment in range(60):
            carrier = carrier_to(("127.0.0.1", 9))
            opening = asyncio.create_task(carrier.open())
            await asyncio.sleep(0)
            time.sleep(moment % 20 * 0.0001)  # noqa: ASYNC251 - the carrier has a thread of its own
            opening.cancel()
            await asyncio.wait({opening})
            await carrier.close()

    asyncio.run(main())
    gc.collect()  # a socket that was left open is told of as this test's


def test_a_child_is_not_dialled_before_it_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dial has its time, and a child lets its parent in once: it is not to be one that is just given up."""

    async def main() -> None:
        place, invitation = waiting(tmp_path / "log", 20.0)
        carrier = carrier_to(place_of(invitation), invitation.token)
        await carrier.open()
        async with parent() as node:
            dialled: list[str] = []
            connect = node.connect

            async def recorded(name: str, *address: Any, **how: Any) -> None:
                dialled.append(name)
                await connect(name, *address, **how)

            monkeypatch.setattr(node, "connect", recorded)
            dialling = asyncio.create_task(dial(node, invitation, carrier))
            await eventually(lambda: carrier.trouble != "")
            assert "the tunnel to it broke" in carrier.trouble
            await asyncio.sleep(0.5)  # that nothing is done cannot be waited for: two more looks come in this time
            assert dialled == []
            await place.boot(invitation)
            async with asyncio.timeout(PATIENCE):
                await dialling
            assert dialled == [invitation.child]
            assert carrier.trouble == ""
            await node.disconnect(invitation.child)
        await carrier.close()
        await asyncio.to_thread(place.wait)

    asyncio.run(main())


def test_of_a_dial_that_was_given_up_nothing_is_kept_for_a_child_that_comes_later() -> None:
    async def main() -> None:
        carrier = carrier_to(("127.0.0.1", 9), lease=600.0)
        await carrier.open()
        with socket.create_connection(carrier.address) as dial:
            dial.sendall(b"said too early")
            await eventually(lambda: carrier.trouble != "")
        await eventually(lambda: not carrier._flows)
        await carrier.close()

    asyncio.run(main())


def test_nobody_but_the_parent_gets_as_far_as_the_childs_node(tmp_path: Path) -> None:
    """Neither who does not hold the token, nor who holds it and bears another name; and the parent once."""

    async def enter(invitation: Invitation, name: str, token: bytes, lease: float = 20.0) -> str:
        carrier = carrier_to(place_of(invitation), token, lease)
        await carrier.open()
        try:
            async with bl.Node(name, secret=b"a secret of the test") as node:
                try:
                    await node.connect(invitation.child, carrier.address, secret=token, encrypted=True)
                except bl.NotConnected as error:
                    return str(error)
                finally:
                    await node.disconnect(invitation.child)
                return "connected"
        finally:
            await carrier.close()

    async def main() -> None:
        place, invitation = waiting(tmp_path / "log", 60.0)
        await place.boot(invitation)
        await until_listening(invitation)
        assert await enter(invitation, invitation.parent, b"another token", lease=5.0) != "connected"
        assert "secret" in await enter(invitation, "another@127.0.0.1", b"the token")
        assert await enter(invitation, invitation.parent, b"the token") == "connected"
        await asyncio.to_thread(place.wait)
        assert "somebody who is not the parent has dialled, and was refused" in place.words()

    asyncio.run(main())


def test_a_probe_that_only_connects_is_not_told_of_and_a_stranger_is(capsys: pytest.CaptureFixture[str]) -> None:
    async def come(address: tuple[str, int], words: bytes) -> None:
        """Until the other end has closed, and so has told what there was to tell."""
        reader, writer = await asyncio.open_connection(*address)
        writer.write(words)
        writer.write_eof()
        await reader.read()
        writer.close()

    async def main() -> None:
        landing = Landing(b"the token", ("127.0.0.1", 1), 1.0)
        try:
            address = await landing.listen("127.0.0.1", 0)
            await come(address, b"")
            assert capsys.readouterr().err == ""
            await come(address, b"GET / HTTP/1.1\r\n")
            assert "before the two ends had met" in capsys.readouterr().err
            await come(address, bytes(100))
            assert "somebody who is not the parent has dialled" in capsys.readouterr().err
        finally:
            landing.close()

    asyncio.run(main())


class Fixed:
    """One tunnel, which is there."""

    dials_child = True

    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    async def tunnel(self, machine: nodes.Machine) -> Relay:
        return await self._relay.open()


def carrier_to(target: tuple[str, int], token: bytes = b"a token", lease: float = 20.0) -> Carrier:
    """By one tunnel, to a machine that never ends."""

    async def never() -> bool:
        return False

    return Carrier("it", Route(Fixed(Relay(target)), nodes.Machine("1", "it")), token, lease, never)


def place_of(invitation: Invitation) -> tuple[str, int]:
    host, _, port = invitation.listens_at.rpartition(":")
    return host, int(port)


async def until_listening(invitation: Invitation) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                _, writer = await asyncio.open_connection(*place_of(invitation))
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return
