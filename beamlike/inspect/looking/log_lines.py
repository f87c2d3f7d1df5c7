"""What the service logs, live: a handler that is there only while somebody follows, and takes only so many a second.

It changes no level and no other handler, so what the service's own levels keep back is not seen. Messages are put
together without a line of the user's code: an argument of a class of the user's is named, not asked for its text.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from beamlike.inspect.facts import LogLine
from beamlike.inspect.tracing.shown import shown
from beamlike.kernel.threads.thread_stack import Place

KEPT: Final = 1000
"""Lines that wait to be fetched; of more the oldest are lost."""
LONGEST: Final = 4000
_PLAIN: Final = (str, int, float, bool, type(None))


class LogFollower(logging.Handler):
    """`fetch` is for one task of the loop in which it was made; records may come from any thread."""

    def __init__(self, level: int, logger: str, per_second: int) -> None:
        super().__init__()
        self._from = level
        self._loop = asyncio.get_running_loop()
        self._per_second = per_second
        self._lines: deque[LogLine] = deque()
        self._second = 0
        self._taken = 0
        self._lost = 0
        self._come = asyncio.Event()
        self._told = False
        self._on = _listening(logger)
        for each in self._on:
            each.addHandler(self)

    def leave(self) -> None:
        """Leaves each logger as it was; a second call does nothing."""
        for each in self._on:
            each.removeHandler(self)
        self._on = []
        self.close()

    async def fetch(self, seconds: float) -> tuple[LogLine, ...]:
        """What has come, after `seconds` at the latest."""
        if not self._lines:
            self._come.clear()
            self._told = False
            try:
                async with asyncio.timeout(seconds):
                    await self._come.wait()
            except TimeoutError:
                pass
        found: list[LogLine] = []
        while self._lines and len(found) < KEPT:
            found.append(self._lines.popleft())
        if not found and self._lost:
            found.append(self._gap())
        return tuple(found)

    def _gap(self) -> LogLine:
        """Lines were lost, and no other has come that could say so."""
        lost, self._lost = self._lost, 0
        words = f"{lost} lines came too fast to be followed"
        return LogLine(time.time(), "WARNING", "beamlike.inspect", words, None, "", lost=lost)

    # In the thread of whoever logs.

    def emit(self, record: logging.LogRecord) -> None:
        self._keep_last_resort(record)
        if record.levelno < self._from:
            return
        second = int(record.created)
        if second != self._second:
            self._second, self._taken = second, 0
        if self._taken >= self._per_second or len(self._lines) >= KEPT:
            self._lost += 1
            return
        self._taken += 1
        lost, self._lost = self._lost, 0
        self._lines.append(line_of(record, lost))
        if not self._told:
            self._told = True
            try:
                self._loop.call_soon_threadsafe(self._come.set)
            except RuntimeError:  # the loop was closed under whoever followed
                self.leave()

    def _keep_last_resort(self, record: logging.LogRecord) -> None:
        """Where nobody has set up logging, warnings go to standard error, for as long as there is no handler. To those,
        one that only follows does not count: its service goes on to say what it said."""
        last = logging.lastResort
        if last is not None and record.levelno >= last.level and _first_of_none_but_followers(record.name) is self:
            last.handle(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """Nobody but who follows is to hear of it, and they see that a line is missing."""
        self._lost += 1


def _first_of_none_but_followers(name: str) -> LogFollower | None:
    """Of those that a record of this logger comes to; None if there are other handlers."""
    known = logging.root.manager.loggerDict.get(name)
    each: logging.Logger | None = known if isinstance(known, logging.Logger) else logging.root
    first: LogFollower | None = None
    while each is not None:
        for handler in tuple(each.handlers):
            if not isinstance(handler, LogFollower):
                return None
            first = first or handler
        each = each.parent if each.propagate else None
    return first


def _listening(name: str) -> list[logging.Logger]:
    """The logger itself, and each below it that does not hand on what it gets."""
    top = logging.getLogger(name) if name else logging.getLogger()
    prefix = f"{name}." if name else ""
    below = [
        it
        for known, it in tuple(logging.root.manager.loggerDict.items())
        if isinstance(it, logging.Logger) and not it.propagate and known.startswith(prefix) and it is not top
    ]
    return [top, *below]


def line_of(record: logging.LogRecord, lost: int = 0) -> LogLine:
    """
    >>> record = logging.LogRecord("shop", logging.INFO, "/srv/shop.py", 7, "%s sold", ("tea",), None, "sell")
    >>> line_of(record).message, line_of(record).level
    ('tea sold', 'INFO')
    """
    return LogLine(
        at=record.created,
        level=str(record.levelname),
        logger=str(record.name),
        message=_message(record)[:LONGEST],
        place=Place(str(record.pathname), int(record.lineno or 0), str(record.funcName or ""), ""),
        thread=str(record.threadName or ""),
        error=_error(record)[:LONGEST],
        lost=lost,
    )


def _message(record: logging.LogRecord) -> str:
    text = record.msg if type(record.msg) is str else shown(record.msg, LONGEST)
    if not record.args:
        return text
    args: Any = record.args
    safe: Any = {key: _plain(it) for key, it in args.items()} if type(args) is dict else tuple(map(_plain, args))
    try:
        return str(text % safe)
    except (TypeError, ValueError, KeyError):  # as for "%d" of an object of the user's
        return f"{text} {shown(args, LONGEST)}"


def _plain(value: Any) -> Any:
    if type(value) in _PLAIN:
        return value
    if isinstance(value, BaseException):
        return _words(value)
    return _Shown(shown(value, LONGEST))


class _Shown:
    """Has one text, whatever it is asked for."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def _words(error: BaseException) -> str:
    args = BaseException.__dict__["args"].__get__(error)
    return f"{type(error).__name__}({', '.join(shown(it, 200) for it in args)})"


def _error(record: logging.LogRecord) -> str:
    info = record.exc_info
    if not isinstance(info, tuple) or info[1] is None:
        return ""
    frames = []
    trace = info[2]
    while trace is not None:
        frames.append(f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno} in {trace.tb_frame.f_code.co_qualname}")
        trace = trace.tb_next
    return "\n".join([*frames[-20:], _words(info[1])])


LEASE: Final = 10.0
"""Seconds without a fetch after which a follower is taken for gone."""
MOST: Final = 16


class Followers:
    """Who follows, by the word that each has chosen for itself; who has not come for LEASE is dropped."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._followers: dict[str, tuple[LogFollower, float]] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def fetch(self, who: str, level: int, logger: str, per_second: int, seconds: float) -> tuple[LogLine, ...]:
        """ValueError if there are too many already."""
        known = self._followers.get(who)
        if known is None:
            if len(self._followers) >= MOST:
                raise ValueError(f"expected at most {MOST} who follow the log of a node at a time; they are all there")
            follower = LogFollower(level, logger, per_second)
            self._look_later()
        else:
            follower = known[0]
        self._followers[who] = (follower, self._clock() + seconds + LEASE)
        return await follower.fetch(seconds)

    def leave(self, who: str) -> None:
        known = self._followers.pop(who, None)
        if known is not None:
            known[0].leave()

    def leave_all(self) -> None:
        for who in tuple(self._followers):
            self.leave(who)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look_later(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LEASE / 2, self._look)

    def _look(self) -> None:
        self._timer = None
        now = self._clock()
        for who, (_, until) in tuple(self._followers.items()):
            if until < now:
                self.leave(who)
        if self._followers:
            self._look_later()
