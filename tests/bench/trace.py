"""What a trace, a profile and a look cost the service they are of: requests a second while each goes on, against those
without, in turns, of one service in a process of its own.

The service answers TCP requests; each is a call of one process by another and a message to a third, 300 idle ones
stand by. The load is another process that always has 8 requests under way. `cost_traced_...` are percents of the
requests that are lost to a trace at its limits: 50 events a second, and the 1000 that are the most a node gives.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import statistics
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import beamlike as bl
from beamlike.inspect.profiling.take import profile
from beamlike.inspect.tracing.trace import trace
from beamlike.kernel.call import call, reply
from beamlike.kernel.question import Question
from tests.bench.lines import emit

ROUNDS = int(os.environ.get("ROUNDS", "7"))
SECONDS = float(os.environ.get("SECONDS", "1.5"))
UNDER_WAY = 8
IDLE = int(os.environ.get("IDLE", "300"))
SERVICE = "service@127.0.0.1"


def price(order: int) -> int:
    return sum(number * order % 7 for number in range(300))


async def till() -> None:
    while True:
        question = await bl.receive()
        if isinstance(question, Question):
            reply(question, price(question.request))


async def ledger() -> None:
    while True:
        await bl.receive()


async def serve() -> None:
    """The service, until its standard input ends."""
    async with bl.Node(SERVICE):
        bl.register("till", bl.spawn(till))
        bl.register("ledger", bl.spawn(ledger))
        for _ in range(IDLE):
            bl.spawn(bl.receive)

        async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while line := await reader.readline():
                total = await call("till", int(line), timeout=10)
                bl.send("ledger", ("booked", int(line), total))
                writer.write(b"%d\n" % total)

        server = await asyncio.start_server(connection, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.to_thread(sys.stdin.read)
        server.close()


async def load(port: int) -> None:
    """For each line of standard input: so many seconds of requests, and then how many there were in a second."""
    streams = [await asyncio.open_connection("127.0.0.1", port) for _ in range(UNDER_WAY)]
    loop = asyncio.get_running_loop()
    while line := await asyncio.to_thread(sys.stdin.readline):
        began = loop.time()
        until = began + float(line)

        async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, until: float) -> int:
            count = 0
            while loop.time() < until:
                writer.write(b"12\n")
                await reader.readline()
                count += 1
            return count

        counts = await asyncio.gather(*(ask(*stream, until) for stream in streams))
        print(sum(counts) / (loop.time() - began), flush=True)


Rate = Callable[[], Awaitable[float]]
Load = Callable[[], AsyncIterator[None]]


@asynccontextmanager
async def program(*words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.trace", *words, stdin=pipe, stdout=pipe
    )
    try:
        yield process
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def follow(make: Callable[[], AsyncIterator[object]]) -> None:
    while True:
        async for _ in make():
            pass


def traced(rate: int) -> Callable[[], AsyncIterator[object]]:
    return partial(trace, SERVICE, messages=["send", "procs"], limit=10_000, rate=rate, seconds=60)


async def looked() -> AsyncIterator[object]:
    while True:
        yield await bl.inspect.snapshot(SERVICE, limit=60, rates=True)
        await asyncio.sleep(1)


async def profiled() -> AsyncIterator[object]:
    yield await profile(SERVICE, seconds=60)


WAYS: dict[str, Callable[[], AsyncIterator[object]]] = {
    "traced_50_a_second": traced(50),
    "traced_1000_a_second": traced(1000),
    "calls_traced_50_a_second": partial(trace, SERVICE, "__main__:price", limit=10_000, rate=50, seconds=60),
    "profiled": profiled,
    "looked_at_each_second": looked,
}


async def measure() -> None:
    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(program("serve"))
        assert service.stdout is not None
        port = int(await service.stdout.readline())
        client = await stack.enter_async_context(program("load", str(port)))
        assert client.stdin is not None
        assert client.stdout is not None
        host = await stack.enter_async_context(
            bl.Node(f"bench-{secrets.token_hex(3)}@127.0.0.1", listen=False, hidden=True)
        )
        await host.connect(SERVICE)

        async def rate() -> float:
            client.stdin.write(f"{SECONDS}\n".encode())  # type: ignore[union-attr]
            return float(await client.stdout.readline())  # type: ignore[union-attr]

        await rate()
        for name, make in WAYS.items():
            shares, plain = [], []
            for _ in range(ROUNDS):
                before = await rate()
                watching = asyncio.create_task(follow(make))
                await asyncio.sleep(0.3)
                during = await rate()
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
                await asyncio.sleep(0.2)
                after = await rate()
                plain.append((before + after) / 2)
                shares.append(during / plain[-1])
            cost = 100 - 100 * statistics.median(shares)
            emit("beamlike", "trace", f"cost_{name}", "%", cost, requests_per_second=round(statistics.median(plain)))


def main() -> None:
    match sys.argv[1:]:
        case ["serve"]:
            asyncio.run(serve())
        case ["load", port]:
            asyncio.run(load(int(port)))
        case _:
            os.environ.setdefault("BEAMLIKE_SECRET", secrets.token_hex(16))
            asyncio.run(measure())


if __name__ == "__main__":
    main()
