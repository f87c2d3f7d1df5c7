"""A node's entry in the directory of its host, looked after while the node runs: it lasts as long as the node does,
even where old files are cleaned away."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from beamlike.distribution.directory import Directory, Entry
from beamlike.distribution.errors import NodeNameTaken

logger = logging.getLogger("beamlike.distribution")

RENEWAL: Final = 30.0
"""Seconds after which a node that was cleaned away is listed again."""


class Listing:
    """To be made, and closed, in the thread of a running event loop. Raises what `Directory.register` raises."""

    def __init__(self, directory: Directory, entry: Entry) -> None:
        self._name = entry.name
        self._registration = directory.register(entry)
        self._is_listed = True
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(RENEWAL, self._renew)

    def _renew(self) -> None:
        self._timer = self._loop.call_later(RENEWAL, self._renew)
        try:
            self._registration.renew()
        except (OSError, NodeNameTaken) as error:
            if self._is_listed:
                logger.warning("%s is not listed for its host any more: %s", self._name, error)
            self._is_listed = False
        else:
            self._is_listed = True

    def close(self) -> None:
        self._timer.cancel()
        self._registration.release()
