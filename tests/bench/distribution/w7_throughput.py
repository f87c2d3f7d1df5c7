"""W7: messages one way: small dicts, and 64 MiB at a time, as bytes and as an array of floats."""

from __future__ import annotations

import array
import asyncio
import pickle
import time

import beamlike as bl
from tests.bench.distribution import bare
from tests.bench.distribution.other import SINK, other, other_node
from tests.bench.distribution.w6_remote_call import batched
from tests.bench.kernel.sizes import Sizes
from tests.bench.kernel.stopwatch import Stopwatch
from tests.bench.lines import Figure, emit

MESSAGE = {"op": "cast", "to": 123456, "ref": 987654321, "payload": "x" * 60}
BURST = 1024


async def ours(figure: Figure, sizes: Sizes) -> None:
    with other_node() as (node, address):
        await bl.connect(node, address)
        sink = await bl.rpc.call(node, bl.whereis, SINK)
        await small(sink, sizes.one_way // 10)
        with Stopwatch() as watch:
            await small(sink, sizes.one_way)
        figure("W7", "small_msgs", "msg/s", sizes.one_way / watch.seconds, n=sizes.one_way)
        content = bytes(sizes.large)
        floats = array.array("f", content)
        for metric, message in (("bytes_64MiB", content), ("f32_64MiB", pickle.PickleBuffer(floats))):
            await large(sink, message, 2)
            with Stopwatch() as watch:
                await large(sink, message, sizes.repeats)
            figure("W7", metric, "MB/s", sizes.repeats * sizes.large / watch.seconds / 1e6, repeats=sizes.repeats)


async def small(sink: bl.Pid, count: int) -> None:
    for number in range(count):
        bl.send(sink, MESSAGE)
        if not number % BURST:
            await asyncio.sleep(0)
    await acknowledged(sink)


async def large(sink: bl.Pid, message: object, repeats: int) -> None:
    for _ in range(repeats):
        bl.send(sink, message)
        await acknowledged(sink)


async def acknowledged(sink: bl.Pid) -> None:
    bl.send(sink, (bl.self(),))
    await bl.receive(timeout=60)


async def limit(figure: Figure, sizes: Sizes) -> None:
    payload = bytes(100)
    for kind in ("bare", "batched"):
        with other(kind) as (port, _):
            caller = await bare.dial(port, batched=kind == "batched")
            with Stopwatch() as watch:
                for number in range(sizes.one_way):
                    caller.send(0, payload)
                    if not number % BURST:
                        await asyncio.sleep(0)
                await caller.call(payload)
            system = figure if kind == "bare" else batched
            system("W7", "small_msgs", "msg/s", sizes.one_way / watch.seconds, n=sizes.one_way)
            caller.transport.abort()
    await bulk(figure, sizes)
    emit("limit:memcpy-fresh", "W7", "bytes_64MiB", "MB/s", fresh_copies(sizes))


async def bulk(figure: Figure, sizes: Sizes) -> None:
    content = bytes(sizes.large)
    with other("bulk") as (port, _):
        transport, answers = await asyncio.get_running_loop().create_connection(bare.Answers, "127.0.0.1", port)
        for repeats in (2, sizes.repeats):
            with Stopwatch() as watch:
                for _ in range(repeats):
                    answers.came.clear()
                    transport.write(bare.BULK.pack(len(content)))
                    transport.write(content)
                    await answers.came.wait()
        transport.abort()
    figure("W7", "bytes_64MiB", "MB/s", sizes.repeats * sizes.large / watch.seconds / 1e6, repeats=sizes.repeats)


def fresh_copies(sizes: Sizes) -> float:
    """MB/s of copying into memory that was not touched before."""
    content, seconds = bytearray(sizes.large), []
    for _ in range(sizes.repeats):
        began = time.perf_counter()
        bytes(content)
        seconds.append(time.perf_counter() - began)
    return sizes.large / min(seconds) / 1e6
