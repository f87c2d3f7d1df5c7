"""The nodes that run on this host."""

from __future__ import annotations

import asyncio
from dataclasses import field

from beamlike.distribution.directory import Directory
from beamlike.distribution.finding.found import Found
from beamlike.kernel.record import frozen


@frozen
class LocalDirectory:
    """All of this user's nodes on this host that listen, but the hidden ones."""

    directory: Directory = field(default_factory=Directory, repr=False)

    async def find(self) -> list[Found]:
        entries = await asyncio.to_thread(self.directory.nodes)
        return [Found(entry.name, entry.address) for entry in entries if not entry.hidden]
