"""What a pool's runners have used: seconds, and money where the prices are known. Frozen, and times are arguments.

A runner is entered when its boot begins and struck out when its machine is gone: in between somebody may pay for it.
"""

from __future__ import annotations

from dataclasses import replace

from beamlike.kernel.record import frozen
from flame.prices import Price
from flame.words import amount, counted, dollars


@frozen
class Running:
    runner: int
    since: float
    usd_per_second: float | None


@frozen
class Ledger:
    """Runners' starts and ends as runner-seconds and money. Times are the pool's clock, in seconds.

    >>> ledger = Ledger().started(1, 0.0, Price(0.001)).started(2, 10.0, Price(0.001)).stopped(1, 20.0)
    >>> ledger.seconds(30.0), ledger.usd(30.0), round(ledger.usd_per_hour, 2)
    (40.0, 0.04, 3.6)
    >>> print(ledger.started(3, 30.0, None).in_words(30.0))
    40 runner-seconds
    """

    running: tuple[Running, ...] = ()
    past_seconds: float = 0.0
    """Of the runners that are gone."""
    past_usd: float | None = 0.0
    """None once one was gone of which the price was not known."""

    def started(self, runner: int, at: float, price: Price | None) -> Ledger:
        """With a runner that costs `price` from now on. ValueError if it is entered already."""
        if any(other.runner == runner for other in self.running):
            raise ValueError(f"the ledger has runner {runner} already: each runner needs a number of its own")
        entry = Running(runner, at, None if price is None else price.usd_per_second)
        return replace(self, running=(*self.running, entry))

    def stopped(self, runner: int, at: float) -> Ledger:
        """Without a runner, which has cost what it cost; one that is not entered changes nothing."""
        gone = next((entry for entry in self.running if entry.runner == runner), None)
        if gone is None:
            return self
        usd = _usd(gone, at)
        return Ledger(
            tuple(entry for entry in self.running if entry is not gone),
            self.past_seconds + _seconds(gone, at),
            None if usd is None or self.past_usd is None else self.past_usd + usd,
        )

    def seconds(self, at: float) -> float:
        """Runner-seconds until `at`."""
        return self.past_seconds + sum(_seconds(entry, at) for entry in self.running)

    def usd(self, at: float) -> float | None:
        """Dollars until `at`; None if the price of any runner is not known."""
        spent = [self.past_usd, *(_usd(entry, at) for entry in self.running)]
        return None if None in spent else sum(usd for usd in spent if usd is not None)

    @property
    def usd_per_second(self) -> float | None:
        """What the runners that there are cost together; None if the price of any is not known."""
        rates = [entry.usd_per_second for entry in self.running]
        return None if None in rates else sum(rate for rate in rates if rate is not None)

    @property
    def usd_per_hour(self) -> float | None:
        rate = self.usd_per_second
        return None if rate is None else rate * 3600

    def in_words(self, at: float) -> str:
        """What was used, for a person: money where all prices are known, and time in any case."""
        seconds = self.seconds(at)
        time = "1 runner-second" if seconds == 1 else f"{amount(seconds)} runner-seconds"
        usd = self.usd(at)
        return time if usd is None else f"{dollars(usd)} ({time})"

    def rate_in_words(self) -> str:
        """What it costs to go on like this.

        >>> Ledger().started(1, 0.0, Price(0.001)).rate_in_words(), Ledger().started(1, 0.0, None).rate_in_words()
        ('$3.60 an hour', '1 runner')
        """
        rate = self.usd_per_hour
        return counted(len(self.running), "runner") if rate is None else f"{dollars(rate)} an hour"


def _seconds(entry: Running, at: float) -> float:
    return max(0.0, at - entry.since)


def _usd(entry: Running, at: float) -> float | None:
    return None if entry.usd_per_second is None else _seconds(entry, at) * entry.usd_per_second
