"""Looks into a node, near or far, without changing it: what `beamlike top` shows, as values.

    await bl.inspect.processes()                         of the node here
    await bl.inspect.processes("orders@10.0.0.5")        of that node, which must be reachable
    await bl.inspect.snapshot(node, parts=("processes", "loops"))
    async for line in bl.inspect.logs(node): ...

The node answers from a process named "inspect". It sorts and cuts there, so a table of 100,000 processes does not
travel; it gives way to the service's own work between slices; and while nobody asks it does nothing at all.
"""

from beamlike.inspect.asking import (
    files,
    gc,
    links,
    logs,
    loop,
    memory,
    modules,
    names,
    processes,
    snapshot,
    tasks,
    threads,
    tree,
)
from beamlike.inspect.facts import (
    AllocationFacts,
    FileFacts,
    GcFacts,
    LagHistogram,
    LinkFacts,
    LogLine,
    LoopFacts,
    MemoryFacts,
    ModuleFacts,
    NameFacts,
    NodeFacts,
    ProcessFacts,
    Snapshot,
    StallFacts,
    SupervisorTree,
    TaskFacts,
    ThreadFacts,
    TypeFacts,
)

__all__ = [
    "AllocationFacts",
    "FileFacts",
    "GcFacts",
    "LagHistogram",
    "LinkFacts",
    "LogLine",
    "LoopFacts",
    "MemoryFacts",
    "ModuleFacts",
    "NameFacts",
    "NodeFacts",
    "ProcessFacts",
    "Snapshot",
    "StallFacts",
    "SupervisorTree",
    "TaskFacts",
    "ThreadFacts",
    "TypeFacts",
    "files",
    "gc",
    "links",
    "logs",
    "loop",
    "memory",
    "modules",
    "names",
    "processes",
    "snapshot",
    "tasks",
    "threads",
    "tree",
]
