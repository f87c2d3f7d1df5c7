"""W10: from `kill -9` of a node until its monitor has handled the Down, beside the bare socket of another program.

That one has the same modules loaded: the system frees the memory of a process before it closes its files, and most of
the time goes into that.
"""

from __future__ import annotations

import asyncio
import sys
import time
from asyncio.subprocess import PIPE

import beamlike as bl
from tests.bench.lines import emit, percentile

DEATHS = 10
SECRET = b"bench"
SETTLED = 0.1
"""Seconds after which nothing of the start is left to do."""

SILENT = """
import socket, sys
import beamlike
socket.create_connection(("127.0.0.1", int(sys.argv[1]))).recv(1)
"""

NODE = """
import asyncio, sys
import beamlike as bl
async def main():
    async with bl.Node(sys.argv[1], secret=b"bench") as node:
        print(node.address[1], flush=True)
        await asyncio.sleep(600)
asyncio.run(main())
"""


async def death_of_a_program() -> float:
    """Seconds until a bare asyncio protocol sees the end of its connection."""
    loop = asyncio.get_running_loop()
    made: asyncio.Future[None] = loop.create_future()
    lost: asyncio.Future[float] = loop.create_future()

    class Connection(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            made.set_result(None)

        def connection_lost(self, error: Exception | None) -> None:
            lost.set_result(time.perf_counter())

    async with await loop.create_server(Connection, "127.0.0.1", 0) as server:
        port = str(server.sockets[0].getsockname()[1])
        program = await asyncio.create_subprocess_exec(sys.executable, "-c", SILENT, port)
        await made
        await asyncio.sleep(SETTLED)
        began = time.perf_counter()
        program.kill()
        ended = await lost
        await program.wait()
        return ended - began


async def wait_for_ever() -> None:
    await bl.receive()


async def death_of_a_node(number: int) -> float:
    name = f"victim{number}@127.0.0.1"
    program = await asyncio.create_subprocess_exec(sys.executable, "-c", NODE, name, stdout=PIPE)
    assert program.stdout is not None
    await bl.connect(f"{name}:{int(await program.stdout.readline())}")
    ref = bl.monitor(bl.spawn(wait_for_ever, node=name))
    await bl.rpc.call(name, abs, -7)
    await asyncio.sleep(SETTLED)
    began = time.perf_counter()
    program.kill()
    await bl.receive(ref=ref)
    ended = time.perf_counter()
    await program.wait()
    return ended - began


async def measure() -> None:
    bare, ours = [], []
    async with bl.Node("bench@127.0.0.1", secret=SECRET):
        for number in range(DEATHS):
            bare.append(await death_of_a_program())
            ours.append(await death_of_a_node(number))
    emit("limit:asyncio-protocol", "W10", "node_death_p50", "ms", percentile(bare, 50) * 1e3, n=DEATHS)
    emit("beamlike", "W10", "node_death_p50", "ms", percentile(ours, 50) * 1e3, n=DEATHS)


def main() -> None:
    asyncio.run(measure())


if __name__ == "__main__":
    main()
