"""The connections to other nodes, with what passes by them."""

from __future__ import annotations

import time
from typing import Any
from weakref import WeakKeyDictionary

from beamlike.distribution.liveness import heartbeats
from beamlike.distribution.transport import Link
from beamlike.inspect.facts import LinkFacts
from beamlike.inspect.looking.options import SomeOptions
from beamlike.inspect.looking.patience import Patience
from beamlike.kernel.node import LocalNode

SHORTEST = 0.5
"""Seconds between two looks from which a rate is told."""


async def links(node: LocalNode, options: SomeOptions, patience: Patience) -> tuple[LinkFacts, ...]:
    heartbeat = heartbeats.get(node)
    if heartbeat is None:
        return ()
    shown = set(node.peers())
    found: list[tuple[str, Any]] = sorted(node.outlets.items())[: options.limit]
    return tuple(
        _facts(name, link, heartbeat.state(name), hidden=name not in shown)
        for name, link in found
        if isinstance(link, Link)
    )


def _facts(name: str, link: Link, state: str, *, hidden: bool) -> LinkFacts:
    address = link.peer_address
    came, left = _rates(link)
    return LinkFacts(
        node=name,
        state=state,
        hidden=hidden,
        address=f"{address[0]}:{address[1]}" if address is not None else "",
        tls=link.is_encrypted,
        dialled=link.was_dialled,
        bytes_in=link.bytes_in,
        bytes_out=link.bytes_out,
        waiting=link.waiting,
        bound=link.congestion.bound,
        heard=link.silent_ticks == 0,
        bytes_in_per_s=came,
        bytes_out_per_s=left,
    )


class _Seen:
    """What a link had carried at an earlier look, and the rates that were told then."""

    def __init__(self, at: float, link: Link) -> None:
        self.at = at
        self.came, self.left = link.bytes_in, link.bytes_out
        self.rates: tuple[float | None, float | None] = (None, None)


_seen: WeakKeyDictionary[Link, _Seen] = WeakKeyDictionary()


def _rates(link: Link) -> tuple[float | None, float | None]:
    """Bytes a second that came and left since the last look."""
    now = time.monotonic()
    before = _seen.get(link)
    if before is not None and now - before.at < SHORTEST:
        return before.rates
    seen = _seen[link] = _Seen(now, link)
    if before is not None:
        seconds = now - before.at
        seen.rates = ((seen.came - before.came) / seconds, (seen.left - before.left) / seconds)
    return seen.rates
