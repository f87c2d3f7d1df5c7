"""How often a soak test repeats: few times in `make test`, the full count in `make soak`, and where that takes long a
part of it in `make soak SOAK=part`."""

from __future__ import annotations

import os

FULL = os.environ.get("BEAMLIKE_SOAK") == "1"


def count(reduced: int, full: int, part: int | None = None) -> int:
    match os.environ.get("BEAMLIKE_SOAK"):
        case "1":
            return full
        case "part":
            return full if part is None else part
        case _:
            return reduced
