"""What an exit signal does, by its reason, the way it came, and whether the receiver traps exits."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import beamlike as bl
from tests.support.local_nodes import (
    down_reason,
    eventually,
    forever,
    in_node,
    no_message,
    received,
    settled,
    trapping,
)
from tests.support.shared_by_message import SharedByMessage

LIVES = "lives"
ENDS = "ends with"
MESSAGE = "gets a message with"

# reason, how it is sent, what a process does that does not trap exits, what one does that traps them
TABLE = [
    ("normal", "by a link", (LIVES, None), (MESSAGE, "normal")),
    ("normal", "by another", (LIVES, None), (MESSAGE, "normal")),
    ("normal", "by itself", (ENDS, "normal"), (MESSAGE, "normal")),
    ("kill", "by a link", (ENDS, "kill"), (MESSAGE, "kill")),
    ("kill", "by another", (ENDS, "killed"), (ENDS, "killed")),
    ("kill", "by itself", (ENDS, "killed"), (ENDS, "killed")),
    ("killed", "by a link", (ENDS, "killed"), (MESSAGE, "killed")),
    ("boom", "by a link", (ENDS, "boom"), (MESSAGE, "boom")),
    ("boom", "by another", (ENDS, "boom"), (MESSAGE, "boom")),
    ("boom", "by itself", (ENDS, "boom"), (MESSAGE, "boom")),
    (("shutdown", 5), "by a link", (ENDS, ("shutdown", 5)), (MESSAGE, ("shutdown", 5))),
    (("shutdown", 5), "by another", (ENDS, ("shutdown", 5)), (MESSAGE, ("shutdown", 5))),
    (("shutdown", 5), "by itself", (ENDS, ("shutdown", 5)), (MESSAGE, ("shutdown", 5))),
]
CASES = [
    pytest.param(reason, way, traps, outcome, id=f"{reason} {way}{' when trapping' if traps else ''}")
    for reason, way, plain, trapped in TABLE
    for traps, outcome in ((False, plain), (True, trapped))
]


@pytest.mark.parametrize(("reason", "way", "traps", "outcome"), CASES)
@in_node
async def test_the_table_of_exit_signals(reason: Any, way: str, traps: bool, outcome: tuple[str, Any]) -> None:
    receiver = bl.spawn(receives_signals, traps)
    ended = bl.monitor(receiver)
    await settled()
    sender = await signal(receiver, reason, way)
    await settled()
    match outcome:
        case ("ends with", expected):
            assert await down_reason(ended) == expected
        case ("gets a message with", expected):
            assert await seen_by(receiver) == [bl.Exit(sender, expected)]
        case ("lives", _):
            assert await seen_by(receiver) == []


async def receives_signals(traps: bool) -> None:
    bl.trap_exit(traps)
    seen: list[Any] = []
    while True:
        match await bl.receive():
            case ("seen?", asker):
                bl.send(asker, ("seen", seen))
            case ("exit yourself", reason):
                bl.exit(bl.self(), reason)
            case message:
                seen.append(message)


async def signal(receiver: bl.Pid, reason: Any, way: str) -> bl.Pid:
    """Sends it, and returns whom the receiver should see as its sender."""
    if way == "by itself":
        bl.send(receiver, ("exit yourself", reason))
        return receiver
    if way == "by another":
        bl.exit(receiver, reason)
        return bl.self()
    partner = bl.spawn(ends_linked_to, receiver, reason)
    await settled()
    if reason == "killed":
        bl.exit(partner, "kill")
    return partner


async def ends_linked_to(receiver: bl.Pid, reason: Any) -> None:
    bl.link(receiver)
    if reason == "killed":
        await forever()
    raise bl.ProcessExit(reason)


async def seen_by(receiver: bl.Pid) -> list[Any]:
    bl.send(receiver, ("seen?", bl.self()))
    [(_, seen)] = await received(1)
    return seen  # type: ignore[no-any-return]


# By which way of ending a process gets which reason.


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda: None, "normal"),
        (lambda: "any value", "normal"),
        (lambda: (_ for _ in ()).throw(bl.ProcessExit("asked")), "asked"),
        (lambda: (_ for _ in ()).throw(bl.ProcessExit("kill")), "kill"),
    ],
)
@in_node
async def test_a_process_ends_with_the_reason_it_gives(function: Any, reason: str) -> None:
    _, ref = bl.spawn_monitor(function)
    assert await down_reason(ref) == reason


@in_node
async def test_an_uncaught_exception_is_the_reason_with_type_message_traceback_node_and_pid() -> None:
    pid, ref = bl.spawn_monitor(divides_by_zero)
    reason = await down_reason(ref)
    assert isinstance(reason, bl.ExceptionInfo)
    assert (reason.type, reason.message) == ("ZeroDivisionError", "division by zero")
    assert (reason.node, reason.pid) == ("test@127.0.0.1", pid)
    assert "    return 1 / 0  # the line that fails\n" in reason.traceback
    assert "stepped.py" not in reason.traceback


async def divides_by_zero() -> float:
    await asyncio.sleep(0)
    return 1 / 0  # the line that fails


@in_node
async def test_an_exception_that_cannot_even_be_printed_is_a_reason_all_the_same() -> None:
    class Unprintable(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no")

    def fails() -> None:
        raise Unprintable

    _, ref = bl.spawn_monitor(fails)
    reason = await down_reason(ref)
    assert reason.message == "<no message: str() of it raised RuntimeError>"


@in_node
async def test_stop_iteration_from_a_plain_function_is_a_crash_and_no_value() -> None:
    def fails() -> None:
        next(iter(()))

    _, ref = bl.spawn_monitor(fails)
    reason = await down_reason(ref)
    assert reason.message == "the function of a process raised StopIteration"


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, GeneratorExit, MemoryError, RecursionError])
@in_node
async def test_an_exception_of_any_kind_ends_its_process_and_nobody_else(error: type[BaseException]) -> None:
    turns: list[str] = []

    def interrupted() -> None:
        raise error

    _, ref = bl.spawn_monitor(interrupted)
    bl.spawn(turns.append, "another")
    assert (await down_reason(ref)).type == error.__name__
    await eventually(lambda: turns == ["another"])


@in_node
async def test_a_function_that_cannot_be_called_so_is_the_reason_and_no_error_of_spawn() -> None:
    _, ref = bl.spawn_monitor(divides_by_zero, "one argument too many")
    reason = await down_reason(ref)
    assert reason.type == "TypeError"


@in_node
async def test_an_exception_that_is_sent_as_the_reason_looks_like_that_of_a_crash() -> None:
    pid, ref = bl.spawn_monitor(forever)
    error = ValueError("too old")
    bl.exit(pid, error)
    reason = await down_reason(ref)
    assert isinstance(reason, bl.ExceptionInfo)
    assert str(reason) == "ValueError: too old"
    assert (reason.pid, reason.exception, reason.traceback) == (bl.self(), error, "ValueError: too old\n")


@in_node
async def test_a_plain_thread_sends_an_exception_as_the_reason_in_the_name_of_its_node() -> None:
    pid, ref = bl.spawn_monitor(forever)
    await asyncio.get_running_loop().run_in_executor(None, bl.exit, pid, ValueError("too old"))  # in no context
    reason = await down_reason(ref)
    assert (reason.type, reason.node, reason.pid) == ("ValueError", pid.node, bl.Pid(pid.node, 0))


@in_node
async def test_a_process_exit_that_is_sent_as_the_reason_stands_for_its_own_reason() -> None:
    pid, ref = bl.spawn_monitor(forever)
    bl.exit(pid, bl.ProcessExit("enough"))
    assert await down_reason(ref) == "enough"


@in_node
async def test_a_reason_that_cannot_be_compared_is_a_reason_all_the_same() -> None:
    class Incomparable(SharedByMessage):
        def __eq__(self, other: object) -> bool:
            raise AssertionError("compared")

        __hash__ = object.__hash__

    reason = Incomparable()
    pids = [bl.spawn(forever), bl.spawn(trapping)]
    await settled()
    refs = [bl.monitor(pid) for pid in pids]
    for pid in pids:
        bl.exit(pid, reason)
    assert await down_reason(refs[0]) is reason
    [seen] = await seen_messages(pids[1])
    assert seen.reason is reason


async def seen_messages(pid: bl.Pid) -> list[Any]:
    bl.send(pid, ("seen?", bl.self()))
    [seen] = await received(1)
    return seen  # type: ignore[no-any-return]


@in_node
async def test_the_first_exit_signal_decides() -> None:
    pid = bl.spawn(forever)
    ref = bl.monitor(pid)
    bl.exit(pid, "first")
    bl.exit(pid, "second")
    assert await down_reason(ref) == "first"


@in_node
async def test_kill_becomes_killed_once_and_goes_on_along_the_links_as_killed() -> None:
    a = bl.spawn(forever)
    b = bl.spawn(linked_to, a)
    c = bl.spawn(linked_to, b)
    await settled()
    refs = [bl.monitor(pid) for pid in (a, b, c)]
    bl.exit(a, "kill")
    assert [await down_reason(ref) for ref in refs] == ["killed"] * 3


async def linked_to(other: bl.Pid) -> None:
    bl.link(other)
    await forever()


@in_node
async def test_an_exit_message_that_came_while_trapping_stays_when_trapping_ends() -> None:
    assert bl.trap_exit(True) is False
    pid = bl.spawn_link(ends_with_boom)
    await settled()
    assert bl.trap_exit(False) is True
    assert await received(1) == [bl.Exit(pid, "boom")]


def ends_with_boom() -> None:
    raise bl.ProcessExit("boom")


@in_node
async def test_an_exit_signal_stands_in_line_between_messages() -> None:
    me, pid = bl.self(), bl.spawn(trapping)
    await settled()
    bl.send(pid, "before")
    bl.exit(pid, "boom")
    bl.send(pid, "after")
    bl.send(pid, ("seen?", me))
    assert await received(1) == [["before", bl.Exit(me, "boom"), "after"]]


@in_node
async def test_after_an_exit_signal_no_later_message_is_seen() -> None:
    pid = bl.spawn(tells, bl.self())
    await settled()
    bl.send(pid, "before")
    assert await received(1) == ["before"]
    bl.exit(pid, "boom")
    bl.send(pid, "after")
    await no_message()


async def tells(to: bl.Pid) -> None:
    while True:
        bl.send(to, await bl.receive())


@in_node
async def test_a_signal_to_a_dead_process_or_a_node_that_is_not_there_is_no_error() -> None:
    pid, ref = bl.spawn_monitor(ends_with_boom)
    await down_reason(ref)
    bl.exit(pid, "boom")
    bl.exit(bl.Pid("far@127.0.0.1", 5), "boom")


@in_node
async def test_an_exit_signal_goes_to_a_pid_and_to_nothing_else() -> None:
    with pytest.raises(TypeError, match="expected a pid to send an exit signal to, got 'name'; for a name"):
        bl.exit("name", "boom")  # type: ignore[arg-type]
