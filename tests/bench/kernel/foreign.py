"""How many cores others used while something of ours ran: a figure taken beside much of that says little."""

from __future__ import annotations

import time

import psutil

QUIET = 0.3
"""Cores that others may use in a sample that counts as clean."""
LOOK, PAUSE = 0.3, 1.0
"""Seconds: over which it is told whether others are busy, and until that is asked again."""


class Foreign:
    """Around a block that runs, and waits for, programs of ours; then `cores` tells."""

    def __enter__(self) -> Foreign:
        self.began, self.others = time.monotonic(), seconds_of_others()
        return self

    def __exit__(self, *_: object) -> None:
        elapsed = time.monotonic() - self.began
        self.cores = round(max(0.0, seconds_of_others() - self.others) / elapsed, 3)


def seconds_of_others() -> float:
    machine, own = psutil.cpu_times(), psutil.Process().cpu_times()
    busy: float = sum(getattr(machine, name, 0.0) for name in ("user", "nice", "system", "irq", "softirq"))
    return busy - own.user - own.system - own.children_user - own.children_system


class Patience:
    """Waits for others to be quiet, for so many seconds in all."""

    def __init__(self, seconds: float) -> None:
        self.left = seconds

    def wait(self) -> None:
        while self.left > 0 and busy():
            time.sleep(PAUSE)
            self.left -= LOOK + PAUSE


def busy() -> bool:
    with Foreign() as foreign:
        time.sleep(LOOK)
    return foreign.cores > QUIET
