"""Evaluates in a running service for a command: one piece of code after the other, each seeing what those before bound.

It is the same runtime that a notebook has there (`runtime.attached`), and leaves as little.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeAlias

import beamlike as bl
from beamlike.distribution.addresses import Address
from beamlike.distribution.secret import load_secret
from notebook_tui.runtime.messages import (
    Answer,
    Displayed,
    Evaluate,
    Finished,
    InputWanted,
    Interrupt,
    Printed,
    Taken,
)
from notebook_tui.runtime.outcome import Failure, Outcome
from notebook_tui.runtime.proposals import Item
from notebook_tui.runtime.relay import Relayed
from notebook_tui.runtime.typing_questions import Complete, Place
from notebook_tui.session.attached import STOP_SECONDS, start_there, withdraw
from notebook_tui.session.booted import offer_modules
from notebook_tui.session.incoming import Incoming
from notebook_tui.widgets.view_text import content_text

COMPLETE_SECONDS = 2.0
LAST_SECONDS = 5.0
"""So long an evaluation that was interrupted may take over its end."""

Show: TypeAlias = Callable[[str, str], object]
"""Called with "stdout" or "stderr", and a text."""
AskUser: TypeAlias = Callable[[str, bool], str | None]
"""Called with a prompt, and whether what is typed must show nowhere; None if nobody answers."""


class Lost(Exception):
    """The service has gone, or the connection to it."""


class Visitor:
    """One evaluation at a time. `interrupt` is for any thread."""

    def __init__(self, node: bl.Node, name: str, server: bl.Pid) -> None:
        self.name = name
        self._node = node
        self._server = server
        self._incoming = Incoming(server)
        self._ref = bl.monitor(server)
        self._evaluated = 0
        self._running: str | None = None

    @classmethod
    @asynccontextmanager
    async def at(cls, name: str, address: Address | None, what: str) -> AsyncIterator[Visitor]:
        """Connects, and is gone again at the end. `what` is what the service's audit log calls it.

        NotConnected says what is in the way, whatever the service raised when it was visited comes as it is."""
        own = f"{what}-{os.getpid()}-{secrets.token_hex(3)}@127.0.0.1"
        node = bl.Node(own, secret=secrets.token_bytes(32), observers=False, hidden=True, listen=False)
        async with node:
            offers = offer_modules(name, None)
            try:
                await node.connect(name, address, secret=load_secret())
            except BaseException:
                withdraw(offers)
                raise
            visitor = cls(node, name, await start_there(name, bl.self(), what, what))
            try:
                yield visitor
            finally:
                with suppress(bl.CallFailed, bl.CallTimeout):
                    await bl.GenServer.stop(visitor._server, timeout=STOP_SECONDS)
                await node.disconnect(name)

    async def evaluate(
        self, source: str, show: Show, ask: AskUser = lambda prompt, hidden: None, timeout: float | None = None
    ) -> Finished:
        """How it ended, after all that it printed was shown. After `timeout` seconds it is interrupted, and
        TimeoutError raised. `Lost` if the service goes meanwhile."""
        above = tuple(map(str, range(1, self._evaluated + 1)))
        self._evaluated += 1
        cell = self._running = str(self._evaluated)
        bl.send(self._server, Evaluate(cell, cell, source, above=above))
        try:
            async with asyncio.timeout(timeout):
                return await self._until_finished(cell, show, ask)
        except TimeoutError:
            self.interrupt()
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_SECONDS):
                    await self._until_finished(cell, show, ask)
            raise
        finally:
            self._running = None

    async def _until_finished(self, cell: str, show: Show, ask: AskUser) -> Finished:
        while True:
            match await self._next():
                case Finished(cell_id=finished) as end if finished == cell:
                    return end
                case message:
                    self._take(message, show, ask)

    async def drain(self, show: Show) -> None:
        """Shows what has come meanwhile, of tasks that go on."""
        with suppress(TimeoutError):
            while True:
                async with asyncio.timeout(0):
                    message = await self._next()
                self._take(message, show, lambda prompt, hidden: None)

    async def _next(self) -> object:
        while True:
            match await bl.receive(
                lambda it: isinstance(it, Relayed) or (isinstance(it, bl.Down) and it.ref == self._ref)
            ):
                case Relayed() as relayed:
                    if (message := self._incoming.take(relayed)) is not None:
                        return message
                case bl.Down(reason=reason):
                    raise Lost(f"{self.name} was lost: {reason}")

    def _take(self, message: object, show: Show, ask: AskUser) -> None:
        match message:
            case Printed(stream=stream, text=text, output=output):
                show(stream, text)
                bl.send(output, Taken())
            case Displayed(content=content, output=output):
                show("stdout", content_text(content) + "\n")
                bl.send(output, Taken())
            case InputWanted(question=question, prompt=prompt, hidden=hidden):
                said = ask(prompt, hidden)
                bl.send(self._server, Answer(question, said, "" if said is not None else "nobody can be asked here"))

    def interrupt(self) -> None:
        """Ends the evaluation that is under way, if one is."""
        cell = self._running
        if cell is not None:
            self._node.send(self._server, Interrupt(cell))

    async def complete(self, source: str, offset: int) -> list[Item]:
        """What could stand there, by what lives in the service; nothing if it does not answer in time."""
        cells = tuple(map(str, range(1, self._evaluated + 1)))
        try:
            found: list[Item] = await bl.GenServer.call(
                self._server, Complete(Place(source, offset, cells_above=cells)), timeout=COMPLETE_SECONDS
            )
        except (bl.CallTimeout, bl.CallFailed):
            return []
        return found


def failure_of(outcome: Outcome) -> Failure:
    """What to say of one that is not "ok"."""
    return outcome.failure or Failure("KeyboardInterrupt", "interrupted", "interrupted", None)
