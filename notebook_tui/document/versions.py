"""Which nodes run a cell as it ran last, and which an older version of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Versions:
    """Names of nodes; those behind each with the time since which it has its older version, in seconds since the epoch.

    >>> Versions(("a@h", "b@h"), (("c@h", 0.0),)).said
    '1 node behind: c'
    """

    current: tuple[str, ...] = ()
    behind: tuple[tuple[str, float], ...] = ()

    @property
    def said(self) -> str:
        """In words, those of the foot of the screen; nothing if no node is behind."""
        match self.behind:
            case ():
                return ""
            case ((node, _),):
                return f"1 node behind: {node.partition('@')[0]}"
            case behind:
                return f"{len(behind)} nodes behind"


def nodes_behind(versions: Iterable[Versions]) -> frozenset[str]:
    """The nodes that run an older version of anything."""
    return frozenset(node for each in versions for node, _ in each.behind)
