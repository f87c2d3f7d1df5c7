"""`beamlike run` as a user calls it, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support.open_notebook import notebook_text

DEADLINE = 40.0

# Whoever runs the tests in the background has SIGINT ignored, which children inherit.
PROGRAM = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    "from notebook_tui.cli.main import main; main()"
)
WORDS = [sys.executable, "-c", PROGRAM, "run"]


def written(path: Path, *cells: str) -> Path:
    path.write_text(notebook_text(*cells), encoding="utf-8")
    return path


def run(*words: str | Path, given: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """`given` is all that comes by standard input."""
    return subprocess.run(
        [*WORDS, *map(str, words)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        input=given,
        timeout=DEADLINE,
        check=False,
    )


def events(result: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


class Watching:
    """A run that goes on; what it writes, of both streams, is read as it comes."""

    def __init__(self, *words: str | Path) -> None:
        self.program = subprocess.Popen(
            self.words(*words),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        self._text = ""
        self._more = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    @staticmethod
    def words(*words: str | Path) -> list[str]:
        return [*WORDS, *map(str, words), "--watch"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self.program.poll() is None:
            self.program.kill()
        self.program.wait()
        self._reader.join()
        assert self.program.stdout is not None
        self.program.stdout.close()

    def until(self, text: str) -> str:
        """What was written up to this text and since the last that was waited for."""
        found = self._until(lambda: text in self._text, text)
        before, _, self._text = found.partition(text)
        return before

    def rest(self) -> str:
        """What was written after the last that was waited for, once the program has ended."""
        self._reader.join()
        return self._text

    def wait(self) -> int:
        return self.program.wait(DEADLINE)

    def _until(self, holds: Callable[[], bool], what: str) -> str:
        end = time.monotonic() + DEADLINE
        with self._more:
            while not holds():
                left = end - time.monotonic()
                assert left > 0, f"{what!r} did not come within {DEADLINE} s; what came: {self._text!r}"
                self._more.wait(left)
            return self._text

    def _read(self) -> None:
        assert self.program.stdout is not None
        for line in self.program.stdout:
            with self._more:
                self._text += line
                self._more.notify_all()
