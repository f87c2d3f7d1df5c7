"""How much one call may print, and how much it may log: so much in all, and so much a second. Pure: the time is an
argument.

Of what is more, whole lines are left out, and how many is told. Once some were left out, all are for half a second: so
a flood comes in few long stretches, each with one line that says what is missing.
"""

from __future__ import annotations

from beamlike.kernel.record import frozen


@frozen
class Limits:
    """Characters that one call may write: in all (None: any number, as for what stays on a runner), and a second."""

    in_all: int | None = 1 << 20
    a_second: int = 256 << 10


LIMITS = Limits()
CLOSED_SECONDS = 0.5


class Bound:
    """Says of each text how much of it may go; `what` is what the texts are of, in words.

    >>> bound = Bound(Limits(a_second=10), now=0.0)
    >>> bound.admit("one\\ntwo\\nthree\\n", now=0.0)
    'one\\ntwo\\n'
    >>> bound.notice(now=0.0), bound.notice(now=9.0), bound.notice(now=9.0)
    ('', '... 1 line (6 characters) left out', '')
    """

    def __init__(self, limits: Limits, now: float, what: str = "") -> None:
        self._what = f" of {what}" if what else ""
        self._rate = limits.a_second
        self._in_all = limits.in_all
        self._room = float(limits.a_second)
        self._total = 0
        self._then = now
        self._opens_at = now
        self._is_used_up = False
        self._lines = 0
        self._characters = 0
        self._told_end = False

    def is_closed(self, now: float) -> bool:
        """Whether nothing may go now."""
        return self._is_used_up or now < self._opens_at

    @property
    def has_left_out(self) -> bool:
        """Whether something is to be told as soon as it may be, and not at the end only."""
        return self._characters > 0 and not self._told_end

    def admit(self, text: str, now: float) -> str:
        """What of `text` may go: whole lines, from the front. The rest is counted as left out."""
        if self.is_closed(now):
            self.leave_out(text)
            return ""
        self._room = min(float(self._rate), self._room + (now - self._then) * self._rate)
        self._then = now
        left = len(text) if self._in_all is None else self._in_all - self._total
        admitted = _whole_lines(text, min(left, int(self._room)))
        if len(admitted) < len(text):
            self._is_used_up = left < len(text) and left <= self._room
            self._opens_at = now + CLOSED_SECONDS
            self.leave_out(text[len(admitted) :])
        self._room -= len(admitted)
        self._total += len(admitted)
        return admitted

    def leave_out(self, text: str) -> None:
        """Counts what did not go."""
        self._lines += text.count("\n")
        self._characters += len(text)

    def notice(self, now: float, *, at_end: bool = False) -> str:
        """What is to be said of what was left out, once things may go again, or never will; "" for nothing."""
        if not self._characters or not (at_end or self._may_tell(now)):
            return ""
        words = f"... {_many(max(1, self._lines), 'line')} ({_size(self._characters)}){self._what} left out"
        if self._is_used_up and not self._told_end:
            self._told_end = True
            more = "" if at_end else ", and the rest will be, too"
            words += f": {_size(self._in_all or 0)} is all there may be{more}"
        self._lines = self._characters = 0
        return words

    def _may_tell(self, now: float) -> bool:
        return not self._told_end if self._is_used_up else not self.is_closed(now)


def _whole_lines(text: str, room: int) -> str:
    """As much from the front of `text` as there is room for."""
    return text if len(text) <= room else text[: text.rfind("\n", 0, max(0, room)) + 1]


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _size(characters: int) -> str:
    if characters < 1000:
        return _many(characters, "character")
    return f"{characters / 1000:.1f} kB" if characters < 1_000_000 else f"{characters / 1_000_000:.1f} MB"
