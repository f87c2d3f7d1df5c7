"""What is measured, and on what it is compared. A case has an interpreter to itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.bench.code import w11_ship
from tests.bench.distribution import w6_remote_call, w7_throughput, w8_head_of_line
from tests.bench.kernel import growth, w1_idle, w1_spawn, w2_ping_pong, w3_ring, w4_fan_in, w5_call, w10_deaths
from tests.bench.kernel.sizes import Sizes
from tests.bench.lines import Figure

Measure = Callable[[Figure, Sizes], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    ours: Measure
    limit: Measure | None = None
    erlang: str | None = None
    """The peers' module that measures the same, and maybe more."""
    tuned: bool = False
    """Whether what the garbage collector does matters: then also in an interpreter tuned as those that we start."""


ALL = (
    Case("w1_spawn", w1_spawn.ours, w1_spawn.limit, "w01_erl", tuned=True),
    Case("w1_idle_100k", w1_idle.ours_100k, w1_idle.limit_100k, tuned=True),
    Case("w1_idle_1M", w1_idle.ours_1m, w1_idle.limit_1m, tuned=True),
    Case("w2_ping_pong", w2_ping_pong.ours, w2_ping_pong.limit, "w02_erl"),
    Case("w3_ring", w3_ring.ours, w3_ring.limit, "w03_erl"),
    Case("w4_fan_in", w4_fan_in.ours, w4_fan_in.limit, "w04_erl", tuned=True),
    Case("w5_call", w5_call.ours, w5_call.limit, "w05_erl"),
    Case("w10_deaths", w10_deaths.ours, w10_deaths.limit, "w10_erl", tuned=True),
    Case("w6_remote_call", w6_remote_call.ours, w6_remote_call.limit, "w06_erl"),
    Case("w7_throughput", w7_throughput.ours, w7_throughput.limit, "w07_erl"),
    Case("w8_head_of_line", w8_head_of_line.ours, None, "w08_erl"),
    Case("w11_ship", w11_ship.ours, None, "w11_erl"),
    Case("growth_idle", growth.beside_idle_processes, tuned=True),
    Case("growth_backlog", growth.behind_a_backlog, tuned=True),
    Case("growth_deaths", growth.of_many_deaths, tuned=True),
)
BY_NAME = {case.name: case for case in ALL}


def chosen(prefixes: list[str]) -> list[Case]:
    """The cases whose names begin so, "w1" meaning no w10; all if nothing is asked for; ValueError for no such case."""
    unknown = [prefix for prefix in prefixes if not any(begins(case, prefix) for case in ALL)]
    if unknown:
        known = ", ".join(BY_NAME)
        raise ValueError(f"expected beginnings of {known}, got {', '.join(unknown)}")
    return [case for case in ALL if not prefixes or any(begins(case, prefix) for prefix in prefixes)]


def begins(case: Case, prefix: str) -> bool:
    return f"{case.name}_".startswith(f"{prefix}_")
