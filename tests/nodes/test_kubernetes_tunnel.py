"""A port of a pod on this host's loopback: what goes through it, what it holds back, and what ends it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import socket
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from nodes.backend import AuthError, BackendError, Tunnel
from nodes.kubernetes import tunnel as tunnels
from nodes.kubernetes.api import Api
from nodes.kubernetes.tunnel import open_tunnel
from nodes.loopback_server import open_server
from tests.support.authorities import Authority
from tests.support.kubernetes_access import soon
from tests.support.kubernetes_clusters import Cluster
from tests.support.kubernetes_world.world import IMAGE, NAMESPACE, kubernetes_world
from tests.support.soak import count

MIB = 1 << 20
SERVER = """
import socket, threading, time

def echo(c):
    while data := c.recv(65536):
        c.sendall(data)
    c.close()

def deaf(c):
    time.sleep(600)

def speaks(c):
    c.recv(1)
    for _ in range(4):
        c.sendall(b"x" * 1000)
    c.close()

def closes(c):
    c.close()

def serve(port, what):
    server = socket.create_server(("", port))
    while True:
        c, _ = server.accept()
        threading.Thread(target=what, args=(c,), daemon=True).start()

for number, what in enumerate((echo, deaf, speaks, closes)):
    threading.Thread(target=serve, args=(7001 + number, what), daemon=True).start()
time.sleep(600)
"""
ECHO, DEAF, SPEAKS, CLOSES, NOBODY = range(7001, 7006)


@pytest.fixture(scope="module", params=["clear", "tls"])
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    directory = tmp_path_factory.mktemp("cluster")
    tls = None
    if request.param == "tls":
        authority = Authority(directory, "of-the-cluster")
        tls = authority.tls()
    with kubernetes_world(tls=tls) as world:
        cluster = Cluster(world.kubeconfig(directory / "kubeconfig"), NAMESPACE, IMAGE, 40.0, world)
        cluster.make(cluster.pod("server", SERVER))
        soon(lambda: all(_listens(cluster, port) for port in (ECHO, DEAF, SPEAKS, CLOSES)))
        yield cluster


def _listens(cluster: Cluster, port: int) -> bool:
    address = cluster.get("server").get("status", {}).get("podIP")
    if address is None:
        return False
    try:
        socket.create_connection((address, port), 1).close()
    except OSError:
        return False
    return True


def through(cluster: Cluster, port: int) -> Any:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Tunnel]:
        tunnel = await open_tunnel(Api(str(cluster.kubeconfig)), NAMESPACE, "server", port)
        try:
            yield tunnel
        finally:
            await tunnel.close()

    return opened()


async def connected(tunnel: Tunnel) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(tunnel.host, tunnel.port)


def run(main: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(50):
            await main

    asyncio.run(bounded())


@pytest.mark.soak
def test_much_goes_through_in_both_directions_and_comes_as_it_was_sent(cluster: Cluster) -> None:
    size = count(8, 64) * MIB

    async def main() -> None:
        async with through(cluster, ECHO) as tunnel:
            reader, writer = await connected(tunnel)
            sent, received = hashlib.sha256(), hashlib.sha256()

            async def send() -> None:
                chunks = random.Random(7)
                left = size
                while left:
                    data = chunks.randbytes(min(left, chunks.randrange(1, 200_000)))
                    sent.update(data)
                    writer.write(data)
                    await writer.drain()
                    left -= len(data)

            sending = asyncio.create_task(send())
            left = size
            while left:
                data = await reader.read(1 << 18)
                assert data, f"it ended with {left} bytes missing"
                received.update(data)
                left -= len(data)
            await sending
            assert sent.digest() == received.digest()
            writer.close()

    run(main())


def test_who_does_not_read_is_not_sent_more_than_the_buffers_on_the_way_hold(cluster: Cluster) -> None:
    async def main() -> None:
        async with through(cluster, DEAF) as tunnel:
            _, writer = await connected(tunnel)
            taken, chunk = 0, bytes(256 << 10)
            while taken < 200 * MIB:
                writer.write(chunk)
                try:
                    async with asyncio.timeout(1.0):
                        await writer.drain()
                except TimeoutError:
                    break
                taken += len(chunk)
            assert taken < 64 * MIB
            writer.transport.abort()

    run(main())


def test_who_has_no_more_to_send_still_gets_what_comes(cluster: Cluster) -> None:
    async def main() -> None:
        async with through(cluster, SPEAKS) as tunnel:
            reader, writer = await connected(tunnel)
            writer.write(b"?")
            writer.write_eof()
            assert await reader.read() == b"x" * 4000
            writer.close()

    run(main())


def test_who_is_done_and_hears_nothing_more_is_let_go(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tunnels, "HALF_CLOSED_SECONDS", 0.1)

    async def main() -> None:
        async with through(cluster, DEAF) as tunnel:
            reader, writer = await connected(tunnel)
            writer.write_eof()
            assert await reader.read() == b""
            writer.close()

    run(main())


@pytest.mark.parametrize("port", [CLOSES, NOBODY])
def test_a_port_that_closes_or_at_which_nobody_listens_ends_the_connection_and_not_the_tunnel(
    cluster: Cluster, port: int
) -> None:
    async def main() -> None:
        async with through(cluster, port) as tunnel:
            for _ in range(2):
                reader, writer = await connected(tunnel)
                assert await reader.read() == b""
                writer.close()

    run(main())


def test_a_cut_ends_the_connections_and_the_next_one_has_a_way_of_its_own(cluster: Cluster) -> None:
    assert cluster.world is not None
    world = cluster.world

    async def main() -> None:
        async with through(cluster, ECHO) as tunnel:
            first, second = await connected(tunnel), await connected(tunnel)
            for number, (reader, writer) in enumerate((first, second)):
                writer.write(b"%d" % number)
                assert await reader.readexactly(1) == b"%d" % number
            assert await asyncio.to_thread(world.cut_tunnels) >= 2
            for reader, writer in (first, second):
                assert await reader.read() == b""
                writer.close()
            reader, writer = await connected(tunnel)
            writer.write(b"again")
            assert await reader.readexactly(5) == b"again"
            writer.close()

    run(main())


def test_to_close_a_tunnel_ends_what_goes_through_it_and_twice_is_no_error(cluster: Cluster) -> None:
    async def main() -> None:
        async with through(cluster, ECHO) as tunnel:
            reader, writer = await connected(tunnel)
            writer.write(b"a")
            assert await reader.readexactly(1) == b"a"
            await tunnel.close()
            assert await reader.read() == b""
            writer.close()
            await tunnel.close()
            with pytest.raises(OSError):  # noqa: PT011 - whichever way the system says that nobody listens
                await connected(tunnel)

    run(main())


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> list[tunnels._Socket]:
    """The WebSockets that are made."""
    made: list[tunnels._Socket] = []

    async def connected(api: Api, path: str) -> tunnels._Socket:
        made.append(await connect(api, path))
        return made[-1]

    connect = tunnels._connected
    monkeypatch.setattr(tunnels, "_connected", connected)
    return made


def test_a_connection_that_is_cancelled_while_it_ends_leaves_no_way_open(
    cluster: Cluster, ways: list[tunnels._Socket]
) -> None:
    async def twice(tunnel: tunnels.PortForward) -> None:
        (connection,) = tunnel._connections
        connection.cancel()
        await asyncio.sleep(0)  # it begins to end
        connection.cancel()

    async def main() -> None:
        async with through(cluster, ECHO) as tunnel:
            reader, writer = await connected(tunnel)
            writer.write(b"a")
            assert await reader.readexactly(1) == b"a"
            await tunnels._tunnels().run(twice(tunnel))
            assert await reader.read() == b""
            writer.close()

    run(main())
    assert [way.writer.is_closing() for way in ways] == [True]


def test_a_way_that_breaks_before_anybody_comes_is_closed_and_the_next_one_made(
    cluster: Cluster, ways: list[tunnels._Socket]
) -> None:
    assert cluster.world is not None
    world = cluster.world

    async def main() -> None:
        async with through(cluster, ECHO) as tunnel:
            while not await tunnels._tunnels().run(ways[0].is_broken()):
                # Again, for the cluster may have agreed to this one, and know only of an earlier one yet.
                await asyncio.to_thread(world.cut_tunnels)
            reader, writer = await connected(tunnel)
            writer.write(b"a")
            assert await reader.readexactly(1) == b"a"
            assert [way.writer.is_closing() for way in ways] == [True, False]
            writer.close()

    run(main())


def test_who_is_cancelled_as_a_tunnel_opens_leaves_no_port_behind_it(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread of the tunnels would go on to listen there for as long as the program lasts."""

    def listening() -> set[int]:
        return {it.laddr.port for it in psutil.Process().net_connections("tcp") if it.status == psutil.CONN_LISTEN}

    async def main() -> None:
        async def just_now(come: Any) -> asyncio.Server:
            server = await open_server(come)
            here.call_soon_threadsafe(opening.cancel)
            return server

        here, before = asyncio.get_running_loop(), listening()
        monkeypatch.setattr(tunnels, "open_server", just_now)
        for _ in range(10):
            opening = asyncio.create_task(open_tunnel(Api(str(cluster.kubeconfig)), NAMESPACE, "server", ECHO))
            await asyncio.wait({opening})
            assert opening.cancelled()
        assert listening() <= before

    run(main())


