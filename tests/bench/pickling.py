"""What a function of a cell costs to pickle, and in bytes, beside cloudpickle: `python -m tests.bench.pickling`.

new          the first time that it is sent to anybody; its cell has been sent before
new_told     with what goes ahead of it: whether modules have changed since, and what the other side lacks
again        as it is sent from then on, with the same
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import cloudpickle

from beamlike.code.codec import CodeCodec
from beamlike.distribution.terms_codec import Encoded
from tests.bench.code.cell import cell
from tests.bench.lines import emit

TIMES = 2000


def main() -> None:
    with cell() as names:
        codec, make = CodeCodec("bench@127.0.0.1"), names["closure"]
        codec.encode(make(b"x"))
        measure("new", lambda: make(b"x"), lambda function: len(codec.draft(function, alone=False).body))
        measure("new_told", lambda: make(b"x"), lambda function: size_of(codec.encode(function)))
        function = make(b"x")
        for _ in range(3):
            codec.encode(function)
        measure("again", lambda: function, lambda function: size_of(codec.encode(function)))


def size_with_cloudpickle(function: Any) -> int:
    pickled: bytes = cloudpickle.dumps(function)
    return len(pickled)


def size_of(encoded: Encoded) -> int:
    return len(encoded.data) + len(encoded.ahead or b"")


def measure(metric: str, make: Callable[[], Any], ours: Callable[[Any], int]) -> None:
    """In turn, so that both see the same machine."""
    ways = {"beamlike": ours, "cloudpickle": size_with_cloudpickle}
    samples: dict[str, list[float]] = {system: [] for system in ways}
    sizes: dict[str, int] = {}
    for _ in range(TIMES):
        function = make()
        for system, pickled in ways.items():
            began = time.perf_counter()
            sizes[system] = pickled(function)
            samples[system].append(time.perf_counter() - began)
    for system, taken in samples.items():
        emit(system, "pickling", metric, "us", statistics.median(taken) * 1e6, n=TIMES)
        emit(system, "pickling", f"{metric}_size", "B", sizes[system], n=TIMES)


if __name__ == "__main__":
    main()
