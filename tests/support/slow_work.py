"""Work for a child where nothing but beamlike is installed: this module travels there, and must import no more."""

from __future__ import annotations

import asyncio
import os


async def slowly(seconds: float) -> int:
    """The number of its process, once the time is over."""
    await asyncio.sleep(seconds)
    return os.getpid()
