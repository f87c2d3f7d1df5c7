"""A slot that is held for longer than a call: for a stream, or a process that is placed on a runner.

    holder ── Reserve ──► pool ── Lease ──► holder ── Release ──► pool

The slot is free again when it is released, when the holder ends or, once a process was placed there, when that ends.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import beamlike as bl
from beamlike.kernel.errors import RemoteTraceback
from flame.asking import ask
from flame.calls import Request
from flame.errors import FlameError, PoolStopped, RunnerLost
from flame.traced import current_span

FATE_SECONDS = 5.0
STAY: Final = "stay"
END: Final = "end"
"""To a keeper: its process is to end now."""


@dataclass(frozen=True, slots=True)
class Reserve:
    """Answered by a Lease, or by the FlameError that says why there is none."""

    lease: bl.Ref
    request: Request
    span: str = ""
    """The caller's, where that uses OpenTelemetry."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A slot on `node`, with what is left of the time limit, and the span that is to go on there."""

    lease: bl.Ref
    node: str
    seconds: float | None
    span: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """The slot belongs to this process from now on, and its keeper is sent STAY. With `link` it ends when the holder
    does. Answered by whether the holder is to be linked to it."""

    lease: bl.Ref
    pid: bl.Pid
    keeper: bl.Pid
    link: bool


@dataclass(frozen=True, slots=True)
class Unlink:
    """To a keeper: `holder` stops the pool, and is to be linked to its process no more."""

    holder: bl.Pid


@dataclass(frozen=True, slots=True)
class Release:
    lease: bl.Ref


@dataclass(frozen=True, slots=True)
class AskLoss:
    """Answered by the RunnerLost of a lease whose node is lost, once it is known why; by None if it is not lost."""

    lease: bl.Ref


@asynccontextmanager
async def leased(name: str, pool: bl.Pid, request: Request) -> AsyncIterator[Lease]:
    """A slot for the time of the block. What the block raises because the node was lost becomes RunnerLost."""
    ref = bl.make_ref()
    try:
        lease = await ask(name, pool, Reserve(ref, request, current_span()))
        if isinstance(lease, FlameError):
            raise lease
        try:
            yield lease
        except (bl.rpc.NodeLost, bl.NotConnected) as error:
            if isinstance(error.__cause__, RemoteTraceback):  # it was raised over there, and so about another node
                raise
            raise await _loss(name, pool, lease) or error from None
    finally:
        bl.GenServer.cast(pool, Release(ref))


async def _loss(name: str, pool: bl.Pid, lease: Lease) -> Exception | None:
    try:
        loss: Exception | None = await ask(name, pool, AskLoss(lease.lease), timeout=FATE_SECONDS)
    except PoolStopped as stopped:
        return RunnerLost(f"{lease.node}, a runner of pool {name!r}, was lost with it: {stopped}", node=lease.node)
    except bl.CallTimeout:
        return None
    return loss
