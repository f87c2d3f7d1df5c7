"""The process that gets a session its runtime and ends it, and sees to it that none is left which nobody has.

A machine may take minutes to come, and as long to go: the session answers meanwhile. What is called off is undone
before the keeper ends, however long that takes. The end of the session, however that comes, calls it off.

    keeper ── (its pid, Connection) ──► session ── GiveUp ──► keeper
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeAlias

import beamlike as bl
from beamlike.kernel.record import frozen
from notebook_tui.session.runtime import Connection, step

LEAVE_SECONDS = 1.0
"""How long a runtime whose session has ended may take to end by itself, before its machine is stopped."""

Connect: TypeAlias = Callable[[bl.Pid], Awaitable[Connection]]


@frozen
class GiveUp:
    """To the keeper: the runtime is not wanted any more."""


@frozen
class LetGo:
    """To the keeper: the runtime is for whoever comes next, and stays as it is."""


@frozen
class _Done:
    """To itself: connecting is over, in one way or the other."""


async def keep(session: bl.Pid, connect: Connect, before: Iterable[bl.Pid] = ()) -> None:
    """Sends what `connect` makes to the session, once the processes `before` have ended, and ends it in the end. What
    `connect` raises ends this process."""
    me, watch = bl.self(), bl.monitor(session)
    task: asyncio.Future[Connection] | None = asyncio.ensure_future(_connect(session, connect, tuple(before)))
    assert task is not None
    task.add_done_callback(lambda _: bl.send(me, _Done()))

    def is_ours(message: object) -> bool:
        return isinstance(message, GiveUp | _Done) or (isinstance(message, bl.Down) and message.ref == watch)

    try:
        if not isinstance(await bl.receive(is_ours), _Done):
            return
        try:
            connection = await task
        except bl.BeamlikeError as error:
            # Its message says all; the stack is that of this program, and nobody's fault. The session tells the user.
            raise bl.ProcessExit(("shutdown", f"{type(error).__name__}: {error}")) from None
        bl.send(session, (me, connection))
        if await _wait(watch, connection):
            task = None
    finally:  # also where this process is ended
        if task is not None:
            task.cancel()
            await _undone(task)


async def hold(session: bl.Pid, connection: Connection) -> None:
    """As `keep`, of a runtime that an earlier program has left."""
    stays = False
    try:
        stays = await _wait(bl.monitor(session), connection)
    finally:
        if not stays:
            await connection.stop()


async def _wait(watch: bl.Ref, connection: Connection) -> bool:
    """Until the runtime is not wanted any more here; whether it stays as it is. `watch` is the monitor of the session,
    to whose program it belongs unless that has let go of it."""

    def is_ours(message: object) -> bool:
        return isinstance(message, GiveUp | LetGo) or (isinstance(message, bl.Down) and message.ref == watch)

    news = await bl.receive(is_ours)
    if isinstance(news, LetGo):
        await connection.let_go()
        return True
    if isinstance(news, bl.Down):
        await _left_by_itself(connection.server)
    return False


async def _connect(session: bl.Pid, connect: Connect, before: tuple[bl.Pid, ...]) -> Connection:
    ends = [bl.monitor(each) for each in before if bl.is_alive(each)]
    if ends:
        step(session, "waiting for the end of the runtime before")
    for ref in ends:
        await bl.receive(ref=ref)
    return await connect(session)


async def _undone(task: asyncio.Future[Connection]) -> None:
    """Nothing is left of it. It may have come before it was cancelled."""
    await asyncio.wait([task])
    if not task.cancelled() and task.exception() is None:
        await task.result().stop()


async def _left_by_itself(server: bl.Pid) -> None:
    end = bl.monitor(server)
    try:
        await bl.receive(ref=end, timeout=LEAVE_SECONDS)
    except TimeoutError:
        bl.demonitor(end, flush=True)
