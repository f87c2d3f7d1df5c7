"""What a node holds of code: cells and scripts, version by version, and modules of other nodes."""

from __future__ import annotations

import gc
from collections.abc import Iterable
from datetime import datetime
from typing import Literal, TypeAlias

from beamlike.code.known import Known
from beamlike.code.modules.finder import FINDER
from beamlike.code.modules.held import LoadedModule
from beamlike.code.sources import SOURCES
from beamlike.kernel.record import frozen

Kind: TypeAlias = Literal["cell", "script", "module"]
Kept: TypeAlias = Literal["newest", "lent", "in use", "loaded"]


@frozen
class Holding:
    """One version of a cell, a script or a module.

    `origin` is the node that it came from, None if it was written here. It is `kept` as the newest of its name, where
    it was written; as "lent", since a node that it came from may send more of its functions; or because it is "in use",
    which an older version is while a function, a class, a frame or a generator of it is alive. A module is "loaded",
    until it has changed where it came from.
    """

    name: str
    kind: Kind
    hash: str
    origin: str | None
    since: datetime
    kept: Kept


def holdings() -> list[Holding]:
    """What this node holds, in the order in which it came; nodes in one interpreter have their code in common.

    Of another node: `await bl.rpc.call(node, bl.code.holdings)`.
    """
    if any(holding.kept == "in use" for holding in of_sources(SOURCES)):
        gc.collect()  # what refers to itself, as each class does, may only wait for that
    return sorted([*of_sources(SOURCES), *of_modules(FINDER.loaded())], key=lambda holding: holding.since)


def of_sources(sources: Iterable[Known]) -> list[Holding]:
    return [
        Holding(
            known.source.name,
            known.source.kind,
            known.source.hash.hex(),
            known.origin,
            known.since,
            "newest" if known.claims.newest else "lent" if known.claims.lenders else "in use",
        )
        for known in sources
    ]


def of_modules(modules: Iterable[LoadedModule]) -> list[Holding]:
    return [Holding(it.module, "module", it.hash, it.origin, it.since, "loaded") for it in modules]
