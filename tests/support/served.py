"""A real server on a directory of the test, which is killed and started again."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from notebook_tui.document.operations import QueueCells
from notebook_tui.document.outputs import Result, Text
from notebook_tui.serve.rendezvous import CUSTODIANS, Server, server_for, servers
from notebook_tui.session.client import Client

DEADLINE = 60.0


async def until(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, f"within {DEADLINE} s this did not come true: {what}"
        await asyncio.sleep(0.02)


class ServedDirectory:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.program: subprocess.Popen[bytes] | None = None
        self.log = directory / "server.log"

    async def start(self) -> Server:
        """Returns once it is found."""
        with self.log.open("ab") as log:
            self.program = await asyncio.to_thread(
                subprocess.Popen,
                [sys.executable, "-P", "-m", "notebook_tui", "serve", str(self.directory)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        await until(
            lambda: (found := server_for(self.directory / "x")) and found.pid == self.pid, "the server is there"
        )
        found = server_for(self.directory / "x")
        assert found is not None
        return found

    @property
    def pid(self) -> int:
        assert self.program is not None
        return self.program.pid

    async def end(self, number: signal.Signals) -> int:
        """By that signal; the exit status."""
        program, self.program = self.program, None
        assert program is not None
        program.send_signal(number)
        return await asyncio.to_thread(program.wait, DEADLINE)

    async def over(self) -> None:
        """Nothing is left."""
        if self.program is not None:
            await self.end(signal.SIGINT)
        for custodian in servers(CUSTODIANS):
            with suppress(ProcessLookupError):  # it may end by itself, as its server has ended
                os.kill(custodian.pid, signal.SIGTERM)
        await until(lambda: not servers(CUSTODIANS), "no custodian is left")


@asynccontextmanager
async def served(directory: Path) -> AsyncIterator[ServedDirectory]:
    serving = ServedDirectory(directory)
    try:
        yield serving
    finally:
        await serving.over()


def printed(client: Client, cell_id: str) -> str:
    outputs = client.state.notebook.cell(cell_id).outputs
    return "".join(output.text for output in outputs if isinstance(output, Text))


def result(client: Client, cell_id: str) -> str | None:
    outputs = client.state.notebook.cell(cell_id).outputs
    return next((output.text for output in outputs if isinstance(output, Result)), None)


async def run(client: Client, *cell_ids: str) -> None:
    """Those alone; returns when they have run."""
    before = client.state.runs
    client.send(QueueCells(cell_ids, alone=True))
    await until(
        lambda: client.state.runs > before and not client.state.running and not client.state.queue,
        f"{cell_ids} have run",
    )
