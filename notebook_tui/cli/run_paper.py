"""Standard output and standard error as one reader sees them: what begins anew begins on a new line, and of what
changes all the time a terminal shows one line that is written over."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from typing import TextIO

from notebook_tui.widgets.views import Stream

_WIPED = "\r\x1b[K"


class Paper:
    """`cleaned` is what becomes of each text before it is written."""

    def __init__(self, cleaned: Callable[[str], str] = str) -> None:
        self._cleaned = cleaned
        self._together = sys.stdout.isatty() and sys.stderr.isatty()
        self._open: dict[Stream, str] = {}
        """Who wrote last on a stream, as long as that line has no end."""
        self._bar = False
        """The line at the end of standard error will be written over."""

    def go_on(self, source: str, text: str, stream: Stream = "stdout") -> None:
        """The text goes on where that source stopped; if another has written since, on a line of its own."""
        text = self._cleaned(text)
        if not text:
            return
        self._wipe()
        if self._open.get(self._line(stream), source) != source:
            _write(stream, "\n")
        _write(stream, text)
        if text.endswith("\n"):
            self._open.pop(self._line(stream), None)
        else:
            self._open[self._line(stream)] = source

    def block(self, text: str, stream: Stream = "stdout") -> None:
        """The text on lines of its own."""
        self.end_line(stream)
        _write(stream, f"{self._cleaned(text)}\n")

    def end_line(self, stream: Stream = "stdout") -> None:
        """Whatever comes next is on a new line."""
        self._wipe()
        if self._open.pop(self._line(stream), None) is not None:
            _write(stream, "\n")

    def rewrite(self, text: str) -> None:
        """A line that the next thing that is written replaces; where nothing can be replaced, nothing."""
        if sys.stderr.isatty():
            if not self._bar:
                self.end_line("stderr")
            self._bar = True
            _write("stderr", _WIPED + self._cleaned(text)[: shutil.get_terminal_size().columns - 1])

    def _wipe(self) -> None:
        if self._bar:
            self._bar = False
            _write("stderr", _WIPED)

    def _line(self, stream: Stream) -> Stream:
        return "stdout" if self._together else stream


def _write(stream: Stream, text: str) -> None:
    file: TextIO = sys.stderr if stream == "stderr" else sys.stdout
    file.write(text)
    file.flush()
