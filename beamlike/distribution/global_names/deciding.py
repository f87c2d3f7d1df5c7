"""Runs a resolver, which is a user's function: in a process of its own, with a time limit."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Hashable
from typing import Final

from beamlike.distribution.global_names.events import Resolved
from beamlike.distribution.global_names.messages import Resolver
from beamlike.kernel import functions as kernel
from beamlike.kernel.terms import Pid

logger = logging.getLogger("beamlike.global")

SECONDS: Final = 10.0
"""For which a resolver may run."""


async def decide(server: Pid, number: int, resolve: Resolver | None, name: Hashable, pids: tuple[Pid, Pid]) -> None:
    """Tells the name server who keeps `name`; nobody, if the resolver fails to say."""
    winner = None
    try:
        async with asyncio.timeout(SECONDS):
            winner = await _winner(resolve, name, pids)
    except Exception:
        logger.exception("the resolver of the name %r failed; neither %s nor %s keeps it", name, *pids)
    else:
        logger.info("the name %r was held by %s and %s; it is now that of %s", name, *pids, winner or "nobody")
    kernel.send(server, Resolved(number, winner))


async def _winner(resolve: Resolver | None, name: Hashable, pids: tuple[Pid, Pid]) -> Pid | None:
    if resolve is None:
        return None
    winner = resolve(name, *pids)
    if inspect.isawaitable(winner):
        winner = await winner
    if winner is not None and winner not in pids:
        raise ValueError(f"expected {pids[0]}, {pids[1]} or None from the resolver of {name!r}, got {winner!r}")
    return winner
