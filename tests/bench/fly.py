"""What a boot on Fly costs beside what Fly takes: on an emulator that answers at once and starts real processes, and
has no limits; against the same program started as a child process of this host."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import beamlike as bl
import nodes
from nodes.fly.token_bucket import TokenBuckets
from tests.bench.lines import emit, percentile
from tests.support.fly_machines import IMAGES, TOKEN, Machines
from tests.support.fly_socket import serving

ONE = 9
MANY = 16
PROGRAM = 'a process of this host, by "python -m nodes.child"'


async def boot_seconds(backend: nodes.Backend) -> float:
    began = time.perf_counter()
    child = await nodes.boot(backend, timeout=60.0)
    seconds = time.perf_counter() - began
    await child.stop()
    return seconds


async def many_seconds(backend: nodes.Backend) -> float:
    began = time.perf_counter()
    children = await asyncio.gather(*(nodes.boot(backend, timeout=120.0) for _ in range(MANY)))
    seconds = time.perf_counter() - began
    await asyncio.gather(*(child.stop(grace=0.0) for child in children))
    return seconds


async def measure(fly: Callable[[], nodes.Fly]) -> None:
    async with bl.Node("bench@127.0.0.1", secret=b"a secret of the benchmark"):
        local = nodes.Local(zygote=False)
        await boot_seconds(local)
        alone = [await boot_seconds(local) for _ in range(ONE)]
        there = [await boot_seconds(fly()) for _ in range(ONE)]
        for system, samples in (("limit:program", alone), ("beamlike", there)):
            emit(system, "fly", "boot_p50", "ms", percentile(samples, 50) * 1e3, boots=ONE)
        overhead = (percentile(there, 50) - percentile(alone, 50)) * 1e3
        emit("beamlike", "fly", "boot_overhead", "ms", max(overhead, 0.0), against=PROGRAM)
        emit("limit:program", "fly", "boot_many", "s", await many_seconds(local), nodes=MANY)
        emit("beamlike", "fly", "boot_many", "s", await many_seconds(fly()), nodes=MANY)


def main() -> None:
    with serving(Machines(limited=False)) as machines:

        def fly() -> nodes.Fly:
            """With buckets of its own, so that no place in line is waited for."""
            told = {"token": TOKEN, "base_url": machines.base_url, "dials_child": False, "region": "fra"}
            return nodes.Fly(machines.app, image=IMAGES[0], environ={}, buckets=Unlimited(), **told)  # type: ignore[arg-type]

        asyncio.run(measure(fly))


class Unlimited(TokenBuckets):
    def wait_for(self, *_: object) -> float:
        return 0.0


if __name__ == "__main__":
    main()
