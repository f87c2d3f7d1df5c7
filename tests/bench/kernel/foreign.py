"""How many cores others used while something of ours ran: a figure taken beside much of that says little."""

from __future__ import annotations

import time

import psutil

QUIET = 0.3
"""Cores that others may use in a sample that counts as clean."""


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
