"""A plain asyncio task has a process identity of its own from its first need to its end."""

from __future__ import annotations

import asyncio
import gc
import weakref
from contextvars import Context
from typing import Any

import pytest

import beamlike as bl
from beamlike.kernel import current
from beamlike.kernel.node import LocalNode
from beamlike.kernel.states import GUEST
from tests.support.local_nodes import (
    PATIENCE,
    down_reason,
    eventually,
    forever,
    in_node,
    local_node,
    process_of,
    received,
    settled,
)


@in_node
async def test_a_plain_task_gets_an_identity_when_it_first_needs_one() -> None:
    assert bl.processes() == []
    me = bl.self()
    assert bl.processes() == [me]
    bl.send(me, "to myself")
    assert await bl.receive() == "to myself"


@in_node
async def test_child_tasks_share_the_identity_that_their_parent_had_when_it_made_them() -> None:
    before = asyncio.create_task(own_pid())
    me = bl.self()
    after = asyncio.create_task(own_pid())
    assert await after == me
    assert await before != me


async def own_pid() -> bl.Pid:
    return bl.self()


@in_node
async def test_tasks_side_by_side_have_identities_and_mailboxes_of_their_own() -> None:
    async def echo(word: str) -> str:
        bl.send(bl.self(), word)
        await asyncio.sleep(0)
        return await bl.receive()  # type: ignore[no-any-return]

    assert list(await asyncio.gather(echo("a"), echo("b"))) == ["a", "b"]


@in_node
async def test_the_identity_is_dropped_when_the_task_ends() -> None:
    async def handler() -> bl.Pid:
        bl.register("handler", bl.self())
        return bl.self()

    task = asyncio.create_task(handler())
    pid = await task
    await settled()
    assert not bl.is_alive(pid)
    assert bl.whereis("handler") is None
    bl.send(pid, "too late")


@in_node
async def test_neither_a_task_nor_its_mailbox_outlives_its_end() -> None:
    class Large:
        pass

    async def handler() -> None:
        large = Large()
        gone.append(weakref.ref(large))
        bl.send(bl.self(), large)
        gone.append(weakref.ref(process_of(bl.self())))

    gone: list[weakref.ref[Any]] = []
    gc.disable()
    try:
        for _ in range(10):
            await asyncio.create_task(handler())
        await settled()
        assert [ref() for ref in gone] == [None] * 20
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("ending", "reason"), [("returns", "normal"), ("raises", "ValueError"), ("is cancelled", "cancelled")]
)
@in_node
async def test_the_end_of_a_task_is_the_end_of_its_process(ending: str, reason: str) -> None:
    task = asyncio.create_task(ends(ending, bl.self()), context=Context())
    [pid] = await received(1)
    ref = bl.monitor(pid)
    bl.send(pid, "go on")
    if ending == "is cancelled":
        task.cancel()
    why = await down_reason(ref)
    assert getattr(why, "type", why) == reason
    await asyncio.wait([task])
    assert task.cancelled() or task.exception() is None or ending == "raises"


async def ends(how: str, asker: bl.Pid) -> None:
    bl.send(asker, bl.self())
    await bl.receive()
    if how == "raises":
        raise ValueError(how)
    if how == "is cancelled":
        await forever()


@in_node
async def test_an_exit_signal_cancels_the_task_with_the_reason() -> None:
    task = asyncio.create_task(waiting())
    await settled()
    [pid] = bl.processes()
    bl.exit(pid, "boom")
    assert not bl.is_alive(pid)
    with pytest.raises(asyncio.CancelledError, match="exit signal: boom"):
        await task


async def waiting() -> None:
    bl.self()
    await bl.receive()


