"""What a function of a cell costs to pickle, and in bytes, beside cloudpickle: `python -m tests.bench.pickling`.

new          the first time that it is sent to anybody; its cell has been sent before
again        as it is sent from then on
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
        measure("new", lambda: make(b"x"), codec.encode, cloudpickle.dumps)
        function = make(b"x")
        for _ in range(3):
            codec.encode(function)
        measure("again", lambda: function, codec.encode, cloudpickle.dumps)


def measure(
    metric: str, function: Callable[[], Any], ours: Callable[[Any], Encoded], theirs: Callable[[Any], bytes]
) -> None:
    """In turn, so that both see the same machine."""
    samples: dict[str, list[float]] = {"beamlike": [], "cloudpickle": []}
    sizes: dict[str, int] = {}
    for _ in range(TIMES):
        subject = function()
        began = time.perf_counter()
        encoded = ours(subject)
        between = time.perf_counter()
        pickled = theirs(subject)
        ended = time.perf_counter()
        samples["beamlike"].append(between - began)
        samples["cloudpickle"].append(ended - between)
        sizes = {"beamlike": len(encoded.data) + len(encoded.ahead or b""), "cloudpickle": len(pickled)}
    for system, taken in samples.items():
        emit(system, "pickling", metric, "us", statistics.median(taken) * 1e6, n=TIMES)
        emit(system, "pickling", f"{metric}_size", "B", sizes[system], n=TIMES)


if __name__ == "__main__":
    main()
