"""The other end of the protocol, for programs on asyncio."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

from notebook_tui.api.errors import KINDS, ApiError
from notebook_tui.api.lines import LONGEST_ANSWER, asked
from notebook_tui.api.methods import VERSION

Answer = dict[str, Any]


class ApiClient:
    """`async with connected(path) as client: await client.call("list")`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._ids = count(1)
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self.on_event: Callable[[Answer], None] = lambda event: None
        self._reading = asyncio.create_task(self._read())

    async def call(self, method: str, /, **params: Any) -> Answer:
        """What the method answers. `ApiError` says why it does not; ConnectionError, that the server is gone."""
        if self._reading.done():
            raise ConnectionError("the server has closed the connection")
        id = next(self._ids)
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[id] = answer
        try:
            self._writer.write(asked(id, method, params))
            await self._writer.drain()
            return await answer
        finally:
            self._waiting.pop(id, None)

    async def close(self) -> None:
        self._writer.close()
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        with suppress(ConnectionError):
            await self._writer.wait_closed()

    async def _read(self) -> None:
        try:
            while line := await self._reader.readline():
                self._hear(json.loads(line))
        finally:
            for each in self._waiting.values():
                if not each.done():
                    each.set_exception(ConnectionError("the server has closed the connection"))

    def _hear(self, told: Answer) -> None:
        if "id" not in told:
            self.on_event(told["params"])
            return
        waiting = self._waiting.get(told["id"])
        if waiting is not None and not waiting.done():
            if "error" in told:
                waiting.set_exception(_error(told["error"]))
            else:
                waiting.set_result(told["result"])


def _error(told: Answer) -> ApiError:
    data = dict(told.get("data") or {})
    kind = data.pop("kind", "internal")
    return ApiError(kind if kind in KINDS else "internal", told["message"], **data)


@asynccontextmanager
async def connected(path: Path, client: str, token: str | None = None) -> AsyncIterator[ApiClient]:
    """A client that has said hello."""
    reader, writer = await asyncio.open_unix_connection(path, limit=LONGEST_ANSWER + 1)
    made = ApiClient(reader, writer)
    try:
        await made.call("hello", protocol=VERSION, client=client, **({"token": token} if token is not None else {}))
        yield made
    finally:
        await made.close()
