"""What holds the memory: objects by type, and the lines that allocated them where the service runs tracemalloc."""

from __future__ import annotations

import gc
import os
import resource
import sys
import tracemalloc
from typing import Any, Final

from beamlike.inspect.facts import AllocationFacts, MemoryFacts, TypeFacts
from beamlike.inspect.looking.options import SomeOptions
from beamlike.inspect.looking.patience import Patience
from beamlike.inspect.looking.sizes import size_of, type_name
from beamlike.kernel.node import LocalNode

MOST_OBJECTS: Final = 1_000_000
"""That are looked at; of a larger program those of the youngest generations first."""
MOST_BLOCKS: Final = 8_000_000
"""Of memory, above which the oldest generation is left out: to list it is one step, which would stall the loop."""
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


async def memory(node: LocalNode, options: SomeOptions, patience: Patience) -> MemoryFacts:
    counts: dict[type, list[int]] = {}
    seen, cut = 0, False
    for generation in (0, 1, 2):
        if generation == 2 and sys.getallocatedblocks() > MOST_BLOCKS:
            cut = True
            break
        found = gc.get_objects(generation)
        if seen + len(found) > MOST_OBJECTS:
            cut = True
            del found[MOST_OBJECTS - seen :]
        seen += len(found)
        while found:
            _count(found[-500:], counts)
            del found[-500:]
            if patience.is_due() or len(found) % 8000 < 500:
                await patience.pause()
    traced, allocations = _allocations(options.limit)
    return MemoryFacts(rss(), peak_rss(), seen, cut, _largest(counts, options.limit), traced, allocations)


def _count(objects: list[Any], counts: dict[type, list[int]]) -> None:
    for it in objects:
        entry = counts.get(type(it))
        if entry is None:
            entry = counts[type(it)] = [0, 0]
        entry[0] += 1
        entry[1] += size_of(it)


def _largest(counts: dict[type, list[int]], limit: int) -> tuple[TypeFacts, ...]:
    largest = sorted(counts.items(), key=lambda item: -item[1][1])[:limit]
    return tuple(TypeFacts(type_name(kind), count, size) for kind, (count, size) in largest)


def _allocations(limit: int) -> tuple[int | None, tuple[AllocationFacts, ...]]:
    """Nothing of it is switched on here: tracing slows everything, and is the service's own decision."""
    if not tracemalloc.is_tracing():
        return None, ()
    traced, _peak = tracemalloc.get_traced_memory()
    statistics = tracemalloc.take_snapshot().statistics("lineno")[:limit]
    return traced, tuple(
        AllocationFacts(it.traceback[0].filename, it.traceback[0].lineno, it.size, it.count) for it in statistics
    )


def rss() -> int:
    """Bytes of memory that the program holds just now; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * _PAGE
    except OSError:
        return 0


def peak_rss() -> int:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
