"""The parts of a look, by name: what finds each, and what it may be told."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final, TypeAlias

from beamlike.inspect.facts import (
    FileFacts,
    GcFacts,
    LinkFacts,
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
from beamlike.inspect.looking import files, links, loops, memory, modules, names, processes, tasks, threads, trees
from beamlike.inspect.looking.options import ProcessOptions, SomeOptions, TaskOptions
from beamlike.inspect.looking.patience import Patience
from beamlike.inspect.looking.whole import node_facts
from beamlike.kernel.node import LocalNode
from beamlike.kernel.record import frozen

Look: TypeAlias = Callable[[LocalNode, Any, Patience], Awaitable[Any]]


@frozen
class Part:
    """`record` is what one row is, or the only one, where it is not a table."""

    look: Look
    options: type
    record: type
    is_table: bool = True


PARTS: Final[dict[str, Part]] = {
    "processes": Part(processes.processes, ProcessOptions, ProcessFacts),
    "tasks": Part(tasks.tasks, TaskOptions, TaskFacts),
    "threads": Part(threads.threads, SomeOptions, ThreadFacts),
    "loops": Part(loops.loops, SomeOptions, LoopFacts),
    "gc": Part(loops.gc, SomeOptions, GcFacts, is_table=False),
    "memory": Part(memory.memory, SomeOptions, MemoryFacts, is_table=False),
    "links": Part(links.links, SomeOptions, LinkFacts),
    "files": Part(files.files, SomeOptions, FileFacts),
    "modules": Part(modules.modules, SomeOptions, ModuleFacts),
    "names": Part(names.names, SomeOptions, NameFacts),
    "trees": Part(trees.trees, SomeOptions, SupervisorTree),
}


async def snapshot(node: LocalNode, options: dict[str, dict[str, Any]]) -> Snapshot:
    """`options` are those of each part that is wanted. ValueError for a part, or an option, that there is none of."""
    wanted = {name: (_part(name), _options(name, given)) for name, given in options.items()}
    patience = Patience()
    found = {name: await part.look(node, told, patience) for name, (part, told) in wanted.items()}
    whole = node_facts(node)
    here = processes.looker()
    if here is not None and node.process(here.pid) is here:
        whole = replace(whole, processes=whole.processes - 1)  # as many as `processes` tells of
    return Snapshot(at=time.time(), node=whole, cost=patience.spent, **found)


def _part(name: str) -> Part:
    if name not in PARTS:
        raise ValueError(f"expected parts of {', '.join(PARTS)}, got {name!r}")
    return PARTS[name]


def _options(name: str, given: dict[str, Any]) -> Any:
    try:
        return PARTS[name].options(**given)
    except TypeError as error:
        raise ValueError(f"expected what {name} can be told, got {', '.join(map(repr, given))}: {error}") from error
