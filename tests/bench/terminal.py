"""The real program in a real pseudo-terminal, from outside: to its first cell, from a key to its paint, and its memory.

`BEAMLIKE_BENCH_EUPORIE` names another's `euporie-notebook`; the same notebooks are then measured with that, too.
Prints one JSON line per figure.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil

from notebook_tui.document.notebook import Cell, Notebook, Section
from notebook_tui.document.outputs import Text
from notebook_tui.format.ipynb import write_ipynb
from notebook_tui.format.markdown_write import write
from tests.bench.lines import emit, percentile

DEADLINE: Final = 60.0
STARTS: Final = 5
QUIET: Final = 0.3
"""Seconds without output after which a program is thought to rest."""
LETTERS: Final = "абвгдежзийклмнопрстуфхцчшщъыьэюя"
"""Each is typed once and stands nowhere else, so its bytes are the paint that answers it."""
SIZE: Final = (120, 40)
_FLOOD: Final = """import time
n = 0
while True:
    print('=' * 40, n)
    n += 1
    if n % 200 == 0:
        time.sleep(0.02)
"""


class Program:
    """What runs in the terminal, and all that it writes."""

    def __init__(self, words: Sequence[str], home: Path) -> None:
        self._master, slave = pty.openpty()
        columns, lines = SIZE
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG") if name in os.environ}
        environment = kept | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "HOME": str(home)}
        environment["BEAMLIKE_TRUSTED"] = str(home)  # else the notebook is a stranger's, and a question lies over it
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            words, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True, cwd=home
        )
        os.close(slave)

    def press(self, text: str) -> None:
        os.write(self._master, text.encode())

    def seconds_until(self, wanted: str, since: float) -> float:
        """When the text has been written, counted from `since`."""
        tail, sought = b"", wanted.encode()
        while time.perf_counter() - since < DEADLINE:
            data = self._read(DEADLINE)
            if sought in tail + data:
                return time.perf_counter() - since
            tail = data[-200:]
        raise TimeoutError(f"{wanted!r} was not painted within {DEADLINE} s")

    def rest(self) -> None:
        """Until nothing has been written for a moment."""
        while self._read(QUIET):
            pass

    def drain(self, seconds: float) -> None:
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self._read(left)

    def megabytes(self) -> float:
        return float(psutil.Process(self.process.pid).memory_info().rss) / 1e6

    def end(self) -> None:
        below = psutil.Process(self.process.pid).children(recursive=True)
        for each in (self.process, *below):
            each.kill()
        self.process.wait()
        os.close(self._master)

    def _read(self, seconds: float) -> bytes:
        readable, _, _ = select.select([self._master], [], [], seconds)
        return os.read(self._master, 1 << 16) if readable else b""


class Ours:
    NAME = "beamlike"
    SUFFIX = ".livemd"
    FIRST_CELL = ("j", "j", "j")

    def words(self, path: Path) -> list[str]:
        return [sys.executable, "-m", "notebook_tui", "notebook", str(path)]

    def text(self, notebook: Notebook) -> str:
        return write(notebook, outputs=True)


class Euporie:
    NAME = "euporie"
    SUFFIX = ".ipynb"
    FIRST_CELL = ()

    def __init__(self, program: str) -> None:
        self._program = program

    def words(self, path: Path) -> list[str]:
        return [self._program, "--color-depth=24", str(path)]

    def text(self, notebook: Notebook) -> str:
        return write_ipynb(notebook)


def notebook_of(cells: int) -> Notebook:
    made = [
        Cell(
            f"c{n}", "code", f"def step{n:04}(x):\n    return x * {n}\n\nfor i in range(3):\n    print(step{n:04}(i))\n"
        )
        for n in range(cells)
    ]
    shown = (Text("stdout", "0\n1\n2\n"),)
    with_outputs = tuple(Cell(cell.id, "code", cell.source, outputs=shown) for cell in made)
    return Notebook("Bench", sections=(Section("s", "Section", with_outputs),))


@contextmanager
def opened(peer: Ours | Euporie, notebook: Notebook) -> Iterator[Program]:
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        path = home / f"bench{peer.SUFFIX}"
        path.write_text(peer.text(notebook), encoding="utf-8")
        program = Program(peer.words(path), home)
        try:
            yield program
        finally:
            program.end()


def seconds_to_first_cell(peer: Ours | Euporie, cells: int) -> float:
    with opened(peer, notebook_of(cells)) as program:
        return program.seconds_until("step0000", program.began)


def megabytes_with(peer: Ours | Euporie, cells: int) -> float:
    with opened(peer, notebook_of(cells)) as program:
        program.seconds_until("step0000" if cells else "Bench", program.began)
        program.rest()
        return program.megabytes()


def seconds_per_key(peer: Ours | Euporie, notebook: Notebook, *, flooded: bool = False) -> list[float]:
    """Of letters typed into the first cell, or into the second while the first prints."""
    with opened(peer, notebook) as program:
        program.seconds_until("print" if flooded else "step0000", program.began)
        program.rest()
        for key in peer.FIRST_CELL:
            program.press(key)
        if flooded:
            program.press("ee")
            program.seconds_until("====", time.perf_counter())
            program.press("j")
        program.press("\r")
        program.drain(1.0)
        latencies = []
        for letter in LETTERS:
            began = time.perf_counter()
            program.press(letter)
            latencies.append(program.seconds_until(letter, began))
            program.drain(0.06)
        return latencies


def main() -> None:
    euporie = os.environ.get("BEAMLIKE_BENCH_EUPORIE")
    for peer in (Ours(), Euporie(euporie)) if euporie else (Ours(),):
        for cells in (100, 500):
            starts = sorted(seconds_to_first_cell(peer, cells) for _ in range(STARTS))
            emit(peer.NAME, "terminal", "first_cell", "ms", round(starts[STARTS // 2] * 1000), cells=cells)
            _emit_keys(peer, seconds_per_key(peer, notebook_of(cells)), cells=cells)
        empty, full = megabytes_with(peer, 1), megabytes_with(peer, 500)
        emit(peer.NAME, "terminal", "memory", "MB", round(full, 1), cells=500)
        emit(peer.NAME, "terminal", "memory_over_empty", "MB", round(full - empty, 1), cells=500)
    printing = (Cell("p", "code", _FLOOD), *notebook_of(499).sections[0].cells)
    flooded = Notebook("Bench", sections=(Section("s", "Section", printing),))
    _emit_keys(Ours(), seconds_per_key(Ours(), flooded, flooded=True), cells=500, lines_per_second=10_000)


def _emit_keys(peer: Ours | Euporie, seconds: list[float], **params: object) -> None:
    for name, q in (("p50", 50), ("p95", 95), ("max", 100)):
        emit(peer.NAME, "terminal", f"key_to_paint_{name}", "ms", round(percentile(seconds, q) * 1000, 1), **params)


if __name__ == "__main__":
    main()
