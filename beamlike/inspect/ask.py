"""One request to the inspector of a node, and its answer, in as many pieces as that has."""

from __future__ import annotations

import asyncio
from typing import Any

from beamlike.inspect.envelope import unwrap
from beamlike.inspect.requests import NAME
from beamlike.kernel.call import call


async def ask(node: str, request: tuple[Any, ...], timeout: float) -> Any:
    """What the inspector of `node` answers, as plain terms; None if it has nothing to say."""
    try:
        async with asyncio.timeout(timeout):
            pieces, number, data = await _piece(node, request)
            for piece in range(1, pieces):
                data += (await _piece(node, ("rest", number, piece)))[2]
    except TimeoutError:
        raise TimeoutError(f"expected an answer of the inspector of {node} within {timeout:g} s, got none") from None
    return unwrap(data) if data else None


async def _piece(node: str, request: tuple[Any, ...]) -> tuple[int, int, bytes]:
    match await call((NAME, node), request, timeout=None):
        case ("ok", int() as pieces, int() as number, bytes() as data):
            return pieces, number, data
        case ("no", str() as why):
            raise ValueError(why)
        case _:
            raise ValueError(f"expected an answer of the inspector of {node}, got something else")
