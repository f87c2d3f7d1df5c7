"""What becomes of two processes that hold one name since two parts of a cluster have met: OTP's resolvers.

A resolver gets the name and both pids, and returns the one that keeps the name, or None: then neither has it. It runs
once, on the node of one of the two, in a process of its own.
"""

from __future__ import annotations

import random
from collections.abc import Hashable

from beamlike.kernel import functions as kernel
from beamlike.kernel import terms
from beamlike.kernel.terms import Pid

CONFLICT = "global_name_conflict"


def random_exit_name(name: Hashable, pid1: Pid, pid2: Pid) -> Pid:
    """One of them, at random; the other is killed."""
    winner, loser = _shuffled(pid1, pid2)
    kernel.exit(loser, terms.KILL)
    return winner


def random_notify_name(name: Hashable, pid1: Pid, pid2: Pid) -> Pid:
    """One of them, at random; the other gets ("global_name_conflict", name)."""
    winner, loser = _shuffled(pid1, pid2)
    kernel.send(loser, (CONFLICT, name))
    return winner


def notify_all_name(name: Hashable, pid1: Pid, pid2: Pid) -> None:
    """Neither; each gets ("global_name_conflict", name, other)."""
    kernel.send(pid1, (CONFLICT, name, pid2))
    kernel.send(pid2, (CONFLICT, name, pid1))


def _shuffled(pid1: Pid, pid2: Pid) -> tuple[Pid, Pid]:
    return (pid1, pid2) if random.getrandbits(1) else (pid2, pid1)
