"""What a cell prints, gathered so that it travels in few messages and in the order in which it was written.

Progress bars write line over line: what is overwritten before it left the buffer is not sent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import RLock

from beamlike.kernel.overwritten import without_overwritten

BATCH = 65_536


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
