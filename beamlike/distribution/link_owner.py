"""Whom a link tells what happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from beamlike.distribution.connection import Closed, Established
from beamlike.distribution.refusal import Refused
from beamlike.distribution.wire import Item, Undelivered
from beamlike.kernel.process import Process
from beamlike.kernel.signals import Signal

if TYPE_CHECKING:
    from beamlike.distribution.transport import Link


class LinkOwner(Protocol):
    """It is told in the thread of the link's loop, always."""

    def deliver(self, items: list[Item], there: str, interpret: Callable[[Item], bool]) -> None:
        """Delivers messages, and has all else interpreted, until that says to stop."""
        ...

    def route(self, signal: Signal) -> None: ...

    def process(self, id: int) -> Process | None:
        """The process of this node that has this id."""
        ...

    def link_opened(self, link: Link) -> None:
        """It has a socket."""
        ...

    def link_event(self, link: Link, event: Undelivered | Established | Refused | Closed) -> None: ...

    def beats_asked(self, link: Link, seconds: float) -> None:
        """The peer wants a sign of life as often."""
        ...

    def link_lost(self, link: Link) -> None:
        """Its socket is closed."""
        ...
