"""Nodes that are known beforehand."""

from __future__ import annotations

from beamlike.distribution.finding.found import Found
from beamlike.kernel.node import check_node_name


class Static:
    """Always the same nodes, each with its port ("b@10.0.0.7:4370") or without. ValueError if one has no such name.

    >>> import asyncio
    >>> asyncio.run(Static("a@10.0.0.6:4370", "b@[fdaa::3]:4370").find())
    [Found(name='a@10.0.0.6', address=('10.0.0.6', 4370)), Found(name='b@fdaa::3', address=('fdaa::3', 4370))]
    """

    def __init__(self, *names: str) -> None:
        for name in names:
            check_node_name(name)
        self._names = names
        self._found = [Found(name) for name in names]

    def __repr__(self) -> str:
        return f"Static({', '.join(map(repr, self._names))})"

    async def find(self) -> list[Found]:
        return self._found
