"""Fifty people at once on one server over SSH: from a key to its paint at the client, and what each connection costs.

The sessions, the views and the clients are three processes; the clients are asyncssh, in a terminal of 100 x 30, each
in a notebook of its own, where it types three keys a second: as somebody who types without a pause, and all of them do.
Also with one client more that takes a few bytes a second, and while a cell prints ten thousand lines a second; and all
in one notebook, where every tenth types, in a cell of their own. Prints one JSON line per figure.

`python -m tests.bench.ssh [CONNECTIONS [SECONDS]] [--only typing|together]`; `--rate KEYS` is another rate.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from itertools import count
from pathlib import Path
from time import perf_counter

import asyncssh
import psutil

from tests.bench.lines import emit, percentile
from tests.support.served_over_ssh import Served, served

CONNECTIONS = 50
SECONDS = 15.0
KEYS_A_SECOND = 3.0
EVERY = 10
"""Of so many in one notebook one types."""
SIZE = (100, 30)
DEADLINE = 60.0
_ALPHABETS = (range(0x3B1, 0x3C2), range(0x410, 0x450), range(0x561, 0x587), range(0x10D0, 0x10F0))
LETTERS = [chr(code) for alphabet in _ALPHABETS for code in alphabet]
_SYLLABICS = [chr(code) for code in range(0x1401, 0x166D)]
"""None stands in the notebook or in an escape sequence, so that each is seen when it is painted."""
_OWN = 30
"""Letters of each who types in one notebook with others: those of the others are painted there too."""
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
        self.letters: Sequence[str] = LETTERS
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

    async def type(self, seconds: float, rate: float) -> None:
        end = perf_counter() + seconds
        await asyncio.sleep(random.uniform(0, 1 / rate))
        for n in count():
            if n and n % len(self.letters) == 0:
                self.write("\x15")
                await asyncio.sleep(1 / rate)
            began = perf_counter()
            if began >= end:
                return
            letter = self.letters[n % len(self.letters)]
            self.took.append(await self.seconds_until(letter, letter))
            await asyncio.sleep(max(0.0, 1 / rate - (perf_counter() - began)) * random.uniform(0.8, 1.2))


def notebook(directory: Path, name: str, source: str = "x = 1", cells: int = 10) -> None:
    more = "\n\n".join(f"```python\nvalue_{n} = {n} + sum(range(100))\n```" for n in range(cells))
    text = f"# Bench {name}\n\n## Work\n\n```python\n{source}\n```\n\n{more}\n"
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


async def into_cell(typist: Typist, number: int = 0) -> None:
    """What stands at the bottom while one types in a cell is waited for."""
    await typist.seconds_until("EDIT", "jjjj" + "j" * number + "i")


async def measure(world: Served, connections: int, seconds: float, rate: float, *, and_beside: bool) -> None:
    """Each in a notebook of their own; perhaps also beside a slow client, and one whose cell prints."""
    processes = views, holder = psutil.Process(world.front), psutil.Process(world.server)
    for n in range(connections):
        notebook(world.directory, f"n{n}")
    notebook(world.directory, "printing", PRINTS)
    async with AsyncExitStack() as stack:
        before, held_before = views.memory_info().rss, holder.memory_info().rss
        typists = await _all_connected(stack, world, [f"n{n}" for n in range(connections)])
        await asyncio.gather(*map(into_cell, typists))
        await asyncio.sleep(2)
        idle = await _cpu(processes, 3.0)
        emit("ssh", "idle", "views_cpu_per_connection", "%", idle[0] / connections, connections=connections)
        emit("ssh", "idle", "sessions_cpu_per_connection", "%", idle[1] / connections, connections=connections)
        await _typing("typing", typists, seconds, rate, processes)
        rss = (views.memory_info().rss - before) / connections
        emit("ssh", "typing", "views_rss_per_connection", "B", rss, connections=connections)
        rss = (holder.memory_info().rss - held_before) / connections
        emit("ssh", "typing", "sessions_rss_per_connection", "B", rss, connections=connections)
        if not and_beside:
            return
        slow = await stack.enter_async_context(connected(world, "n0", takes=False))
        slow.write("jjjj")
        await asyncio.sleep(1)
        await _typing("typing_beside_a_slow_client", typists, seconds, rate, processes)
        printing = await stack.enter_async_context(connected(world, "printing"))
        await asyncio.wait_for(printing.opened.wait(), DEADLINE)
        printing.write("jjjjjjee")
        await printing.seconds_until("loss=0")
        await _typing("typing_while_10k_lines_a_second_are_printed", typists, seconds, rate, processes)


async def measure_together(world: Served, connections: int, seconds: float, rate: float) -> None:
    """All in one notebook."""
    processes = psutil.Process(world.front), psutil.Process(world.server)
    notebook(world.directory, "one", cells=max(10, connections // EVERY))
    async with AsyncExitStack() as stack:
        people = await _all_connected(stack, world, ["one"] * connections)
        typists = people[::EVERY]
        for n, typist in enumerate(typists):
            typist.letters = _SYLLABICS[n * _OWN % len(_SYLLABICS) :][:_OWN]
            await into_cell(typist, n)
        await asyncio.sleep(2)
        await _typing("typing_in_one_notebook", typists, seconds, rate, processes, viewers=connections)


async def _all_connected(stack: AsyncExitStack, world: Served, names: list[str]) -> list[Typist]:
    typists: list[Typist] = []
    firsts: list[float] = []
    for name in names:
        began = perf_counter()
        typist = await stack.enter_async_context(connected(world, name))
        await asyncio.wait_for(typist.opened.wait(), DEADLINE)
        firsts.append(perf_counter() - began)
        typists.append(typist)
    workload = "connect" if len(set(names)) == len(names) else "connect_to_one_notebook"
    emit("ssh", workload, "first_paint_p50", "s", percentile(firsts, 50), connections=len(names))
    emit("ssh", workload, "first_paint_max", "s", max(firsts), connections=len(names))
    return typists


async def _typing(
    workload: str,
    typists: list[Typist],
    seconds: float,
    rate: float,
    processes: tuple[psutil.Process, ...],
    **more: int,
) -> None:
    for typist in typists:
        typist.took.clear()
        typist.received = 0
    for process in processes:
        process.cpu_percent()
    before = [_spent(process) for process in (*processes, psutil.Process())]
    await asyncio.gather(*(typist.type(seconds, rate) for typist in typists))
    spent = [_spent(process) - then for process, then in zip((*processes, psutil.Process()), before, strict=True)]
    cpu = [process.cpu_percent() for process in processes]
    took = [each for typist in typists for each in typist.took]
    about = {"connections": len(typists), "keys": len(took), "rate": rate, **more}
    for q in (50, 95, 99):
        emit("ssh", workload, f"key_to_paint_p{q}", "s", percentile(took, q), **about)
    emit("ssh", workload, "views_cpu", "%", cpu[0], **about)
    emit("ssh", workload, "sessions_cpu", "%", cpu[1], **about)
    for who, seconds_spent in zip(("views", "sessions", "clients"), spent, strict=True):
        emit("ssh", workload, f"{who}_cpu_per_key", "s", seconds_spent / len(took), **about)
    emit("ssh", workload, "sent_per_key", "B", sum(typist.received for typist in typists) / len(took), **about)
    for typist in typists:
        # The next round types the same letters, on a line of its own.
        typist.write("\x15")
    await asyncio.sleep(1)


def _spent(process: psutil.Process) -> float:
    """Seconds of a processor, by now: what others do on the machine hardly changes them."""
    times = process.cpu_times()
    return times.user + times.system


async def _cpu(processes: tuple[psutil.Process, ...], seconds: float) -> list[float]:
    for process in processes:
        process.cpu_percent()
    await asyncio.sleep(seconds)
    return [process.cpu_percent() for process in processes]


async def _main(connections: int, seconds: float, only: str | None, rate: float) -> None:
    apart = partial(measure, and_beside=only is None)
    for name, measured in (("typing", apart), ("together", measure_together)):
        if only in (None, name):
            with (
                tempfile.TemporaryDirectory() as place,
                served(Path(place), "--ssh-connections", "200", "--ssh-per-key", "200") as world,
            ):
                await measured(world, connections, seconds, rate)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.ssh")
    parser.add_argument("connections", nargs="?", type=int, default=CONNECTIONS)
    parser.add_argument("seconds", nargs="?", type=float, default=SECONDS)
    parser.add_argument("--only", choices=("typing", "together"))
    parser.add_argument("--rate", type=float, default=KEYS_A_SECOND, metavar="KEYS", help="a second, of each who types")
    options = parser.parse_args()
    os.environ.setdefault("BEAMLIKE_TRUSTED", tempfile.gettempdir())
    with suppress(KeyboardInterrupt):
        asyncio.run(_main(options.connections, options.seconds, options.only, options.rate))


if __name__ == "__main__":
    main()
