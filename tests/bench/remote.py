"""W6, W9: a remote call, a remote echo and the boot of a child node, against the bare sockets of the same loop."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time

import beamlike as bl
import nodes
from tests.bench.lines import emit, percentile

CALLS = 2000
BOOTS = 10

PEER = """
import asyncio
async def serve(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""


async def echo() -> None:
    while True:
        sender, message = await bl.receive()
        bl.send(sender, message)


def socket_echo() -> list[float]:
    """The limit: 16 bytes to another process and back, on asyncio streams."""
    with subprocess.Popen([sys.executable, "-c", PEER], stdout=subprocess.PIPE, text=True) as peer:
        assert peer.stdout is not None
        samples = asyncio.run(_echo_at(int(peer.stdout.readline())))
        peer.kill()
    return samples


async def _echo_at(port: int) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    samples = []
    for _ in range(CALLS):
        began = time.perf_counter()
        writer.write(b"0123456789abcdef")
        await reader.readexactly(16)
        samples.append(time.perf_counter() - began)
    writer.close()
    return samples


async def remote_echo(node: str) -> list[float]:
    pid, me, samples = bl.spawn(echo, node=node), bl.self(), []
    for number in range(CALLS):
        began = time.perf_counter()
        bl.send(pid, (me, number))
        await bl.receive()
        samples.append(time.perf_counter() - began)
    bl.exit(pid, "kill")
    return samples


async def remote_call(node: str) -> list[float]:
    samples = []
    for _ in range(CALLS):
        began = time.perf_counter()
        await bl.rpc.call(node, os.getpid)
        samples.append(time.perf_counter() - began)
    return samples


async def boots() -> list[float]:
    samples = []
    for _ in range(BOOTS):
        began = time.perf_counter()
        child = await nodes.boot(nodes.Local())
        samples.append(time.perf_counter() - began)
        await child.stop()
    return samples


def emit_echo(system: str, samples: list[float]) -> None:
    emit(system, "W6", "echo_p50", "us", percentile(samples, 50) * 1e6, n=CALLS)
    emit(system, "W6", "echo_p99", "us", percentile(samples, 99) * 1e6, n=CALLS)


async def measure() -> None:
    async with bl.Node(f"bench-{os.getpid()}@127.0.0.1", secret=b"bench"):
        child = await nodes.boot(nodes.Local())
        emit_echo("beamlike", await remote_echo(child.node))
        samples = await remote_call(child.node)
        emit("beamlike", "W6", "call_p50", "us", percentile(samples, 50) * 1e6, n=CALLS)
        emit("beamlike", "W6", "call_p99", "us", percentile(samples, 99) * 1e6, n=CALLS)
        await child.stop()
        emit("beamlike", "W9", "boot_p50", "ms", percentile(await boots(), 50) * 1e3, n=BOOTS)


def main() -> None:
    emit_echo("limit:asyncio-streams", socket_echo())
    asyncio.run(measure())


if __name__ == "__main__":
    main()
