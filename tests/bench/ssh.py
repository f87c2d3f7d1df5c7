"""Fifty people at once on one server over SSH: from a key to its paint at the client, and what each connection costs.

The sessions, the views and the clients are three processes; the clients are asyncssh, in a terminal of 100 x 30, each
in a notebook of its own, where it types three keys a second. Also with one client more that takes a few bytes a second,
and while a cell prints ten thousand lines a second. Prints one JSON line per figure.

`python -m tests.bench.ssh [CONNECTIONS [SECONDS]]`.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from time import perf_counter

import asyncssh
import psutil

from tests.bench.lines import emit, percentile
from tests.support.served_over_ssh import Served, served

CONNECTIONS = 50
SECONDS = 15.0
KEYS_A_SECOND = 3.0
SIZE = (100, 30)
DEADLINE = 60.0
_ALPHABETS = (range(0x3B1, 0x3C2), range(0x410, 0x450), range(0x561, 0x587), range(0x10D0, 0x10F0))
LETTERS = [chr(code) for alphabet in _ALPHABETS for code in alphabet]
"""None stands in the notebook or in an escape sequence, so that each is seen when it is painted."""
PRINTS = """\
import time
while True:
    for _ in range(100):
        print("epoch 1: loss=0.123 accuracy 0.98")
    time.sleep(0.01)  # as work between two lines: it prints on and on, and not all that it can
