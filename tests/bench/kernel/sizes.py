"""How much of each thing a run does: as much as the Erlang programs it is compared with where time allows, rates
being rates; what differs stands in the comment, and in `params` of every line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    spawns: int = 100_000  # Erlang: 1,000,000
    churn: int = 1000
    idle: int = 100_000
    idle_many: int = 1_000_000
    round_trips: int = 200_000  # Erlang: 1,000,000
    ring: int = 1000
    laps_of_one: int = 100  # Erlang: 1000
    tokens: int = 100
    laps_of_many: int = 10  # Erlang: 100
    producers: int = 1000
    each: int = 1000
    queued: int = 1_000_000
    calls: int = 300_000  # Erlang: 500,000
    latencies: int = 100_000
    deaths: int = 10_000
    repeats: int = 5
    few: int = 10
    many: int = 1_000_000
    asked_beside: int = 20_000
    watched: tuple[int, ...] = (1000, 10_000, 100_000)
    remote_calls: int = 20_000
    one_way: int = 500_000
    large: int = 64 << 20
    shipped: int = 2000  # Erlang: 100 with a megabyte, 2000 small ones


FULL = Sizes()
TINY = Sizes(
    spawns=100,
    churn=10,
    idle=100,
    idle_many=200,
    round_trips=10,
    ring=10,
    laps_of_one=2,
    tokens=3,
    laps_of_many=2,
    producers=3,
    each=3,
    queued=100,
    calls=10,
    latencies=10,
    deaths=10,
    repeats=2,
    many=100,
    asked_beside=10,
    watched=(10, 20, 30),
    remote_calls=100,
    one_way=100,
    large=1 << 20,
    shipped=10,
)
"""For a test that the benchmarks still run."""
