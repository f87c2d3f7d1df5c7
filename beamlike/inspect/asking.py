"""Asks a node about itself: `bl.inspect.processes(node)` and its like.

Without a node, the current one is looked at. TimeoutError after `timeout` seconds; CallFailed if the node is not
connected and cannot be reached, or is one without an inspector; ValueError for what the node does not know to sort by.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Final, Literal, TypeAlias

from beamlike.inspect.facts import (
    FileFacts,
    GcFacts,
    LinkFacts,
    LogLine,
    LoopFacts,
    MemoryFacts,
    ModuleFacts,
    NameFacts,
    ProcessFacts,
    Snapshot,
    SupervisorTree,
    TaskFacts,
    ThreadFacts,
)
from beamlike.kernel.terms import Pid

TIMEOUT: Final = 5.0
LIMIT: Final = 100

Part: TypeAlias = Literal[
    "processes", "tasks", "threads", "loops", "gc", "memory", "links", "files", "modules", "names", "trees"
]
SortKey: TypeAlias = Literal["queue", "memory", "messages", "steps", "links", "name", "place", "pid", "state"]
TaskKey: TypeAlias = Literal["name", "place", "coroutine", "number", "state"]


async def processes(
    node: str | None = None,
    *,
    sort: SortKey = "queue",
    limit: int = LIMIT,
    only: str = "",
    pids: tuple[Pid, ...] = (),
    stacks: bool = False,
    rates: bool = False,
    timeout: float = TIMEOUT,
) -> tuple[ProcessFacts, ...]:
    """The first `limit` processes by `sort` (numbers: the largest first), whose name, label, place, initial call or pid
    contains `only`; or just those of `pids`, in that order, without the ended ones.

    With `rates` the node counts messages and steps until nobody has asked for 10 s; the second look shows them.
    """
    raise NotImplementedError


async def tasks(
    node: str | None = None,
    *,
    sort: TaskKey = "place",
    limit: int = LIMIT,
    only: str = "",
    stacks: bool = True,
    timeout: float = TIMEOUT,
) -> tuple[TaskFacts, ...]:
    raise NotImplementedError


async def threads(node: str | None = None, *, stacks: bool = True, timeout: float = TIMEOUT) -> tuple[ThreadFacts, ...]:
    raise NotImplementedError


async def loop(node: str | None = None, *, timeout: float = TIMEOUT) -> tuple[LoopFacts, ...]:
    raise NotImplementedError


async def gc(node: str | None = None, *, timeout: float = TIMEOUT) -> GcFacts:
    raise NotImplementedError


async def memory(node: str | None = None, *, limit: int = 20, timeout: float = 30.0) -> MemoryFacts:
    raise NotImplementedError


async def links(node: str | None = None, *, timeout: float = TIMEOUT) -> tuple[LinkFacts, ...]:
    raise NotImplementedError


async def files(node: str | None = None, *, limit: int = 1000, timeout: float = TIMEOUT) -> tuple[FileFacts, ...]:
    raise NotImplementedError


async def modules(node: str | None = None, *, timeout: float = TIMEOUT) -> tuple[ModuleFacts, ...]:
    raise NotImplementedError


async def names(node: str | None = None, *, limit: int = 1000, timeout: float = TIMEOUT) -> tuple[NameFacts, ...]:
    raise NotImplementedError


async def tree(node: str | None = None, *, timeout: float = TIMEOUT) -> tuple[SupervisorTree, ...]:
    """The supervision trees of the node, one for each supervisor that is nobody's child here."""
    raise NotImplementedError


async def snapshot(
    node: str | None = None,
    parts: tuple[Part, ...] = ("processes", "loops"),
    *,
    sort: SortKey = "queue",
    limit: int = LIMIT,
    only: str = "",
    pids: tuple[Pid, ...] = (),
    stacks: bool = False,
    rates: bool = True,
    timeout: float = TIMEOUT,
) -> Snapshot:
    """Several parts at once; the options are those of `processes`."""
    raise NotImplementedError


async def logs(
    node: str | None = None, *, level: int | str = "INFO", logger: str = "", per_second: int = 200
) -> AsyncGenerator[LogLine, None]:
    """What the node logs from now on, until the loop over it is left."""
    raise NotImplementedError
    yield  # type: ignore[unreachable]
