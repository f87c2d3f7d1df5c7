"""How often a soak test repeats: few times in `make test`, the full count in `make soak`."""

from __future__ import annotations

import os


def count(reduced: int, full: int) -> int:
    return full if os.environ.get("BEAMLIKE_SOAK") == "1" else reduced
