"""Process groups: 10,000 joins on one node until another has seen them, and the end of that member until its 10,000
groups are empty there; against as many bare messages of the same content, which is what the joins cost the link."""

from __future__ import annotations

import asyncio
import os
import time

import beamlike as bl
import nodes
from tests.bench.lines import emit, percentile

JOINS = 10_000
ROUNDS = 5


async def member(groups: int) -> None:
    for number in range(groups):
        await bl.pg.join(("group", number))
    await bl.receive()


async def teller(to: bl.Pid, messages: int) -> None:
    for number in range(messages):
        bl.send(to, ("join", bl.self(), number, {("group", number): [bl.self()]}))


async def joins_and_end(node: str) -> tuple[float, float]:
    """Seconds until all joins have been seen, and from the end until all leaves have."""
    ref, _ = await bl.pg.monitor_scope()
    began = time.perf_counter()
    pid = bl.spawn(member, JOINS, node=node)
    for _ in range(JOINS):
        await bl.receive(ref=ref)
    seen = time.perf_counter()
    bl.exit(pid, "kill")
    for _ in range(JOINS):
        await bl.receive(ref=ref)
    gone = time.perf_counter()
    await bl.pg.demonitor(ref)
    return seen - began, gone - seen


async def messages(node: str) -> float:
    began = time.perf_counter()
    bl.spawn(teller, bl.self(), JOINS, node=node)
    for _ in range(JOINS):
        await bl.receive()
    return time.perf_counter() - began


async def rounds(node: str) -> None:
    """To be run as a process: a task would wait for each message by a future."""
    limits = [await messages(node) for _ in range(ROUNDS)]
    seen, gone = zip(*[await joins_and_end(node) for _ in range(ROUNDS)], strict=True)
    for system, metric, samples in (
        ("limit:messages", "told", limits),
        ("beamlike", "joins_seen", seen),
        ("beamlike", "end_seen", gone),
    ):
        emit(system, "groups", metric, "ms", percentile(samples, 50) * 1e3, n=JOINS)


async def measure() -> None:
    async with bl.Node(f"bench-{os.getpid()}@127.0.0.1", secret=b"bench"):
        child = await nodes.boot(nodes.Local())
        _, ended = bl.spawn_monitor(rounds, child.node)
        down = await bl.receive(ref=ended)
        assert down.reason == "normal", down.reason
        await child.stop()


def main() -> None:
    asyncio.run(measure())


if __name__ == "__main__":
    main()
