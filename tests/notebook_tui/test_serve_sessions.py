"""The sessions of a program that outlives its terminals."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import beamlike as bl
from notebook_tui.document.operations import SetTitle
from notebook_tui.serve.errors import ServerUnreachable
from notebook_tui.serve.roll import Roll, Wanted
from notebook_tui.serve.sessions import NAME, End, EndAll, Listing, Sessions, Tell, open_in
from notebook_tui.session.client import Client
from notebook_tui.session.lock import Holder, InUse
from notebook_tui.session.options import EVALUATES, SERVES
from notebook_tui.session.people import NotAllowed, Person
from notebook_tui.session.session import Session
from notebook_tui.session.storage import UnreadableFile
from tests.support.local_nodes import PATIENCE, eventually, in_node


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


@in_node
async def test_a_session_says_who_looks_and_ends_alone(tmp_path: Path) -> None:
    async with held() as sessions:
        for name in "ab":
            await open_in(sessions, str(tmp_path / f"{name}.livemd"))
        pid = await open_in(sessions, str(tmp_path / "a.livemd"))
        client = await Client.join(pid, Person("ann"))
        told = await bl.GenServer.call(sessions, Tell())
        assert [[person.name for person in each.facts.people] for each in told] == [["ann"], []]
        heard: list[str] = []
        client.on_end(heard.append)
        assert await bl.GenServer.call(sessions, End(str(tmp_path / "a.livemd"))) is None
        await eventually(lambda: bool(heard))
        assert "the session has ended" in heard[0]
        assert "is not open here" in await bl.GenServer.call(sessions, End(str(tmp_path / "a.livemd")))
        assert [each.path for each in await bl.GenServer.call(sessions, Listing())] == [str(tmp_path / "b.livemd")]


@in_node
async def test_a_viewer_may_end_the_session_for_all_if_its_role_says_so(tmp_path: Path) -> None:
    async with held() as sessions:
        pid = await open_in(sessions, str(tmp_path / "a.livemd"))
        writer, admin = await Client.join(pid, Person("ann", "run")), await Client.join(pid, Person("bob"))
        heard: list[str] = []
        writer.on_end(heard.append)
        with pytest.raises(NotAllowed):
            await writer.end_session()
        await admin.end_session()
        await eventually(lambda: bool(heard))
        assert "bob has stopped it" in heard[0]


@in_node
async def test_what_is_open_is_on_the_disk_until_it_ends_and_the_next_server_is_told(tmp_path: Path) -> None:
    file = tmp_path / "open"
    sessions = await Sessions.start(EVALUATES, Roll(file))
    for name in "ab":
        await open_in(sessions, str(tmp_path / f"{name}.livemd"), "local")
    wanted = [Wanted(str(tmp_path / f"{name}.livemd"), "local") for name in "ab"]
    assert list(Roll(file).wanted()) == wanted
    await bl.GenServer.call(sessions, End(str(tmp_path / "a.livemd")))
    await eventually(lambda: list(Roll(file).wanted()) == wanted[1:])
    await bl.GenServer.call(sessions, EndAll(leave=True))
    assert list(Roll(file).wanted()) == wanted[1:]
    file.write_text("no list")
    assert Roll(file).wanted() == ()
    await bl.GenServer.stop(sessions)


@pytest.mark.parametrize("leave", [True, False])
@in_node
async def test_a_server_that_ends_its_sessions_begins_none_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leave: bool
) -> None:
    """A viewer looks for a session that was just left to the next server. In one that the old server had begun for it,
    it would hear that all is over, and of its runtime nothing would be left."""
    roll = Roll()
    sessions = await Sessions.start(EVALUATES, roll)
    session = await open_in(sessions, str(tmp_path / "a.livemd"))
    slow, start, late = asyncio.Event(), Session.start, list[bl.Pid]()

    async def slowly(*how: Any) -> bl.Pid:
        await slow.wait()
        late.append(await start(*how))
        return late[0]

    monkeypatch.setattr(Session, "start", slowly)
    opening = asyncio.create_task(open_in(sessions, str(tmp_path / "b.livemd")))
    await asyncio.sleep(0)  # the request is sent in that turn, and has come once a later one is answered
    await bl.GenServer.call(sessions, Listing())
    await bl.GenServer.call(sessions, EndAll(leave))
    assert not bl.is_alive(session)
    with pytest.raises(ServerUnreachable, match=r"a\.livemd is not opened: its server, process \d+, is just ending"):
        await open_in(sessions, str(tmp_path / "a.livemd"))
    slow.set()
    with pytest.raises(ServerUnreachable, match=r"b\.livemd is not opened"):
        await opening
    await eventually(lambda: not bl.is_alive(late[0]) and not roll.running)
    await bl.GenServer.stop(sessions)


@in_node
async def test_sessions_go_on_when_the_process_that_holds_them_fails(tmp_path: Path) -> None:
    roll = Roll()
    first = await Sessions.start(EVALUATES, roll)
    session = await open_in(first, str(tmp_path / "a.livemd"))
    bl.exit(first, "kill")
    await eventually(lambda: not bl.is_alive(first))
    again = await Sessions.start(EVALUATES, roll)
    assert await open_in(again, str(tmp_path / "a.livemd")) == session
    await bl.GenServer.call(again, EndAll())
    await eventually(lambda: not roll.running)
    await bl.GenServer.stop(again)


@in_node
async def test_a_notebook_that_is_saved_elsewhere_is_found_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEAMLIKE_STATE", str(tmp_path / "state"))
    sessions = await Sessions.start(SERVES, Roll(), name=NAME)
    session = await open_in(sessions, str(tmp_path / "a.livemd"))
    client = await Client.join(session)
    await client.save_as(str(tmp_path / "b.livemd"))
    assert await open_in(sessions, str(tmp_path / "b.livemd")) == session
    await bl.GenServer.call(sessions, EndAll(), timeout=PATIENCE)  # the disk may take its time
    await bl.GenServer.stop(sessions)


def test_what_is_in_the_way_of_opening_travels_to_another_program(tmp_path: Path) -> None:
    error = InUse(tmp_path / "a.livemd", Holder(7))
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.holder) == (str(error), error.holder)
