"""Medians and ratios of lines that were measured: `python -m tests.bench.kernel.table FILE...`, Markdown tables.

A row is a figure of ours. What it is compared with was measured in the same round; a ratio is the median over rounds of
our value by the other's: for rates ("/s") above 1 is better, for times and bytes below 1. Samples taken while others
used the machine (see `foreign`) are left out where three clean ones remain; "~" marks a median that had to use them.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.kernel.foreign import QUIET

REFERENCES = ("limit:asyncio", "limit:uvloop", "erlang")
OURS = ("figure", "unit", "system", "median", "range", "n")
THEIRS = (*REFERENCES, *(f"by {name}" for name in REFERENCES))
ENOUGH = 3
Line = Mapping[str, Any]
Round = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Samples:
    """The value of each round, and whether all of them are clean."""

    rounds: dict[Round, float]
    clean: bool

    @property
    def median(self) -> float:
        return median(self.rounds.values())

    def by(self, other: Samples) -> float:
        """The median ratio over rounds that both have; of medians where they have none in common."""
        common = [ours / other.rounds[at] for at, ours in self.rounds.items() if other.rounds.get(at)]
        return median(common) if common else self.median / other.median


def samples(lines: Iterable[Line]) -> Samples:
    """Of one figure of one system."""
    every, clean = defaultdict(list), defaultdict(list)
    for line in lines:
        at = (line.get("run", ""), line["round"])
        every[at].append(line["value"])
        if line["foreign_cpu"] <= QUIET:
            clean[at].append(line["value"])
    enough = len(clean) >= min(ENOUGH, len(every))
    return Samples({at: median(values) for at, values in (clean if enough else every).items()}, enough)


def rows(lines: Iterable[Line]) -> list[tuple[str, ...]]:
    """In the order in which the figures were first seen."""
    figures: dict[tuple[str, str], dict[str, list[Line]]] = {}
    for line in lines:
        systems = figures.setdefault((f"{line['workload']}.{line['metric']}", line["unit"]), {})
        systems.setdefault(line["system"], []).append(line)
    return [
        row(figure, unit, system, {name: samples(found) for name, found in systems.items()})
        for (figure, unit), systems in figures.items()
        for system in systems
        if system not in REFERENCES
    ]


def row(figure: str, unit: str, system: str, of: Mapping[str, Samples]) -> tuple[str, ...]:
    ours = of[system]
    others = [of.get(name) for name in REFERENCES]
    values = ours.rounds.values()
    return (
        figure,
        unit,
        system,
        shown(ours),
        f"{short(min(values))} .. {short(max(values))}",
        str(len(values)),
        *(shown(other) if other else "" for other in others),
        *(f"{ours.by(other):.2f}" if other else "" for other in others),
    )


def shown(figures: Samples) -> str:
    return short(figures.median) + ("" if figures.clean else "~")


def short(value: float) -> str:
    if value >= 1e6:
        return f"{value / 1e6:.2f}M"
    if value >= 1e4:
        return f"{value / 1e3:.0f}k"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def markdown(found: Iterable[tuple[str, ...]]) -> str:
    """What is compared with something, then what is not."""
    compared, alone = [], []
    for cells in found:
        if any(cells[len(OURS) :]):
            compared.append(cells)
        else:
            alone.append(cells[: len(OURS)])
    tables = [((*OURS, *THEIRS), compared), (OURS, alone)]
    return "\n\n".join(laid_out(header, cells) for header, cells in tables if cells)


def laid_out(header: tuple[str, ...], found: list[tuple[str, ...]]) -> str:
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (header, ("---",) * len(header), *found))


def read(path: Path) -> list[Line]:
    """Rounds of one file are compared with each other, not with those of another."""
    return [{**json.loads(text), "run": str(path)} for text in path.read_text().splitlines() if text.startswith("{")]


if __name__ == "__main__":
    print(markdown(rows([line for path in sys.argv[1:] for line in read(Path(path))])))
