"""A hidden node of one's own, connected to the one that is to be looked at."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import beamlike as bl

CONNECT_SECONDS = 10.0


@asynccontextmanager
async def looking_at(node: str) -> AsyncIterator[bl.Node]:
    """ValueError, NotConnected or TimeoutError say what keeps it from being reached."""
    name = f"observer-{secrets.token_hex(4)}@{node.rpartition('@')[2]}"
    async with bl.Node(name, listen=False, hidden=True, stall_threshold=None) as here:
        async with asyncio.timeout(CONNECT_SECONDS):
            await here.connect(node)
        yield here
