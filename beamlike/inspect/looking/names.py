"""The registered names: those of the node, and those of the whole cluster as the node knows them."""

from __future__ import annotations

from beamlike.distribution.global_names.server import table_of
from beamlike.inspect.facts import NameFacts
from beamlike.inspect.looking.options import SomeOptions
from beamlike.inspect.looking.patience import Patience
from beamlike.inspect.tracing.shown import shown
from beamlike.kernel.node import LocalNode


async def names(node: LocalNode, options: SomeOptions, patience: Patience) -> tuple[NameFacts, ...]:
    local = [NameFacts(name, pid, "node") for name in node.registered() if (pid := node.whereis(name)) is not None]
    table = table_of(node)
    if table is not None and len(local) < options.limit:
        local += [
            NameFacts(shown(name), pid, "global")
            for name in table.names()[: options.limit]
            if (pid := table.whereis(name)) is not None
        ]
    return tuple(local[: options.limit])
