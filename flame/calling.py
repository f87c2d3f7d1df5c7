"""How a caller has a pool perform a function: on the pool's own loop by a plain call, from elsewhere by a message."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import beamlike as bl
from beamlike.kernel.current import current_node
from beamlike.kernel.exceptions import reraisable
from beamlike.kernel.record import frozen
from beamlike.kernel.user import leader_elsewhere
from flame.asking import ask
from flame.calls import Call, Request, Timeout, settled
from flame.errors import FlameError, PoolStopped, RunnerLost
from flame.listening import OnProgress, listening
from flame.outcome import Ended, Raised, Returned
from flame.output_sink import Sink, sink_for_caller
from flame.pool_requests import Abandon, GetOptions, Perform
from flame.pool_server import POOLS, PoolServer
from flame.traced import current_span


@frozen
class Retry:
    """How often a call is made again, and after which of its errors: by default when its runner was lost.

    The function may run several times then, as far as it got. All tries share the call's one time limit.
    """

    times: int = 1
    on: tuple[type[BaseException], ...] = (RunnerLost,)

    def __post_init__(self) -> None:
        if not isinstance(self.times, int) or isinstance(self.times, bool) or self.times < 0:
            raise ValueError(f"expected a number of retries, 0 or more, got {self.times!r}")
        if not isinstance(self.on, tuple) or not all(
            isinstance(it, type) and issubclass(it, BaseException) for it in self.on
        ):
            raise TypeError(f"expected a tuple of exceptions to retry after, got {self.on!r}")


async def call(name: str, pool: bl.Pid, request: Request, retry: Retry | None = None) -> Any:
    """The value of the request's function; see Pool.call."""
    if retry is None:
        return await call_once(name, pool, request)
    until = await _deadline(name, pool, request)
    last: BaseException | None = None
    try:
        for left in range(retry.times, -1, -1):
            try:
                return await call_once(name, pool, _with_what_is_left(request, until))
            except retry.on as error:
                if not left:
                    raise
                last = error
            except FlameError as error:
                if last is None or error.__cause__ is not None:
                    raise
                raise error from last  # why it was called again says more than why it could not be
    finally:
        last = None  # or it would hold this frame, and so itself


async def call_heard(name: str, pool: bl.Pid, request: Request, retry: Retry | None, on_progress: OnProgress) -> Any:
    """As `call`, with the progress of the function handed to `on_progress`."""
    async with listening(on_progress) as address:
        sink = None if request.sink is None else replace(request.sink, progress=address)
        return await call(name, pool, replace(request, sink=sink, progress=address), retry)


async def call_once(name: str, pool: bl.Pid, request: Request) -> Any:
    here = here_is(pool)
    if here is None:
        return await _ask_for(name, pool, request)
    if request.link:
        return await settled(Call(request), here.traffic)
    return await _detached(request, here)


async def _detached(request: Request, here: PoolServer) -> Any:
    """Work that goes on if its caller ends: its slot is taken until it has ended."""
    call = Call(request)
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def then(_call: Call) -> None:
        if future.done():
            call.forget()
        else:
            future.set_result(None)

    call.then = then
    here.traffic.submit(call)
    try:
        await future
    except BaseException:
        if call.then is None:  # it has its outcome, which nobody takes any more
            call.forget()
        raise
    return call.value()


def here_is(pool: bl.Pid) -> PoolServer | None:
    """The pool itself, if it lives on the loop that runs."""
    server = POOLS.get(pool)
    return server if server is not None and server.loop is asyncio._get_running_loop() else None


def sink_towards(pool: bl.Pid) -> Sink | None:
    """Who gets the output of a call: for one from elsewhere, that is found out on the pool's node."""
    return None if here_is(pool) is None else sink_for_caller()


async def _ask_for(name: str, pool: bl.Pid, request: Request) -> Any:
    ref = bl.make_ref()
    try:
        answer = await ask(name, pool, Perform(request, ref, leader_elsewhere(current_node()), current_span()))
    except BaseException:
        if request.link:
            bl.GenServer.cast(pool, Abandon(ref))
        raise
    match answer:
        case Returned(value):
            return value
        case Raised(info):
            raise reraisable(info)
        case Ended(reason):
            raise PoolStopped(f"the call to pool {name!r} was ended on its way: {reason}")
        case _:
            raise answer


async def _deadline(name: str, pool: bl.Pid, request: Request) -> float | None:
    seconds = request.timeout
    if isinstance(seconds, Timeout):
        seconds = (await ask(name, pool, GetOptions())).timeout
    return None if seconds is None else asyncio.get_running_loop().time() + seconds


def _with_what_is_left(request: Request, until: float | None) -> Request:
    left = None if until is None else max(0.0, until - asyncio.get_running_loop().time())
    return replace(request, timeout=left)
