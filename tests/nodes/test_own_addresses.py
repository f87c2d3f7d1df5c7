"""Where children are told to dial, where they listen themselves, and all of that by IPv6."""

from __future__ import annotations

import asyncio
import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

import beamlike as bl
import nodes
from beamlike.kernel.current import current_node
from nodes import Invitation, Machine
from nodes.own_addresses import VARIABLES
from tests.support.dialled_world import Behind
from tests.support.loose_children import Loose


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")


@pytest.fixture(autouse=True)
def no_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


class Told(Loose):
    """Keeps what its children are told."""

    invitations: list[Invitation]

    def __init__(self, log: Path, *, advertise: str = "") -> None:
        super().__init__(log)
        self.invitations = []
        self.advertise = advertise

    async def boot(self, invitation: Invitation) -> Machine:
        self.invitations.append(invitation)
        return await super().boot(invitation)


def told(place: Told, listen: str, name: str = "all@127.0.0.1") -> str:
    """The host that a child is told to dial, once it has done so."""

    async def main() -> None:
        async with bl.Node(name, listen=listen, secret=b"a secret of the test"):
            child = await nodes.boot(place, timeout=20)
            assert await bl.rpc.call(child.node, os.getpid, timeout=20) == int(child.machine.id)
            await child.stop(grace=0.1)

    asyncio.run(main())
    return place.invitations[0].host


def test_a_parent_that_listens_at_all_addresses_tells_the_one_that_its_platform_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POD_IP", "127.0.0.1")
    assert told(Told(tmp_path / "log"), "0.0.0.0:0") == "127.0.0.1"


def test_what_the_backend_was_told_counts_before_what_the_platform_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POD_IP", "192.0.2.1")
    assert told(Told(tmp_path / "log", advertise="127.0.0.1"), "0.0.0.0:0") == "127.0.0.1"


def test_a_parent_whose_address_nobody_knows_is_told_so_at_once(tmp_path: Path) -> None:
    place, phases = Told(tmp_path / "log"), list[nodes.Phase]()

    async def main() -> None:
        async with bl.Node("all@127.0.0.1", listen="0.0.0.0:0", secret=b"a secret of the test"):
            with pytest.raises(nodes.BootFailed, match="give the backend `advertise`") as caught:
                await nodes.boot(place, on_phase=phases.append)
            assert caught.value.permanent

    asyncio.run(main())
    assert [phase.name for phase in phases] == ["failed"]
    assert place.invitations == []


def test_processes_of_this_host_reach_a_parent_that_listens_at_all_addresses() -> None:
    async def main() -> None:
        async with bl.Node("all@127.0.0.1", listen="0.0.0.0:0", secret=b"a secret of the test"):
            child = await nodes.boot(nodes.Local(), timeout=20)
            await child.stop(grace=0.1)

    asyncio.run(main())


@needs_ipv6
def test_a_parent_that_listens_at_all_addresses_of_ipv6_is_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLY_PRIVATE_IP", "::1")
    assert told(Told(tmp_path / "log"), "[::]:0", "all@::1") == "::1"


async def own_listener() -> tuple[str, int]:
    node = current_node()
    assert isinstance(node, bl.Node)
    return await node.listen()


async def grandchild_says(host: str) -> tuple[str, int]:
    """Boots one, by which this node is reached at that host."""
    child = await nodes.boot(nodes.Local(), timeout=20)
    try:
        address = await own_listener()
        assert address[0] == host
        pid: int = await bl.rpc.call(child.node, os.getpid, timeout=20)
        return child.node, pid
    finally:
        await child.stop(grace=0.1)


@needs_ipv6
def test_children_and_their_children_are_booted_by_ipv6() -> None:
    async def main() -> None:
        async with bl.Node("six@::1", secret=b"a secret of the test"):
            child = await nodes.boot(nodes.Local(), timeout=20)
            assert child.node.endswith("@::1")
            name, pid = await bl.rpc.call(child.node, grandchild_says, "::1", timeout=30)
            assert name.endswith("@::1")
            assert pid not in (os.getpid(), child.machine.pid)
            await child.stop(grace=0.1)

    asyncio.run(main())


def test_a_child_has_children_though_its_name_is_of_its_parents_machine(tmp_path: Path) -> None:
    """As on another machine, which does not have the address in the name."""

    async def main() -> None:
        async with bl.Node("far@192.0.2.7", listen="127.0.0.1:0", secret=b"a secret of the test"):
            child = await nodes.boot(Told(tmp_path / "log"), timeout=20)
            assert child.node.endswith("@192.0.2.7")
            await bl.rpc.call(child.node, grandchild_says, "127.0.0.1", timeout=30)
            await child.stop(grace=0.1)

    asyncio.run(main())


class Six(Behind):
    """A child that listens by IPv6, behind a tunnel."""

    async def boot(self, invitation: Invitation) -> Machine:
        with socket.create_server(("::1", 0), family=socket.AF_INET6) as free:
            self.port = free.getsockname()[1]
        machine = await self.loose.boot(replace(invitation, listens_at=f"[::1]:{self.port}"))
        self.hosts[machine.id] = "::1"
        return replace(machine, pid=int(machine.id))


@needs_ipv6
def test_a_child_is_dialled_by_ipv6_through_a_tunnel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLY_PRIVATE_IP", "::1")

    async def main() -> None:
        async with bl.Node("six@::1", secret=b"a secret of the test"):
            child = await nodes.boot(Six(tmp_path / "log"), timeout=20)
            assert await bl.rpc.call(child.node, os.getpid, timeout=20) == int(child.machine.id)
            assert (await bl.rpc.call(child.node, own_listener, timeout=20))[0] == "::1"
            await child.stop(grace=0.1)

    asyncio.run(main())
