"""Looks into a node, near or far, without changing it: what `beamlike top` shows, as values.

    await bl.inspect.processes()                         of the node here
    await bl.inspect.processes("orders@10.0.0.5")        of that node, which must be reachable
    await bl.inspect.snapshot(node, parts=("processes", "loops"))
    async for line in bl.inspect.logs(node): ...
    async for event in bl.inspect.trace(node, "shop:Till.pay", limit=100): ...
    (await bl.inspect.profile(node, seconds=5)).folded()

The node answers from a process named "inspect". It sorts and cuts there, so a table of 100,000 processes does not
travel; it gives way to the service's own work between slices; and while nobody asks it does nothing at all.

The names are imported when they are first used: every node has an inspector, and few are ever looked at.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from beamlike.inspect import opentelemetry, prometheus
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
    from beamlike.inspect.profiling.profile import Profile
    from beamlike.inspect.profiling.sampler import NotProfiled
    from beamlike.inspect.profiling.take import profile
    from beamlike.inspect.tracing.events import Traced
    from beamlike.inspect.tracing.trace import trace
    from beamlike.inspect.tracing.tracer import NotTraced
else:
    _MODULES = ("opentelemetry", "prometheus")
    _ASKING = (
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
    )

    _ELSEWHERE = {
        "NotProfiled": "profiling.sampler",
        "NotTraced": "tracing.tracer",
        "Profile": "profiling.profile",
        "Traced": "tracing.events",
        "profile": "profiling.take",
        "trace": "tracing.trace",
    }

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module 'beamlike.inspect' has no attribute {name!r}")
        if name in _MODULES:
            return import_module(f"beamlike.inspect.{name}")
        home = _ELSEWHERE.get(name, "asking" if name in _ASKING else "facts")
        value = globals()[name] = getattr(import_module(f"beamlike.inspect.{home}"), name)
        return value

    def __dir__() -> list[str]:
        return __all__


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
    "NotProfiled",
    "NotTraced",
    "ProcessFacts",
    "Profile",
    "Snapshot",
    "StallFacts",
    "SupervisorTree",
    "TaskFacts",
    "ThreadFacts",
    "Traced",
    "TypeFacts",
    "files",
    "gc",
    "links",
    "logs",
    "loop",
    "memory",
    "modules",
    "names",
    "opentelemetry",
    "processes",
    "profile",
    "prometheus",
    "snapshot",
    "tasks",
    "threads",
    "trace",
    "tree",
]
