"""A mailbox that grows too long is told of, or ends its process, and nobody else's."""

from __future__ import annotations

import asyncio
import gc
import logging
import weakref
from typing import Any

import pytest

import beamlike as bl
from beamlike.kernel import current
from beamlike.kernel.call import call
from beamlike.kernel.call_errors import CallFailed
from beamlike.kernel.inspection.long_mailbox import LongMailbox
from beamlike.kernel.inspection.mailbox_limit import max_mailbox
from beamlike.kernel.inspection.mailbox_patrol import SLICE, MailboxPatrol
from tests.support.captured_log import captured_log
from tests.support.local_nodes import PATIENCE, down_reason, eventually, forever, in_node, process_of, received, settled
from tests.support.second_scheduler import second_scheduler, spawn_at


async def stuck() -> None:
    await bl.receive(lambda message: message == "never")


def flood(pid: bl.Pid, count: int, message: Any = "x") -> None:
    for _ in range(count):
        bl.send(pid, message)


def told(records: list[logging.LogRecord]) -> list[LongMailbox]:
    return [record.long_mailbox for record in records]  # type: ignore[attr-defined]


@in_node
async def test_a_warning_names_process_length_and_kinds_and_comes_again_at_each_doubling() -> None:
    pid = bl.spawn(stuck)
    bl.register("stuck", pid)
    max_mailbox(100, pid=pid)
    with captured_log("beamlike.mailbox") as records:
        flood(pid, 60, ("job", 1))
        flood(pid, 500, b"data")
    assert [news.length for news in told(records)] == [101, 203, 407]
    assert {record.levelno for record in records} == {logging.WARNING}
    first = told(records)[0]
    assert (first.pid, first.name, first.limit) == (pid, "stuck", 100)
    assert first.kinds == (("('job', ...)", 60), ("bytes", 41))
    assert str(first) == (
        f"101 messages wait for {pid} (stuck), more than its limit of 100; mostly 60 x ('job', ...), 41 x bytes"
    )


@in_node
async def test_a_process_that_catches_up_is_told_of_anew_the_next_time() -> None:
    pid = bl.spawn(forever)
    max_mailbox(10, pid=pid)
    with captured_log("beamlike.mailbox") as records:
        for _ in range(3):
            flood(pid, 15)
            await settled()
    assert [news.length for news in told(records)] == [11, 11, 11]


@pytest.mark.parametrize("turns", [0, 1])
@in_node
async def test_kill_ends_the_process_with_killed_and_nobody_else(turns: int) -> None:
    pid, ref = bl.spawn_monitor(stuck)
    beside = bl.spawn(stuck)
    for _ in range(turns):
        await settled()
    max_mailbox(100, "kill", pid=pid)
    with captured_log("beamlike.mailbox") as records:
        flood(pid, 5000)
        flood(beside, 5000)
        assert await down_reason(ref) == "killed"
    assert [(record.levelno, news.length) for record, news in zip(records, told(records), strict=True)] == [
        (logging.ERROR, 101)
    ]
    assert bl.is_alive(beside)


@in_node
async def test_who_calls_a_process_that_is_killed_for_it_hears_of_its_end() -> None:
    pid = bl.spawn(stuck)
    max_mailbox(3, "kill", pid=pid)

    async def asks(to: bl.Pid) -> None:
        with pytest.raises(CallFailed, match="killed"):
            await call(pid, "x", timeout=None)
        bl.send(to, "heard")

    with captured_log("beamlike.mailbox"):
        for _ in range(5):
            bl.spawn(asks, bl.self())
        assert await received(5) == ["heard"] * 5


@in_node
async def test_messages_that_a_selective_receive_passed_over_count() -> None:
    pid = bl.spawn(stuck)
    max_mailbox(10, pid=pid)
    with captured_log("beamlike.mailbox") as records:
        for _ in range(15):
            bl.send(pid, "x")
            await settled()
    assert [news.length for news in told(records)] == [11]


@in_node
async def test_it_is_set_for_oneself_checked_at_once_and_taken_back() -> None:
    with captured_log("beamlike.mailbox") as records:
        flood(bl.self(), 20)
        max_mailbox(10)
        assert [news.length for news in told(records)] == [20]
        max_mailbox(None)
        flood(bl.self(), 100)
        assert len(records) == 1
    assert await received(120) == ["x"] * 120


@in_node
async def test_a_process_with_a_limit_takes_messages_as_ever() -> None:
    async def takes(to: bl.Pid) -> None:
        bl.send(to, [await bl.receive(), await bl.receive(lambda message: message == 3), await bl.receive()])
        await forever()

    pid = bl.spawn(takes, bl.self())
    max_mailbox(100, "kill", pid=pid)
    await settled()
    for number in range(1, 4):
        bl.send(pid, number)
        await settled()
    assert await received(1) == [[1, 3, 2]]
    assert process_of(pid).message_queue_len == 0


@in_node
async def test_a_process_with_a_limit_is_freed_at_its_end() -> None:
    pid = bl.spawn(stuck)
    await settled()
    max_mailbox(100, pid=pid)
    flood(pid, 3)
    freed = weakref.ref(process_of(pid))
    gc.disable()
    try:
        bl.exit(pid, "kill")
        await settled()
        assert freed() is None
    finally:
        gc.enable()


@in_node
async def test_a_process_of_another_thread_is_killed_in_its_own() -> None:
    async with second_scheduler() as scheduler:
        pid = spawn_at(scheduler, stuck)
        ref = bl.monitor(pid)
        with captured_log("beamlike.mailbox"):
            max_mailbox(10, "kill", pid=pid)
            flood(pid, 20)
            assert (await bl.receive(ref=ref, timeout=PATIENCE)).reason == "killed"


@in_node
async def test_a_patrol_finds_the_long_one_of_a_whole_node_and_tells_again_when_it_has_doubled() -> None:
    pids = [bl.spawn(stuck) for _ in range(2 * SLICE + 10)]
    with captured_log("beamlike.mailbox") as records, MailboxPatrol(current.current_node(), 100, every=0.001):
        flood(pids[-5], 101)
        await eventually(lambda: len(records) == 1)
        flood(pids[-5], 50)
        flood(pids[3], 500)
        await eventually(lambda: len(records) == 2)
        flood(pids[-5], 51)
        await eventually(lambda: len(records) == 3)
    assert [(news.pid, news.length) for news in told(records)] == [(pids[-5], 101), (pids[3], 500), (pids[-5], 202)]


@in_node
async def test_a_patrol_that_is_closed_looks_no_more_and_one_without_limit_is_refused() -> None:
    node = current.current_node()
    with pytest.raises(ValueError, match="expected a number of messages above 0 from which"):
        MailboxPatrol(node, 0)
    with pytest.raises(ValueError, match="expected a time above 0 s"):
        MailboxPatrol(node, every=0)
    flood(bl.spawn(stuck), 20)
    with captured_log("beamlike.mailbox") as records:
        MailboxPatrol(node, 10, every=0.001).close()
        await asyncio.sleep(0.02)
    assert records == []


@in_node
async def test_what_is_no_limit_is_refused() -> None:
    gone = bl.spawn(forever)
    bl.exit(gone, "kill")
    with pytest.raises(ValueError, match="expected a number of messages above 0 as a limit, or None, got 0"):
        max_mailbox(0)
    with pytest.raises(ValueError, match=r"expected 'warn' or 'kill' .*, got 'drop'"):
        max_mailbox(10, "drop")
    with pytest.raises(bl.NoProcess, match="expected a live process to limit"):
        max_mailbox(10, pid=gone)
