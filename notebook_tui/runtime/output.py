"""What a cell prints, gathered so that it travels in few messages and in the order in which it was written.

Progress bars write line over line: what is overwritten before it left the buffer is not sent.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from threading import RLock

BATCH = 65_536

_COLOR = re.compile(r"\x1b\[[\d;]*m")
_ERASE = re.compile(r"\x1b\[[02]?K")


class OutputBuffer:
    """Gathers text until `flush`, or until `batch` characters wait, and then calls `emit(stream, text)` for each run
    of text of one stream. All that was written before `flush` is emitted when it returns.

    Safe from any thread. `emit` is called in the thread that flushes; if it raises, that text and what is behind it
    stay for the next flush.

    >>> buffer = OutputBuffer(lambda stream, text: print(stream, repr(text)))
    >>> buffer.write("stdout", "10%")
    >>> buffer.write("stdout", "\\r20%\\r30%")
    >>> buffer.write("stderr", "done")
    >>> buffer.flush()
    stdout '10%\\r30%'
    stderr 'done'
    """

    def __init__(self, emit: Callable[[str, str], object], *, batch: int = BATCH) -> None:
        self._emit = emit
        self._batch = batch
        # Re-entrant: emitting may log, and the log may be output again.
        self._lock = RLock()
        self._runs: deque[tuple[str, list[str]]] = deque()
        self._waiting = 0

    def write(self, stream: str, text: str) -> None:
        with self._lock:
            if self._runs and self._runs[-1][0] == stream:
                self._runs[-1][1].append(text)
            else:
                self._runs.append((stream, [text]))
            self._waiting += len(text)
            if self._waiting >= self._batch:
                self.flush()

    def flush(self) -> None:
        # Under the lock, so that no other thread overtakes.
        with self._lock:
            while self._runs:
                stream, texts = self._runs.popleft()
                text = without_overwritten("".join(texts))
                try:
                    self._emit(stream, text)
                except BaseException:
                    self._runs.appendleft((stream, [text]))
                    raise
                self._waiting -= sum(map(len, texts))


def without_overwritten(text: str) -> str:
    """`text` without what a later carriage return has overwritten in full; a terminal shows the same in the end.

    >>> without_overwritten("\\r 10%\\r 20%\\r100%\\r\\nnext")
    '\\r100%\\r\\nnext'
    """
    if "\r" not in text:
        return text
    return "\n".join(_last_states(line) for line in text.split("\n"))


def _last_states(line: str) -> str:
    # What stands before the first return may continue a line whose start has left already: it stays.
    first, *rewritings = line.split("\r")
    shown: list[str] = []
    for rewriting in rewritings:
        while shown and _covers(rewriting, shown[-1]):
            shown.pop()
        shown.append(rewriting)
    return "\r".join([first, *shown])


def _covers(new: str, old: str) -> bool:
    """Whether nothing of `old` is to be seen once `new` is written over it, nor any effect of it.

    Never for an `old` that moves the cursor or leaves a colour on.
    """
    plain = _COLOR.sub("", old)
    colors = _COLOR.findall(old)
    if not plain.isprintable() or (colors and colors[-1] not in ("\x1b[0m", "\x1b[m")):
        return False
    if _ERASE.search(new):
        return True
    written = _COLOR.sub("", new)
    return written.isprintable() and len(written) >= len(plain)
