"""The protocol for programs: how long `state` of a large notebook takes by the socket, an edit, and a run with its
`await`, beside the same run asked for in the session's own program.

`python -m tests.bench.notebook.api` prints one JSON line per figure. Client and server share one event loop.
"""

from __future__ import annotations

import asyncio
import os
import statistics
from collections.abc import Awaitable, Callable
from time import perf_counter

import beamlike as bl
from notebook_tui.document.operations import QueueCells
from notebook_tui.session.client import Client
from tests.bench.lines import emit
from tests.support.api_world import NAME, ApiWorld, api_world

CELLS = 500
ROUNDS = 100


def main(cells: int = CELLS, rounds: int = ROUNDS) -> None:
    asyncio.run(_measure(cells, rounds))


async def _measure(cells: int, rounds: int) -> None:
    async with bl.Node(f"bench-{os.getpid()}@127.0.0.1", observers=False), api_world(runs=True) as world:
        world.write("x = 1", *(f"y_{number} = x + {number}  # {'words ' * 30}" for number in range(cells - 1)))
        async with world.client() as client:
            await client.call("open", path=NAME)
            first = await client.call("run", notebook=NAME, cells=["cell-1"])
            await client.call("await", notebook=NAME, run=first["run"], seconds=60)

            async def state() -> None:
                told = await client.call("state", notebook=NAME)
                assert len(told["cells"]) == cells + 1

            async def edit() -> None:
                cell = (await client.call("state", notebook=NAME, cells=["cell-2"]))["cells"][0]
                changed = {"source": f"{cell['source']}#", "digest": cell["digest"]}
                await client.call("edit", notebook=NAME, cell="cell-2", **changed)

            async def run() -> None:
                asked = await client.call("run", notebook=NAME, cells=["cell-1"], alone=True)
                over = await client.call("await", notebook=NAME, run=asked["run"], seconds=60)
                assert over["ok"]

            await _emit("state", state, rounds // 4, cells=cells)
            await _emit("read_and_edit", edit, rounds // 4, cells=cells)
            await _emit("run_and_await", run, rounds, cells=cells)
            await _emit("run_in_program", await _run_in_program(world), rounds, cells=cells)


async def _run_in_program(world: ApiWorld) -> Callable[[], Awaitable[None]]:
    person = await Client.join(await world.session())
    over = asyncio.Event()
    person.subscribe(lambda state: None if state.running or state.queue else over.set(), lambda _text: None)

    async def run() -> None:
        over.clear()
        await person.make(QueueCells(("cell-1",), alone=True))
        if person.state.running or person.state.queue:
            over.clear()
            await over.wait()

    return run


async def _emit(metric: str, act: Callable[[], Awaitable[None]], rounds: int, **params: int) -> None:
    taken = []
    for _ in range(rounds):
        began = perf_counter()
        await act()
        taken.append((perf_counter() - began) * 1e3)
    emit("beamlike", "notebook api", metric, "ms", round(statistics.median(taken), 3), **params)


if __name__ == "__main__":
    main()
