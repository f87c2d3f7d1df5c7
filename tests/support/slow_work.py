"""Work that a child does where nothing is installed but beamlike: this module travels there, and must import no more."""

from __future__ import annotations

import asyncio
import os


async def slowly(seconds: float) -> int:
    """The number of its process, once the time is over."""
    await asyncio.sleep(seconds)
    return os.getpid()
