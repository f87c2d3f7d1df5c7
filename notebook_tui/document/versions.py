"""Which nodes run a cell as it ran last, and which an older version of it."""

from __future__ import annotations

from collections.abc import Iterable

from beamlike.kernel.record import frozen


@frozen
class Versions:
    """Names of nodes; those behind each with the time since which it has its older version, in seconds since the epoch.

    >>> Versions(("a@h", "b@h"), (("c@h", 0.0),)).said
    '2 of 3 nodes run this version, not c'
    """

    current: tuple[str, ...] = ()
    behind: tuple[tuple[str, float], ...] = ()

    @property
    def said(self) -> str:
        """In words, of the nodes that have it; nothing if all run this one."""
        if not self.behind:
            return ""
        count, all_ = len(self.current), len(self.current) + len(self.behind)
        who = f", not {self.behind[0][0].partition('@')[0]}" if len(self.behind) == 1 else ""
        return f"{count} of {all_} nodes run{'s' if count == 1 else ''} this version{who}"


def nodes_behind(versions: Iterable[Versions]) -> frozenset[str]:
    """The nodes that run an older version of anything."""
    return frozenset(node for each in versions for node, _ in each.behind)
