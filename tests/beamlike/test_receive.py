"""Receive: the oldest message that fits; the others stay in order; the wait has an end."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import Any

import pytest

import beamlike as bl
from tests.support.local_nodes import (
    PATIENCE,
    down_reason,
    forever,
    in_node,
    no_message,
    process_of,
    received,
    settled,
)


@in_node
async def test_messages_of_one_sender_come_in_the_order_sent() -> None:
    for number in range(1000):
        bl.send(bl.self(), number)
    assert await received(1000) == list(range(1000))


@in_node
async def test_a_guard_takes_the_first_that_fits_and_the_others_stay_in_order() -> None:
    for message in (1, "a", 2, "b", 3):
        bl.send(bl.self(), message)
    assert await bl.receive(lambda message: isinstance(message, str)) == "a"
    assert await bl.receive(lambda message: message == 3) == 3
    assert await received(3) == [1, 2, "b"]


@in_node
async def test_a_wait_with_a_guard_looks_at_each_new_message_once_and_leaves_what_does_not_fit() -> None:
    looked_at: list[object] = []

    def wanted(message: object) -> bool:
        looked_at.append(message)
        return message == "wanted"

    me = bl.self()
    waiting = asyncio.create_task(bl.receive(wanted))
    for message in ("first", "second", "wanted", "third"):
        await settled()
        bl.send(me, message)
    assert await waiting == "wanted"
    assert looked_at == ["first", "second", "wanted"]
    assert await received(3) == ["first", "second", "third"]


@in_node
async def test_a_guard_that_does_not_fit_a_message_is_no_match_and_counted() -> None:
    for message in (7, (), {}, "text", {"op": "wanted"}):
        bl.send(bl.self(), message)
    assert await bl.receive(lambda message: message["op"] == "wanted") == {"op": "wanted"}
    assert process_of(bl.self()).own_rare().failed_guards == 4
    assert await received(4) == [7, (), {}, "text"]


@in_node
async def test_any_other_exception_of_a_guard_is_raised_and_the_message_stays() -> None:
    bl.send(bl.self(), 0)
    with pytest.raises(ZeroDivisionError):
        await bl.receive(lambda message: 1 / message)
    assert await bl.receive() == 0


@in_node
async def test_an_exception_of_a_guard_reaches_a_process_that_waited() -> None:
    pid, ref = bl.spawn_monitor(waits_with_a_broken_guard)
    await settled()
    bl.send(pid, 0)
    assert (await down_reason(ref)).type == "ZeroDivisionError"


async def waits_with_a_broken_guard() -> None:
    await bl.receive(lambda message: 1 / message)


@in_node
async def test_the_time_limit_holds_however_one_receives() -> None:
    with pytest.raises(TimeoutError, match=r"no message within 0.01 s"):
        await bl.receive(timeout=0.01)
    bl.send(bl.self(), "another")
    with pytest.raises(TimeoutError, match=r"no message within 0.02 s"):
        await bl.receive(lambda message: message == "wanted", timeout=0.02)
    with pytest.raises(TimeoutError, match=r"no message within 0.03 s"):
        await bl.receive(ref=bl.make_ref(), timeout=0.03)


@in_node
async def test_zero_looks_once_and_lets_nobody_run_meanwhile() -> None:
    bl.spawn(bl.send, bl.self(), "later")
    with pytest.raises(TimeoutError):
        await bl.receive(timeout=0)
    assert await received(1) == ["later"]
    with pytest.raises(TimeoutError):
        await bl.receive(timeout=0)
    bl.send(bl.self(), "there")
    assert await bl.receive(timeout=0) == "there"


@in_node
async def test_messages_that_do_not_fit_do_not_prolong_the_wait() -> None:
    pid, ref = bl.spawn_monitor(waits_briefly)
    while bl.is_alive(pid):
        bl.send(pid, "noise")
        await asyncio.sleep(0)
    assert (await down_reason(ref)).type == "TimeoutError"


async def waits_briefly() -> None:
    await bl.receive(lambda message: message == "wanted", timeout=0.02)


@in_node
async def test_a_message_ends_a_long_wait_and_its_timer() -> None:
    me = bl.self()
    waiting = asyncio.create_task(bl.receive(timeout=3600))
    await settled()
    bl.send(me, "there")
    assert await waiting == "there"


@in_node
async def test_a_timeout_leaves_no_timer_and_no_waiter_behind() -> None:
    pid = bl.spawn(times_out_then_waits, bl.self())
    assert await received(1) == ["timed out"]
    bl.send(pid, (bl.self(), "echo"))
    assert await received(1) == ["echo"]


async def times_out_then_waits(to: bl.Pid) -> None:
    with pytest.raises(TimeoutError):
        await bl.receive(timeout=0.01)
    bl.send(to, "timed out")
    sender, message = await bl.receive()
    bl.send(sender, message)
    await forever()


@in_node
async def test_a_reference_finds_its_reply_its_down_and_a_tuple_that_opens_with_it() -> None:
    pid = bl.spawn(forever)
    monitored, asked, tagged = bl.monitor(pid), bl.make_ref(), bl.make_ref()
    for message in ("noise", bl.Reply(asked, 1), (tagged, 2), "more noise"):
        bl.send(bl.self(), message)
    bl.exit(pid, "boom")
    assert await bl.receive(ref=monitored) == bl.Down(monitored, pid, "boom")
    assert await bl.receive(ref=tagged) == (tagged, 2)
    assert await bl.receive(ref=asked) == bl.Reply(asked, 1)
    assert await received(2) == ["noise", "more noise"]


@in_node
async def test_a_process_waits_for_a_reference_while_other_messages_come() -> None:
    ref = bl.make_ref()
    pid, ended = bl.spawn_monitor(waits_for, ref, bl.self())
    for message in ("noise", (bl.make_ref(), "other"), (ref, "mine")):
        await settled()
        bl.send(pid, message)
    assert await received(1) == ["mine"]
    assert await down_reason(ended) == "normal"


async def waits_for(ref: bl.Ref, asker: bl.Pid) -> None:
    _, value = await bl.receive(ref=ref)
    bl.send(asker, value)


@in_node
async def test_what_a_child_task_waits_for_by_reference_is_taken_by_nobody_else() -> None:
    me, ref = bl.self(), bl.make_ref()
    child = asyncio.create_task(bl.receive(ref=ref))
    anything = asyncio.create_task(bl.receive())
    selective = asyncio.create_task(bl.receive(lambda message: message[0] == ref))
    await settled()
    bl.send(me, (ref, "for the child"))
    bl.send(me, "for anybody")
    assert await child == (ref, "for the child")
    assert await anything == "for anybody"
    bl.send(me, (ref, "nobody waits for it by reference any more"))
    assert (await selective)[1] == "nobody waits for it by reference any more"


@in_node
async def test_what_came_for_a_child_task_that_was_cancelled_is_anybodys() -> None:
    me, ref = bl.self(), bl.make_ref()
    selective = asyncio.create_task(bl.receive(lambda message: message[0] == ref))
    child = asyncio.create_task(bl.receive(ref=ref))
    await settled()
    bl.send(me, (ref, "too late for the child"))
    child.cancel()
    with pytest.raises(asyncio.CancelledError):
        await child
    assert (await selective)[1] == "too late for the child"


@in_node
async def test_fan_in_of_a_hundred_thousand_messages_keeps_each_senders_order() -> None:
    senders = [bl.spawn(sends_numbers, bl.self(), 1000) for _ in range(100)]
    expected = dict.fromkeys(senders, 0)
    for _ in range(100_000):
        sender, number = await bl.receive(timeout=10)
        assert number == expected[sender]
        expected[sender] += 1
    await no_message()


async def sends_numbers(to: bl.Pid, count: int) -> None:
    for number in range(count):
        bl.send(to, (bl.self(), number))
        if number % 10 == 9:
            await asyncio.sleep(0)


@in_node
async def test_what_is_no_function_is_refused_as_a_guard() -> None:
    with pytest.raises(TypeError, match="expected a function of a message to receive by, got 5; a time limit is tim"):
        await bl.receive(5)  # type: ignore[arg-type]


@in_node
async def test_an_async_function_is_refused_as_a_guard_for_it_would_fit_every_message() -> None:
    async def is_five(message: object) -> bool:
        return message == 5

    bl.send(bl.self(), 4)
    for guard in (is_five, functools.partial(is_five)):
        with pytest.raises(TypeError, match=r"plain function to receive by, got the async function .*is_five"):
            await bl.receive(guard)
    assert await bl.receive() == 4


@pytest.mark.parametrize("by", [{}, {"guard": callable}, {"ref": bl.Ref("n@h", 1)}], ids=["any", "guard", "ref"])
@in_node
async def test_a_time_limit_that_is_no_number_is_refused(by: dict[str, Any]) -> None:
    for timeout in ("5", "infinity"):
        with pytest.raises(TypeError, match=f"expected timeout as a number of seconds, or None .*got '{timeout}'"):
            await bl.receive(timeout=timeout, **by)  # type: ignore[arg-type]


@in_node
async def test_a_guard_and_a_reference_exclude_each_other() -> None:
    with pytest.raises(TypeError, match="a guard or ref=, not both"):
        await bl.receive(lambda _: True, ref=bl.make_ref())


@in_node
async def test_send_returns_the_message_and_refuses_what_is_no_address() -> None:
    assert bl.send(bl.self(), "hello") == "hello"
    for wrong in (5, ("name", 5), None):
        with pytest.raises(TypeError, match=r"expected a pid, a name, .* or an alias, got"):
            bl.send(wrong, "hello")  # type: ignore[arg-type]


@in_node
async def test_a_child_task_that_waits_for_the_mailbox_of_a_process_hears_of_its_end() -> None:
    pid = bl.spawn(leaves_a_waiting_task, bl.self())
    assert await received(1) == ["started"]
    bl.exit(pid, "boom")
    [text] = await received(1)
    assert text == f"{pid}, whose mailbox this task waited for, ended: boom"


async def leaves_a_waiting_task(asker: bl.Pid) -> None:
    async def waits() -> None:
        try:
            await bl.receive()
        except bl.NoProcess as error:
            bl.send(asker, str(error))

    task = asyncio.create_task(waits())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    bl.send(asker, "started")
    await forever()
    await task


@pytest.mark.parametrize("fill", ["pid", "name", "alias", "trapped exit", "down", "copy of the pid"])
@in_node
async def test_who_fills_its_own_mailbox_gives_way_to_timers_and_others(fill: str) -> None:
    async def fills_and_receives() -> None:
        bl.trap_exit(True)
        bl.register("me", bl.self())
        me, alias, dead = bl.self(), bl.alias(), bl.spawn(abs, 1)
        await asyncio.sleep(0)
        ways: dict[str, Callable[[], object]] = {
            "pid": lambda: bl.send(me, 1),
            "name": lambda: bl.send("me", 1),
            "alias": lambda: bl.send(alias, 1),
            "trapped exit": lambda: bl.exit(me, "boo"),
            "down": lambda: bl.monitor(dead),
            "copy of the pid": lambda: bl.send(bl.Pid(me.node, me.id), 1),
        }
        while True:
            ways[fill]()
            await bl.receive()

    pid = bl.spawn(fills_and_receives)
    await asyncio.sleep(0.01)
    bl.exit(pid, "kill")


@in_node
async def test_a_mailbox_out_of_which_one_message_was_chosen_is_an_ordinary_one_when_the_rest_was_taken() -> None:
    for number in range(3):
        bl.send(bl.self(), number)
    assert await bl.receive(lambda number: number == 1) == 1
    assert await received(2) == [0, 2]
    assert process_of(bl.self()).mailbox is None


@in_node
async def test_each_receive_starts_at_the_oldest_though_its_guard_is_that_of_the_last() -> None:
    wanted: set[str] = set()
    guard = wanted.__contains__
    bl.send(bl.self(), "a")
    with pytest.raises(TimeoutError):
        await bl.receive(guard, timeout=0)
    wanted.add("a")
    assert await bl.receive(guard, timeout=PATIENCE) == "a"
