"""A process that records its last messages shows them in the report of its crash."""

from __future__ import annotations

from typing import Any

import pytest

import beamlike as bl
from beamlike.kernel.inspection.flight_recorder import record_messages
from beamlike.kernel.inspection.process_info import process_info
from tests.support.captured_log import captured_log
from tests.support.local_nodes import down_reason, forever, in_node, settled


async def crashes_at_boom() -> None:
    while await bl.receive() != "boom":
        pass
    raise ValueError("it came")


async def report_of(*messages: Any, keep: int | None) -> str:
    """What the log says of a process that got these messages and crashed."""
    pid, ref = bl.spawn_monitor(crashes_at_boom)
    if keep is not None:
        record_messages(keep, pid=pid)
    with captured_log("beamlike.process") as records:
        for message in messages:
            bl.send(pid, message)
            await settled()
        await down_reason(ref)
    [record] = records
    return record.getMessage()


@in_node
async def test_the_report_of_a_crash_shows_the_last_messages_oldest_first() -> None:
    report = await report_of("one", ("two", 2), "three", "boom", keep=3)
    assert report.endswith("ValueError: it came\nIts last messages, oldest first:\n  ('two', 2)\n  'three'\n  'boom'")


@pytest.mark.parametrize("keep", [None, 0])
@in_node
async def test_who_does_not_record_shows_none(keep: int | None) -> None:
    assert "last messages" not in await report_of("one", "boom", keep=keep)


@in_node
async def test_a_long_message_is_cut_and_one_that_cannot_be_shown_hides_nothing_else() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError("no words")

    report = await report_of("x" * 1000, Broken(), "boom", keep=10)
    long, broken, boom = report.splitlines()[-3:]
    assert (len(long), long[-3:]) == (202, "...")
    assert broken.endswith("Broken whose repr raised RuntimeError>")
    assert boom == "  'boom'"


@in_node
async def test_each_way_to_receive_is_recorded_and_recording_ends() -> None:
    async def receives() -> None:
        record_messages(10)
        await bl.receive()
        await bl.receive(lambda message: message == 2)
        await bl.receive()
        record_messages(0)
        await forever()

    pid = bl.spawn(receives)
    await settled()
    for number in range(1, 4):
        assert process_info(pid, "last_messages")["last_messages"] == tuple(range(1, number))
        bl.send(pid, number)
        await settled()
    assert process_info(pid, "last_messages") == {"last_messages": None}


@in_node
async def test_a_number_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="expected how many messages to keep, 0 or more, got -1"):
        record_messages(-1)