@in_node
async def test_the_end_of_a_linked_process_cancels_the_task_unless_it_traps_exits() -> None:
    async def links(traps: bool) -> object:
        bl.trap_exit(traps)
        bl.spawn_link(ends_with_boom)
        return await bl.receive(timeout=PATIENCE)

    trapping, plain = asyncio.create_task(links(True)), asyncio.create_task(links(False))
    assert (await trapping).reason == "boom"  # type: ignore[attr-defined]
    with pytest.raises(
        asyncio.CancelledError, match=r"ended by the exit of Pid<.*>, to which it is linked: boom; bl\.trap"
    ):
        await plain


@in_node
async def test_a_linked_exit_says_so_where_the_task_or_process_awaits_something_else_than_a_message() -> None:
    async def links() -> None:
        bl.spawn_link(ends_with_boom)
        try:
            await asyncio.sleep(PATIENCE)
        except asyncio.CancelledError as error:
            texts.append(str(error))

    texts: list[str] = []
    bl.spawn(links)
    await asyncio.create_task(links(), context=Context())
    await eventually(lambda: len(texts) == 2)
    assert ["to which it is linked: boom" in text for text in texts] == [True, True]


def ends_with_boom() -> None:
    raise bl.ProcessExit("boom")


@in_node
async def test_a_task_that_outlives_its_identity_gets_a_new_one() -> None:
    first = bl.self()
    bl.exit(first, "boom")
    with pytest.raises(asyncio.CancelledError):
        await asyncio.sleep(0)
    task = asyncio.current_task()
    assert task is not None
    task.uncancel()
    second = bl.self()
    assert second != first
    bl.send(second, "hello")
    assert await bl.receive(timeout=PATIENCE) == "hello"


@in_node
async def test_stopping_the_node_wakes_a_task_that_waits_for_a_message() -> None:
    async with local_node("other@127.0.0.1") as other:
        task = asyncio.create_task(waits_at(other))
        await settled()
    with pytest.raises(bl.NoProcess, match="whose mailbox this task waited for, ended: shutdown"):
        await task


async def waits_at(node: LocalNode) -> None:
    with current.at(node):
        await bl.receive()


@in_node
async def test_a_process_of_one_node_is_a_guest_of_another_on_the_same_loop() -> None:
    me = bl.self()
    async with local_node("other@127.0.0.1") as other:
        pid, ref = bl.spawn_monitor(visits, other, me)
        [guest] = await received(1)
        assert guest.node == "other@127.0.0.1"
        bl.send(guest, "hello, guest")
        assert await received(1) == ["hello, guest"]
        assert await down_reason(ref) == "boom"
        await eventually(lambda: other.process(guest) is None)
    assert not bl.is_alive(pid)


async def visits(node: LocalNode, asker: bl.Pid) -> None:
    with current.at(node):
        guest = bl.self()
        bl.send(asker, guest)
        bl.send(asker, await bl.receive())
    raise bl.ProcessExit("boom")


@in_node
async def test_a_callback_of_the_loop_has_no_mailbox() -> None:
    failed = asyncio.get_running_loop().create_future()

    def callback() -> None:
        try:
            bl.self()
        except bl.NoProcess as error:
            failed.set_result(str(error))

    asyncio.get_running_loop().call_soon(callback)
    assert "found a plain thread or callback" in await failed
    assert process_of(bl.self()).state is GUEST


@in_node
async def test_a_task_that_calls_itself_is_told_at_once() -> None:
    bl.register("main", bl.self())
    for server in (bl.self(), "main", ("main", bl.self().node)):
        with pytest.raises(bl.CallFailed, match="calling_self"):
            await bl.GenServer.call(server, "anybody?", timeout=PATIENCE)
    with pytest.raises(bl.CallFailed, match="calling_self"):
        await bl.GenServer.stop(bl.self(), timeout=PATIENCE)


@in_node
async def test_a_child_task_may_call_the_task_that_it_belongs_to() -> None:
    me = bl.self()
    asking = asyncio.create_task(bl.GenServer.call(me, "anybody?"))
    question = await bl.receive()
    bl.GenServer.reply(question.client, f"{question.request} yes")
    assert await asking == "anybody? yes"
