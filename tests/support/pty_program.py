"""A terminal program on a pseudo-terminal that the test plays: what it writes, and what it is answered."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import monotonic

PATIENCE = 40.0


class PtyProgram:
    def __init__(self, file: int) -> None:
        self._file = file
        self._written = b""

    @property
    def written(self) -> str:
        """All that it has written so far."""
        return self._written.decode("utf-8", "replace")

    def type(self, text: str) -> None:
        os.write(self._file, text.encode())

    def until(self, condition: Callable[[str], object], what: str = "") -> str:
        """Read until that holds of all that was written."""
        ends = monotonic() + PATIENCE
        while not condition(self.written):
            assert monotonic() < ends, f"never came true: {what}\n{self.written[-3000:]!r}"
            if select.select([self._file], [], [], 0.1)[0]:
                try:
                    data = os.read(self._file, 65_536)
                except OSError:  # the program has closed the terminal
                    data = b""
                self._written += data
                if not data:
                    assert condition(self.written), f"it ended before: {what}\n{self.written[-3000:]!r}"
        return self.written


@contextmanager
def on_terminal(code: str, environ: Mapping[str, str], size: tuple[int, int] = (80, 24)) -> Iterator[PtyProgram]:
    """Runs Python code in a terminal of that size; what still runs at the end is killed."""
    file, far = pty.openpty()
    fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    words = [sys.executable, "-c", code]
    program = subprocess.Popen(
        words, stdin=far, stdout=far, stderr=far, env={**_clean(), **environ}, start_new_session=True
    )
    os.close(far)
    try:
        yield PtyProgram(file)
    finally:
        program.kill()
        program.wait()
        os.close(file)


def _clean() -> dict[str, str]:
    """The environment without what says which terminal this is."""
    mine = (
        "TERM",
        "COLORTERM",
        "TMUX",
        "STY",
        "NO_COLOR",
        "LC_TERMINAL",
        "BEAMLIKE_IMAGES",
        "TEXTUAL",
        "KITTY",
        "COLUMNS",
        "LINES",
    )
    return {name: value for name, value in os.environ.items() if not name.startswith(mine)}
