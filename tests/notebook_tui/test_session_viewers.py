"""A viewer that does not keep up costs the session no memory, and sees the newest state in the end."""

from __future__ import annotations

from pathlib import Path

import pytest

import beamlike as bl
from notebook_tui.document.operations import Operation, OutputAdded, OutputChanged, SetTitle
from notebook_tui.document.outputs import Display, Error, Text
from notebook_tui.session.client import Client
from notebook_tui.session.messages import Applied, Behind, Join, Joined, Perform, Resync, Seen
from notebook_tui.session.viewers import CHARACTERS, OPERATIONS
from notebook_tui.widgets.changes import Appended, Became, Rendered
from notebook_tui.widgets.views import Frame
from tests.support.journaled_program import BEGIN
from tests.support.kept_sessions import Kept, kept
from tests.support.local_nodes import PATIENCE, in_node


def notebook_at(directory: Path) -> Path:
    path = directory / "test.livemd"
    path.write_text(BEGIN, encoding="utf-8")
    return path


async def told() -> list[object]:
    """All that waits for the process of the test."""
    messages: list[object] = []
    while True:
        try:
            messages.append(await bl.receive(lambda message: isinstance(message, Applied | Behind | Resync), timeout=0))
        except TimeoutError:
            return messages


async def has_applied(it: Kept, number: int) -> None:
    await it.until(lambda: it.client.applied >= number)


@in_node
async def test_a_viewer_that_says_nothing_is_told_so_much_and_the_whole_state_later(tmp_path: Path) -> None:
    async with kept(notebook_at(tmp_path), journal=False) as it:
        joined: Joined = await bl.GenServer.call(it.session, Join(), timeout=PATIENCE)
        assert joined.applied == 0
        for number in range(3 * OPERATIONS):
            it.client.send(SetTitle(f"title {number}"))
        await has_applied(it, 3 * OPERATIONS)
        messages = await told()
        assert len(messages) == OPERATIONS + 2
        assert messages.pop() == Behind()
        assert all(isinstance(message, Applied) for message in messages)
        bl.GenServer.cast(it.session, Seen(bl.self(), OPERATIONS + 1))
        resync = await bl.receive(timeout=PATIENCE)
        assert resync == Resync(it.state, 3 * OPERATIONS)
        it.client.send(SetTitle("after"))
        assert await bl.receive(timeout=PATIENCE) == Applied(SetTitle("after"), 3 * OPERATIONS + 1)


PIECE = CHARACTERS // 10 - 100
PICTURE = Display((("image/png", b"x" * PIECE),))
LARGE = {
    "text": OutputAdded("cell-1", Text("stdout", "x" * PIECE)),
    "picture": OutputAdded("cell-1", PICTURE),
    "error": OutputAdded("cell-1", Error("E", "", "x" * PIECE, None)),
    "picture in a frame": OutputAdded("cell-1", Frame("g", (PICTURE,))),
    "picture rendered in a frame": OutputChanged("cell-1", "f", Rendered((PICTURE,))),
    "picture appended to a frame": OutputChanged("cell-1", "f", Appended((PICTURE,))),
    "another view": OutputChanged("cell-1", "f", Became(Frame("f", (PICTURE,)))),
}


@pytest.mark.parametrize("large", LARGE.values(), ids=LARGE)
@in_node
async def test_much_output_counts_by_its_size(tmp_path: Path, large: Operation) -> None:
    async with kept(notebook_at(tmp_path), journal=False) as it:
        it.client.send(OutputAdded("cell-1", Frame("f")))
        await has_applied(it, 1)
        await bl.GenServer.call(it.session, Join(), timeout=PATIENCE)
        for _ in range(40):
            it.client.send(OutputAdded("cell-1", Frame("f")))
            it.client.send(large)
        await has_applied(it, 81)
        applied = [message for message in await told() if isinstance(message, Applied)]
        assert 9 <= sum(message.operation == large for message in applied) <= 11


@in_node
async def test_a_client_that_was_held_up_has_the_newest_state_once_it_goes_on(tmp_path: Path) -> None:
    async with kept(notebook_at(tmp_path), journal=False) as it:
        slow = await Client.join(it.session)
        seen: list[str] = []
        slow.subscribe(lambda state: seen.append(state.notebook.title), seen.append)
        for number in range(5 * OPERATIONS):
            bl.GenServer.cast(it.session, Perform(SetTitle(f"title {number}"), bl.self()))
        await has_applied(it, 5 * OPERATIONS)
        await it.until(lambda: slow.applied == 5 * OPERATIONS)
        assert slow.state == it.state
        assert seen[-1] == f"title {5 * OPERATIONS - 1}"
        await slow.close()


@in_node
async def test_a_viewer_that_cannot_follow_says_so(tmp_path: Path) -> None:
    async with kept(notebook_at(tmp_path), journal=False) as it:
        ended: list[str] = []
        it.client.on_end(ended.append)
        bl.send(it.client._viewer, Applied(OutputAdded("no such cell", Text("stdout", "x")), 1))
        await it.until(lambda: bool(ended))
        assert "not what the session has (Rejected: " in ended[0]
