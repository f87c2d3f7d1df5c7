"""Why another node is not connected, for the errors of those who wanted something of it."""

from __future__ import annotations

from beamlike.kernel.current import current_node
from beamlike.kernel.errors import AmbiguousNode, NoNode


def why_unconnected(node: str) -> str:
    """What the current node knows of it; else how to find out."""
    try:
        known = current_node().why_unconnected(node)
    except (NoNode, AmbiguousNode):
        known = None
    return known or f"`await bl.connect({node!r})` says why"
