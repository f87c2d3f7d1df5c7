"""What one call on a child has to say, on its way: text, log records, progress. Made when it first says something.

Any thread may write, and what writes may be a finalizer in the midst of another write: each step waits for its turn.
Nothing here sends or waits for a link: what is ready goes into the kernel's outbox, which a turn of the loop empties,
and `end` before the call's result. Who reads the clock and sets the timer is here, what is decided is in the pure
`output_lines`, `output_bound` and `output_progress`.
"""

from __future__ import annotations

import logging
import re
import time
from collections import deque
from collections.abc import Callable
from threading import RLock
from typing import Any

import beamlike as bl
from beamlike.kernel.group_leader import Origin, outbox
from beamlike.kernel.logged import Logged
from beamlike.kernel.node import LocalNode
from flame.output_bound import Bound, Limits
from flame.output_lines import LONGEST, Lines
from flame.output_progress import NOTE_CHARACTERS, Drawing, Latest, Progress, words
from flame.output_sink import Sink

LOOK_SECONDS = 0.05
"""How long an incomplete line is held back."""

# What is no line of its own, of what a stream writes after a line that was left out:
_REST = re.compile(r"[^\r\n]*(\r\n?|\n)?")
"""All up to the end of that line, which `print` writes by itself."""
_END = re.compile(r"(\r\n?|\n)?")
"""That end alone, once it has been told that the line was left out."""
_END_OF_END = re.compile(r"(\n)?")
"""What follows its carriage return."""

logger = logging.getLogger("flame.output")


