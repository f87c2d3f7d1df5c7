"""A notebook of 5,000 cells and 20 MB: how long its file takes to open, its text to become a notebook, and the notebook
its text; the same of other kinds of files, and of files that are hostile. And the memory that reading takes on top of
the text.

`python -m tests.bench.notebook.open` prints one JSON line per figure. Times are the processor's, for on a machine that
others use as well no other means anything.
"""

from __future__ import annotations

import tempfile
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import process_time

from notebook_tui.document.notebook import Cell, Notebook, Section
from notebook_tui.document.state import State
from notebook_tui.format.html_write import write_html
from notebook_tui.format.ipynb import read_ipynb, write_ipynb
from notebook_tui.format.markdown_read import read
from notebook_tui.format.markdown_write import write
from notebook_tui.format.percent import read_percent, write_percent
from notebook_tui.session.storage import NotebookFile
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
        began = process_time()
        act()
        taken.append(process_time() - began)
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
    _measure_others(notebook(cells, size))
    for name, text in hostile(size // 4).items():
        seconds = best(partial(read, text), rounds=1)
        emit("beamlike", "notebook open", "read_hostile", "s", round(seconds, 3), text=name, bytes=len(text))


def _measure(cells: int, size: int) -> None:
    opened = notebook(cells, size)
    text = write(opened)
    assert read(text) == (opened, ())
    params = {"cells": cells, "bytes": len(text)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.livemd"
        path.write_text(text, encoding="utf-8")
        emit("beamlike", "notebook open", "open", "s", round(best(partial(_open, path)), 3), **params)
    emit("beamlike", "notebook open", "read", "s", round(best(partial(read, text)), 3), **params)
    emit("beamlike", "notebook open", "write", "s", round(best(partial(write, opened)), 3), **params)
    emit("beamlike", "notebook open", "read_memory", "B", peak(partial(read, text)), **params)


def _open(path: Path) -> State:
    opened, _ = NotebookFile(path).read()
    return State(opened, str(path))


def _measure_others(opened: Notebook) -> None:
    for kind, writer, reader in (("ipynb", write_ipynb, read_ipynb), ("py", write_percent, read_percent)):
        text = writer(opened)
        assert reader(text)[0] == opened
        params = {"kind": kind, "bytes": len(text)}
        emit("beamlike", "notebook open", "read_other", "s", round(best(partial(reader, text)), 3), **params)
        emit("beamlike", "notebook open", "write_other", "s", round(best(partial(writer, opened)), 3), **params)
    seconds = best(partial(write_html, opened), rounds=1)
    emit("beamlike", "notebook open", "write_other", "s", round(seconds, 3), kind="html")


if __name__ == "__main__":
    main()
