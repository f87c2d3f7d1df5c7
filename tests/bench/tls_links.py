"""Links in clear and inside TLS, in one run: large messages one way in MB/s, and a remote call in microseconds.

The other node is a child process. The limit is what TLS of the bare loops carries to a process that counts bytes.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Literal

import uvloop

import beamlike as bl
import nodes
from beamlike.distribution.tls_contexts import trusting_anybody
from tests.bench.lines import emit

SIZES = {"64MiB": 64 << 20, "1MiB": 1 << 20}
TOTAL = 256 << 20
AHEAD = 16 << 20
"""Bytes that are sent before the sender waits for room."""
REPEATS = 3
CALLS = 1000

Tls = Literal["always"] | None
LINKS: dict[str, Tls] = {"clear": None, "tls": "always"}
LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}

COUNTER = """
import asyncio, sys
from beamlike.distribution.tls_contexts import self_made
from tests.bench.tls_links import LOOPS, TOTAL

class Counter(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.count = transport, 0
    def data_received(self, data):
        self.count += len(data)
        if self.count % TOTAL == 0:
            self.transport.write(b"!")

async def main():
    server = await asyncio.get_running_loop().create_server(Counter, "127.0.0.1", 0, ssl=self_made().context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

with asyncio.Runner(loop_factory=LOOPS[sys.argv[1]]) as runner:
    runner.run(main())
"""


async def sink(count: int) -> None:
    for _ in range(count):
        await bl.receive()


async def flood(node: str, size: int) -> float:
    """Seconds until all have come."""
    count, data = TOTAL // size, os.urandom(size)
    pid, ref = bl.spawn_monitor(sink, count, node=node)
    await bl.rpc.call(node, os.getpid, timeout=10)  # the connection is there, and so is the process
    begin = time.perf_counter()
    for number in range(count):
        bl.send(pid, data)
        if (number + 1) * size % AHEAD == 0:
            await bl.drain(node)
    await bl.receive(ref=ref, timeout=120)
    return time.perf_counter() - begin


async def call(node: str) -> float:
    begin = time.perf_counter()
    await bl.rpc.call(node, os.getpid, timeout=10)
    return time.perf_counter() - begin


async def measure(link: str, tls: Tls) -> None:
    async with bl.Node("bench@127.0.0.1", secret=os.urandom(32), tls=tls, stall_threshold=None):
        child = await nodes.boot(nodes.Local())
        try:
            for name, size in SIZES.items():
                fastest = min([await flood(child.node, size) for _ in range(REPEATS)])
                emit(f"beamlike:{link}", "tls_links", f"one_way_{name}", "MB/s", round(TOTAL / fastest / 1e6))
            p50 = statistics.median([await call(child.node) for _ in range(CALLS)])
            emit(f"beamlike:{link}", "tls_links", "call_p50", "us", round(p50 * 1e6, 1))
        finally:
            await child.stop()


async def bare(port: int, size: int) -> float:
    """Seconds until the counter has counted all."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting_anybody())
    data = os.urandom(size)
    begin = time.perf_counter()
    for _ in range(TOTAL // size):
        writer.write(data)
        await writer.drain()
    await reader.readexactly(1)
    elapsed = time.perf_counter() - begin
    writer.close()
    return elapsed


def limit(loop: str) -> None:
    with (
        subprocess.Popen([sys.executable, "-c", COUNTER, loop], stdout=subprocess.PIPE, text=True) as counter,
        asyncio.Runner(loop_factory=LOOPS[loop]) as runner,
    ):
        assert counter.stdout is not None
        port = int(counter.stdout.readline())
        for name, size in SIZES.items():
            fastest = min(runner.run(bare(port, size)) for _ in range(REPEATS))
            emit(f"limit:{loop} TLS", "tls_links", f"one_way_{name}", "MB/s", round(TOTAL / fastest / 1e6))
        counter.kill()


def main() -> None:
    for loop in LOOPS:
        limit(loop)
    for link, tls in LINKS.items():
        uvloop.run(measure(link, tls))


if __name__ == "__main__":
    main()
