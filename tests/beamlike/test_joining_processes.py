"""Nodes in operating-system processes of their own that find each other, restart, and find each other again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

import beamlike as bl
from beamlike.distribution.addresses import Address
from beamlike.kernel import current
from tests.support.dns_server import Zone, dns_server
from tests.support.kubernetes_world.kinds import PODS
from tests.support.kubernetes_world.world import kubernetes_world, pod
from tests.support.own_network import in_own_network
from tests.support.peers import Peer, Peers, peers

SOON = 0.1


def with_peers(test: Callable[[Peers], Awaitable[None]]) -> None:
    async def main() -> None:
        async with peers() as started:
            await test(started)

    asyncio.run(main())


def address() -> Address:
    """Where the current node listens."""
    node = current.current_node()
    assert isinstance(node, bl.Node)
    assert node.address is not None
    return node.address


def sees(*others: str) -> bool:
    return bl.nodes() == sorted(others)


async def become_one_cluster(*members: Peer) -> None:
    for member in members:
        await member.until(sees, *(other.node for other in members if other is not member))


def standings() -> dict[str, str]:
    """How far the current node has come with each that it found."""
    return {it.name: it.standing for info in bl.joining() for it in info.candidates}


EVERYBODY = bl.finding.Static("a@127.0.0.1", "b@127.0.0.1", "c@127.0.0.1")


@pytest.mark.parametrize("strategy", [bl.finding.LocalDirectory, lambda: EVERYBODY], ids=["directory", "names"])
def test_three_nodes_of_a_host_find_each_other(strategy: Callable[[], bl.finding.Strategy]) -> None:
    async def test(started: Peers) -> None:
        members = [await started.start(name, join=strategy()) for name in "abc"]
        await become_one_cluster(*members)
        assert await members[2].call(standings) == {"a@127.0.0.1": "connected", "b@127.0.0.1": "connected"}

    with_peers(test)


def test_nodes_that_are_listed_nowhere_find_each_other_by_their_addresses(tmp_path: Path) -> None:
    async def test(started: Peers) -> None:
        members: list[Peer] = []
        for name in "abc":
            (tmp_path / name).mkdir()
            known = [f"{peer.node}:{(await peer.call(address))[1]}" for peer in members]
            environment = {"XDG_RUNTIME_DIR": str(tmp_path / name)}
            members.append(await started.start(name, environment=environment, join=bl.finding.Static(*known)))
        await become_one_cluster(*members)

    with_peers(test)


@pytest.mark.parametrize("strategy", [bl.finding.LocalDirectory, lambda: EVERYBODY], ids=["directory", "names"])
def test_a_node_that_was_killed_and_starts_again_is_in_its_cluster_again(
    strategy: Callable[[], bl.finding.Strategy],
) -> None:
    async def test(started: Peers) -> None:
        a, b, c = [await started.start(name, join=strategy()) for name in "abc"]
        await become_one_cluster(a, b, c)
        b.kill()
        await become_one_cluster(a, c)
        await become_one_cluster(a, await started.start("b", join=strategy()), c)

    with_peers(test)


def test_a_node_that_joins_finds_one_that_only_waits_to_be_found_after_each_restart() -> None:
    async def test(started: Peers) -> None:
        a = await started.start("a")
        await a.call(join_soon, bl.finding.LocalDirectory())
        for _ in range(2):
            b = await started.start("b")
            await a.until(sees, b.node)
            b.kill()
            await a.until(sees)

    with_peers(test)


async def join_soon(strategy: bl.finding.Strategy) -> None:
    await bl.join(strategy, every=SOON)


def test_a_node_that_starts_again_finds_those_that_only_wait_to_be_found() -> None:
    async def test(started: Peers) -> None:
        a = await started.start("a")
        for _ in range(2):
            b = await started.start("b", join=bl.finding.LocalDirectory())
            assert await b.call(bl.nodes) == [a.node]
            b.kill()
            await a.until(sees)

    with_peers(test)


def test_what_a_killed_node_left_behind_keeps_nobody_from_joining() -> None:
    async def test(started: Peers) -> None:
        a, b = await started.start("a"), await started.start("b")
        left = f"b@127.0.0.1:{(await b.call(address))[1]}"
        await b.end()  # and it is no more, before the others look for it
        c = await started.start("c", join=bl.finding.LocalDirectory())
        assert await c.call(standings) == {a.node: "connected"}
        d = await started.start("d", join=bl.finding.Static(left, a.node))
        assert await d.call(standings) == {a.node: "connected", b.node: "unreachable"}

    with_peers(test)


def test_a_node_with_another_secret_is_shown_with_the_reason_and_keeps_nobody_from_joining() -> None:
    async def test(started: Peers) -> None:
        a = await started.start("a")
        await started.start("stranger", secret=b"another secret of the test")
        b = await started.start("b", join=bl.finding.LocalDirectory())
        assert await b.call(standings) == {a.node: "connected", "stranger@127.0.0.1": "refused"}
        [info] = await b.call(bl.joining)
        assert "the two nodes hold different secrets" in str(info)

    with_peers(test)


# In a network of their own, where each node has an address of its own, and all the same port.


@in_own_network
def test_nodes_find_each_other_by_the_addresses_of_a_name() -> None:
    async def test(started: Peers) -> None:
        async with dns_server({"app.internal": {"A": ["127.0.0.2", "127.0.0.3"]}}, port=53) as server:
            by_name = bl.finding.DNS("app.internal", "app")
            members = [await started.start(f"app@127.0.0.{n}", listen=f"127.0.0.{n}:4370") for n in (2, 3, 4)]
            for member in members[:2]:
                await member.call(join_soon, by_name)
            await become_one_cluster(*members[:2])
            server.zone["app.internal"]["A"].append("127.0.0.4")
            await become_one_cluster(*members)

    with_peers(test)


@in_own_network
def test_nodes_find_each_other_by_the_records_of_a_service() -> None:
    zone: Zone = {f"app-{n}.internal": {"A": [f"127.0.0.{n}"]} for n in (2, 3, 4)}
    zone["_beamlike._tcp.app.internal"] = {"SRV": [f"0 0 437{n} app-{n}.internal." for n in (2, 3, 4)]}

    async def test(started: Peers) -> None:
        async with dns_server(zone, port=53):
            by_service = bl.finding.SRV("_beamlike._tcp.app.internal", "app")
            listen = {f"app@app-{n}.internal": f"127.0.0.{n}:437{n}" for n in (2, 3, 4)}
            members = [await started.start(name, listen=at, join=by_service) for name, at in listen.items()]
            await become_one_cluster(*members)

    with_peers(test)


@in_own_network
def test_nodes_find_each_other_by_the_api_of_kubernetes(tmp_path: Path) -> None:
    async def test(started: Peers) -> None:
        with kubernetes_world() as api:
            kubeconfig = str(api.kubeconfig(tmp_path / "config"))
            environment = {"KUBECONFIG": kubeconfig, "KUBERNETES_SERVICE_HOST": ""}
            for n in (2, 3, 4):
                api.put(PODS, pod(f"web-{n}", f"127.0.0.{n}", ready=n < 4))
            members = [
                await started.start(f"web@127.0.0.{n}", listen=f"127.0.0.{n}:4370", environment=environment)
                for n in (2, 3, 4)
            ]
            for member in members[:2]:
                await member.call(join_soon, bl.finding.KubernetesPods("app=web", "web"))
            await become_one_cluster(*members[:2])
            api.move("web-4", **pod("web-4", "127.0.0.4")["status"])
            await become_one_cluster(*members)

    with_peers(test)
