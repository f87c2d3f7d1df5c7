"""What a runner costs for a second, from a table that is data: `prices.toml` beside this file, or a user's own.

A machine is described by a mapping: `backend`, and what else its price depends on, such as `size` or `cpu_kind`, `cpus`
and `memory_mb`, and `region`. A description that no entry covers in full has no price; a number is never guessed, and
whoever would show money shows runner-seconds then.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from datetime import date
from importlib import resources
from pathlib import Path
from typing import TypeAlias

from beamlike.kernel.record import frozen
from flame import price_file
from flame.price_file import Entry, Factors, Flat, Sizes, Table

VARIABLE = "BEAMLIKE_PRICES"
"""Names a file of prices that go before the ones that come with this package."""
COSTLY = ("gpu_kind", "gpus", "spot")
"""What changes the price of a machine of the same size: an entry that says nothing of it does not cover it."""

Machine: TypeAlias = Mapping[str, object]


@frozen
class Price:
    usd_per_second: float
    source: str = ""
    as_of: date | None = None

    @property
    def usd_per_hour(self) -> float:
        return self.usd_per_second * 3600


@frozen
class Prices:
    """Prices of machines. Of several entries that cover a machine the last counts.

    >>> prices = Prices.shipped()
    >>> price = prices.price_of({"backend": "fly", "size": "performance-1x", "region": "fra"})
    >>> round(price.usd_per_hour, 4), str(price.as_of)
    (0.0529, '2026-10-09')
    >>> prices.price_of({"backend": "kubernetes"}) is None
    True
    >>> prices.with_price(backend="kubernetes", usd_per_hour=0.9).price_of({"backend": "kubernetes"}).usd_per_second
    0.00025
    """

    entries: tuple[Entry, ...] = ()
    factors: Factors = field(default_factory=dict)
    sizes: Sizes = field(default_factory=dict)

    @classmethod
    def shipped(cls) -> Prices:
        """The prices that come with this package."""
        text = resources.files("flame").joinpath("prices.toml").read_text("utf-8")
        return cls._of(price_file.parse(text, "flame/prices.toml"))

    @classmethod
    def load(cls, path: str | Path) -> Prices:
        """The prices of a file like flame/prices.toml, and no others. ValueError names the file and the key."""
        try:
            text = Path(path).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"prices file {path} cannot be read: {error}") from error
        return cls._of(price_file.parse(text, str(path)))

    @classmethod
    def known(cls, environ: Mapping[str, str] = os.environ) -> Prices:
        """What comes with this package, and before that what the file says that BEAMLIKE_PRICES names."""
        path = environ.get(VARIABLE)
        return cls.shipped().overlaid(cls.load(path)) if path else cls.shipped()

    def overlaid(self, above: Prices) -> Prices:
        """These prices, and before them the ones of `above`."""
        return Prices(
            self.entries + above.entries,
            {**self.factors, **above.factors},
            {**self.sizes, **above.sizes},
        )

    def with_price(self, *, usd_per_hour: float, source: str = "the program", **machine: str | int) -> Prices:
        """These prices, and before them one for all machines of which the description has these keys.

        Raises TypeError or ValueError where the price is no number of 0 or more, or no key is given.
        """
        if not machine:
            raise ValueError('with_price(...): expected keys of a machine, such as backend="kubernetes", got none')
        price = price_file.number("with_price(...): usd_per_hour", usd_per_hour)
        entry = Entry(dict(machine), source, None, Flat(price / 3600))
        return replace(self, entries=(*self.entries, entry))

    def price_of(self, machine: Machine) -> Price | None:
        """The price of a machine, or None where no entry covers all that its price depends on."""
        full = self._with_size(machine)
        for entry in reversed(self.entries):
            if entry.fits(full) and (usd := self._usd_per_second(entry, full)) is not None:
                return Price(usd, entry.source, entry.as_of)
        return None

    def _usd_per_second(self, entry: Entry, machine: Machine) -> float | None:
        rate = entry.rate
        if isinstance(rate, Flat):
            return rate.usd_per_second
        cpus, memory_mb = machine.get("cpus"), machine.get("memory_mb")
        factor = 1.0 if rate.factors is None else self.factors.get((rate.factors, str(machine.get("region"))))
        if not isinstance(cpus, int) or not isinstance(memory_mb, int) or factor is None:
            return None
        if any(machine.get(key) and key not in entry.machine for key in COSTLY):
            return None
        further_gb = max(0.0, memory_mb / 1024 - cpus * rate.gb_per_cpu)
        return (cpus * rate.usd_per_cpu_second + further_gb * rate.usd_per_further_gb_second) * factor

    def _with_size(self, machine: Machine) -> Machine:
        named = self.sizes.get((str(machine.get("backend")), str(machine.get("size"))), {})
        return {**named, **{key: value for key, value in machine.items() if value is not None}}

    @classmethod
    def _of(cls, table: Table) -> Prices:
        return cls(table.entries, table.factors, table.sizes)


def price_of(machine: Machine, prices: Prices | None = None) -> Price | None:
    """The price of a machine by `prices`, or by those that are known here.

    >>> price_of({"backend": "local"}).usd_per_second
    0.0
    """
    return (prices or Prices.known()).price_of(machine)


def dearest(machines: Iterable[Machine], prices: Prices | None = None) -> Price | None:
    """The highest price of these, any of which a pool may get, or None where one of them is not known.

    >>> sizes = [{"backend": "fly", "size": f"shared-cpu-{cpus}x", "region": "fra"} for cpus in (1, 8)]
    >>> dearest(sizes) == price_of(sizes[1]), dearest([*sizes, {"backend": "fly"}])
    (True, None)
    """
    table = prices or Prices.known()
    found = [table.price_of(machine) for machine in machines]
    known = [price for price in found if price is not None]
    return max(known, key=lambda price: price.usd_per_second) if known and len(known) == len(found) else None


def price_of_backend(backend: object) -> Price | None:
    """The price of a machine of this backend: what it was told as its `price_per_hour`, or else by the prices known;
    where it may be one of several (`priced_as`), that of the dearest.

    >>> import nodes
    >>> price_of_backend(nodes.Kubernetes(image="child:1", price_per_hour=0.9)).usd_per_second
    0.00025
    """
    told: float | None = getattr(backend, "price_per_hour", None)
    if told is not None:
        return Price(told / 3600, "the backend's price_per_hour")
    return dearest(getattr(backend, "priced_as", None) or [{"backend": type(backend).__name__.lower()}])
