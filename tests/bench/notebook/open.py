"""A notebook of 5,000 cells and 20 MB: how long its text takes to become a notebook, and the notebook its text; and the
same of files that are hostile. Seconds, and the memory that reading takes on top of the text.

`python -m tests.bench.notebook.open` prints one JSON line per figure.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from functools import partial
from time import perf_counter

from notebook_tui.document.notebook import Cell, Notebook, Section
from notebook_tui.format.markdown_read import read
from notebook_tui.format.markdown_write import write
from tests.bench.lines import emit

MEGABYTES = 20
CELLS = 5_000
ROUNDS = 3
_CODE = '''def train_{n}(model, data, rate=0.1):
    """Train for one epoch."""
    for step, (x, y) in enumerate(data):
        loss = model(x).sub(y).pow(2).mean()
        loss.backward()

    return loss.item()

'''
_PROSE = """Some *words* about what the next cell does, and **why**, as people write them in a notebook.

* one item
* another with `code`

### A part

More words, [a link](https://example.org) and then some more text to fill the line up.
"""


def notebook(cells: int, size: int) -> Notebook:
    """Code and prose in turn, fifty cells a section, `size` characters in all."""
    repeated = max(size // (cells * len(_CODE) // 2), 1)
    made = [_cell(n, repeated) for n in range(cells)]
    sections = [
        Section(f"section-{start // 50 + 1}", f"Part {start // 50}", tuple(made[start : start + 50]))
        for start in range(0, cells, 50)
    ]
    return Notebook("Bench", sections=tuple(sections))


def _cell(n: int, repeated: int) -> Cell:
    if n % 2:
        return Cell(f"cell-{n + 1}", "code", (_CODE.format(n=n) * repeated).rstrip())
    return Cell(f"cell-{n + 1}", "markdown", _PROSE)


def hostile(size: int) -> dict[str, str]:
    return {
        "one line of backticks": "`" * size,
        "one line of openings of comments": "<!--" * (size // 4),
        "lines that open comments": "<!--\n" * (size // 5),
        "lines of backticks": "```\n" * (size // 4),
        "an open comment above fences": "<!--\n\n" + "```python\nx\n```\n\n" * (size // 18),
        "one line": "x" * size,
    }


def best(act: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The seconds of the quickest of some rounds."""
    taken = []
    for _ in range(rounds):
        began = perf_counter()
        act()
        taken.append(perf_counter() - began)
    return min(taken)


def peak(act: Callable[[], object]) -> int:
    """The bytes that were in use at once, beyond those from before."""
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def main(megabytes: int = MEGABYTES, cells: int = CELLS) -> None:
    size = megabytes * 2**20
    for share in (4, 2, 1):
        _measure(cells // share, size // share)
    for name, text in hostile(size // 4).items():
        seconds = best(partial(read, text), rounds=1)
        emit("beamlike", "notebook open", "read_hostile", "s", round(seconds, 3), text=name, bytes=len(text))


def _measure(cells: int, size: int) -> None:
    opened = notebook(cells, size)
    text = write(opened)
    assert read(text) == (opened, ())
    params = {"cells": cells, "bytes": len(text)}
    emit("beamlike", "notebook open", "read", "s", round(best(partial(read, text)), 3), **params)
    emit("beamlike", "notebook open", "write", "s", round(best(partial(write, opened)), 3), **params)
    emit("beamlike", "notebook open", "read_memory", "B", peak(partial(read, text)), **params)


if __name__ == "__main__":
    main()
