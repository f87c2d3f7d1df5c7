"""What a look may be told, checked where it is carried out: it may come from anybody who may look."""

from __future__ import annotations

from typing import Any, Final

from beamlike.kernel.record import frozen
from beamlike.kernel.terms import Pid

PROCESS_KEYS: Final = ("queue", "memory", "messages", "steps", "links", "name", "place", "pid", "state")
TASK_KEYS: Final = ("name", "place", "coroutine", "number", "state")
MOST: Final = 10_000
"""Rows of any table."""


@frozen
class ProcessOptions:
    """Those of `bl.inspect.processes`."""

    sort: str = "queue"
    limit: int = 100
    only: str = ""
    pids: tuple[Pid, ...] = ()
    stacks: bool = False
    rates: bool = False

    def __post_init__(self) -> None:
        check_word(self.sort, PROCESS_KEYS, "processes")
        check_limit(self.limit)


@frozen
class TaskOptions:
    """Those of `bl.inspect.tasks`."""

    sort: str = "place"
    limit: int = 100
    only: str = ""
    stacks: bool = True

    def __post_init__(self) -> None:
        check_word(self.sort, TASK_KEYS, "tasks")
        check_limit(self.limit)


@frozen
class SomeOptions:
    """How many rows, for the other tables."""

    limit: int = 1000
    stacks: bool = True

    def __post_init__(self) -> None:
        check_limit(self.limit)


def check_word(word: str, known: tuple[str, ...], what: str) -> None:
    if word not in known:
        raise ValueError(f"expected one of {', '.join(known)} to sort {what} by, got {word!r}")


def check_limit(limit: Any) -> None:
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MOST:
        raise ValueError(f"expected a limit from 1 to {MOST} rows, got {limit!r}")
