"""Asks a node about itself: `bl.inspect.processes(node)` and its like.

Without a node, the current one is looked at. TimeoutError after `timeout` seconds; CallFailed if the node is not
connected and cannot be reached, or is one without an inspector; ValueError for what the node does not know to sort by.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator
from typing import Any, Final, Literal, TypeAlias, TypeVar

from beamlike.inspect.ask import ask
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
from beamlike.inspect.inspector import LONGEST_WAIT
from beamlike.inspect.looking.parts import snapshot as look_here
from beamlike.inspect.plain import from_plain
from beamlike.kernel import current
from beamlike.kernel.terms import Pid

T = TypeVar("T")

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
    told = {"sort": sort, "limit": limit, "only": only, "pids": pids, "stacks": stacks, "rates": rates}
    return _some((await _look(node, {"processes": told}, timeout)).processes)


async def tasks(
    node: str | None = None,
    *,
    sort: TaskKey = "place",
    limit: int = LIMIT,
    only: str = "",
    stacks: bool = True,
    timeout: float = TIMEOUT,
) -> tuple[TaskFacts, ...]:
    told = {"sort": sort, "limit": limit, "only": only, "stacks": stacks}
    return _some((await _look(node, {"tasks": told}, timeout)).tasks)


async def threads(node: str | None = None, *, stacks: bool = True, timeout: float = TIMEOUT) -> tuple[ThreadFacts, ...]:
    return _some((await _look(node, {"threads": {"stacks": stacks}}, timeout)).threads)


async def loop(node: str | None = None, *, timeout: float = TIMEOUT) -> tuple[LoopFacts, ...]:
    return _some((await _look(node, {"loops": {}}, timeout)).loops)


async def gc(node: str | None = None, *, timeout: float = TIMEOUT) -> GcFacts:
    return _some((await _look(node, {"gc": {}}, timeout)).gc)


async def memory(node: str | None = None, *, limit: int = 20, timeout: float = 30.0) -> MemoryFacts:
    return _some((await _look(node, {"memory": {"limit": limit}}, timeout)).memory)


async def links(node: str | None = None, *, timeout: float = TIMEOUT) -> tuple[LinkFacts, ...]:
    return _some((await _look(node, {"links": {}}, timeout)).links)


async def files(node: str | None = None, *, limit: int = 1000, timeout: float = TIMEOUT) -> tuple[FileFacts, ...]:
    return _some((await _look(node, {"files": {"limit": limit}}, timeout)).files)


async def modules(node: str | None = None, *, timeout: float = TIMEOUT) -> tuple[ModuleFacts, ...]:
    return _some((await _look(node, {"modules": {}}, timeout)).modules)


async def names(node: str | None = None, *, limit: int = 1000, timeout: float = TIMEOUT) -> tuple[NameFacts, ...]:
    return _some((await _look(node, {"names": {"limit": limit}}, timeout)).names)


async def tree(node: str | None = None, *, timeout: float = TIMEOUT) -> tuple[SupervisorTree, ...]:
    """The supervision trees of the node, one for each supervisor that is nobody's child here."""
    return _some((await _look(node, {"trees": {}}, timeout)).trees)


async def snapshot(
    node: str | None = None,
    parts: tuple[Part, ...] = ("processes", "loops"),
    *,
    sort: SortKey = "queue",
    limit: int = LIMIT,
    tasks_limit: int = LIMIT,
    only: str = "",
    pids: tuple[Pid, ...] = (),
    stacks: bool = False,
    rates: bool = True,
    timeout: float = TIMEOUT,
) -> Snapshot:
    """Several parts at once; the options are those of `processes`, and `tasks_limit` is that of `tasks`."""
    told: dict[str, dict[str, Any]] = {part: {} for part in parts}
    if "processes" in told:
        told["processes"] = {
            "sort": sort,
            "limit": limit,
            "only": only,
            "pids": pids,
            "stacks": stacks,
            "rates": rates,
        }
    for part in told.keys() & {"tasks", "threads"}:
        told[part] = {"stacks": stacks}
    if "tasks" in told:
        told["tasks"]["limit"] = tasks_limit
    return await _look(node, told, timeout)


async def logs(
    node: str | None = None, *, level: int | str = "INFO", logger: str = "", per_second: int = 200
) -> AsyncGenerator[LogLine, None]:
    """What the node logs from now on, until the loop over it is left.

    The levels of the service stay as they are: what they keep back is not seen. At most `per_second` lines a second
    come; `lost` of the next one says how many did not.
    """
    told = {"level": level, "logger": logger, "per_second": per_second}
    who = secrets.token_hex(8)
    try:
        while True:
            for plain in await _fetched(node, who, told):
                yield from_plain(LogLine, plain)
    finally:
        await ask(_name(node), ("leave", who), TIMEOUT)


async def _fetched(node: str | None, who: str, told: dict[str, Any]) -> list[Any]:
    plain = await ask(_name(node), ("logs", who, told), LONGEST_WAIT + TIMEOUT)
    if type(plain) is not list:
        raise ValueError(f"expected lines of a log as a list, got a {type(plain).__name__}")
    return plain


async def _look(node: str | None, parts: dict[str, dict[str, Any]], timeout: float) -> Snapshot:
    here = current.current_node()
    if node in (None, here.name) and asyncio.get_running_loop() is here.output_scheduler.loop:
        async with asyncio.timeout(timeout):
            return await look_here(here, parts)
    return from_plain(Snapshot, await ask(_name(node), ("snapshot", parts), timeout))


def _name(node: str | None) -> str:
    return node or current.current_node().name


def _some(value: T | None) -> T:
    if value is None:
        raise ValueError("expected the node to tell what it was asked for; it is of another version")
    return value
