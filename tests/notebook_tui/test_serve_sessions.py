"""The sessions of a program that outlives its terminals."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

import beamlike as bl
from notebook_tui.document.operations import SetTitle
from notebook_tui.serve.sessions import Listing, Sessions, open_in
from notebook_tui.session.client import Client
from notebook_tui.session.options import EVALUATES
from notebook_tui.session.storage import UnreadableFile
from tests.support.local_nodes import eventually, in_node


@asynccontextmanager
async def held() -> AsyncIterator[bl.Pid]:
    sessions = await Sessions.start(EVALUATES)
    try:
        yield sessions
    finally:
        for each in await bl.GenServer.call(sessions, Listing()):
            await bl.GenServer.stop(each.session)
        await bl.GenServer.stop(sessions)


@in_node
async def test_who_opens_a_file_that_is_open_joins_its_session_also_by_another_name(tmp_path: Path) -> None:
    (tmp_path / "also.livemd").symlink_to(tmp_path / "a.livemd")
    async with held() as sessions:
        wanted = (str(tmp_path / name) for name in ("a.livemd", "also.livemd", "a.livemd"))
        pids = await asyncio.gather(*(open_in(sessions, path) for path in wanted))
        assert len(set(pids)) == 1
        clients = [await Client.join(pid) for pid in pids]
        clients[0].send(SetTitle("seen by all"))
        await eventually(lambda: all(client.state.notebook.title == "seen by all" for client in clients))


@in_node
async def test_the_crash_of_one_session_touches_no_other_and_its_file_can_be_opened_again(tmp_path: Path) -> None:
    async with held() as sessions:
        one, other = [await open_in(sessions, str(tmp_path / f"{name}.livemd")) for name in "ab"]
        bl.exit(one, "kill")
        await eventually(lambda: not bl.is_alive(one))
        assert [each.session for each in await bl.GenServer.call(sessions, Listing())] == [other]
        again = await open_in(sessions, str(tmp_path / "a.livemd"))
        assert bl.is_alive(again)
        assert bl.is_alive(other)


@in_node
async def test_a_file_that_cannot_be_opened_is_refused_in_words_to_all_who_ask(tmp_path: Path) -> None:
    async with held() as sessions:
        asked = await asyncio.gather(*(open_in(sessions, str(tmp_path)) for _ in range(2)), return_exceptions=True)
        assert [type(each) for each in asked] == [UnreadableFile] * 2
        with pytest.raises(UnreadableFile, match="is a directory; expected a notebook file"):
            await open_in(sessions, str(tmp_path))
