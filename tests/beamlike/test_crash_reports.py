"""A process that crashes is reported in the log; one that ends in peace, or is ended by others, is not."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

import beamlike as bl
from tests.support.captured_log import captured_log
from tests.support.local_nodes import down_reason, forever, in_node, settled


def returns() -> None:
    pass


def exits_with(reason: Any) -> Callable[[], None]:
    def ends() -> None:
        raise bl.ProcessExit(reason)

    return ends


async def reports_of(function: Callable[..., Any], signal: Any = None) -> list[logging.LogRecord]:
    """What the log says about a process that runs `function` to its end, or until it gets an exit signal."""
    with captured_log("beamlike.process") as records:
        pid, ref = bl.spawn_monitor(function)
        if signal is not None:
            bl.exit(pid, signal)
        await down_reason(ref)
    return records


@pytest.mark.parametrize(
    "function", [returns, exits_with("normal"), exits_with("shutdown"), exits_with(("shutdown", "idle"))]
)
@in_node
async def test_a_quiet_end_is_not_reported(function: Callable[[], None]) -> None:
    assert await reports_of(function) == []


@pytest.mark.parametrize("signal", ["kill", "boom", "shutdown"])
@in_node
async def test_an_end_that_others_asked_for_is_not_reported(signal: str) -> None:
    assert await reports_of(forever, signal) == []


@in_node
async def test_a_crash_is_reported_once_with_name_reason_and_traceback() -> None:
    def crashes() -> None:
        bl.register("fragile", bl.self())
        raise ValueError("this line is shown")

    [record] = await reports_of(crashes)
    text = record.getMessage()
    assert record.levelno == logging.ERROR
    assert " (fragile) ended: ValueError: this line is shown\nTraceback (most recent call last)" in text
    assert 'raise ValueError("this line is shown")' in text
    assert "stepped.py" not in text


@in_node
async def test_an_end_with_another_reason_is_reported_in_one_line() -> None:
    [record] = await reports_of(exits_with({"any": "term"}))
    assert record.getMessage().endswith("ended: {'any': 'term'}")


@in_node
async def test_a_whole_cascade_of_links_makes_one_report() -> None:
    with captured_log("beamlike.process") as records:
        crashing = bl.spawn(waits_and_crashes)
        refs = [bl.spawn_monitor(linked_to, crashing)[1] for _ in range(10)]
        await settled()
        bl.send(crashing, "go")
        assert {str(await down_reason(ref)) for ref in refs} == {"ValueError: crash"}
    assert len(records) == 1


async def linked_to(other: bl.Pid) -> None:
    bl.link(other)
    await forever()


async def waits_and_crashes() -> None:
    await bl.receive()
    raise ValueError("crash")


@in_node
async def test_a_guards_mistake_in_a_process_is_a_crash_as_any_other() -> None:
    def crashes() -> None:
        raise bl.NoProcess("raised by the kernel, in user code")

    [record] = await reports_of(crashes)
    assert "NoProcess: raised by the kernel, in user code" in record.getMessage()
