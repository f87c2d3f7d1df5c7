"""A program with a pool under load, for chaos: `python -m tests.support.chaos_parent DIRECTORY LEASE`.

Callers call without end. Each call writes its number to the file `begun`, its function writes it to `ran`, and `ended`
gets a line of JSON with how the call ended and how long that took: all three can be read when this was killed.

On standard input it takes "cut" and "join", which hold back what passes between it and its children and let it pass
again, and "end", after which nothing happens to it: each caller goes on until it is served, and the pool stops.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import beamlike as bl
import flame
import nodes
from tests.support.proxy import Proxy, proxy_to

CALL_SECONDS = 8.0
CALLERS = 4
RUNNERS = 2
VALUE = "value"
"""How a call has ended that was served."""


class Behind(nodes.Local):
    """Children that dial back through a proxy."""

    proxy: Proxy

    async def boot(self, invitation: nodes.Invitation) -> nodes.Machine:
        host, port = self.proxy.address
        return await super().boot(replace(invitation, host=host, port=port))


def note(path: str, line: str) -> None:
    """As one write, which is not mixed with another's."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, f"{line}\n".encode())
    finally:
        os.close(descriptor)


def plain(note: Any, path: str, number: str, seconds: float) -> str:
    import time

    note(path, number)
    time.sleep(seconds)
    return number


def busy(note: Any, path: str, number: str, seconds: float) -> str:
    import time

    note(path, number)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass
    return number


async def patient(note: Any, path: str, number: str, seconds: float) -> str:
    import asyncio

    note(path, number)
    await asyncio.sleep(seconds)
    return number


class Load:
    def __init__(self, pool: flame.Pool, directory: Path) -> None:
        self._pool = pool
        self._directory = directory
        self._numbers = itertools.count()
        self._chance = random.Random(os.getpid())
        self.is_quiet = False

    async def caller(self) -> None:
        is_served = False
        while not is_served:
            was_quiet = self.is_quiet
            outcome = await self._call(f"{os.getpid()}-{next(self._numbers)}")
            is_served = was_quiet and outcome == VALUE
            # Now and then nobody calls, so that runners idle, end, and are booted anew.
            await asyncio.sleep(self._chance.choice((0, 0, 0.05, 0.6)))

    async def _call(self, number: str) -> str:
        self._note("begun", number)
        function = self._chance.choice((plain, busy, patient))
        seconds, started = self._chance.choice((0, 0, 0.05, 0.5)), time.monotonic()
        outcome = VALUE
        try:
            ran = str(self._directory / "ran")
            value = await self._pool.call(function, note, ran, number, seconds, timeout=CALL_SECONDS)
            assert value == number
        except flame.FlameError as error:
            outcome = type(error).__name__
        except Exception as error:
            outcome = f"unexpected: {error!r}"
        took = time.monotonic() - started
        self._note("ended", json.dumps({"number": number, "outcome": outcome, "seconds": took}))
        return outcome

    def _note(self, name: str, line: str) -> None:
        note(str(self._directory / name), line)


def lease_of(seconds: float) -> dict[str, float]:
    """As an option of the pool; else for all that is booted here."""
    if any(field.name == "lease" for field in fields(flame.PoolOptions)):
        return {"lease": seconds}
    nodes.boot.__kwdefaults__["lease"] = seconds
    return {}


def words() -> Iterator[str]:
    for line in sys.stdin:
        yield line.strip()


async def main(directory: Path, lease: float) -> None:
    backend = Behind()
    node = bl.Node(f"chaos-{os.getpid()}@127.0.0.1", secret=b"a secret of the test")
    async with node, proxy_to(await node.listen()) as backend.proxy:
        pool = await flame.Pool.start(
            name="chaos",
            backend=backend,
            max=RUNNERS,
            max_concurrency=2,
            idle_shutdown_after=0.4,
            boot_timeout=6.0,
            shutdown_timeout=CALL_SECONDS,
            **lease_of(lease),  # type: ignore[arg-type]
        )
        load = Load(pool, directory)
        async with asyncio.TaskGroup() as callers:
            for _ in range(CALLERS):
                callers.create_task(load.caller())
            await obey(backend.proxy)
            load.is_quiet = True
        await pool.stop()


async def obey(proxy: Proxy) -> None:
    print("up", flush=True)
    lines = words()
    while (word := await asyncio.to_thread(next, lines, "end")) != "end":
        if word == "cut":
            proxy.hold()
        else:
            proxy.resume()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), float(sys.argv[2])))
