"""Typing goes on while the session is out of reach, and what was typed is in the session once when it is back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import beamlike as bl
from notebook_tui.document.notebook import Cell
from notebook_tui.document.operations import InsertCell, Operation, SetCellSource, SetTitle
from notebook_tui.document.state import State
from notebook_tui.session.arrivals import SessionOver
from notebook_tui.session.client import Client
from notebook_tui.session.messages import LEFT, Made
from notebook_tui.session.options import SessionOptions
from notebook_tui.session.people import Person
from notebook_tui.session.rejoining import LOST
from notebook_tui.session.session import Session
from notebook_tui.session.storage import NotebookFile
from tests.notebook_tui.test_session_viewers import notebook_at
from tests.support.captured_log import captured_log
from tests.support.journaled_program import NoRuntime
from tests.support.local_nodes import PATIENCE, eventually, in_node

KEEPS = SessionOptions(journal=True)


class Place:
    """Where the session of a file is; between `leave` and `come_back` there is none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.session: bl.Pid | None = None
        self.is_back = asyncio.Event()

    async def begin(self) -> bl.Pid:
        self.session = await Session.start(NotebookFile(self._path), NoRuntime(), KEEPS)
        self.is_back.set()
        return self.session

    async def leave(self) -> None:
        self.is_back.clear()
        await bl.GenServer.stop(self.session, ("shutdown", LEFT), timeout=PATIENCE)

    async def find(self) -> bl.Pid:
        await self.is_back.wait()
        assert self.session is not None
        return self.session


@asynccontextmanager
async def typing(directory: Path) -> AsyncIterator[tuple[Place, Client]]:
    place = Place(notebook_at(directory))
    ann = await Client.join(await place.begin(), Person("ann"), place.find)
    ann.type_here()
    try:
        yield place, ann
    finally:
        await ann.close()
        await bl.GenServer.stop(place.session, timeout=PATIENCE)


def text(client: Client) -> str:
    return client.state.notebook.cell("cell-1").source


@in_node
async def test_what_is_typed_meanwhile_is_there_once_beside_what_others_typed(tmp_path: Path) -> None:
    async with typing(tmp_path) as (place, ann):
        begin = ann.open_text("cell-1")
        ann.exchange("cell-1", (len(begin), "1"), 0.0)
        await eventually(lambda: text(ann) == begin + "1")
        ann.exchange("cell-1", (len(begin) + 1, "2"), 0.0)  # on its way as the session ends
        await place.leave()
        await eventually(lambda: ann.away)
        ann.exchange("cell-1", (len(begin) + 2, "3"), 0.0)
        assert text(ann) == begin + "123"
        session = await Session.start(NotebookFile(tmp_path / "test.livemd"), NoRuntime(), KEEPS)
        place.session = session
        bob = await Client.join(session, Person("bob"))
        bob.send(SetCellSource("cell-1", "# bob\n" + text(bob)))
        await eventually(lambda: text(bob).startswith("# bob"))
        place.is_back.set()
        await eventually(lambda: not ann.away and text(ann) == text(bob) == f"# bob\n{begin}123")
        assert ann.exchange("cell-1", (), 0.0) == ("# bob\n",)
        ann.exchange("cell-1", (0, "x"), 0.0)
        await eventually(lambda: text(bob) == f"x# bob\n{begin}123")
        await bob.close()


@in_node
async def test_a_cell_that_was_made_meanwhile_is_typed_in_before_and_after(tmp_path: Path) -> None:
    async with typing(tmp_path) as (place, ann):
        await eventually(lambda: bool(ann.state.clients))
        await place.leave()
        await eventually(lambda: ann.away)
        section = ann.state.notebook.sections[0].id
        ann.send(InsertCell(section, 0, Cell("mine", "code")))
        assert ann.open_text("mine") == ""
        ann.exchange("mine", ("ab",), 0.0)
        await place.begin()
        await eventually(lambda: not ann.away)
        ann.exchange("mine", (2, "c"), 0.0)
        bob = await Client.join(await place.find(), Person("bob"))
        await eventually(lambda: bob.state.notebook.has_cell("mine"))
        await eventually(lambda: bob.state.notebook.cell("mine").source == "abc")
        await eventually(lambda: ann.state.notebook.cell("mine").source == "abc")
        await bob.close()


@in_node
async def test_a_save_waits_for_what_was_typed_before_it(tmp_path: Path) -> None:
    async with typing(tmp_path) as (_, ann):
        begin = ann.open_text("cell-1")
        for number in range(5):
            ann.exchange("cell-1", (len(begin) + number, str(number)), 0.0)
        await ann.save()
        assert f"{begin}01234" in (tmp_path / "test.livemd").read_text(encoding="utf-8")


@in_node
async def test_nobody_types_any_more_in_a_session_that_begins_anew(tmp_path: Path) -> None:
    async with typing(tmp_path) as (place, ann):
        await eventually(lambda: bool(ann.state.clients))
        await place.leave()
        session = await Session.start(NotebookFile(tmp_path / "test.livemd"), NoRuntime(), KEEPS)
        place.session = session
        bob = await Client.join(session, Person("bob"))
        assert bob.state.clients == frozenset()
        place.is_back.set()
        await eventually(lambda: len(bob.state.clients) == 1)
        await bob.close()
        await ann.close()


@in_node
async def test_who_types_in_a_view_that_has_failed_loses_nothing(tmp_path: Path) -> None:
    def fails(_operation: Operation, _state: State) -> None:
        raise OSError("the paper is out")

    async with typing(tmp_path) as (place, ann):
        bob = await Client.join(await place.find(), Person("bob"))
        begin = ann.open_text("cell-1")
        await eventually(lambda: bool(ann.state.clients))
        ann.listen(fails)
        with captured_log("notebook_tui.session") as log:
            ann.exchange("cell-1", (len(begin), "1"), 0.0)
            ann.exchange("cell-1", (len(begin) + 1, "2"), 0.0)
            await eventually(lambda: len(log) > 0)
        ann.exchange("cell-1", (len(begin) + 2, "3"), 0.0)
        await ann.save()
        assert f"{begin}123" in (tmp_path / "test.livemd").read_text(encoding="utf-8")
        await eventually(lambda: text(bob) == f"{begin}123")
        await bob.close()


@in_node
async def test_an_answer_that_came_just_before_the_session_was_lost_waits_for_nothing_of_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with typing(tmp_path) as (place, ann):

        async def answered_before(*_: object) -> Any:
            number = ann.applied + 5  # so far was the session, and it told nobody any more
            await place.leave()
            await eventually(lambda: ann.away)
            await place.begin()
            await eventually(lambda: not ann.away)
            return Made(number)

        monkeypatch.setattr(ann, "_call", answered_before)
        with pytest.raises(SessionOver, match=LOST):
            async with asyncio.timeout(PATIENCE):
                await ann.make(SetTitle("B"))
