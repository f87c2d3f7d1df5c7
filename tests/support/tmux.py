"""A program in a real tmux, as a person drives one: keys go in by `send-keys`, the screen comes by `capture-pane`."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self
from uuid import uuid4

import pytest

# Below the timeout of a test, so that what was on the screen is told.
DEADLINE = 40.0

needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


class Tmux:
    """A server of its own with one pane of that size, in which `words` run; gone at the end of the block."""

    def __init__(
        self, words: Sequence[str], *, columns: int = 80, lines: int = 24, env: Mapping[str, str] | None = None
    ) -> None:
        self._name = f"test-{uuid4().hex[:12]}"
        # A size in the environment would stand above that of the pane.
        kept = {name: value for name, value in os.environ.items() if name not in ("TMUX", "COLUMNS", "LINES")}
        self._environment = {**kept, **(env or {})}
        self._do("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(lines), shlex.join(words))
        # What the program leaves on the screen is read after it has ended.
        self._do("set", "-g", "remain-on-exit", "on")
        self._server = int(self._do("display-message", "-p", "#{pid}"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._do("kill-server")

    @property
    def pid(self) -> int:
        """Of the program."""
        return int(self._do("display-message", "-p", "#{pane_pid}"))

    @property
    def title(self) -> str:
        return self._do("display-message", "-p", "#{pane_title}")

    def press(self, *keys: str) -> None:
        """By tmux's names: `Enter`, `C-s`, `PageDown`; single letters."""
        self._do("send-keys", *keys)

    def type(self, text: str) -> None:
        self._do("send-keys", "-l", text)

    def resize(self, columns: int, lines: int) -> None:
        self._do("resize-window", "-x", str(columns), "-y", str(lines))

    def text(self, *, escapes: bool = False) -> str:
        return self._do("capture-pane", "-p", *(["-e"] if escapes else []))

    def until(self, condition: Callable[[str], bool] | str) -> str:
        """The screen once it fulfils the condition, or shows this text."""
        holds = (lambda text: condition in text) if isinstance(condition, str) else condition
        end = time.monotonic() + DEADLINE
        while not holds(text := self.text()):
            # tmux before 3.4 may miss the end of its program: libutempter, which it calls when the terminal is closed,
            # sets SIGCHLD to its default for a moment. What later versions do then: look again who has ended.
            os.kill(self._server, signal.SIGCHLD)
            assert time.monotonic() < end, f"{condition!r} did not come within {DEADLINE} s; the screen:\n{text}"
            time.sleep(0.05)
        return text

    def _do(self, *words: str) -> str:
        command = ["tmux", "-L", self._name, *words]
        done = subprocess.run(
            command, capture_output=True, text=True, env=self._environment, timeout=DEADLINE, check=True
        )
        return done.stdout.removesuffix("\n")
