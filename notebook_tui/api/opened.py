"""A notebook that one client has open: its view of the session, what it types, what it asked to run and is asked."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import Any, Final

from notebook_tui.api.errors import ApiError
from notebook_tui.api.events import Feed, events_of
from notebook_tui.api.runs import Asked
from notebook_tui.api.told_notebook import no_cell, people_json, question_json, questions_json, state_json
from notebook_tui.document import delta as deltas
from notebook_tui.document.delta import Delta
from notebook_tui.document.find import find_section
from notebook_tui.document.notebook import Cell, Section
from notebook_tui.document.operations import Operation
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.state import State
from notebook_tui.runtime.messages import InputWanted
from notebook_tui.session.client import Client
from notebook_tui.session.presence import Whereabouts

RUNS: Final = 100
"""So many of the last are known by their ids."""


class Opened:
    def __init__(self, name: str, client: Client, *, answers: bool, more: Callable[[], None]) -> None:
        """`more` is called when there are events to take."""
        self.name = name
        self.client = client
        self.questions: dict[str, InputWanted] = {}
        self.runs: dict[str, Asked] = {}
        self.ended: str | None = None
        """Why no more will come."""
        self.feed: Feed | None = None
        self._more = more
        self._before = client.state
        self._heard = client.applied
        self._waiting: set[asyncio.Future[None]] = set()
        self._typing = asyncio.Lock()
        self._said_last = ""
        client.listen(self._hear)
        client.subscribe(self._seen, self._said)
        client.on_end(self._over)
        client.on_people(self._people_moved)
        client.here(Whereabouts())
        if answers:
            client.take_questions(self._asked, self._settled, comes_again=False)

    @property
    def state(self) -> State:
        return self.client.state

    def told(self, cells: Collection[str] = (), *, sources: bool = True) -> dict[str, Any]:
        return {
            "notebook": self.name,
            **state_json(self.state, cells, sources=sources),
            "questions": questions_json(self.questions.values()),
            "people": people_json(self.client.people, self.client.you),
        }

    def at(self, cell_id: str) -> None:
        """It does something with that cell, and people see where it is."""
        self.client.here(Whereabouts(cell_id))

    def cell(self, cell_id: str) -> Cell:
        if not self.state.notebook.has_cell(cell_id):
            raise ApiError("cell", no_cell(self.state.notebook, cell_id))
        return self.state.notebook.cell(cell_id)

    def section(self, section_id: str) -> Section:
        try:
            return find_section(self.state.notebook, section_id)
        except Rejected as error:
            raise ApiError("cell", f"{error}; state tells those that there are, each with its id") from error

    def subscribe(self) -> None:
        self.feed = self.feed or Feed(self.told, self._more)

    def unsubscribe(self) -> None:
        self.feed = None

    # What it asks for.

    async def make(self, operation: Operation) -> None:
        """`ApiError` if the notebook does not take it."""
        try:
            await self.client.make(operation)
        except Rejected as refusal:
            raise ApiError("refused", str(refusal)) from refusal

    async def type(self, cell_id: str, change: Callable[[str], Delta]) -> tuple[str, bool]:
        """Makes the change that fits the text of the cell as it is here; what others typed meanwhile is kept. The
        text that there is now, and whether it is the one that the change was to make."""
        async with self._typing:
            self.cell(cell_id)
            self.at(cell_id)
            self.client.type_here()
            source = self.client.open_text(cell_id)
            try:
                delta = change(source)
                self.client.exchange(cell_id, delta, time.time())
            finally:
                self.client.close_text(cell_id)
            await self.client.caught_up()
        now = self.cell(cell_id).source
        if delta and now == source:
            raise ApiError("refused", f"the text was not changed: {self._said_last or 'somebody has put it back'}")
        return now, now == deltas.apply(source, delta)

    def asked_to_run(self, cells: Mapping[str, int]) -> str:
        run_id = f"run-{secrets.token_hex(4)}"
        self.runs[run_id] = asked = Asked(cells)
        asked.look(self.state)
        while len(self.runs) > RUNS:
            del self.runs[next(iter(self.runs))]
        return run_id

    async def until(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Whether it came true within that time. `ApiError` if the session ends."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not holds():
                    if self.ended is not None:
                        raise ApiError("ended", self.ended)
                    news = asyncio.get_running_loop().create_future()
                    self._waiting.add(news)
                    try:
                        await news
                    finally:
                        self._waiting.discard(news)
        return holds()

    async def leave(self) -> None:
        """What it holds in the session is free then; the session goes on."""
        self._over("the notebook was closed")
        await self.client.close()

    # What the session tells. It runs in the client's process.

    def _hear(self, operation: Operation, state: State) -> None:
        before, self._before, self._heard = self._before, state, self.client.applied
        if self.feed is not None:
            for event in events_of(operation, before, state):
                self._tell(event)

    def _seen(self, state: State) -> None:
        """Also where operations were left out, for they came too fast."""
        self._before = state
        if self._heard != self.client.applied:
            self._heard = self.client.applied
            if self.feed is not None:
                self.feed.skipped()
        for asked in self.runs.values():
            if not asked.done:
                asked.look(state)
        self._wake()

    def _said(self, text: str) -> None:
        self._said_last = text
        self._tell({"event": "notice", "text": text})

    def _people_moved(self) -> None:
        self._tell({"event": "people", "people": people_json(self.client.people, self.client.you)})

    def _asked(self, wanted: InputWanted) -> None:
        self.questions[wanted.question] = wanted
        self._tell({"event": "question", "question": question_json(wanted)})
        self._wake()

    def _settled(self, question: str) -> None:
        self.questions.pop(question, None)
        self._tell({"event": "settled", "question": question})

    def _over(self, why: str) -> None:
        self.ended = why
        self._tell({"event": "ended", "why": why})
        self._wake()

    def _tell(self, event: dict[str, Any]) -> None:
        if self.feed is not None:
            self.feed.put(event)

    def _wake(self) -> None:
        for each in self._waiting:
            if not each.done():
                each.set_result(None)
