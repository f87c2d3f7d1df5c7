"""What a pool may use at most, and what that leaves: pure functions of the caps, the ledger and the time.

`room` says how many runners may be booted now, `hard_stop` when those that there are must end. A cap in dollars needs
prices: where one is not known, it leaves no room, since a pool that cannot tell what it spends cannot keep to a cap.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import floor

from beamlike.kernel.record import frozen
from flame.checks import check_above_zero, check_whole
from flame.ledger import Ledger
from flame.policies import TICK
from flame.prices import Price
from flame.words import amount, counted, dollars

ROUNDING = 1e-9
"""A cap of three times the price has room for three runners, whatever the floating point makes of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """What a pool may use at most; None means no limit. Raises TypeError or ValueError, which name the cap.

    >>> Caps(usd_per_hour=2.5, lifetime=3600)
    Caps(runners=None, runner_seconds=None, lifetime=3600, usd_per_hour=2.5, usd=None)
    """

    runners: int | None = None
    """Runners that exist at the same time."""
    runner_seconds: float | None = None
    """Seconds of all runners together, over the pool's life."""
    lifetime: float | None = None
    """Seconds that one runner may live; then it gets no more calls, and ends when those it has are done."""
    usd_per_hour: float | None = None
    """What all runners together may cost an hour."""
    usd: float | None = None
    """What all runners together may cost, over the pool's life."""

    def __post_init__(self) -> None:
        check_whole("caps: runners", self.runners, at_least=1, or_none=True)
        check_above_zero("caps: runner_seconds", self.runner_seconds, unit="seconds")
        check_above_zero("caps: lifetime", self.lifetime, unit="seconds")
        check_above_zero("caps: usd_per_hour", self.usd_per_hour, unit="dollars")
        check_above_zero("caps: usd", self.usd, unit="dollars")

    @property
    def need_price(self) -> bool:
        """Whether they mean nothing where a runner's price is not known."""
        return self.usd_per_hour is not None or self.usd is not None

    def ends_at(self, started: float) -> float | None:
        """When a runner that started at `started` has lived long enough."""
        return None if self.lifetime is None else started + self.lifetime


@frozen
class Room:
    runners: int | None
    """How many more may be booted now; None: the caps do not limit them."""
    why: str
    for_good: bool = False
    """Whether what is left only gets less."""


@frozen
class HardStop:
    due_in: float | None
    """Seconds until all runners must end if as many go on as now; 0: at once, None: never."""
    why: str


NO_LIMIT = Room(None, "no cap limits the runners")
NEVER = HardStop(None, "no cap ends the runners that there are")


def room(caps: Caps, ledger: Ledger, price: Price | None, at: float, least: float = 1.0) -> Room:
    """How many more runners of `price` may be booted at `at`, and which cap decides.

    `least` is how many seconds all of them together must be able to run, or the boots are not worth it.

    >>> ledger = Ledger().started(1, 0.0, None)
    >>> room(Caps(runners=3, runner_seconds=3600), ledger, None, at=10.0)
    Room(runners=2, why='the cap is 3 runners and there is 1', for_good=False)
    >>> room(Caps(runners=3, runner_seconds=3600), ledger, None, at=3599.5)
    Room(runners=0, why='the pool has used 3,599.5 of its 3,600 runner-seconds', for_good=True)
    """
    rooms = list(_rooms(caps, ledger, price, at, least))
    return min(rooms, key=lambda room: room.runners or 0) if rooms else NO_LIMIT


def hard_stop(caps: Caps, ledger: Ledger, at: float) -> HardStop:
    """When the runners that there are must end, whatever they do.

    >>> hard_stop(Caps(runner_seconds=100), Ledger().started(1, 0.0, None).started(2, 0.0, None), at=20.0)
    HardStop(due_in=30.0, why='the pool has used 40 of its 100 runner-seconds')
    """
    return min(_stops(caps, ledger, at), key=lambda stop: stop.due_in or 0.0, default=NEVER)


def _rooms(caps: Caps, ledger: Ledger, price: Price | None, at: float, least: float) -> Iterator[Room]:
    running = len(ledger.running)
    if caps.runners is not None:
        why = f"the cap is {counted(caps.runners, 'runner')} and there {'is' if running == 1 else 'are'} {running}"
        yield _room(caps.runners - running, why)
    if caps.runner_seconds is not None:
        left = caps.runner_seconds - ledger.seconds(at)
        yield _room(left / least - running, _seconds_used(caps.runner_seconds, ledger, at), for_good=True)
    if caps.need_price:
        yield from _rooms_for_money(caps, ledger, price, at, least)


def _rooms_for_money(caps: Caps, ledger: Ledger, price: Price | None, at: float, least: float) -> Iterator[Room]:
    rate, spent = ledger.usd_per_second, ledger.usd(at)
    if price is None or rate is None or spent is None:
        yield Room(0, _price_unknown(caps))
        return
    if caps.usd_per_hour is not None:
        left = caps.usd_per_hour / 3600 - rate
        why = f"the cap is {dollars(caps.usd_per_hour)} an hour, {ledger.rate_in_words()} is spent"
        yield from _affordable(left, price.usd_per_second, f"{why} and a runner costs {dollars(price.usd_per_hour)}")
    if caps.usd is not None:
        left = (caps.usd - spent) / least - rate
        yield from _affordable(left, price.usd_per_second, _money_spent(caps.usd, spent), for_good=True)


def _affordable(usd_per_second: float, each: float, why: str, *, for_good: bool = False) -> Iterator[Room]:
    """How many runners this pays for; what costs nothing is limited only where nothing is left."""
    if each > 0:
        yield _room(usd_per_second / each, why, for_good=for_good)
    elif usd_per_second < 0:
        yield Room(0, why, for_good)


def _room(runners: float, why: str, *, for_good: bool = False) -> Room:
    return Room(max(0, floor(runners + ROUNDING)), why, for_good)


def _stops(caps: Caps, ledger: Ledger, at: float) -> Iterator[HardStop]:
    if caps.runner_seconds is not None:
        left = caps.runner_seconds - ledger.seconds(at)
        yield from _stop(left, len(ledger.running), _seconds_used(caps.runner_seconds, ledger, at))
    if caps.usd is not None:
        rate, spent = ledger.usd_per_second, ledger.usd(at)
        if rate is None or spent is None:
            yield HardStop(0.0, _price_unknown(caps))
        else:
            yield from _stop(caps.usd - spent, rate, _money_spent(caps.usd, spent))


def _stop(left: float, per_second: float, why: str) -> Iterator[HardStop]:
    if left <= per_second * TICK:  # or a timer that is set for the rest would be set again and again
        yield HardStop(0.0, why)
    elif per_second > 0:
        yield HardStop(left / per_second, why)


def _seconds_used(cap: float, ledger: Ledger, at: float) -> str:
    return f"the pool has used {amount(ledger.seconds(at))} of its {amount(cap)} runner-seconds"


def _money_spent(cap: float, spent: float) -> str:
    return f"the pool has spent {dollars(spent)} of its {dollars(cap)}"


def _price_unknown(caps: Caps) -> str:
    cap = "usd_per_hour" if caps.usd_per_hour is not None else "usd"
    return (
        f"{cap} is capped and the price of a runner is not known: "
        "give it with Prices.with_price(...), or cap runner_seconds instead"
    )
