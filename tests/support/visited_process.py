"""What a service tells of itself: whatever a visitor may leave in it, and whether its loop turns. It imports little."""

from __future__ import annotations

import asyncio
import linecache
import logging
import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.support.module_nodes import traces


def in_all() -> dict[str, Any]:
    """Whatever there is in an interpreter that a visitor may leave something in."""
    from beamlike.kernel.current import current_node

    loop, node = asyncio.get_running_loop(), current_node()
    own = {*sys.stdlib_module_names, "beamlike", "packaging"}  # what it has installed it may load at any time
    return {
        **traces(),
        "modules": {name for name in sys.modules if name.partition(".")[0] not in own and "_sysconfig" not in name},
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "thread start": threading.Thread.start is _START and ThreadPoolExecutor.submit is _SUBMIT,
        "tasks": sum(isinstance(task, asyncio.Task) for task in asyncio.all_tasks()),
        "task factory": repr(loop.get_task_factory()),
        "handlers": [*map(repr, logging.getLogger().handlers)],
        "signals": {
            number: repr(signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGURG)
        },
        "files": len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0,
        "streams": (type(sys.stdin).__name__, type(sys.stdout).__name__, type(sys.stderr).__name__),
        "hooks": (sys.excepthook.__module__, sys.displayhook.__module__, sys.breakpointhook.__module__),
        "builtins": set(vars(__builtins__) if not isinstance(__builtins__, dict) else __builtins__),
        "environment": dict(os.environ),
        "directory": os.getcwd(),
        "names": sorted(node.registered()) if hasattr(node, "registered") else (),
        "processes": len(node.processes()) - 1,  # whoever asks
        "lines": {name for name in linecache.cache if name.startswith("notebook ")},
    }


_START, _SUBMIT = threading.Thread.start, ThreadPoolExecutor.submit


def differences(before: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    now = in_all()
    return {what: _apart(before[what], now[what]) for what in before if before[what] != now[what]}


def _apart(before: Any, now: Any) -> tuple[Any, Any]:
    """What was there only before, and what is there only now, where that can be told."""
    return (before - now, now - before) if isinstance(before, set | frozenset) else (before, now)


def is_as(before: dict[str, Any]) -> bool:
    return not differences(before)


async def begin_to_beat() -> None:
    """From now on the service notes the longest time for which its loop did not turn."""
    module: Any = sys.modules[__name__]
    module.longest = 0.0

    async def beat() -> None:
        loop = asyncio.get_running_loop()
        last = loop.time()
        while True:
            await asyncio.sleep(0.01)
            module.longest = max(module.longest, loop.time() - last)
            last = loop.time()

    module.beating = asyncio.get_running_loop().create_task(beat())


def longest_stall() -> float:
    module: Any = sys.modules[__name__]
    longest, module.longest = module.longest, 0.0
    return float(longest)