def test_a_pod_that_is_not_there_and_a_right_that_is_missing_are_told_in_words(cluster: Cluster) -> None:
    assert cluster.world is not None
    world = cluster.world

    async def main() -> None:
        api = Api(str(cluster.kubeconfig))
        with pytest.raises(BackendError, match="404 NotFound"):
            await open_tunnel(api, NAMESPACE, "nobody", ECHO)
        world.deny("get", "pods/portforward")
        world.deny("create", "pods/portforward")
        try:
            with pytest.raises(AuthError, match="403 Forbidden"):
                await open_tunnel(api, NAMESPACE, "server", ECHO)
        finally:
            world.server.denied.clear()

    run(main())


@pytest.mark.parametrize("cluster", ["tls"], indirect=True)
def test_a_cluster_with_another_authority_is_not_trusted(cluster: Cluster, tmp_path: Path) -> None:
    impostor = Authority(tmp_path, "another").tls()
    config = cluster.kubeconfig.read_text().replace(str(_authority(cluster)), str(impostor.authority))
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(config)

    async def main() -> None:
        with pytest.raises(OSError, match="certificate"):
            await open_tunnel(Api(str(kubeconfig)), NAMESPACE, "server", ECHO)

    run(main())


def _authority(cluster: Cluster) -> object:
    return json.loads(cluster.kubeconfig.read_text())["clusters"][0]["cluster"]["certificate-authority"]
