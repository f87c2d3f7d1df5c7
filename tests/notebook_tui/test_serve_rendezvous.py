"""How a program finds the server of its user that holds a notebook, and joins there."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

import beamlike as bl
from notebook_tui.document.operations import SetTitle
from notebook_tui.serve import rendezvous
from notebook_tui.serve.joining import NotServed, ServerUnreachable, joined, open_at, server_holding
from notebook_tui.serve.rendezvous import (
    FOLDER,
    AlreadyServed,
    Announcement,
    NotPrivate,
    Server,
    server_for,
    servers,
)
from notebook_tui.serve.sessions import NAME, Sessions
from notebook_tui.session.options import EVALUATES
from notebook_tui.session.people import Person
from tests.support.in_loop import in_loop
from tests.support.local_nodes import eventually

SECRET = b"of a server of tests"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BEAMLIKE_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


def server(directory: Path, port: int = 1, node: str = "nobody@127.0.0.1") -> Server:
    return Server(node, "127.0.0.1", port, SECRET, os.getpid(), str(directory.resolve()), time.time())


def test_the_server_of_a_file_is_the_nearest_above_it(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    announced = [Announcement(server(each)) for each in (tmp_path / "a", tmp_path / "a" / "b")]
    assert [Path(each.directory).name for each in servers()] == ["a", "b"]
    for path, nearest in (("a/b/c.livemd", "b"), ("a/c.livemd", "a"), ("a/no/c.livemd", "a")):
        found = server_for(tmp_path / path)
        assert found is not None
        assert Path(found.directory).name == nearest
        assert found.secret == SECRET
    assert server_for(tmp_path / "c.livemd") is None
    for each in announced:
        each.withdraw()
    assert servers() == ()


def test_a_directory_has_one_server_and_the_second_is_told_the_first_ones_process(tmp_path: Path) -> None:
    announced = Announcement(server(tmp_path))
    with pytest.raises(AlreadyServed, match=f"by process {os.getpid()}"):
        Announcement(server(tmp_path))
    announced.withdraw()
    Announcement(server(tmp_path)).withdraw()


def test_what_a_killed_server_left_is_not_believed_and_removed(tmp_path: Path, state: Path) -> None:
    announced = Announcement(server(tmp_path))
    announced._file.close()  # as the system does when a process ends
    assert len(list((state / FOLDER).iterdir())) == 1
    assert servers() == ()
    assert list((state / FOLDER).iterdir()) == []


@pytest.mark.parametrize("what", ["folder", "file"])
def test_what_another_could_have_written_is_not_believed(tmp_path: Path, state: Path, what: str) -> None:
    announced = Announcement(server(tmp_path))
    place = state / FOLDER if what == "folder" else next((state / FOLDER).iterdir())
    mode = place.stat().st_mode
    place.chmod(mode | 0o020)
    with pytest.raises(NotPrivate, match=r"to be this user's alone, found mode 0(720|620)"):
        servers()
    place.chmod(mode)
    announced.withdraw()


def test_the_secret_stands_in_no_repr_and_in_a_file_for_its_user_alone(tmp_path: Path, state: Path) -> None:
    announced = Announcement(server(tmp_path))
    assert "of a server" not in repr(servers())
    assert [each.stat().st_mode & 0o777 for each in (state / FOLDER).iterdir()] == [0o600]
    announced.withdraw()


@asynccontextmanager
async def serving(directory: Path) -> AsyncIterator[Server]:
    async with bl.Node(f"server-{os.getpid()}@127.0.0.1", secret=SECRET, hidden=True, observers=False) as node:
        sessions = await Sessions.start(EVALUATES, name=NAME)
        assert node.address is not None
        told = server(directory, node.address[1], node.name)
        announced = Announcement(told)
        yield told
        announced.withdraw()
        await bl.GenServer.stop(sessions)


@in_loop
async def test_who_joins_from_nodes_of_their_own_see_the_same_notebook(tmp_path: Path) -> None:
    path = tmp_path / "a.livemd"
    async with serving(tmp_path), joined(path, Person("ann")) as ann, joined(path, Person("bob")) as bob:
        assert ann.session == bob.session
        ann.send(SetTitle("of both"))
        await eventually(lambda: bob.state.notebook.title == "of both")


@in_loop
async def test_a_session_goes_on_when_nobody_looks(tmp_path: Path) -> None:
    path = tmp_path / "a.livemd"
    async with serving(tmp_path):
        async with joined(path) as client:
            client.send(SetTitle("kept"))
            await eventually(lambda: client.state.notebook.title == "kept")
            session = client.session
        async with joined(path) as client:
            assert (client.session, client.state.notebook.title) == (session, "kept")


@in_loop
async def test_who_comes_while_a_server_is_starting_joins_once_it_has_sessions(tmp_path: Path) -> None:
    async with bl.Node(f"server-{os.getpid()}@127.0.0.1", secret=SECRET, hidden=True, observers=False) as node:
        assert node.address is not None
        announced = Announcement(server(tmp_path, node.address[1], node.name))
        opened = asyncio.ensure_future(open_at(*servers(), tmp_path / "a.livemd"))
        await eventually(lambda: bool(node.nodes(hidden=True)))
        await asyncio.wait([opened], timeout=0.1)
        assert not opened.done()
        sessions = await Sessions.start(EVALUATES, name=NAME)
        await asyncio.wait_for(opened, 60)
        announced.withdraw()
        await bl.GenServer.stop(sessions)


@in_loop
async def test_where_nobody_serves_the_words_say_what_would(tmp_path: Path) -> None:
    with pytest.raises(NotServed, match=f"beamlike serve {tmp_path}"):
        async with joined(tmp_path / "a.livemd"):
            pass


@in_loop
async def test_a_server_with_another_secret_or_none_at_all_is_said_to_be_unreachable(tmp_path: Path) -> None:
    told = server(tmp_path, port=1)
    with pytest.raises(ServerUnreachable, match=f"process {os.getpid()}, cannot be reached"):
        async with joined(tmp_path / "a.livemd", server=told):
            pass
    async with serving(tmp_path) as right:
        wrong = rendezvous.Server(right.node, right.host, right.port, b"wrong", right.pid, right.directory, right.since)
        with pytest.raises(ServerUnreachable, match="secret"):
            async with joined(tmp_path / "a.livemd", server=wrong):
                pass
        assert server_holding(tmp_path / "a.livemd") == right
