"""A client at its socket: lines come in, answers and events go out, each as soon as it is there.

What a client does not read holds up itself alone: an answer is made into a line when there is room for it, events wait
in a bounded queue, and no more requests are read than may be under way.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Final

from notebook_tui.api.caller import Caller
from notebook_tui.api.errors import ApiError
from notebook_tui.api.lines import LONGEST_REQUEST, NoRequest, Request, answered, refused, request_of, told

UNDER_WAY: Final = 32
"""Requests of a connection at a time; those beyond it are refused."""
HELLO_SECONDS: Final = 30.0
LAST_SECONDS: Final = 1.0
"""What was asked when no more is asked is answered, if that takes no longer: a client may have closed its half only."""

logger = logging.getLogger("notebook_tui.api")


class TooLong(Exception):
    """A line of more bytes than one may have; it has been read over."""


async def serve_client(caller: Caller, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Returns when the client has gone; what it held is free then."""
    await Connection(caller, reader, writer).run()


class Connection:
    def __init__(self, caller: Caller, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._caller = caller
        self._reader = reader
        self._writer = writer
        self._writing = asyncio.Lock()
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        telling = asyncio.create_task(self._tell_events())
        try:
            await self._read()
            if self._under_way and not self._caller.revoked:
                await asyncio.wait(self._under_way, timeout=LAST_SECONDS)
        except ConnectionError:
            pass  # it has gone while it was written to, or read from
        finally:
            for task in (telling, *self._under_way):
                task.cancel()
            await asyncio.gather(telling, *self._under_way, return_exceptions=True)
            await self._caller.leave()
            self._writer.close()
            with suppress(ConnectionError):
                await self._writer.wait_closed()

    async def _read(self) -> None:
        while not self._caller.revoked:
            try:
                async with asyncio.timeout(None if self._caller.greeted else HELLO_SECONDS):
                    line = await self._line()
            except TimeoutError:
                words = f"expected hello within {HELLO_SECONDS:g} s"
                await self._write(refused(None, ApiError("hello", words)))
                return
            except TooLong:
                words = f"expected a line of up to {LONGEST_REQUEST:,} bytes; a longer one was read over"
                await self._write(refused(None, ApiError("parse", words)))
                continue
            if not line:
                return
            if not line.isspace():
                await self._take(line)

    async def _line(self) -> bytes:
        """The next one, which may lack its end if it is the last; empty at the end."""
        try:
            return await self._reader.readuntil(b"\n")
        except asyncio.IncompleteReadError as error:
            return error.partial
        except asyncio.LimitOverrunError as error:
            await self._read_over(error)
            raise TooLong from None

    async def _read_over(self, overrun: asyncio.LimitOverrunError) -> None:
        while True:
            await self._reader.readexactly(overrun.consumed)
            try:
                await self._reader.readuntil(b"\n")
            except asyncio.LimitOverrunError as error:
                overrun = error
            except asyncio.IncompleteReadError:
                return
            else:
                return

    async def _take(self, line: bytes) -> None:
        try:
            request = request_of(line)
        except NoRequest as error:
            await self._write(error.answer)
            return
        if request.method == "hello" or not self._caller.greeted:
            await self._answer(request)  # what follows it stands on it
        elif len(self._under_way) >= UNDER_WAY:
            words = f"{UNDER_WAY} requests are under way already: wait for the answer to one"
            await self._refuse(request, ApiError("busy", words))
        else:
            task = asyncio.create_task(self._answer(request))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _answer(self, request: Request) -> None:
        try:
            result = await self._caller.call(request.method, request.params)
        except ApiError as error:
            await self._refuse(request, error)
        else:
            if request.answered:
                async with self._writing:
                    await self._send(answered(request.id, result))

    async def _refuse(self, request: Request, error: ApiError) -> None:
        if request.answered:
            await self._write(refused(request.id, error))

    async def _tell_events(self) -> None:
        with suppress(ConnectionError):
            while True:
                await self._caller.more.wait()
                async with self._writing:
                    for event in self._caller.events():
                        await self._send(told("event", event))

    async def _write(self, line: bytes) -> None:
        async with self._writing:
            await self._send(line)

    async def _send(self, line: bytes) -> None:
        self._writer.write(line)
        await self._writer.drain()
