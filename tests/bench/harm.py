"""Harm: what a node costs the service that it is embedded in: python -m tests.bench.harm [ROUNDS] [SECONDS]

A FastAPI service under uvicorn, in a process of its own, serves a load generator in another: once without a node, once
with one that nobody looks at, and once while somebody takes a snapshot of it each second. All three run all the time,
and are loaded in turn, in slices of a second or so, in an order that changes: what the machine does meanwhile falls on
all of them. Figures are ratios to the service without a node, of the medians of such rounds.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.bench.lines import emit, percentile

ROOT = Path(__file__).parents[2]
CLIENTS = 8
FEWEST = 100
"""Requests of a load: so many take longer than the clock of a process ticks."""
ROUNDS = 12
SECONDS = 2.0
SECRET = "bench"

SERVICE = """
import sys
import asyncio
import socket
import uvicorn
from fastapi import FastAPI

node, listening = sys.argv[1], socket.socket(fileno=int(sys.argv[2]))
lifespan = None
if node:
    import beamlike as bl
    lifespan = bl.lifespan(node, secret="bench")
app = FastAPI(lifespan=lifespan)

@app.get("/orders/{number}")
async def order(number: int, pages: int = 3) -> dict[str, object]:
    await asyncio.sleep(0)
    return {"number": number, "lines": [{"item": f"item {it}", "cents": 1999} for it in range(pages)]}

config = uvicorn.Config(app, log_level="warning", loop="asyncio", http="h11", access_log=False)
uvicorn.Server(config).run([listening])
"""

OBSERVER = """
import asyncio, sys
import beamlike as bl

async def main():
    async with bl.Node("observer-harm@127.0.0.1", secret="bench", listen=False, hidden=True):
        while True:
            found = await bl.inspect.snapshot(
                sys.argv[1], parts=("processes", "tasks", "loops", "gc", "links", "trees"), stacks=True, rates=True
            )
            print(found.cost, flush=True)
            await asyncio.sleep(1.0)

asyncio.run(main())
"""

REQUEST = b"GET /orders/7?pages=5 HTTP/1.1\r\nHost: bench\r\n\r\n"


@contextlib.contextmanager
def program(source: str, *words: str, **options: object) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([sys.executable, "-c", source, *words], cwd=ROOT, text=True, **options) as running:  # type: ignore[call-overload]
        try:
            yield running
        finally:
            running.kill()


async def served(port: int) -> None:
    """Returns once the service answers."""
    async with asyncio.timeout(60):
        await client(port, time.perf_counter(), [])


async def looked(observer: subprocess.Popen[str], costs: int) -> None:
    """Waits for the first look, or for the end of who looks."""
    async with asyncio.timeout(60):
        while True:
            if observer.poll() is not None or os.fstat(costs).st_size:
                return
            await asyncio.sleep(0.05)


async def client(port: int, until: float, latencies: list[float]) -> None:
    """Asks, and asks again as soon as it is answered; often enough for a figure, though the machine stands still."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while (began := time.perf_counter()) < until or len(latencies) < FEWEST:
            writer.write(REQUEST)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(f"expected an answer of the service, got {head!r}")
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length))
            latencies.append(time.perf_counter() - began)
    finally:
        writer.close()


@dataclass(frozen=True, slots=True)
class Service:
    port: int
    process: psutil.Process

    def computed(self) -> float:
        """Seconds of the processor that it has used."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


@dataclass(frozen=True, slots=True)
class Load:
    """Requests per second, the 99th percentile of their latency, and seconds of the processor that the service used for
    each: the one figure that others on the machine hardly change."""

    requests: float
    p99: float
    cpu: float


async def load(service: Service, seconds: float) -> Load:
    latencies: list[float] = []
    computed, began = service.computed(), time.perf_counter()
    await asyncio.gather(*(client(service.port, began + seconds, latencies) for _ in range(CLIENTS)))
    took = time.perf_counter() - began
    cpu = (service.computed() - computed) / len(latencies)
    return Load(len(latencies) / took, percentile(latencies, 99), cpu)


@contextlib.asynccontextmanager
async def services() -> AsyncIterator[dict[str, Service]]:
    """By what they are."""
    with contextlib.ExitStack() as stack:
        found: dict[str, Service] = {}
        for kind in KINDS:
            name = "" if kind == "without" else f"{kind}@127.0.0.1"
            with socket.create_server(("127.0.0.1", 0)) as listening:
                file = listening.fileno()
                running = stack.enter_context(program(SERVICE, name, str(file), pass_fds=(file,)))
                found[kind] = Service(listening.getsockname()[1], psutil.Process(running.pid))
        for service in found.values():
            await served(service.port)
        with tempfile.TemporaryFile("w+") as costs:
            observer = stack.enter_context(program(OBSERVER, "observed@127.0.0.1", stdout=costs))
            await looked(observer, costs.fileno())
            yield found
            if observer.poll() is not None:
                raise RuntimeError("expected somebody to look all the time, and they have ended")
            costs.seek(0)
            emit("beamlike", "harm", "snapshot_cost", "s", statistics.median(map(float, costs.read().split())))


async def measure(rounds: int, seconds: float) -> None:
    found: dict[str, list[Load]] = {kind: [] for kind in KINDS}
    order = random.Random(7)
    async with services() as running:
        for service in running.values():
            await load(service, seconds)
        for _ in range(rounds):
            for kind in order.sample(list(KINDS), len(KINDS)):
                found[kind].append(await load(running[kind], seconds))
    for kind, system in KINDS.items():
        for metric, unit in METRICS.items():
            value = statistics.median(getattr(it, metric) for it in found[kind])
            emit(system, "harm", metric, unit, value, clients=CLIENTS, rounds=rounds, seconds=seconds)
            if kind != "without":
                pairs = zip(found[kind], found["without"], strict=True)
                ratio = statistics.median(getattr(ours, metric) / getattr(bare, metric) for ours, bare in pairs)
                emit(system, "harm", f"{metric}_ratio", "x/s" if unit.endswith("/s") else "x", ratio, rounds=rounds)


KINDS = {"without": "uvicorn", "idle": "beamlike idle", "observed": "beamlike observed"}
METRICS = {"requests": "req/s", "p99": "s", "cpu": "s"}

IMPORT = """
import time
began, used = time.perf_counter(), time.process_time()
import asyncio
asyncio.new_event_loop().close()
ready, ready_used = time.perf_counter(), time.process_time()
import beamlike as bl
bl.start
imported, imported_used = time.perf_counter(), time.process_time()
async def main():
    began, used = time.perf_counter(), time.process_time()
    node = await bl.start("start@127.0.0.1", secret="bench")
    print(imported - ready, imported_used - ready_used, time.perf_counter() - began, time.process_time() - used)
    await node.stop()
asyncio.run(main())
"""


def start_up(times: int) -> None:
    """What the two lines cost before the first request."""
    rows = []
    for _ in range(times):
        done = subprocess.run([sys.executable, "-c", IMPORT], cwd=ROOT, capture_output=True, text=True, check=True)
        rows.append([float(word) for word in done.stdout.split()])
    names = ("import", "import_cpu", "start", "start_cpu")
    for name, values in zip(names, zip(*rows, strict=True), strict=True):
        emit("beamlike", "embed", name, "s", statistics.median(values), times=times)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else SECONDS
    start_up(5)
    asyncio.run(measure(rounds, seconds))


if __name__ == "__main__":
    main()
