"""A file of prices, as text to values. Whatever is wrong is named by file and key; nothing is left out silently.

The form is described in `prices.toml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import TypeAlias

from beamlike.kernel.record import frozen

KEYS = ("as_of", "currency", "price", "factors", "sizes")
SIZED_KEYS = ("usd_per_cpu_second", "gb_per_cpu", "usd_per_further_gb_second")
PRICE_KEYS = ("machine", "source", "as_of", "usd_per_hour", *SIZED_KEYS, "factors")

Toml: TypeAlias = Mapping[str, object]
Factors: TypeAlias = Mapping[tuple[str, str], float]
"""(name of the table, region) -> factor"""
Sizes: TypeAlias = Mapping[tuple[str, str], Toml]
"""(backend, name of the size) -> keys of a description"""


@frozen
class Flat:
    usd_per_second: float


@frozen
class Sized:
    usd_per_cpu_second: float
    gb_per_cpu: float
    usd_per_further_gb_second: float
    factors: str | None


@frozen
class Entry:
    """A price, and the keys of a description for which it holds."""

    machine: Toml
    source: str
    as_of: date | None
    rate: Flat | Sized

    def fits(self, machine: Toml) -> bool:
        return all(key in machine and machine[key] == value for key, value in self.machine.items())


@frozen
class Table:
    entries: tuple[Entry, ...]
    factors: Factors
    sizes: Sizes


def parse(text: str, name: str) -> Table:
    """The prices in `text`; `name` is the file's, for errors.

    >>> parse("[[price]]\\nmachine = {backend = 'fly'}\\nusd_per_hour = 'cheap'", "p.toml")
    Traceback (most recent call last):
        ...
    ValueError: prices file p.toml: price[0].usd_per_hour must be a number, 0 or more, got 'cheap'
    """
    try:
        return _table(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"prices file {name} is not TOML: {error}") from error
    except (TypeError, ValueError) as error:
        raise ValueError(f"prices file {name}: {error}") from error


def number(key: str, value: object) -> float:
    """`value`, which is a finite number of 0 or more; else TypeError or ValueError."""
    expected = f"{key} must be a number, 0 or more, got {value!r}"
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(expected)
    if not 0 <= value < float("inf"):
        raise ValueError(expected)
    return float(value)


def _table(toml: Toml) -> Table:
    _only(KEYS, "the file", toml)
    if toml.get("currency", "USD") != "USD":
        raise ValueError(f"currency must be 'USD', since caps are in dollars, got {toml['currency']!r}")
    as_of = _date("as_of", toml.get("as_of"))
    factors = dict(_factors(toml.get("factors", {})))
    entries = toml.get("price", [])
    if not isinstance(entries, list):
        raise TypeError(f"price must be written as [[price]] entries, got {entries!r}")
    tables = {table for table, _ in factors}
    return Table(
        tuple(_entry(f"price[{index}]", entry, as_of, tables) for index, entry in enumerate(entries)),
        factors,
        dict(_sizes(toml.get("sizes", {}))),
    )


def _entry(key: str, value: object, as_of: date | None, factors: set[str]) -> Entry:
    entry = _mapping(key, value)
    _only(PRICE_KEYS, key, entry)
    machine = _mapping(f"{key}.machine", entry.get("machine"))
    if not machine:
        raise ValueError(f'{key}.machine must have a key such as backend = "fly", got none')
    source = entry.get("source", "")
    if not isinstance(source, str):
        raise TypeError(f"{key}.source must be a text, got {source!r}")
    dated = _date(f"{key}.as_of", entry.get("as_of")) or as_of
    return Entry(dict(machine), source, dated, _rate(key, entry, factors))


def _rate(key: str, entry: Toml, factors: set[str]) -> Flat | Sized:
    sized = [name for name in (*SIZED_KEYS, "factors") if name in entry]
    if "usd_per_hour" in entry:
        if sized:
            raise ValueError(f"{key} must have either usd_per_hour or {', '.join(SIZED_KEYS)}, got also {sized[0]}")
        return Flat(number(f"{key}.usd_per_hour", entry["usd_per_hour"]) / 3600)
    per_cpu, gb, per_gb = (number(f"{key}.{name}", entry.get(name)) for name in SIZED_KEYS)
    table = entry.get("factors")
    if table is not None and (not isinstance(table, str) or table not in factors):
        known = ", ".join(sorted(factors)) or "none"
        raise ValueError(f"{key}.factors must name a table of [factors] ({known}), got {table!r}")
    return Sized(per_cpu, gb, per_gb, table)


def _factors(value: object) -> Iterator[tuple[tuple[str, str], float]]:
    for table, regions in _mapping("factors", value).items():
        for region, factor in _mapping(f"factors.{table}", regions).items():
            yield (table, region), number(f"factors.{table}.{region}", factor)


def _sizes(value: object) -> Iterator[tuple[tuple[str, str], Toml]]:
    for backend, sizes in _mapping("sizes", value).items():
        for size, machine in _mapping(f"sizes.{backend}", sizes).items():
            yield (backend, size), dict(_mapping(f"sizes.{backend}.{size}", machine))


def _mapping(key: str, value: object) -> Toml:
    if not isinstance(value, dict):
        raise TypeError(f"{key} must be a table, got {value!r}")
    return value


def _only(known: tuple[str, ...], key: str, table: Toml) -> None:
    for name in table:
        if name not in known:
            raise ValueError(f"{key} may have {', '.join(known)}, got {name!r}")


def _date(key: str, value: object) -> date | None:
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    raise TypeError(f"{key} must be a date such as 2026-10-09, got {value!r}")
