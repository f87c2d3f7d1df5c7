"""W8: small calls while 256 MiB at a time go over the same connection, for another process."""

from __future__ import annotations

import time

import beamlike as bl
from tests.bench.distribution.other import ECHO, SINK, other_node
from tests.bench.distribution.w6_remote_call import PAYLOAD, latencies
from tests.bench.distribution.w7_throughput import large
from tests.bench.kernel.sizes import Sizes
from tests.bench.lines import Figure, percentile


async def ours(figure: Figure, sizes: Sizes) -> None:
    with other_node() as (node, address):
        await bl.connect(node, address)
        echo = await bl.rpc.call(node, bl.whereis, ECHO)
        sink = await bl.rpc.call(node, bl.whereis, SINK)
        content, size = bytes(4 * sizes.large), 4 * sizes.large
        quiet = await latencies(lambda: bl.GenServer.call(echo, PAYLOAD), sizes.remote_calls // 4 or 1)
        tell(figure, "quiet_call", quiet)
        await transfer(sink, content, 1)
        alone = await transfer(sink, content, sizes.repeats)
        samples: list[float] = []
        caller = bl.spawn(call_on_and_on, echo, samples)
        meanwhile = await transfer(sink, content, sizes.repeats)
        bl.exit(caller, "kill")
        tell(figure, "call_during_big", samples)
        figure("W8", "max_call_during_big", "us", max(samples) * 1e6, n=len(samples))
        for metric, seconds in (("big_alone", alone), ("big_meanwhile", meanwhile)):
            figure("W8", metric, "MB/s", sizes.repeats * size / seconds / 1e6, bytes=size, repeats=sizes.repeats)


async def transfer(sink: bl.Pid, content: bytes, repeats: int) -> float:
    """Seconds that it takes."""
    began = time.perf_counter()
    _, ref = bl.spawn_monitor(large, sink, content, repeats)
    await bl.receive(ref=ref)
    return time.perf_counter() - began


async def call_on_and_on(echo: bl.Pid, samples: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await bl.GenServer.call(echo, PAYLOAD)
        samples.append(time.perf_counter() - began)


def tell(figure: Figure, metric: str, samples: object) -> None:
    assert isinstance(samples, list) or hasattr(samples, "typecode")
    for q in (50, 99):
        figure("W8", f"{metric}_p{q}", "us", percentile(samples, q) * 1e6, n=len(samples))  # type: ignore[arg-type]
