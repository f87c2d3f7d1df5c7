"""Acts on what `observers` decides, for one link between a node and an observer of it."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from beamlike.distribution.observers import INSPECT, PER_SECOND, WORDS, Allowance, Gate
from beamlike.distribution.refusal_log import RefusalLog
from beamlike.distribution.wire import Item
from beamlike.kernel.node import LocalNode, SendSignal
from beamlike.kernel.signals import Send, Signal

if TYPE_CHECKING:
    from beamlike.distribution.transport import Link

logger = logging.getLogger("beamlike.distribution")

TOO_MUCH = "observer_sends_too_much"

MOST_UNREAD = 16 << 20
"""Bytes that may wait for an observer that asks on and does not read."""


class Observed:
    """To be used in the thread of the link's loop."""

    def __init__(self, node: LocalNode, there: str, link: Link, refusals: RefusalLog) -> None:
        self._node = node
        self._there = there
        self._link = link
        self._refusals = refusals
        self._gate = Gate(node.name, there, was_dialled=link.was_dialled, inspector=self._inspector)
        self._allowance = None if link.was_dialled else Allowance(time.monotonic())

    def passed(self, items: list[Item], now: float) -> list[Item]:
        """Those that may pass. Of the others the sender hears, if it waits, and the log."""
        if self._allowance is not None and not self._allowance.takes(len(items), time.monotonic()):
            words = f"expected at most {PER_SECOND:g} signals a second of an observer, {self._there} sent more"
            self._note("too much", words, now)
            self._link.close(TOO_MUCH, words)
            return []
        if self._allowance is not None and self._link.waiting > MOST_UNREAD:
            words = f"expected {self._there} to read what it asked for, {self._link.waiting} bytes wait for it"
            self._note("does not read", words, now)
            self._link.abandon()
            return []
        return [item for item in items if self._passes(item, now)]

    def _passes(self, item: Item, now: float) -> bool:
        refusal = self._gate.refusal(item)
        if refusal is None:
            return True
        self._note(refusal.what, f"refused {self._there} {refusal.what}: {WORDS}", now)
        if refusal.answer is not None:
            self._link.send(refusal.answer)
        return False

    def _note(self, what: str, words: str, now: float) -> None:
        if self._refusals.is_news(self._there, what, now):
            logger.warning("%s: %s", self._node.name, words)

    def _inspector(self) -> int | None:
        process = self._node.find((INSPECT, self._node.name))
        return process.pid.id if process is not None else None


def only_to_inspect(send: SendSignal) -> SendSignal:
    """Sends what is for a process, or for the name `inspect`. What nodes tell each other by names, such as who is in
    which group, is not for an observer, and it has nothing to tell."""

    def send_some(signal: Signal) -> None:
        if not (isinstance(signal, Send) and isinstance(signal.target, tuple) and signal.target[0] != INSPECT):
            send(signal)

    return send_some
