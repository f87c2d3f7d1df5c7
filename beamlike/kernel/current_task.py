"""How asyncio learns which task runs: the table that `current_task()` reads, to be written by who steps tasks.

To enter and leave a task by the documented functions costs a step more than all else that a scheduler does for it. Up
to Python 3.13 they do no more than write this table; later ones keep it elsewhere and have a function that swaps.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio import AbstractEventLoop, tasks
from collections.abc import MutableMapping
from typing import Any, cast


class _Swapping:
    """The two operations of the table that a scheduler uses, where there is no table."""

    def __setitem__(self, loop: AbstractEventLoop, task: Any) -> None:
        tasks._swap_current_task(loop, task)  # type: ignore[attr-defined]

    def pop(self, loop: AbstractEventLoop, default: None) -> None:
        tasks._swap_current_task(loop, None)  # type: ignore[attr-defined]


CurrentTasks = MutableMapping[AbstractEventLoop, Any]

current_tasks: CurrentTasks = (
    cast("CurrentTasks", tasks._current_tasks)  # type: ignore[attr-defined]
    if sys.version_info < (3, 14)
    else cast("CurrentTasks", _Swapping())
)


EAGER_TASKS = sys.version_info >= (3, 12)
"""Whether a child task may run inside a step of its parent, so that it must be told from it."""


def current_task() -> Any:
    """The task or process that runs; None in a callback or in a thread without a loop."""
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None
