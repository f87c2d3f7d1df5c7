"""A service that starts a node within itself and prints as JSON what of it was changed: python -m ... asyncio|uvloop"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import signal
import sys
import threading
import warnings
from typing import Any

import beamlike as bl

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGUSR1, signal.SIGHUP, signal.SIGALRM)


def standing() -> dict[str, Any]:
    """What a service has set up for itself, each thing by its identity."""
    loop = asyncio.get_running_loop()
    root = logging.getLogger()
    return {
        "streams": [id(it) for it in (sys.stdin, sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)],
        "hooks": [id(it) for it in (sys.excepthook, sys.unraisablehook, threading.excepthook, sys.displayhook)],
        "traces": [id(it) for it in (sys.gettrace(), sys.getprofile(), threading.gettrace())],
        "signals": [id(signal.getsignal(it)) for it in SIGNALS],
        "wakeup": signal.set_wakeup_fd(-1) if threading.current_thread() is not threading.main_thread() else None,
        "logging": [
            root.level,
            [id(it) for it in root.handlers],
            logging.root.manager.disable,
            id(logging.getLoggerClass()),
        ],
        "warnings": [str(it) for it in warnings.filters],
        "loop": [type(loop).__name__, loop.get_debug(), id(loop.get_exception_handler()), id(loop.get_task_factory())],
        "policy": type(asyncio.get_event_loop_policy()).__name__,
        "executor": id(getattr(loop, "_default_executor", None)),
        "asyncgens": [id(it) for it in sys.get_asyncgen_hooks()],
        "gc": [gc.isenabled(), gc.get_threshold(), gc.get_freeze_count(), [id(it) for it in gc.callbacks]],
        "switch": [sys.getswitchinterval(), sys.getrecursionlimit()],
        "path": list(sys.path),
        "argv": list(sys.argv),
    }


def threads() -> list[str]:
    return sorted(thread.name for thread in threading.enumerate())


async def main() -> None:
    before, threads_before = standing(), threads()
    node = await bl.start("embedded@127.0.0.1")
    during, threads_during = standing(), threads()
    await node.stop()
    for thread in threading.enumerate():  # one that was told to end may take a moment
        if thread.name not in threads_before:
            thread.join(5)
    after, threads_after = standing(), threads()
    print(
        json.dumps(
            {
                "changed": [name for name in before if before[name] != during[name]],
                "left": [name for name in before if before[name] != after[name]],
                "threads": [name for name in threads_during if name not in threads_before],
                "threads left": [name for name in threads_after if name not in threads_before],
            }
        )
    )


if __name__ == "__main__":
    if sys.argv[1] == "uvloop":
        import uvloop

        uvloop.run(main())
    else:
        asyncio.run(main())
