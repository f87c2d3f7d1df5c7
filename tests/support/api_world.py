"""A server of the protocol on the node of the test, and clients of it by its socket."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import beamlike as bl
from notebook_tui.api.client import ApiClient, connected
from notebook_tui.api.house import Served
from notebook_tui.api.server import api_server
from notebook_tui.serve.sessions import EndAll, Sessions
from notebook_tui.session.options import EVALUATES, SessionOptions
from notebook_tui.session.people import Role
from tests.support.journaled_program import NoRuntime
from tests.support.open_notebook import notebook_text

NAME = "a.livemd"
PATIENCE = 60.0


class ApiWorld:
    def __init__(self, sessions: bl.Pid, directory: Path, socket: Path) -> None:
        self.sessions = sessions
        self.directory = directory
        self.socket = socket

    def write(self, *cells: str, name: str = NAME) -> str:
        """A notebook of these Python cells, cell-1, cell-2, ...; its name for `open`."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(notebook_text(*cells), encoding="utf-8")
        return name

    def client(self, name: str = "test", token: str | None = None) -> Any:
        return connected(self.socket, name, token)

    async def session(self, name: str = NAME) -> bl.Pid:
        return await Served(self.sessions, self.directory).session(str(self.directory / name), None)


@asynccontextmanager
async def api_world(
    options: SessionOptions = EVALUATES, *, runs: bool = False, same_user: Role | None = "admin"
) -> AsyncIterator[ApiWorld]:
    """`runs`: with real runtimes, which takes a real node; else no cell ever begins."""
    sessions = await (Sessions.start(options) if runs else Sessions.start(options, None, lambda _spec: NoRuntime()))
    # A socket's path must be short, and those of pytest are not.
    with tempfile.TemporaryDirectory(prefix="api") as place:
        directory = Path(place) / "n"
        directory.mkdir()
        socket = Path(place) / "s"
        async with api_server(Served(sessions, directory), socket, same_user=same_user):
            yield ApiWorld(sessions, directory.resolve(), socket)
        await bl.GenServer.call(sessions, EndAll(), timeout=PATIENCE)
        await bl.GenServer.stop(sessions, timeout=PATIENCE)


class Raw:
    """A connection that says whatever the test wants."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def say(self, line: bytes) -> None:
        self.writer.write(line)
        await self.writer.drain()

    async def ask(self, **request: Any) -> Mapping[str, Any]:
        await self.say(json.dumps({"jsonrpc": "2.0", **request}).encode() + b"\n")
        return await self.hear()

    async def hear(self) -> Mapping[str, Any]:
        async with asyncio.timeout(PATIENCE):
            found: Mapping[str, Any] = json.loads(await self.reader.readline())
            return found

    async def hello(self) -> None:
        answer = await self.ask(id="hello", method="hello", params={"protocol": 1})
        assert "result" in answer, answer

    async def is_over(self) -> bool:
        async with asyncio.timeout(PATIENCE):
            return await self.reader.read() == b""


@asynccontextmanager
async def raw(socket: Path, limit: int = 32_000_000) -> AsyncIterator[Raw]:
    """`limit`: about so many bytes are read ahead of the test."""
    reader, writer = await asyncio.open_unix_connection(socket, limit=limit)
    try:
        yield Raw(reader, writer)
    finally:
        writer.close()


async def next_event(events: asyncio.Queue[dict[str, Any]], wanted: str) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE):
        while True:
            event = await events.get()
            if event["event"] == wanted:
                return event


def heard_by(client: ApiClient) -> asyncio.Queue[dict[str, Any]]:
    events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    client.on_event = events.put_nowait
    return events
