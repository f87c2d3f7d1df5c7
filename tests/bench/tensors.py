"""Tensors of 64 MiB between two processes of this machine, beside a raw socket: `python -m tests.bench.tensors`.

Each figure is the rate from the call of the sender until it hears that the other side has all; the raw socket sends
the same bytes, received into memory that is used again (`raw_reused`) or new each time (`raw_fresh`). All take turns in
each round, and a share, of the faster of the two, is the median over the rounds of what was measured in one of them.
`read` has the other side sum the tensor up as well, for memory that is only mapped costs when it is first touched.
"""

from __future__ import annotations

import asyncio
import os
import socket
import statistics
import struct
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import beamlike as bl
from beamlike.distribution.shared_memory import SharedMemory
from tests.bench.lines import emit

SECRET = b"of the benchmarks alone"
SIZE = 64 << 20
HEAD = struct.Struct("!QB")
ROUNDS = 11

Round = Callable[[], Awaitable[float]]
"""Sends once, and returns the seconds that it took."""


# The other process.


def serve(kind: str) -> None:
    if kind == "raw":
        serve_raw()
    else:
        asyncio.run(serve_node(kind))


def serve_raw() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(listening.getsockname()[1], flush=True)
        sock, _ = listening.accept()
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    reused = bytearray(SIZE)
    while head := sock.recv(HEAD.size, socket.MSG_WAITALL):
        size, fresh = HEAD.unpack(head)
        view = memoryview(bytearray(size) if fresh else reused)[:size]
        while view.nbytes:
            view = view[sock.recv_into(view) :]
        sock.sendall(b"1")


async def serve_node(kind: str) -> None:
    async with bl.Node(f"other-{os.getpid()}@127.0.0.1", secret=SECRET) as node:
        bl.register("sink", bl.spawn(sink))
        assert node.address is not None
        print(node.address[1], os.getpid(), flush=True)
        await asyncio.to_thread(sys.stdin.read)


async def sink() -> None:
    while True:
        asked, read, value = await bl.receive()
        if read:
            total(value)
        bl.send(asked, "taken")
        del value  # or its memory would be kept until the next has come


def total(value: Any) -> float:
    if isinstance(value, dict):
        return sum(total(each) for each in value.values())
    if hasattr(value, "to_numpy"):
        value = value.to_numpy()
    return float(value.sum())


# This one.


@contextmanager
def other(kind: str) -> Iterator[list[int]]:
    command = [sys.executable, "-m", "tests.bench.tensors", kind]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield [int(word) for word in process.stdout.readline().split()]
        finally:
            process.kill()


def raw_rounds(port: int) -> dict[str, Round]:
    import torch

    sock = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    content = memoryview(torch.ones(SIZE // 4).view(torch.uint8).numpy())

    def send(fresh: bool) -> float:
        since = time.perf_counter()
        sock.sendall(HEAD.pack(SIZE, fresh))
        sock.sendall(content)
        assert sock.recv(1) == b"1"
        return time.perf_counter() - since

    async def reused() -> float:
        return send(False)

    async def fresh() -> float:
        return send(True)

    return {"raw_reused": reused, "raw_fresh": fresh}


def values() -> dict[str, Any]:
    """All of 64 MiB."""
    import numpy as np
    import torch

    made: dict[str, Any] = {
        "tensor": torch.ones(SIZE // 4),
        "array": np.ones(SIZE // 4, dtype=np.float32),
        "state_dict": torch.nn.Sequential(*(torch.nn.Linear(1023, 1024) for _ in range(16))).state_dict(),
    }
    try:
        import pandas as pd
    except ImportError:
        return made
    return made | {"dataframe": pd.DataFrame(np.ones((SIZE // 8 // 16, 16)))}


def node_rounds(node: bl.Node, there: str, way: str) -> dict[str, Round]:
    def of(value: Any, read: bool) -> Round:
        async def send() -> float:
            since = time.perf_counter()
            node.send(("sink", there), (node.self(), read, value))
            assert await node.receive(timeout=60) == "taken"
            return time.perf_counter() - since

        return send

    sent = values()
    found = {f"{way}_{name}": of(value, False) for name, value in sent.items()}
    return found | {f"{way}_tensor_read": of(sent["tensor"], True)}


async def measure(rounds: int) -> None:
    with other("raw") as [port], other("node") as [by_tcp, tcp_pid], other("node") as [by_shm, shm_pid]:
        every = raw_rounds(port)
        async with bl.Node("tcp@127.0.0.1", secret=SECRET, listen=False) as tcp:
            shared, SharedMemory.offer = SharedMemory.offer, lambda self: None  # type: ignore[method-assign]
            there = f"other-{tcp_pid}@127.0.0.1"
            await tcp.connect(there, ("127.0.0.1", by_tcp))
            every |= node_rounds(tcp, there, "tcp")
            SharedMemory.offer = shared  # type: ignore[method-assign]
            async with bl.Node("shm@127.0.0.1", secret=SECRET, listen=False) as shm:
                there = f"other-{shm_pid}@127.0.0.1"
                await shm.connect(there, ("127.0.0.1", by_shm))
                every |= node_rounds(shm, there, "shm")
                seconds: dict[str, list[float]] = defaultdict(list)
                for number in range(rounds + 2):
                    for name, send in every.items():
                        took = await send()
                        if number >= 2:  # the first ones find out what can be shared
                            seconds[name].append(took)
    report(seconds)


def report(seconds: dict[str, list[float]]) -> None:
    for name, took in seconds.items():
        system = "limit:socket" if name.startswith("raw") else "beamlike"
        emit(system, "tensors", name, "MB/s", SIZE / statistics.median(took) / 1e6, rounds=len(took), bytes=SIZE)
    for name, took in seconds.items():
        if not name.startswith("raw"):
            shares = [raw / own for raw, own in zip(seconds["raw_reused"], took, strict=True)]
            emit("beamlike", "tensors", f"{name}_of_raw", "MB/s/(MB/s)", statistics.median(shares), rounds=len(took))


def main(rounds: int = ROUNDS) -> None:
    asyncio.run(measure(rounds))


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in ("raw", "node"):
        serve(sys.argv[1])
    else:
        main(*(int(number) for number in sys.argv[1:]))
