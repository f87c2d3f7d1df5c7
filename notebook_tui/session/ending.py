"""Runtimes that are about to end. Their session need not wait for that before it goes on, and does before it ends."""

from __future__ import annotations

import logging

import beamlike as bl
from notebook_tui.session.keeper import GiveUp

logger = logging.getLogger("notebook_tui.session")
_AS_WANTED = ("normal", "noproc")


class Endings:
    """Of one session: keepers that were told to give up, by the monitors of them."""

    def __init__(self) -> None:
        self._keepers: dict[bl.Ref, bl.Pid] = {}
        self._first: list[bl.Pid] = []

    def begin(self, keeper: bl.Pid, ref: bl.Ref, *, first: bool = True) -> None:
        """Its runtime ends. `first`: the next one may have to wait for that."""
        bl.send(keeper, GiveUp())
        self._keepers[ref] = keeper
        if first:
            self._first.append(keeper)

    def take_first(self) -> tuple[bl.Pid, ...]:
        """The keepers that the next runtime may have to wait for."""
        first, self._first = tuple(self._first), []
        return first

    def handle(self, down: bl.Down) -> str | None:
        """None if that was none of them, else what went wrong, in words: empty if nothing did."""
        if self._keepers.pop(down.ref, None) is None:
            return None
        if down.reason in _AS_WANTED:
            return ""
        return f"a runtime could not be ended, and its machine may still be there: {down.reason}"

    async def all_over(self) -> None:
        """Returns when nothing is left of any."""
        for ref in list(self._keepers):
            words = self.handle(await bl.receive(ref=ref))
            if words:
                logger.warning("%s", words)
