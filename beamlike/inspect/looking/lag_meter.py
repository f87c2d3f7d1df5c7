"""Measures how late an event loop is, and where it stood when it was late, while somebody looks at it.

The heartbeat's thread asks the loop to call back, twenty times a second; how long that takes is a lag. A loop that has
not called back for a while is looked at: who runs there, and how it came there. So no thread is added, and nothing at
all goes on when nobody has looked for a minute. C code that holds the interpreter lock keeps the heartbeat's thread
from running as well: then that thread comes late while the loop's computes, which is a stall, too.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from contextvars import Context
from typing import Any, Final, Protocol
from weakref import WeakKeyDictionary

from beamlike.inspect.facts import LoopFacts, StallFacts
from beamlike.inspect.looking.lag_histogram import Lags, Lately, Worst
from beamlike.kernel.threads.stall import Stall, look
from beamlike.kernel.threads.watchdog import Watch

EVERY: Final = 0.05
LEASE: Final = 60.0
"""Seconds after the last look: a scraper of metrics comes each 15 or 30."""
LATE: Final = 0.05
"""Seconds of a lag from which on it is a stall, with a stack."""


class Moments(Protocol):
    """A thread that calls functions, the heartbeat's."""

    def call(self, function: Callable[[], None]) -> None: ...
    def call_later(self, seconds: float, function: Callable[[], None]) -> Any: ...


class LagMeter:
    """Of one loop. `look` is for the loop's thread."""

    def __init__(self, watch: Watch, moments: Moments) -> None:
        self._watch = watch
        self._moments = moments
        self._context = Context()
        self._lags = Lags()
        self._lately = Lately()
        self._worst = Worst()
        self._goes_on = False
        self._began = self._ends = 0.0
        self._due = self._computed = 0.0
        # When the loop was asked to call back, and has not done so yet.
        self._asked: float | None = None
        self._next_look = LATE
        self._seen: StallFacts | None = None
        self.pauses = GcPauses()

    def look(self) -> LoopFacts:
        """What was measured so far; and it goes on."""
        now = time.monotonic()
        self._ends = now + LEASE
        if not self._goes_on:
            self._begin(now)
        loop = self._watch.loop
        return LoopFacts(
            thread=self._watch.thread.name,
            kind=f"{type(loop).__module__.partition('.')[0]}.{type(loop).__qualname__}",
            debug=loop.get_debug(),
            measured=now - self._began,
            lags=self._lags.facts,
            worst=self._worst.stalls,
            stall=_facts(self._watch.now()),
        )

    @property
    def goes_on(self) -> bool:
        return self._goes_on

    @property
    def lag(self) -> float:
        """The longest of late: a stall that is over is no longer how the loop is."""
        return self._lately.longest(time.monotonic())

    def _begin(self, now: float) -> None:
        self._goes_on = True
        self._began, self._due = now, now + EVERY
        self._lags, self._lately, self._worst = Lags(), Lately(), Worst()
        self._asked = self._seen = None
        self.pauses.begin()
        self._moments.call(self._start)

    # In the heartbeat's thread.

    def _start(self) -> None:
        self._computed = self._watch.computed
        self._due = time.monotonic() + EVERY
        self._moments.call_later(EVERY, self._tick)

    def _tick(self) -> None:
        now = time.monotonic()
        if now >= self._ends or self._watch.loop.is_closed():
            self._goes_on = False
            self.pauses.end()
            return
        before, self._computed = self._computed, self._watch.computed
        seen = look(EVERY + now - self._due, EVERY, self._computed - before)
        if self._asked is None:
            if seen.lock_held and seen.seconds >= LATE:
                self._lags.add(seen.seconds)
                self._lately.add(seen.seconds, now)
                self._worst.add(self._sight(seen.seconds))
            self._ask(now)
        elif now - self._asked >= self._next_look:
            self._next_look = 2 * (now - self._asked)
            self._seen = self._sight(now - self._asked)
        self._due = now + EVERY
        self._moments.call_later(EVERY, self._tick)

    def _ask(self, now: float) -> None:
        self._asked = now
        self._next_look = LATE
        try:
            self._watch.loop.call_soon_threadsafe(self._answer, context=self._context)
        except RuntimeError:  # it was closed just now; the next tick sees that
            self._asked = None

    def _sight(self, seconds: float) -> StallFacts:
        running = self._watch.runs_now
        who = " ".join(filter(None, (str(running.pid) if running.pid else "", running.name or "")))
        return StallFacts(time.time() - seconds, seconds, who or "a callback", running.where.place, running.where.stack)

    # In the loop's.

    def _answer(self) -> None:
        asked, self._asked = self._asked, None
        seen, self._seen = self._seen, None
        if asked is None:
            return
        now = time.monotonic()
        lag = now - asked
        self._lags.add(lag)
        self._lately.add(lag, now)
        if lag >= LATE:
            at = time.time() - lag
            self._worst.add(
                StallFacts(at, lag, seen.who, seen.place, seen.stack)
                if seen is not None
                else StallFacts(at, lag, "over before it was looked at", None)
            )


class GcPauses:
    """How long the garbage collector keeps the program from running, while that is measured."""

    def __init__(self) -> None:
        self.count = 0
        self.seconds = self.longest = 0.0
        self._since = 0.0

    def begin(self) -> None:
        self.count = 0
        self.seconds = self.longest = 0.0
        gc.callbacks.append(self._heard)

    def end(self) -> None:
        if self._heard in gc.callbacks:
            gc.callbacks.remove(self._heard)

    def _heard(self, phase: str, _info: dict[str, int]) -> None:
        if phase == "start":
            self._since = time.perf_counter()
        elif self._since:
            took = time.perf_counter() - self._since
            self.count += 1
            self.seconds += took
            self.longest = max(self.longest, took)


def _facts(stall: Stall | None) -> StallFacts | None:
    if stall is None:
        return None
    who = " ".join(filter(None, (str(stall.pid) if stall.pid else "", stall.name or "", stall.function or "")))
    return StallFacts(time.time() - stall.seconds, stall.seconds, who or "a callback", stall.place, stall.stack)


meters: WeakKeyDictionary[Watch, LagMeter] = WeakKeyDictionary()


def meter_of(watch: Watch, moments: Moments) -> LagMeter:
    meter = meters.get(watch)
    if meter is None:
        meter = meters[watch] = LagMeter(watch, moments)
    return meter
