"""A network that fails between a session and its runtime: both live, and find each other again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import beamlike as bl
import nodes
from beamlike.distribution.doorway import LANE, LINK
from notebook_tui.document.operations import QueueCells
from notebook_tui.runtime.server import start_runtime
from notebook_tui.session.client import Client
from notebook_tui.session.messages import RuntimeServerOf
from notebook_tui.session.runtime import Connection
from notebook_tui.session.session import Session
from notebook_tui.session.storage import NotebookFile
from tests.notebook_tui.test_session_runtime import Machines
from tests.support.local_nodes import PATIENCE, eventually
from tests.support.open_notebook import OpenNotebook, notebook_text
from tests.support.peers import Peer, main_node, peers
from tests.support.proxy import Proxy, proxy_to


class BeyondANetwork:
    """A runtime on a node that runs already, reached through a proxy that the test cuts."""

    def __init__(self, node: str, proxy: Proxy, lease: float) -> None:
        self.node = node
        self.proxy = proxy
        self.lease = lease

    async def connect(self, owner: bl.Pid, notebook: str, directory: str | None) -> Connection:
        await self.reconnect()
        server = await bl.rpc.call(self.node, start_runtime, owner, notebook, None, self.lease, timeout=PATIENCE)
        child = nodes.Child(self.node, nodes.Machine("1", "a machine"), Machines())
        return Connection(server, child, "beyond a network", self.lease, self.reconnect)

    async def reconnect(self) -> None:
        await bl.connect(self.node, self.proxy.address)


@asynccontextmanager
async def beyond(directory: Path, *cells: str, lease: float = 60.0) -> AsyncIterator[tuple[OpenNotebook, Proxy, Peer]]:
    path = directory / "test.livemd"
    path.write_text(notebook_text(*cells), encoding="utf-8")
    async with peers() as started, main_node(listen=False):
        peer = await started.start("runtime", own_thread=True)
        host, port = await peer.call(listening)
        async with proxy_to((host, port)) as proxy:
            session = await Session.start(NotebookFile(path), BeyondANetwork(peer.node, proxy, lease))
            client = await Client.join(session)
            yield OpenNotebook(client, path), proxy, peer
            await client.close()
            with suppress(bl.CallFailed):  # the test has killed it
                await bl.GenServer.stop(session, timeout=PATIENCE)


async def listening() -> tuple[str, int]:
    from beamlike.kernel.current import current_node

    node = current_node()
    assert isinstance(node, bl.Node)
    return await node.listen()


def has_ended(process: bl.Pid) -> bool:
    return not bl.is_alive(process)


def cut(proxy: Proxy) -> None:
    proxy.hold()
    proxy.cut(LINK)
    proxy.cut(LANE)


def test_ac25_a_runtime_whose_connection_breaks_is_found_again_with_all_its_values(tmp_path: Path) -> None:
    async def main() -> None:
        async with beyond(tmp_path, "x = 7", "x + 1") as (it, proxy, _):
            await it.run(1)
            cut(proxy)
            await it.until(lambda _: any("is lost" in words for words in it.messages))
            assert it.state.runtime.phase == "connected"
            proxy.resume()
            await it.until(lambda _: any("connected again" in words for words in it.messages))
            await it.run(2)
            assert it.result(2) == "8"

    asyncio.run(main())


def test_ac25_what_a_cell_did_while_nobody_could_hear_it_arrives_afterwards_and_once(tmp_path: Path) -> None:
    cell = """
import pathlib, time
print("before")
while not pathlib.Path(GO).exists(): time.sleep(0.01)
for number in range(2000): print(number)
pathlib.Path(DONE).touch()
"done"
"""
    go, done = tmp_path / "go", tmp_path / "done"

    async def main() -> None:
        async with beyond(tmp_path, f"GO, DONE = {str(go)!r}, {str(done)!r}\n{cell}") as (it, proxy, _):
            it.client.send(QueueCells(("cell-1",)))
            await it.until(lambda _: it.printed(1) == "before\n")
            cut(proxy)
            await it.until(lambda _: any("is lost" in words for words in it.messages))
            go.touch()
            await eventually(done.exists)
            proxy.resume()
            await it.until(lambda state: state.evaluating is None)
            assert it.result(1) == "'done'"
            lines = it.printed(1).split()
            assert lines[-900:] == [str(number) for number in range(1100, 2000)]
            assert it.state.evaluation("cell-1").validity == "evaluated"

    asyncio.run(main())


def test_ac25_after_the_lease_the_cells_are_aborted_and_outputs_stay(tmp_path: Path) -> None:
    async def main() -> None:
        async with beyond(tmp_path, "print('kept')\nx = 7", lease=0.5) as (it, proxy, peer):
            await it.run(1)
            server: bl.Pid = await bl.GenServer.call(it.client._session, RuntimeServerOf(), timeout=PATIENCE)
            cut(proxy)
            await it.until(lambda state: state.runtime.phase == "disconnected")
            assert "0.5 s, which is its lease" in it.state.runtime.lost
            assert it.printed(1) == "kept\n"
            assert it.state.evaluation("cell-1").validity == "aborted"
            await peer.until(has_ended, server)

    asyncio.run(main())


def test_ac39_a_runtime_whose_owner_ends_ends_at_once_whatever_its_lease(tmp_path: Path) -> None:
    async def main() -> None:
        async with beyond(tmp_path, "x = 7") as (it, _, _):
            await it.run(1)
            runtime = await bl.GenServer.call(it.client._session, RuntimeServerOf(), timeout=PATIENCE)
            ended = bl.monitor(runtime)
            bl.exit(it.client._session, "kill")
            assert (await bl.receive(ref=ended, timeout=PATIENCE)).reason == "shutdown"

    asyncio.run(main())
