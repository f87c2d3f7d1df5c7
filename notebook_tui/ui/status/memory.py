"""How much the runtime's process holds, asked now and then: for as long as somebody looks, and never by cells."""

from __future__ import annotations

from typing import Final

import beamlike as bl
from notebook_tui.ui.client import SessionClient

EVERY: Final = 10.0
"""Seconds between two questions."""
SOON: Final = 1.0
"""If cells have run meanwhile."""


class RuntimeMemory:
    """`held` is what was told last, in bytes; None where there is no runtime, or none that answers."""

    def __init__(self, client: SessionClient) -> None:
        self._client = client
        self._asked_at = float("-inf")
        self._is_asked = False
        self._runs = 0
        self.held: int | None = None

    def is_due(self, now: float) -> bool:
        """Whether to ask: not again before it has answered, and soon after a runtime has come."""
        if self._client.state.runtime.phase != "connected":
            self.held, self._asked_at = None, float("-inf")
            return False
        state = self._client.state
        has_run = not state.running and state.runs != self._runs
        return not self._is_asked and now - self._asked_at >= (SOON if has_run else EVERY)

    async def ask(self, now: float) -> bool:
        """Whether what is held has changed by more than one reads."""
        self._is_asked, self._asked_at = True, now
        self._runs = self._client.state.runs
        before = self.held
        try:
            facts = await self._client.runtime_facts()
            self.held = facts.memory if facts is not None else None
        except (bl.BeamlikeError, TimeoutError):  # it is busy, or just going away: that shows elsewhere
            self.held = None
        finally:
            self._is_asked = False
        return self.held != before
