"""A viewer that does not keep up costs the session no memory, and sees the newest state in the end."""

from __future__ import annotations

from pathlib import Path

import pytest

import beamlike as bl
from notebook_tui.document.operations import ApplyDelta, Operation, OutputAdded, OutputChanged, SetTitle
from notebook_tui.document.outputs import Display, Text
from notebook_tui.session.client import Client
from notebook_tui.session.messages import Applied, Behind, Join, Joined, Resync, Seen
from notebook_tui.session.viewers import CHARACTERS, OPERATIONS
from notebook_tui.widgets.changes import Rendered
from notebook_tui.widgets.contents import BYTES
from notebook_tui.widgets.views import Column, Frame, Table
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


@in_node
async def test_who_joins_again_because_no_answer_came_in_time_is_told_all_once(tmp_path: Path) -> None:
    async with kept(notebook_at(tmp_path), journal=False) as it:
        for _ in range(2):
            await bl.GenServer.call(it.session, Join(), timeout=PATIENCE)
        it.client.send(SetTitle("once"))
        await has_applied(it, 1)
        assert await told() == [Applied(SetTitle("once"), 1)]


@in_node
async def test_what_a_viewer_has_already_is_not_done_again(tmp_path: Path) -> None:
    async with kept(notebook_at(tmp_path), journal=False) as it:
        begin = it.state.notebook.cell("cell-1").source
        it.client.send(ApplyDelta("", "cell-1", ("x",), 0, 0.0))
        await has_applied(it, 1)
        bl.send(it.client._viewer, Applied(ApplyDelta("", "cell-1", ("x",), 0, 0.0), 1))
        it.client.send(SetTitle("after"))
        await has_applied(it, 2)
        assert it.state.notebook.cell("cell-1").source == f"x{begin}"


LARGE = [
    OutputAdded("cell-1", Text("stdout", "x" * (CHARACTERS // 10))),
    OutputAdded("cell-1", Display((("image/png", b"x" * (BYTES * CHARACTERS // 10)),))),
    OutputAdded("cell-1", Table("t", (Column("x" * (CHARACTERS // 10)),))),
    OutputChanged("cell-1", "frame", Rendered((Text("stdout", "x" * (CHARACTERS // 10)),))),
]


@pytest.mark.parametrize("large", LARGE, ids=["text", "picture", "view", "change"])
@in_node
async def test_much_output_counts_by_its_size(tmp_path: Path, large: Operation) -> None:
    async with kept(notebook_at(tmp_path), journal=False) as it:
        it.client.send(OutputAdded("cell-1", Frame("frame")))
        await has_applied(it, 1)
        await bl.GenServer.call(it.session, Join(), timeout=PATIENCE)
        for _ in range(40):
            it.client.send(large)
        await has_applied(it, 41)
        assert len(await told()) in (10 + 1, 11 + 1)


@in_node
async def test_a_client_that_was_held_up_has_the_newest_state_once_it_goes_on(tmp_path: Path) -> None:
    async with kept(notebook_at(tmp_path), journal=False) as it:
        slow = await Client.join(it.session)
        seen: list[str] = []
        slow.subscribe(lambda state: seen.append(state.notebook.title), seen.append)
        for number in range(5 * OPERATIONS):
            it.client.send(SetTitle(f"title {number}"))
        await has_applied(it, 5 * OPERATIONS)
        await it.until(lambda: slow.applied == 5 * OPERATIONS)
        assert slow.state == it.state
        assert seen[-1] == f"title {5 * OPERATIONS - 1}"
        await slow.close()
