"""One JSON line per figure: system, workload, metric, unit, value, params. Units ending in "/s" are better when higher,
all others when lower."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Protocol


class Figure(Protocol):
    """`emit`, with the system that is measured filled in."""

    def __call__(self, workload: str, metric: str, unit: str, value: float, **params: object) -> None: ...


def emit(system: str, workload: str, metric: str, unit: str, value: float, **params: object) -> None:
    line = {
        "system": system,
        "workload": workload,
        "metric": metric,
        "unit": unit,
        "value": value,
        "params": params,
    }
    print(json.dumps(line), flush=True)


def percentile(samples: Sequence[float], q: float) -> float:
    """The q-th percentile (0..100), by nearest rank."""
    ordered = sorted(samples)
    return ordered[round(q / 100 * (len(ordered) - 1))]
