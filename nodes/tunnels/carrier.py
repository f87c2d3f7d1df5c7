"""The parent's end: a port on this host that leads to the child, whatever becomes of the tunnels in between."""

from __future__ import annotations

import asyncio
import logging
import secrets
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TypeVar

from beamlike.distribution.addresses import Address
from beamlike.loop_thread import LoopThread
from nodes.backend import BackendError
from nodes.loopback_server import HOST, close_server, open_server, port_of
from nodes.tunnels.flow import BadFlow
from nodes.tunnels.greeting import ID_SIZE, FlowGone, greet, hear, key_of
from nodes.tunnels.landing import silence_of
from nodes.tunnels.route import Route
from nodes.tunnels.way import Carried

T = TypeVar("T")

logger = logging.getLogger("nodes")

DIAL_SECONDS = 5.0
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0
START_PAUSE = 0.2
"""The longest before a dial: the child may be about to start."""
TRIES, START_TRIES = 3, 20
"""At ways through one tunnel that lets itself be entered, before another tunnel is asked for; the latter before a
dial."""

Way = tuple[int, StreamReader, StreamWriter]
"""By which tunnel, and the two directions."""


class Carrier:
    """`address` is that port. What comes there is carried to the child that holds `token`, for up to `lease` seconds
    without a way; `has_ended` says whether the child's machine has, so that nobody waits for one that is gone."""

    def __init__(self, where: str, route: Route, token: bytes, lease: float, has_ended: Callable[[], Awaitable[bool]]):
        self.address: Address
        self.trouble = ""
        """Why there is no way, in words; "" while there is one."""
        self.refused: BackendError | None = None
        """What the backend said the last time, if it says that it makes no tunnels to this machine for good."""
        self._where = where
        self._route = route
        self._key = key_of(token)
        self._lease = lease
        self._patience = min(DIAL_SECONDS, silence_of(lease))
        self._has_ended = has_ended
        self._loop = asyncio.get_running_loop()
        self._thread: LoopThread | None = None
        self._server: asyncio.Server | None = None
        self._flows: set[asyncio.Task[None]] = set()
        self._closing_flows: set[asyncio.Task[None]] = set()
        self._tunnel: tuple[int, Address] | None = None
        """The last one that the route told of: user code on that loop need not turn for another way through it."""
        self._is_in_use = False
        self._closing: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Carries in a thread of its own, so that user code on this loop holds up no sign of life."""
        self._thread = LoopThread("beamlike tunnels")
        self.address = await self._thread.run(self._listen())

    async def _listen(self) -> Address:
        self._server = await open_server(self._come)
        await self._server.start_serving()
        return HOST, port_of(self._server)

    async def reached(self) -> None:
        """Returns once the child answers, however long it takes: it may not have started yet."""
        if self._thread is not None:
            await self._thread.run(self._reach())

    async def _reach(self) -> None:
        avoid, failures, pause = 0, 0, FIRST_PAUSE
        while True:
            try:
                await self._look_in(avoid)
                return
            except _Broken as broken:
                self._tell(broken)
                failures += 1
                if broken.renew or failures % START_TRIES == 0:
                    avoid = broken.tunnel
            await asyncio.sleep(pause)
            pause = min(2 * pause, START_PAUSE)

    async def _look_in(self, avoid: int) -> None:
        """Leaves without a word once it hears the child."""
        tunnel, reader, writer = await self._way(avoid)
        with self._broken(tunnel):
            try:
                async with asyncio.timeout(self._patience):
                    await hear(reader)
                self.trouble = ""
            finally:
                writer.close()

    async def close(self) -> None:
        """Ends all that goes through it. A second call does nothing."""
        thread, self._thread = self._thread, None
        if thread is not None:
            await thread.run(self._end())
            await asyncio.to_thread(thread.stop)
        await self._route.close()

    async def _end(self) -> None:
        if self._server is not None:
            await close_server(self._server)
        while under_way := self._flows | self._closing_flows:
            for flow in self._flows:
                flow.cancel()
            await asyncio.wait(under_way)

    def close_with_last(self) -> None:
        """The nodes are connected: once they are not any more, this is of no use."""
        self._is_in_use = True

    def _come(self, reader: StreamReader, writer: StreamWriter) -> None:
        carried = Carried(reader, writer, silence_of(self._lease))
        task = asyncio.create_task(self._carry(carried))
        self._flows.add(task)
        task.add_done_callback(partial(self._gone, carried))

    def _gone(self, carried: Carried, flow: asyncio.Task[None]) -> None:
        self._flows.discard(flow)
        if flow.cancelled():  # it may not have begun, or not have waited for its own end
            closing = asyncio.create_task(carried.close())
            self._closing_flows.add(closing)
            closing.add_done_callback(self._closing_flows.discard)
        if not self._flows and self._is_in_use:
            with suppress(RuntimeError):  # that loop is closed, and with it everything of the backend's
                self._loop.call_soon_threadsafe(self._close_soon)

    def _close_soon(self) -> None:
        self._closing = self._loop.create_task(self.close())

    async def _carry(self, carried: Carried) -> None:
        """One connection of the nodes, from its start to its end, which comes with that of the lease at the latest."""
        name, avoid, failures, pause = secrets.token_bytes(ID_SIZE), 0, 0, FIRST_PAUSE
        try:
            while True:
                heard_at = carried.heard_at
                try:
                    await self._try(carried, name, avoid)
                    return
                except (FlowGone, BadFlow) as error:
                    logger.debug("a connection to %s is over: %r", self._where, error)
                    return
                except _Broken as broken:
                    self._tell(broken)
                    if carried.heard_at != heard_at:
                        failures, pause = 0, FIRST_PAUSE
                    failures += 1
                    if broken.renew or failures % TRIES == 0:
                        avoid = broken.tunnel
                if await self._is_hopeless(carried) or (carried.flow.is_ended and not self._is_in_use):
                    return  # of a dial that was given up, nothing is to reach the child any more
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
        finally:
            await asyncio.shield(asyncio.create_task(carried.close()))

    async def _try(self, carried: Carried, name: bytes, avoid: int) -> None:
        """Returns when the flow is over; _Broken says why no way carries it now."""
        tunnel, reader, writer = await self._way(avoid)
        with self._broken(tunnel):
            try:
                async with asyncio.timeout(self._patience):
                    theirs = await greet(reader, writer, self._key, name, carried.flow.received)
                self.trouble = ""
                await carried.over(reader, writer, theirs)
            finally:
                writer.close()

    async def _way(self, avoid: int) -> Way:
        """Into a tunnel, but not that one. _Broken if there is none."""
        tunnel = avoid
        try:
            if self._tunnel is None or self._tunnel[0] <= avoid:
                self._tunnel = await self._there(lambda: self._route.beyond(avoid))
            tunnel, address = self._tunnel
            async with asyncio.timeout(DIAL_SECONDS):
                reader, writer = await asyncio.open_connection(*address)
        except Exception as error:
            self.refused = error if isinstance(error, BackendError) and error.permanent else None
            raise _Broken(f"there is no tunnel to {self._where}: {error}", tunnel, renew=True) from error
        return tunnel, reader, writer

    @contextmanager
    def _broken(self, tunnel: int) -> Iterator[None]:
        try:
            yield
        except TimeoutError as error:
            raise _Broken(f"nobody answers at the end of the tunnel to {self._where}", tunnel, renew=True) from error
        except OSError as error:
            raise _Broken(f"the tunnel to {self._where} broke: {error}", tunnel, renew=False) from error

    async def _is_hopeless(self, carried: Carried) -> bool:
        if self._loop.is_closed():
            return True
        if asyncio.get_running_loop().time() - carried.heard_at > self._lease:
            logger.warning("%s could not be reached for %g s, which is its lease", self._where, self._lease)
            return True
        try:
            return await self._there(self._has_ended)
        except Exception as error:  # a platform that cannot be asked says nothing of the machine
            logger.debug("%s could not be looked at: %r", self._where, error)
            return False

    def _tell(self, broken: _Broken) -> None:
        if str(broken) != self.trouble:
            self.trouble = str(broken)
            logger.info("%s", broken)

    async def _there(self, work: Callable[[], Awaitable[T]]) -> T:
        """Awaits what is the backend's on the loop that it is used on."""

        async def awaited() -> T:
            return await work()

        if self._loop.is_closed():
            raise ConnectionAbortedError("the loop that the backend was used on is closed")
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(awaited(), self._loop))


class _Broken(Exception):
    """`renew`: not by that tunnel again."""

    def __init__(self, message: str, tunnel: int, *, renew: bool) -> None:
        super().__init__(message)
        self.tunnel = tunnel
        self.renew = renew
