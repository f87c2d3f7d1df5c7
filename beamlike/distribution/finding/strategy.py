"""How the nodes of a cluster find each other: a strategy says which there are, and `joining` connects to them.

A strategy is any object with `find`; it knows neither the node that asks nor the cluster, keeps no state, and starts
nothing. Those of this package name nodes as libcluster does: `basename@host`, one basename for the whole cluster.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from beamlike.distribution.finding.found import Found
from beamlike.kernel.errors import BeamlikeError
from beamlike.kernel.node import check_node_name


class Strategy(Protocol):
    async def find(self) -> Collection[Found]:
        """The nodes that there are now; the one that asks may be among them.

        CannotFind, when that cannot be told: then those that were found before are believed to be still there.
        """
        ...


class CannotFind(BeamlikeError):
    """A strategy cannot tell which nodes there are; its text says why, and what to do."""


def named(basename: str, host: str, port: int) -> Found:
    """The node that listens at an address, by the convention.

    >>> named("app", "fdaa:0:0::3", 4370)
    Found(name='app@fdaa::3', address=('fdaa:0:0::3', 4370))
    """
    return Found(f"{basename}@{host}", (host, port))


def check_convention(basename: str, port: int) -> None:
    """ValueError unless nodes can have names that begin so, and listen there."""
    check_node_name(f"{basename}@host")
    if not 0 < port < 65536:
        raise ValueError(f"expected a port from 1 to 65535 where the nodes listen, got {port}")
