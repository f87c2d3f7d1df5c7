"""Where a node that only dials, as a child does, can be dialled itself, and by whom."""

from __future__ import annotations

import beamlike as bl
from beamlike.kernel.current import current_node


async def reached_at() -> tuple[str, int]:
    """Has the current node listen, unless it does, and returns where. NotConnected if it has no distribution."""
    node = current_node()
    if not isinstance(node, bl.Node):
        raise bl.NotConnected(f"expected a node with distribution, which others can dial; got {node!r}")
    return await node.listen()


async def lets_in(visitor: str, seconds: float) -> bytes:
    """Has the current node let that node in, once, within so many seconds; returns what it has to show."""
    node = current_node()
    if not isinstance(node, bl.Node):
        raise bl.NotConnected(f"expected a node with distribution, which others can dial; got {node!r}")
    return node.invite(visitor, lifetime=seconds)
