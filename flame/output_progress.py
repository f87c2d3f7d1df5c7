"""How far a call has come: the record that says so, and the line that shows it. Pure.

Of values that come faster than every tenth of a second the latest wins; the last one is never lost.
"""

from __future__ import annotations

from typing import Any

from beamlike.kernel.record import frozen

EVERY_SECONDS = 0.1
NOTE_CHARACTERS = 200


@frozen
class Progress:
    """What a function said by `flame.progress`: `done` of `total` (None: nobody knows of how many).

    `call` is the call's id, `at` the time on `node`, in seconds since 1970.
    """

    node: str
    call: Any
    done: float
    total: float | None
    note: str
    at: float


def words(progress: Progress) -> str:
    """The progress as a line shows it.

    >>> words(Progress("cpu-1@h", 1, 3, 12, "files", 0.0)), words(Progress("cpu-1@h", 1, 3, None, "", 0.0))
    ('3/12 (25 %) files', '3')
    """
    if progress.total is None:
        share = f"{progress.done:g}"
    else:
        of = f" ({100 * progress.done / progress.total:.0f} %)" if progress.total else ""
        share = f"{progress.done:g}/{progress.total:g}{of}"
    note = " ".join(progress.note.split())
    return f"{share} {note}".rstrip()


class Latest:
    """The latest value, until it is due.

    >>> latest = Latest()
    >>> latest.put("a"), latest.take(now=0.0), latest.put("b"), latest.take(now=0.05), latest.put("c")
    (None, 'a', None, None, None)
    >>> latest.take(now=0.05), latest.take(now=0.1), latest.take(now=0.2)
    (None, 'c', None)
    """

    def __init__(self, every: float = EVERY_SECONDS) -> None:
        self._every = every
        self._due = float("-inf")
        self._value: Any = None

    @property
    def waits(self) -> bool:
        return self._value is not None

    def put(self, value: Any) -> None:
        self._value = value

    def take(self, now: float, *, at_end: bool = False) -> Any:
        """The value, if there is one that has not been taken and it is time; at the end it always is."""
        if self._value is None or (now < self._due and not at_end):
            return None
        value, self._value = self._value, None
        self._due = now + self._every
        return value


class Drawing:
    """The line that shows it, written over itself.

    >>> drawing = Drawing("[cpu-1] ")
    >>> drawing.draw("10/10 done"), drawing.draw("1/1"), drawing.end(), drawing.end()
    ('\\r[cpu-1] 10/10 done', '\\r[cpu-1] 1/1       ', '\\r[cpu-1] 1/1\\n', '')
    """

    def __init__(self, tag: str) -> None:
        self._tag = tag
        self._shown: str | None = None
        self._width = 0

    def draw(self, words: str) -> str:
        line = f"\r{self._tag}{words.ljust(self._width)}"
        self._shown, self._width = words, len(words)
        return line

    def end(self) -> str:
        """Ends the line, so that others may write."""
        if self._shown is None:
            return ""
        line = f"\r{self._tag}{self._shown}\n"
        self._shown, self._width = None, 0
        return line
