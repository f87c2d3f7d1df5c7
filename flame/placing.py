"""A long-lived process on a runner.

    caller ── start_there ──► keeper, on the runner ── start() ──► placed process
    caller ── Placed ──► pool ── STAY ──► keeper
                         pool ── Unlink ► keeper    if the caller stops the pool meanwhile: it goes on
                         pool ── END ───► keeper ── "shutdown", in the end "kill" ──► placed process

A link is made over there, by the keeper, as soon as the process is there: one that ends at once is linked by then, and
so its caller hears of the true reason.

The process is started by one that stays as long as it does, as a supervisor would: a server that was started with a
link ends with its starter, and by it in order. Until the pool has said that the slot is the process's, it ends with the
caller.
"""

from __future__ import annotations

import asyncio
import inspect
from typing import Any, TypeAlias

import beamlike as bl
from beamlike.behaviours.supervision.child_process import end_child
from beamlike.kernel.callers import calls_users
from beamlike.kernel.current import current_node
from beamlike.kernel.errors import RemoteTraceback
from beamlike.kernel.process import Process
from flame.calls import Request, name_of
from flame.errors import ExecTimeout
from flame.leasing import END, STAY, Lease, Placed, Unlink, leased
from flame.output import Limits, hear
from flame.output_sink import Sink
from flame.traced import within

STAY_SECONDS = 10.0
"""How long the word may take that the slot is the process's."""

Kept: TypeAlias = tuple[bl.Pid, bl.Pid, bool]
"""A placed process, its keeper, and whether it is linked to the caller."""


async def place(name: str, pool: bl.Pid, request: Request, shutdown: float | None) -> bl.Pid | None:
    """Starts the process that the request's function returns the pid of; see Pool.place_child. `shutdown` is that of a
    ChildSpec."""
    async with leased(name, pool, request) as lease:
        kept = await _kept(lease, name, request, shutdown)
        if kept is None:
            return None
        pid, keeper, is_linked = kept
        # Before the block's end releases the lease: the slot is the process's now.
        is_to_be = await bl.GenServer.call(pool, Placed(lease.lease, pid, keeper, request.link), timeout=None)
    if is_to_be and not is_linked:
        bl.link(pid)
    return pid


async def _kept(lease: Lease, name: str, request: Request, shutdown: float | None) -> Kept | None:
    told = request.function, request.sink, bl.self(), request.link, lease.span, shutdown
    try:
        kept: Kept | None = await bl.rpc.call(lease.node, start_there, *told, timeout=lease.seconds)
    except bl.rpc.CallTimedOut as error:
        if isinstance(error.__cause__, RemoteTraceback):  # it is the start's own
            raise
        raise ExecTimeout(
            f"{name_of(request.function)} did not start a process in time on {lease.node}, a runner of pool {name!r}, "
            "and is being stopped. Raise the timeout, which covers the wait for a slot"
        ) from None
    return kept


async def start_there(
    start: Any, sink: Sink | None, caller: bl.Pid, link: bool, span: str, shutdown: float | None
) -> Kept | None:
    """In a process of its own, which ends with the caller. What is linked to it goes with it, if that happens before
    all is said."""
    started: asyncio.Future[Kept | None] = asyncio.get_running_loop().create_future()
    bl.spawn_link(_keep, start, sink, caller, link, span, shutdown, started)
    return await started


async def _keep(
    start: Any,
    sink: Sink | None,
    caller: bl.Pid,
    link: bool,
    span: str,
    shutdown: float | None,
    started: asyncio.Future[Kept | None],
) -> None:
    """The keeper's code."""
    try:
        hear(sink, Limits(in_all=None))
        with within(span):
            pid = await _started(start)
    except Exception as error:
        started.set_exception(error)
        return
    except SystemExit as error:
        started.set_exception(RuntimeError(f"expected {start!r} to start a process, got {error!r}"))
        return
    if pid is None:
        started.set_result(None)
        return
    bl.trap_exit(True)
    over, caller_gone = bl.monitor(pid), bl.monitor(caller)
    placed = _on_this_loop(pid) if link else None
    if placed is not None:
        placed.link(caller)
    started.set_result((pid, bl.self(), placed is not None))
    try:
        word = await bl.receive(lambda it: it == STAY or _is_down(it, over, caller_gone), timeout=STAY_SECONDS)
    except TimeoutError:
        word = None
    if word != STAY:
        if placed is not None and (word is None or word.ref == caller_gone):  # the caller is told in another way
            placed.unlink(caller)
        bl.exit(pid, "kill")
        return
    bl.demonitor(caller_gone, flush=True)
    while not _is_down(message := await bl.receive(), over):
        if isinstance(message, Unlink) and placed is not None:
            placed.unlink(message.holder)
        elif message == END:
            await end_child(bl.ChildSpec(name_of(start), start, restart="temporary", shutdown=shutdown), pid)
            return


def _on_this_loop(pid: bl.Pid) -> Process | None:
    """The process, if it lives where the current one does: what is done to it is done at once then."""
    process = current_node().process(pid)
    return process if process is not None and process.scheduler.is_current_thread() else None


def _is_down(message: object, *refs: bl.Ref) -> bool:
    return isinstance(message, bl.Down) and message.ref in refs


@calls_users
async def _started(start: Any) -> bl.Pid | None:
    pid = start()
    if inspect.isawaitable(pid):
        pid = await pid
    if pid is not None and not isinstance(pid, bl.Pid):
        raise TypeError(f"expected {start!r} to return the pid of the process that it has started, got {pid!r}")
    return pid
