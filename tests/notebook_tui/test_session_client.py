"""A viewer hears everything, and never goes deaf without a word."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import beamlike as bl
from notebook_tui.document.operations import Operation, SetTitle
from notebook_tui.document.state import State
from notebook_tui.session.booted import Local
from notebook_tui.session.client import Client
from notebook_tui.session.session import Session
from notebook_tui.session.storage import NotebookFile
from tests.support.captured_log import captured_log
from tests.support.local_nodes import eventually, in_node

TWO_TITLES = "# A\n\n## S\n\n# B\n"


@asynccontextmanager
async def viewed(path: Path) -> AsyncIterator[tuple[bl.Pid, Client]]:
    """A session whose runtime is never asked for, and a client of it."""
    session = await Session.start(NotebookFile(path), Local())
    client = await Client.join(session)
    yield session, client
    await client.close()
    bl.exit(session, "kill")


@in_node
async def test_what_is_odd_about_a_file_is_told_to_a_viewer_that_subscribes_later(tmp_path: Path) -> None:
    path = tmp_path / "a.livemd"
    path.write_text(TWO_TITLES, encoding="utf-8")
    async with viewed(path) as (_, client):
        said: list[str] = []
        client.subscribe(lambda _state: None, said.append)
        await eventually(lambda: len(said) > 0)
        assert said == ["there are 2 headings 1, so each heading went down a level"]


@in_node
async def test_a_viewer_hears_that_the_session_has_ended(tmp_path: Path) -> None:
    async with viewed(tmp_path / "a.livemd") as (session, client):
        said: list[str] = []
        ends: list[str] = []
        client.subscribe(lambda _state: None, said.append)
        client.on_end(ends.append)
        assert not client.ended
        bl.exit(session, "kill")
        await eventually(lambda: len(ends) > 0)
        assert client.ended
        assert said == ends == ["the session has ended (killed): nothing can be run or saved any more"]


@in_node
async def test_a_listener_that_fails_is_reported_before_nothing_more_is_shown(tmp_path: Path) -> None:
    def fails(_operation: Operation, _state: State) -> None:
        raise OSError("the paper is out")

    async with viewed(tmp_path / "a.livemd") as (_, client):
        said: list[str] = []
        client.subscribe(lambda _state: None, said.append)
        client.listen(fails)
        with captured_log("notebook_tui.session") as log:
            client.send(SetTitle("B"))
            await eventually(lambda: len(log) > 0)
        assert said == ["this view failed and shows nothing new any more (OSError: the paper is out)"]