"""


class Typist(asyncssh.SSHClientSession[bytes]):
    """One client: types, and knows when what it waits for was painted."""

    def __init__(self, *, takes: bool = True) -> None:
        self.received = 0
        self.took: list[float] = []
        self._takes = takes
        self._wanted = b""
        self._tail = b""
        self._seen: asyncio.Future[float] | None = None
        self.opened = asyncio.Event()
        """Something of the notebook was painted."""
        self._chan: asyncssh.SSHClientChannel[bytes]

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        self._chan = chan

    def session_started(self) -> None:
        if not self._takes:
            self._chan.pause_reading()

    def data_received(self, data: bytes, datatype: int | None) -> None:
        self.received += len(data)
        if not self.opened.is_set() and b"Bench" in data:
            self.opened.set()
        if self._seen is not None and not self._seen.done():
            if self._wanted in self._tail + data:
                self._seen.set_result(perf_counter())
            self._tail = data[-8:]

    def write(self, text: str) -> None:
        self._chan.write(text.encode())

    async def seconds_until(self, wanted: str, typed: str = "") -> float:
        self._wanted, self._tail = wanted.encode(), b""
        self._seen = asyncio.get_running_loop().create_future()
        began = perf_counter()
        if typed:
            self.write(typed)
        return await asyncio.wait_for(self._seen, DEADLINE) - began

    async def type(self, seconds: float) -> None:
        letters = iter(LETTERS)
        end = perf_counter() + seconds
        await asyncio.sleep(random.uniform(0, 1 / KEYS_A_SECOND))
        while perf_counter() < end:
            began = perf_counter()
            letter = next(letters)
            self.took.append(await self.seconds_until(letter, letter))
            await asyncio.sleep(max(0.0, 1 / KEYS_A_SECOND - (perf_counter() - began)) * random.uniform(0.8, 1.2))


def notebook(directory: Path, name: str, source: str = "x = 1") -> None:
    cells = "\n\n".join(f"```python\nvalue_{n} = {n} + sum(range(100))\n```" for n in range(10))
    text = f"# Bench {name}\n\n## Work\n\n```python\n{source}\n```\n\n{cells}\n"
    (directory / f"{name}.livemd").write_text(text, encoding="utf-8")


@asynccontextmanager
async def connected(world: Served, notebook: str, *, takes: bool = True) -> AsyncIterator[Typist]:
    async with world.connect() as conn:
        _, typist = await conn.create_session(
            lambda: Typist(takes=takes),
            f"open {notebook}.livemd",
            term_type="xterm-256color",
            term_size=SIZE,
            encoding=None,
        )
        yield typist


async def into_first_cell(typist: Typist) -> None:
    """What stands at the bottom while one types in a cell is waited for."""
    await typist.seconds_until("EDIT", "jjjji")


async def measure(world: Served, connections: int, seconds: float) -> None:
    views = psutil.Process(world.front)
    holder = psutil.Process(world.server)
    for n in range(connections):
        notebook(world.directory, f"n{n}")
    notebook(world.directory, "printing", PRINTS)
    async with AsyncExitStack() as stack:
        typists: list[Typist] = []
        firsts: list[float] = []
        before, held_before = views.memory_info().rss, holder.memory_info().rss
        for n in range(connections):
            began = perf_counter()
            typist = await stack.enter_async_context(connected(world, f"n{n}"))
            await asyncio.wait_for(typist.opened.wait(), DEADLINE)
            firsts.append(perf_counter() - began)
            typists.append(typist)
        emit("ssh", "connect", "first_paint_p50", "s", percentile(firsts, 50), connections=connections)
        emit("ssh", "connect", "first_paint_max", "s", max(firsts), connections=connections)
        await asyncio.gather(*map(into_first_cell, typists))
        await asyncio.sleep(2)
        idle = await _cpu((views, holder), 3.0)
        emit("ssh", "idle", "views_cpu_per_connection", "%", idle[0] / connections, connections=connections)
        emit("ssh", "idle", "sessions_cpu_per_connection", "%", idle[1] / connections, connections=connections)
        await _typing("typing", typists, seconds, (views, holder))
        rss = (views.memory_info().rss - before) / connections
        emit("ssh", "typing", "views_rss_per_connection", "B", rss, connections=connections)
        rss = (holder.memory_info().rss - held_before) / connections
        emit("ssh", "typing", "sessions_rss_per_connection", "B", rss, connections=connections)
        if "--only" in sys.argv:
            return
        slow = await stack.enter_async_context(connected(world, "n0", takes=False))
        slow.write("jjjj")
        await asyncio.sleep(1)
        await _typing("typing_beside_a_slow_client", typists, seconds, (views, holder))
        printing = await stack.enter_async_context(connected(world, "printing"))
        await asyncio.wait_for(printing.opened.wait(), DEADLINE)
        printing.write("jjjjjjee")
        await printing.seconds_until("loss=0")
        await _typing("typing_while_10k_lines_a_second_are_printed", typists, seconds, (views, holder))


async def _typing(workload: str, typists: list[Typist], seconds: float, processes: tuple[psutil.Process, ...]) -> None:
    for typist in typists:
        typist.took.clear()
        typist.received = 0
    for process in processes:
        process.cpu_percent()
    await asyncio.gather(*(typist.type(seconds) for typist in typists))
    cpu = [process.cpu_percent() for process in processes]
    took = [each for typist in typists for each in typist.took]
    about = {"connections": len(typists), "keys": len(took)}
    for q in (50, 95, 99):
        emit("ssh", workload, f"key_to_paint_p{q}", "s", percentile(took, q), **about)
    emit("ssh", workload, "views_cpu", "%", cpu[0], **about)
    emit("ssh", workload, "sessions_cpu", "%", cpu[1], **about)
    emit("ssh", workload, "sent_per_key", "B", sum(typist.received for typist in typists) / len(took), **about)
    for typist in typists:
        # The next round types the same letters, on a line of its own.
        typist.write("\x15")
    await asyncio.sleep(1)


async def _cpu(processes: tuple[psutil.Process, ...], seconds: float) -> list[float]:
    for process in processes:
        process.cpu_percent()
    await asyncio.sleep(seconds)
    return [process.cpu_percent() for process in processes]


async def _main(connections: int, seconds: float) -> None:
    with (
        tempfile.TemporaryDirectory() as place,
        served(Path(place), "--ssh-connections", "200", "--ssh-per-key", "200") as world,
    ):
        await measure(world, connections, seconds)


def main() -> None:
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    os.environ.setdefault("BEAMLIKE_TRUSTED", tempfile.gettempdir())
    with suppress(KeyboardInterrupt):
        asyncio.run(_main(int(words[0]) if words else CONNECTIONS, float(words[1]) if len(words) > 1 else SECONDS))


if __name__ == "__main__":
    main()
