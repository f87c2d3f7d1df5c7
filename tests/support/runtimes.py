"""A runtime in a child process, spoken to by its messages, as a session does."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from textwrap import dedent
from typing import Any

import beamlike as bl
from notebook_tui.runtime.messages import (
    Answer,
    Displayed,
    Drop,
    Dropped,
    Evaluate,
    Finished,
    Forget,
    InputSettled,
    InputWanted,
    Interrupt,
    Printed,
    Started,
    Taken,
)
from notebook_tui.runtime.outcome import Outcome
from notebook_tui.runtime.relay import Got, Relayed
from notebook_tui.session.booted import Local

SECONDS = 60.0


class Running:
    """`heard` is what the runtime has said so far."""

    def __init__(self, server: bl.Pid) -> None:
        self.server = server
        self.heard: list[Any] = []

    def start(self, cell_id: str, source: str, *above: str, container: str = "", node: str = "") -> None:
        self.heard = [message for message in self.heard if getattr(message, "cell_id", None) != cell_id]
        bl.send(self.server, Evaluate(cell_id, cell_id, dedent(source), container, above, node))

    async def run(self, cell_id: str, source: str, *above: str, container: str = "", node: str = "") -> Outcome:
        self.start(cell_id, source, *above, container=container, node=node)
        return await self.finished(cell_id)

    async def result(self, cell_id: str, source: str, *above: str, container: str = "") -> str | None:
        outcome = await self.run(cell_id, source, *above, container=container)
        assert outcome.failure is None, outcome.failure.traceback
        return outcome.result

    def interrupt(self, cell_id: str) -> None:
        bl.send(self.server, Interrupt(cell_id))

    def forget(self, cell_id: str) -> None:
        bl.send(self.server, Forget(cell_id))

    async def drop(self, container: str) -> str:
        """The trouble that there was, if any."""
        bl.send(self.server, Drop(container))
        dropped: Dropped = await self.until(lambda message: message, Dropped)
        self.heard.remove(dropped)
        return dropped.trouble

    async def finished(self, cell_id: str) -> Outcome:
        finished: Finished = await self.until(lambda message: message.cell_id == cell_id, Finished)
        return finished.outcome

    async def started(self, cell_id: str) -> None:
        await self.until(lambda message: message.cell_id == cell_id, Started)

    async def asked(self, cell_id: str) -> InputWanted:
        """What the cell wants to know, each question once."""
        wanted: InputWanted = await self.until(lambda message: message.cell_id == cell_id, InputWanted)
        self.heard.remove(wanted)
        return wanted

    def answer(self, wanted: InputWanted, text: str | None) -> None:
        bl.send(self.server, Answer(wanted.question, text))

    async def settled(self, wanted: InputWanted) -> None:
        await self.until(lambda message: message.question == wanted.question, InputSettled)

    def printed(self, cell_id: str) -> str:
        return "".join(
            message.text for message in self.heard if isinstance(message, Printed) and message.cell_id == cell_id
        )

    async def prints(self, cell_id: str, text: str) -> None:
        """Returns when the cell has printed that."""
        await self.until(lambda message: text in self.printed(cell_id), Printed)

    async def until(self, condition: Callable[[Any], object], *kinds: type) -> Any:
        """The first message of those kinds of which the condition is true, that has come or comes."""
        for message in self.heard:
            if isinstance(message, kinds) and condition(message):
                return message
        while True:
            message = await bl.receive(timeout=SECONDS)
            if isinstance(message, Relayed):
                bl.send(message.relay, Got(message.number))
                message = message.message
            if isinstance(message, Printed | Displayed):
                bl.send(message.output, Taken())
            self.heard.append(message)
            if isinstance(message, kinds) and condition(message):
                return message


@asynccontextmanager
async def running(directory: Path) -> AsyncIterator[Running]:
    async with bl.Node(f"owner-{secrets.token_hex(4)}@127.0.0.1"):
        connection = await Local().connect(bl.self(), "test", str(directory))
        try:
            yield Running(connection.server)
        finally:
            await connection.stop()
