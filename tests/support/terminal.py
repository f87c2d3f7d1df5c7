"""A program in a real pseudo-terminal, with pyte as the screen: types keys, reads what a person would see."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

import pyte

# Below the timeout of a test, so that what was on the screen is told.
DEADLINE = 40.0

_ASKED = b"\x1b[c"
KEYS = {"escape": "\x1b", "enter": "\r", "tab": "\t", "ctrl+q": "\x11", "ctrl+s": "\x13", "ctrl+c": "\x03"}


class Terminal:
    """Runs `words` in a terminal of `columns` x `lines` until the block ends; then the program is killed.

    `answers` is what the terminal says of itself when it is asked for the last time (`ESC [ c`): nothing without it.
    """

    def __init__(
        self,
        words: list[str],
        *,
        columns: int = 100,
        lines: int = 30,
        env: Mapping[str, str] | None = None,
        answers: str = "",
    ) -> None:
        self.written = b""
        """All that came from the program."""
        self._answers = answers
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.program = subprocess.Popen(
            words,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "xterm-256color", **(env or {})},
            start_new_session=True,
        )
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self.program.poll() is None:
            self.program.kill()
        self.program.wait()
        if self._master != -1:
            os.close(self._master)

    def type(self, *keys: str) -> None:
        """Types each: a name of KEYS, or the text itself."""
        for key in keys:
            os.write(self._master, KEYS.get(key, key).encode())

    def paste(self, text: str) -> None:
        """As a terminal does it that was asked to mark pastes; reads meanwhile, as a terminal does."""
        data = f"\x1b[200~{text}\x1b[201~".encode()
        while data:
            if select.select([], [self._master], [], 0)[1]:
                data = data[os.write(self._master, data[:512]) :]
            self._read(0)

    def click(self, column: int, line: int) -> None:
        """With the left button; counted from 0."""
        self.type(*(f"\x1b[<0;{column + 1};{line + 1}{end}" for end in "Mm"))

    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display)

    def until(self, condition: Callable[[str], bool] | str, seconds: float = DEADLINE) -> str:
        """Reads until the screen fulfils `condition`, or shows this text; the screen's text."""
        holds = (lambda text: condition in text) if isinstance(condition, str) else condition
        end = time.monotonic() + seconds
        while not holds(self.text()):
            assert time.monotonic() < end, f"{condition!r} did not come within {seconds} s; the screen:\n{self.text()}"
            self._read(0.1)
        return self.text()

    def wait(self, seconds: float = DEADLINE) -> int:
        """Reads until the program has ended; its exit status."""
        end = time.monotonic() + seconds
        while self.program.poll() is None:
            assert time.monotonic() < end, f"the program did not end within {seconds} s; the screen:\n{self.text()}"
            self._read(0.05)
        while self._read(0):  # what it wrote just before its end
            pass
        return self.program.returncode

    def hang_up(self) -> None:
        """The terminal is gone: what the program writes fails from now on, and it is told."""
        os.close(self._master)
        self._master = -1
        self.program.send_signal(signal.SIGHUP)
        self.program.wait(DEADLINE)

    def kill(self) -> None:
        self.program.send_signal(signal.SIGKILL)
        self.program.wait()

    def _read(self, seconds: float) -> bool:
        """Whether anything came within that time."""
        readable, _, _ = select.select([self._master], [], [], seconds)
        data = b""
        if readable:
            with contextlib.suppress(OSError):  # the other end is closed
                data = os.read(self._master, 65536)
                self.written += data
                self._stream.feed(data)
            if self._answers and _ASKED in self.written:
                self.type(self._answers)
                self._answers = ""
        return bool(data)
