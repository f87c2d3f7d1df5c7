"""What a session takes from its runtime, where user code runs: each message once, and nothing that would end it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

import beamlike as bl
import nodes
from notebook_tui.document.operations import CancelEvaluation, QueueCells
from notebook_tui.document.outputs import Text
from notebook_tui.runtime.messages import (
    Displayed,
    Dropped,
    Evaluate,
    Finished,
    InputWanted,
    Nodes,
    Printed,
    Started,
    Taken,
    ViewsChanged,
    WidgetEnded,
)
from notebook_tui.runtime.outcome import Outcome
from notebook_tui.runtime.relay import Got, Relayed
from notebook_tui.session.client import Client
from notebook_tui.session.incoming import Incoming
from notebook_tui.session.options import SessionOptions
from notebook_tui.session.runtime import Connection
from notebook_tui.session.session import Session
from notebook_tui.session.storage import NotebookFile
from notebook_tui.widgets.changes import TextAppended
from notebook_tui.widgets.messages import Changed, Page
from notebook_tui.widgets.views import Button, Column, Input, Table, TextStream
from tests.notebook_tui.test_session_runtime import Machines
from tests.support.journaled_program import BEGIN
from tests.support.kept_sessions import Kept
from tests.support.local_nodes import PATIENCE, in_node


class PlayedConnection(Connection):
    async def stop(self) -> None:
        bl.exit(self.server, "kill")


class Played:
    """Runtimes that the test plays: each is a server that hands on to the test what it is told."""

    def __init__(self) -> None:
        self.test = bl.self()
        self.servers: list[bl.Pid] = []
        self._said: dict[bl.Pid, int] = {}

    async def connect(self, owner: bl.Pid, notebook: str, directory: str | None) -> Connection:
        server = bl.spawn(_hand_on, self.test)
        self.servers.append(server)
        self.say(owner, Nodes(("beside@host",)), server)
        child = nodes.Child("runtime@127.0.0.1", nodes.Machine("1", "here"), Machines())
        return PlayedConnection(server, child, "played")

    def say(self, session: bl.Pid, message: object, server: bl.Pid | None = None) -> None:
        server = server or self.servers[-1]
        self._said[server] = self._said.get(server, 0) + 1
        bl.send(session, Relayed(self._said[server], message, bl.self(), server))


async def _hand_on(test: bl.Pid) -> None:
    while True:
        bl.send(test, await bl.receive())


@asynccontextmanager
async def played(directory: Path) -> AsyncIterator[tuple[Kept, Played]]:
    path = directory / "test.livemd"
    path.write_text(BEGIN, encoding="utf-8")
    runtime = Played()
    session = await Session.start(NotebookFile(path), runtime, SessionOptions(journal=False))
    client = await Client.join(session)
    yield Kept(session, client), runtime
    await client.close()
    await bl.GenServer.stop(session, timeout=PATIENCE)


async def evaluated(it: Kept, cell_id: str) -> Evaluate:
    it.client.send(QueueCells((cell_id,), alone=True))
    evaluate: Evaluate = await bl.receive(lambda message: isinstance(message, Evaluate), timeout=PATIENCE)
    return evaluate


@in_node
async def test_the_first_words_of_a_runtime_are_heard_although_they_come_before_its_connection(tmp_path: Path) -> None:
    async with played(tmp_path) as (it, _):
        await evaluated(it, "cell-1")
        await it.until(lambda: it.state.runtime.nodes == ("beside@host",))


@in_node
async def test_late_words_of_a_runtime_that_was_replaced_are_not_taken_for_those_of_the_new_one(tmp_path: Path) -> None:
    async with played(tmp_path) as (it, runtime):
        await evaluated(it, "cell-1")
        await it.client.restart()
        await evaluated(it, "cell-1")
        old, new = runtime.servers
        for _ in range(50):
            runtime.say(it.session, Printed("cell-1", "stdout", "old\n", bl.self()), old)
        runtime.say(it.session, InputWanted("cell-1", "q", "old?", False), old)
        runtime.say(it.session, Finished("cell-1", Outcome("ok"), 1.0), old)
        runtime.say(it.session, Printed("cell-1", "stdout", "new\n", bl.self()), new)
        runtime.say(it.session, Finished("cell-1", Outcome("ok"), 1.0), new)
        await it.until(lambda: it.state.evaluating is None)
        assert it.state.notebook.cell("cell-1").outputs == (Text("stdout", "new\n"),)


@in_node
async def test_what_could_not_be_ended_with_a_container_is_said_to_the_user(tmp_path: Path) -> None:
    async with played(tmp_path) as (it, runtime):
        await evaluated(it, "cell-1")
        it.client.send(CancelEvaluation("cell-1", drop=True))
        runtime.say(it.session, Dropped("", "a thread cannot be ended: restart the runtime"))
        await it.says("restart the runtime")
        assert it.state.evaluating is None


@in_node
async def test_who_asks_a_widget_of_a_runtime_that_is_lost_is_answered_at_once(tmp_path: Path) -> None:
    async with played(tmp_path) as (it, runtime):
        await evaluated(it, "cell-1")
        runtime.say(it.session, Displayed("cell-1", Table("t", (Column("a"),)), bl.self()))
        await it.until(lambda: bool(it.state.notebook.cell("cell-1").outputs))
        bl.exit(runtime.servers[-1], "kill")
        await it.until(lambda: it.state.runtime.phase == "disconnected")
        with pytest.raises(LookupError, match="no cell shows this widget any more"):
            await asyncio.wait_for(it.client.rows("t", Page()), PATIENCE)


@in_node
async def test_who_asks_a_widget_whose_program_has_ended_is_told_so(tmp_path: Path) -> None:
    async with played(tmp_path) as (it, runtime):
        await evaluated(it, "cell-1")
        runtime.say(it.session, Displayed("cell-1", Table("t", (Column("a"),)), bl.self()))
        runtime.say(it.session, WidgetEnded("cell-1", "t"))
        await it.until(lambda: bool(it.state.notebook.cell("cell-1").outputs))
        with pytest.raises(LookupError, match="the program of this widget has ended"):
            await asyncio.wait_for(it.client.rows("t", Page()), PATIENCE)
        assert it.heard == []


STRANGE = [
    Displayed("cell-1", Button("b", 5), None),  # type: ignore[arg-type]
    Displayed("cell-1", Input("i", "number", "n", low="a"), None),  # type: ignore[arg-type]
    Displayed("cell-1", "text", None),  # type: ignore[arg-type]
    Finished("cell-1", "ok", "long"),  # type: ignore[arg-type]
    Started(["cell-1"]),  # type: ignore[arg-type]
    ViewsChanged("cell-1", (Changed("f", "more", "first"),), None),  # type: ignore[arg-type]
    "text",
    None,
]


@pytest.mark.parametrize("strange", STRANGE, ids=[repr(each)[:40] for each in STRANGE])
@in_node
async def test_what_no_runtime_should_say_does_not_end_the_session(tmp_path: Path, strange: object) -> None:
    async with played(tmp_path) as (it, runtime):
        await evaluated(it, "cell-1")
        runtime.say(it.session, strange)
        runtime.say(it.session, Finished("cell-1", Outcome("ok"), 1.0))
        await it.until(lambda: it.state.evaluating is None)
        assert it.state.evaluation("cell-1").validity == "evaluated"
        if strange is not None:
            await it.says("what no notebook understands")


@in_node
async def test_messages_are_taken_once_and_in_order() -> None:
    server = bl.self()
    incoming = Incoming(server)

    def comes(number: int, message: object) -> object:
        return incoming.take(Relayed(number, message, bl.self(), server))

    stream = TextStream("s")
    changed = ViewsChanged("c", (Changed("s", TextAppended("x"), stream),), bl.self())
    displayed = Displayed("c", stream, bl.self())
    assert comes(1, displayed) == displayed
    assert comes(3, "after a gap") is None
    assert comes(2, changed) == changed
    assert [await bl.receive(timeout=0) for _ in range(2)] == [Got(1), Got(2)]
    # Again, after it was adopted: the answers may have been lost.
    assert (comes(1, displayed), comes(2, changed)) == (None, None)
    again = [await bl.receive(timeout=0) for _ in range(4)]
    assert again == [Got(2), Taken(), Got(2), Taken()]
    assert comes(3, "after a gap") == "after a gap"
