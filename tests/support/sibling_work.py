"""What one child does with another: for nodes that have this project, and nothing of what its tests need."""

from __future__ import annotations

import beamlike as bl


async def size_over_there(node: str, seconds: float) -> int:
    size: int = await bl.rpc.call(node, len, "four", timeout=seconds)
    return size


def peers() -> list[str]:
    return bl.nodes(hidden=True)
