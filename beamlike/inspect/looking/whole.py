"""The node as a whole, in a few numbers that cost nothing to find."""

from __future__ import annotations

import os
import platform
import sys
import threading
import time
from functools import cache
from weakref import WeakKeyDictionary

from beamlike.inspect.facts import NodeFacts
from beamlike.inspect.looking import files, memory, tasks
from beamlike.inspect.looking.loops import longest_lag
from beamlike.kernel.node import LocalNode
from beamlike.release import PYTHON, RELEASE

SHORTEST = 0.5
"""Seconds between two looks from which the share of a core is told."""


def node_facts(node: LocalNode) -> NodeFacts:
    loop = node.scheduler.loop
    return NodeFacts(
        node=node.name,
        version=RELEASE,
        python=PYTHON,
        system=f"{sys.platform} {platform.machine()}",
        os_pid=os.getpid(),
        program=os.path.basename(sys.argv[0]) if sys.argv else "",
        started=_started(),
        cpu_seconds=time.process_time(),
        cpu=_cpu_share(node),
        rss=memory.rss(),
        threads=len(threading._active),  # type: ignore[attr-defined]  # `active_count` waits for a lock
        processes=len(node.live()),
        tasks=tasks.count(),
        names=len(node.registered()),
        nodes=len(node.peers(hidden=True)),
        files=files.count(),
        loop=f"{type(loop).__module__.partition('.')[0]}.{type(loop).__qualname__}",
        lag=longest_lag(node),
    )


@cache
def _started() -> float:
    """When the operating system's process began, since the epoch; where the system does not tell, when it was first
    looked at."""
    try:
        with open("/proc/self/stat", "rb") as file:
            ticks = int(file.read().rpartition(b")")[2].split()[19])
        with open("/proc/uptime", "rb") as file:
            uptime = float(file.read().split()[0])
    except (OSError, ValueError):
        return time.time()
    return time.time() - uptime + ticks / os.sysconf("SC_CLK_TCK")


_looks: WeakKeyDictionary[LocalNode, tuple[float, float, float | None]] = WeakKeyDictionary()


def _cpu_share(node: LocalNode) -> float | None:
    """Of one core, since the last look."""
    now, used = time.monotonic(), time.process_time()
    before = _looks.get(node)
    if before is not None and now - before[0] < SHORTEST:
        return before[2]
    share = (used - before[1]) / (now - before[0]) if before is not None else None
    _looks[node] = (now, used, share)
    return share
