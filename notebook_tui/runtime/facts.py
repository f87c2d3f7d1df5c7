"""What there is to know of a node as a machine: its process, its Python, its memory. Cheap to tell."""

from __future__ import annotations

import os
import platform
import sys
import time

from beamlike.kernel.current import current_node
from beamlike.kernel.record import frozen
from notebook_tui.runtime.limits import Lifetime
from notebook_tui.runtime.usage import memory_held

_BEGAN = time.time()
"""When this module came here, where the system does not say when the process did."""


@frozen
class TellFacts:
    """A call to the runtime's server; the answer is `Facts`."""


@frozen
class Facts:
    node: str
    host: str
    pid: int
    python: str
    executable: str
    directory: str
    began: float
    """When its process did, in seconds since the epoch."""
    memory: int
    """Bytes that the process holds."""
    memory_of_host: int | None
    memory_free: int | None
    """Bytes that programs could still have there."""
    cpus: int
    lifetime: Lifetime | None = None
    """How long the runtime lasts; None if nothing but its owner ends it."""


def facts() -> Facts:
    """Of the current node.

    >>> import asyncio, beamlike as bl
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1", listen=False):
    ...         return facts()
    >>> found = asyncio.run(main())
    >>> found.node, found.pid == os.getpid(), found.memory > 1_000_000
    ('doc@127.0.0.1', True, True)
    """
    total, free = _memory_of_host()
    return Facts(
        current_node().name,
        platform.node(),
        os.getpid(),
        platform.python_version(),
        sys.executable,
        _directory(),
        _began(),
        memory_held(),
        total,
        free,
        os.cpu_count() or 1,
    )


def _directory() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:  # it has been removed
        return "(removed)"


def _began() -> float:
    try:
        return os.stat("/proc/self").st_ctime
    except OSError:
        return _BEGAN


def _memory_of_host() -> tuple[int | None, int | None]:
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            said = dict(line.split(":", 1) for line in file)
        return _kib(said["MemTotal"]), _kib(said["MemAvailable"])
    except (OSError, KeyError, ValueError):
        return None, None


def _kib(text: str) -> int:
    return int(text.split()[0]) * 1024
