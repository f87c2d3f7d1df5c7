"""How soon proposals come, from the question to the answer in the session: `python -m tests.bench.notebook.completion`.

On a warm runtime in a child process, while it idles and while a cell keeps the interpreter busy. Each question is a
new one, as a typist's is. The limit is "comment", a question that has no answer, in the same run.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.bench.lines import emit, percentile
from tests.support.open_notebook import OpenNotebook, opened

QUESTIONS = 100
BETWEEN_SECONDS = 0.02
VALUES = """
import json, os, random
import pandas
class Point:
    def __init__(self): self.x, self.y = 1, 2
    def moved(self, dx, dy): return self
point = Point()
frame = pandas.DataFrame({f"column_{n}": [n] for n in range(20)})
table = {f"key_{n}": n for n in range(100)}
"""
BUSY = "n = 0\nwhile True: n += 1"
PLACES = {
    "comment": "value_{n} = 1  # po",
    "name": "value_{n} = 1\npo",
    "attribute": "value_{n} = 1\npoint.",
    "key": "value_{n} = 1\ntable['key_",
    "column": "value_{n} = 1\nframe['col",
    "module": "value_{n} = 1\nimport js",
    "not_run": "value_{n} = [1]\nvalue_{n}.app",
    "by_analysis": "value_{n} = sorted([1])\nvalue_{n}.app",
}


async def measure() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with opened(Path(folder), VALUES, BUSY, "pass") as it:
            await it.run(1)
            for source in (*PLACES.values(), "os.path.join("):
                await it.client.complete("cell-3", source, len(source))
            await asyncio.sleep(3)
            await under(it, "idle")
            await it.start(2)
            await under(it, "busy")
            await it.client.interrupt()


async def under(it: OpenNotebook, load: str) -> None:
    for kind, source in PLACES.items():
        missed: list[bool] = []

        async def ask(n: int, source: str = source, missed: list[bool] = missed) -> None:
            text = source.format(n=n)
            missed.append(not await it.client.complete("cell-3", text, len(text)))

        await spread(kind, load, ask)
        emit("beamlike", "completion", f"{kind}_unanswered", "", sum(missed), load=load, n=QUESTIONS)
    await spread(
        "signature", load, lambda n: it.client.signatures("cell-3", f"v{n} = 1\npoint.moved(1, ", 22 + len(str(n)))
    )
    await spread(
        "signature_not_run",
        load,
        lambda n: it.client.signatures("cell-3", f"def f{n}(a): ...\nf{n}(", 19 + 2 * len(str(n))),
    )
    await spread("describe", load, lambda n: it.client.describe("cell-3", f"v{n} = 1\npoint.moved", 12 + len(str(n))))


async def spread(metric: str, load: str, ask: Callable[[int], Awaitable[object]]) -> None:
    taken = []
    for n in range(QUESTIONS):
        began = time.perf_counter()
        await ask(n)
        taken.append(time.perf_counter() - began)
        await asyncio.sleep(BETWEEN_SECONDS)
    for q in (50, 95):
        emit(
            "beamlike",
            "completion",
            f"{metric}_p{q}",
            "ms",
            round(percentile(taken, q) * 1e3, 2),
            load=load,
            n=QUESTIONS,
        )


def main() -> None:
    asyncio.run(measure())


if __name__ == "__main__":
    sys.exit(main())