class Sender:
    """Sends to `sink` what the call `call` says, each line with `tag`, within `limits`."""

    def __init__(self, node: LocalNode, sink: Sink, tag: str, call: Any, limits: Limits) -> None:
        self.tag = tag
        self.node_name = node.name
        self._node = node
        self._sink = sink
        self._call = call
        self._lock = RLock()
        self._steps: deque[tuple[Callable[..., None], tuple[Any, ...]]] = deque()
        self._is_stepping = False
        self._is_armed = False
        self._origin = Origin(call, tag)
        # Two: a flood of one is not to cost the other.
        self._bound = Bound(limits, time.monotonic())
        self._log_bound = Bound(limits, time.monotonic(), "its log")
        self._lines = {"stdout": Lines(tag), "stderr": Lines(tag)}
        self._open: set[str] = set()
        self._cut_off: dict[str, re.Pattern[str]] = {}
        """Streams whose writer is in the midst of a line that was left out, and what more to leave out of that."""
        self._progress = Latest()
        self._drawing = Drawing(tag)
        self._drawn_by = Origin((call, "progress"), tag, fleeting=True)

    # From any thread.

    def write(self, stream: str, text: str) -> None:
        self._step(self._write, stream, text)

    def log(self, record: Logged) -> None:
        self._step(self._log, record)

    def report(self, done: float, total: float | None, note: str) -> None:
        note = note[:NOTE_CHARACTERS]
        self._step(self._report, Progress(self.node_name, self._call, done, total, note, time.time()))

    def flush(self) -> None:
        """Has an incomplete line leave at the next turn of the loop."""
        self._step(self._release)

    def end(self) -> None:
        """Sends all there is, now. What is written later by what the call left behind is sent, too."""
        self._step(self._end)
        for to in (self._sink.leader, self._sink.progress):
            if to is not None:
                try:
                    outbox.send(self._node, to)
                except bl.LinkBusy as error:
                    logger.warning("the last that call %r printed is lost: %s", self._call, error)

    def _step(self, step: Callable[..., None], *args: Any) -> None:
        with self._lock:
            self._steps.append((step, args))
            if self._is_stepping:
                return
            self._is_stepping = True
            try:
                while self._steps:
                    step, args = self._steps.popleft()
                    step(*args)
            finally:
                self._is_stepping = False
            if self._waits and not self._is_armed:
                self._is_armed = True
                scheduler = self._node.output_scheduler
                scheduler.call(scheduler.loop.call_later, LOOK_SECONDS, self._look)

    @property
    def _waits(self) -> bool:
        left_out = self._bound.has_left_out or self._log_bound.has_left_out
        return left_out or self._progress.waits or any(lines.holds for lines in self._lines.values())

    def _look(self) -> None:
        self._is_armed = False
        self._step(self._release)

    # In turn.

    def _write(self, stream: str, text: str) -> None:
        text = self._without_rest_of_cut_line(stream, text)
        lines = self._lines[stream]
        for at in range(0, len(text), LONGEST):
            now = time.monotonic()
            if self._bound.is_closed(now):
                self._leave_out(stream, lines.forget() + text[at:])
                return
            self._say(stream, lines.feed(text[at : at + LONGEST]), now)

    def _without_rest_of_cut_line(self, stream: str, text: str) -> str:
        """What of `text` is not the rest of a line whose start was left out."""
        rest = self._cut_off[stream].match(text) if text and stream in self._cut_off else None
        if rest is None:
            return text
        if rest.re is _REST:
            self._bound.leave_out(rest[0])
        if rest[0] == text and rest[0].endswith("\r"):
            self._cut_off[stream] = _END_OF_END
        elif rest[1] or rest.re is not _REST:
            del self._cut_off[stream]
        return text[rest.end() :]

    def _log(self, record: Logged) -> None:
        now, text = time.monotonic(), record.text()
        if not self._sink.takes_records:
            self._log_as_text(text, now)
        elif self._may_log(text, now):
            self._tell(now)
            self._end_drawing()
            outbox.put_message(self._node, self._sink.leader, record)

    def _log_as_text(self, text: str, now: float) -> None:
        """As lines of its own, also where the function is in the midst of one."""
        self._say("stderr", self._lines["stderr"].release(), now)
        self._end_line("stderr")
        if self._may_log(text, now):
            self._tell(now)
            self._put("stderr", text)

    def _may_log(self, text: str, now: float) -> bool:
        admitted = self._log_bound.admit(text, now)
        if admitted != text:
            self._log_bound.leave_out(admitted)
        return admitted == text

    def _report(self, progress: Progress) -> None:
        self._progress.put(progress)
        self._show_progress(time.monotonic())

    def _release(self) -> None:
        now = time.monotonic()
        for stream, lines in self._lines.items():
            self._say(stream, lines.release(), now)
        self._tell(now)
        self._show_progress(now)

    def _end(self) -> None:
        self._release()
        now = time.monotonic()
        self._show_progress(now, at_end=True)
        self._end_drawing()
        self._tell(now, at_end=True)
        for stream in self._lines if self.tag else ():
            self._end_line(stream)

    def _say(self, stream: str, text: str, now: float) -> None:
        if not text:
            return
        admitted = self._bound.admit(text, now)
        if admitted:
            self._tell(now)
            self._put(stream, admitted)
        if len(admitted) < len(text):
            self._cut(stream, text)

    def _leave_out(self, stream: str, text: str) -> None:
        self._bound.leave_out(text)
        self._cut(stream, text)

    def _cut(self, stream: str, text: str) -> None:
        """The line that is open there is left as it is, and what comes next starts one."""
        self._end_line(stream)
        if not text.endswith("\n"):
            self._lines[stream].forget()
            self._cut_off[stream] = _REST

    def _end_line(self, stream: str) -> None:
        if stream in self._open:
            self._lines[stream].start_anew()
            self._put(stream, "\n")

    def _tell(self, now: float, *, at_end: bool = False) -> None:
        """Says what was left out, if it is time."""
        for bound in (self._bound, self._log_bound):
            told = bound.notice(now, at_end=at_end)
            if told:
                self._end_line("stderr")
                self._put("stderr", f"{self.tag}{told}\n")
                if bound is self._bound:  # or who writes no line ends would be silent from now on
                    self._cut_off = dict.fromkeys(self._cut_off, _END)

    def _put(self, stream: str, text: str) -> None:
        self._end_drawing()
        (self._open.discard if text.endswith("\n") else self._open.add)(stream)
        outbox.put(self._node, self._sink.leader, stream, text, self._origin)

    def _show_progress(self, now: float, *, at_end: bool = False) -> None:
        progress = self._progress.take(now, at_end=at_end)
        if progress is None:
            return
        if self._sink.progress is not None:
            outbox.put_message(self._node, self._sink.progress, bl.Reply(self._sink.progress.ref, progress))
        else:
            self._draw(self._drawing.draw(words(progress)))

    def _end_drawing(self) -> None:
        self._draw(self._drawing.end())

    def _draw(self, line: str) -> None:
        if line:
            outbox.put(self._node, self._sink.leader, "stderr", line, self._drawn_by)
