"""Supervisor: who is restarted, when it gives up, and how children are ended."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import beamlike as bl
from beamlike.behaviours.supervisor import Restart, StartFailed
from tests.support.captured_log import captured_log
from tests.support.local_nodes import down_reason, eventually, forever, in_node, no_message, received, settled

children_of = bl.Supervisor.which_children


class Child(bl.GenServer):
    """Tells `witness` when it starts and terminates."""

    def init(self, witness: bl.Pid, id: str) -> None:
        bl.trap_exit(True)
        self.witness, self.id = witness, id
        bl.send(witness, ("started", id))

    def handle_info(self, message: Any) -> None:
        if message == "crash":
            raise ValueError("crash")
        if message == "stop":
            raise bl.Stop("normal")

    def terminate(self, reason: Any) -> None:
        bl.send(self.witness, ("terminated", self.id, reason))


def child(id: str, **options: Any) -> bl.ChildSpec:
    return bl.ChildSpec(id, functools.partial(Child.start_link, bl.self(), id), **options)


def plain(id: str, function: Callable[..., Any] = forever, **options: Any) -> bl.ChildSpec:
    return bl.ChildSpec(id, functools.partial(bl.spawn_link, function), **options)


async def pid_of(supervisor: bl.Pid, id: str) -> bl.Pid:
    pid = dict(await children_of(supervisor))[id]
    assert pid is not None
    return pid


# Start.


@in_node
async def test_children_are_started_in_order_and_linked_to_the_supervisor() -> None:
    supervisor = await bl.Supervisor.start_link([child("a"), child("b"), child("c")])
    assert await received(3) == [("started", id) for id in "abc"]
    assert [id for id, _ in await children_of(supervisor)] == ["a", "b", "c"]


@in_node
async def test_a_child_that_does_not_start_ends_those_before_it_and_fails_the_start() -> None:
    async def fails() -> bl.Pid:
        raise ValueError("no port")

    good, never = [child(id) for id in "abcde"], child("never")
    with pytest.raises(StartFailed, match="child 'bad' did not start: no port") as caught:
        await bl.Supervisor.start_link([*good, bl.ChildSpec("bad", fails), never])
    assert isinstance(caught.value.__cause__, ValueError | bl.BeamlikeError)
    assert await received(5) == [("started", id) for id in "abcde"]
    assert await received(5) == [("terminated", id, "shutdown") for id in "edcba"]
    assert bl.processes() == [bl.self()]


@in_node
async def test_a_start_that_returns_no_pid_is_told() -> None:
    with pytest.raises(StartFailed, match="expected start of child 'odd' to return a pid, got 5"):
        await bl.Supervisor.start_link([bl.ChildSpec("odd", lambda: 5)])  # type: ignore[arg-type, return-value]


@in_node
async def test_ids_must_differ() -> None:
    with pytest.raises(ValueError, match=r"expected children with different ids, got \['a', 'a'\]"):
        await bl.Supervisor.start_link([plain("a"), plain("a")])


def test_a_specification_is_checked_when_it_is_made() -> None:
    with pytest.raises(ValueError, match="expected restart 'permanent', 'transient' or 'temporary', got 'sometimes'"):
        bl.ChildSpec("a", forever, restart="sometimes")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="expected a function that starts child 'a', got 5"):
        bl.ChildSpec("a", 5)  # type: ignore[arg-type]


# Restart.


@pytest.mark.parametrize(
    ("restart", "ending", "outcome"),
    [
        ("permanent", "normal", "restarted"),
        ("permanent", "shutdown", "restarted"),
        ("permanent", "boom", "restarted"),
        ("transient", "normal", "kept"),
        ("transient", "shutdown", "kept"),
        ("transient", ("shutdown", "idle"), "kept"),
        ("transient", "boom", "restarted"),
        ("transient", "killed", "restarted"),
        ("temporary", "normal", "gone"),
        ("temporary", "boom", "gone"),
    ],
)
@in_node
async def test_the_table_of_restarts(restart: Restart, ending: Any, outcome: str) -> None:
    supervisor = await bl.Supervisor.start_link([plain("child", ends_as_told, restart=restart)])
    before = await pid_of(supervisor, "child")
    ref = bl.monitor(before)
    bl.send(before, ending)
    assert await down_reason(ref) == ending
    await settled()
    match outcome:
        case "restarted":
            after = await pid_of(supervisor, "child")
            assert after != before
            assert bl.is_alive(after)
        case "kept":
            assert await children_of(supervisor) == [("child", None)]
        case "gone":
            assert await children_of(supervisor) == []


async def ends_as_told() -> None:
    raise bl.ProcessExit(await bl.receive())


@in_node
async def test_only_the_child_that_ended_is_restarted() -> None:
    supervisor = await bl.Supervisor.start_link([plain("a"), plain("b"), plain("c")])
    before = dict(await children_of(supervisor))
    assert before["b"] is not None
    bl.exit(before["b"], "boom")
    await settled()
    after = dict(await children_of(supervisor))
    assert [id for id in before if before[id] != after[id]] == ["b"]
    assert list(after) == ["a", "b", "c"]


@in_node
async def test_more_restarts_than_allowed_end_the_supervisor_and_its_other_children() -> None:
    supervisor = await bl.Supervisor.start([plain("bad"), child("good")], 2, 60.0)
    await received(1)
    ref = bl.monitor(supervisor)
    with captured_log("beamlike.supervisor") as records:
        for _ in range(2):
            bl.exit(await pid_of(supervisor, "bad"), "boom")
            await settled()
            assert bl.is_alive(supervisor)
        bl.exit(await pid_of(supervisor, "bad"), "boom")
        assert await down_reason(ref) == "shutdown"
    assert await received(1) == [("terminated", "good", "shutdown")]
    assert "child 'bad' ended (boom), which makes 3 restarts within 60.0 s, and 2 are allowed" in (
        records[0].getMessage()
    )


@in_node
async def test_restarts_are_forgotten_after_the_period() -> None:
    supervisor = await bl.Supervisor.start_link([plain("child")], 1, 0.01)
    for _ in range(4):
        bl.exit(await pid_of(supervisor, "child"), "boom")
        await asyncio.sleep(0.02)
    assert bl.is_alive(supervisor)


@in_node
async def test_a_restart_that_fails_is_tried_again_and_counts() -> None:
    attempts: list[int] = []

    async def works_every_third_time() -> bl.Pid:
        attempts.append(len(attempts))
        if len(attempts) % 3 != 1:
            raise ValueError("not yet")
        return bl.spawn_link(forever)

    supervisor = await bl.Supervisor.start_link([bl.ChildSpec("child", works_every_third_time)], 3)
    bl.exit(await pid_of(supervisor, "child"), "boom")
    await eventually(lambda: len(attempts) == 4)
    assert bl.is_alive(await pid_of(supervisor, "child"))
    bl.trap_exit(True)
    bl.exit(await pid_of(supervisor, "child"), "boom")
    assert await received(1) == [bl.Exit(supervisor, "shutdown")]


@in_node
async def test_a_supervisor_that_gives_up_is_restarted_by_its_own() -> None:
    async def inner() -> bl.Pid:
        return await bl.Supervisor.start_link([plain("worker")], 0)

    outer = await bl.Supervisor.start_link([bl.ChildSpec("inner", inner)])
    before = await pid_of(outer, "inner")
    bl.exit(await pid_of(before, "worker"), "boom")
    await eventually(lambda: not bl.is_alive(before))
    await settled()
    after = await pid_of(outer, "inner")
    assert bl.is_alive(await pid_of(after, "worker"))


@in_node
async def test_a_name_is_free_for_the_child_that_is_restarted() -> None:
    await bl.Supervisor.start_link([bl.ChildSpec("named", functools.partial(Named.start_link, name="named"))])
    before = bl.whereis("named")
    assert before is not None
    bl.exit(before, "kill")
    await settled()
    assert await bl.GenServer.call("named", "who") == bl.whereis("named") != before


class Named(bl.GenServer):
    def handle_call(self, request: Any, client: Any) -> bl.Pid:
        return bl.self()


# The end.


@in_node
async def test_children_end_in_the_reverse_order_with_shutdown() -> None:
    supervisor = await bl.Supervisor.start_link([child("a"), child("b"), child("c")])
    await received(3)
    await bl.GenServer.stop(supervisor)
    assert await received(3) == [("terminated", id, "shutdown") for id in "cba"]
    assert bl.processes() == [bl.self()]


@in_node
async def test_the_end_of_whoever_started_it_ends_the_supervisor_and_its_children() -> None:
    starter = bl.spawn(starts, functools.partial(bl.Supervisor.start_link, [child("a")]))
    assert await received(1) == [("started", "a")]
    await settled()
    bl.exit(starter, "boom")
    assert await received(1) == [("terminated", "a", "shutdown")]
    await eventually(lambda: bl.processes() == [bl.self()])


async def starts(start: Callable[[], Awaitable[bl.Pid]]) -> None:
    await start()
    await forever()


@in_node
async def test_a_killed_supervisor_takes_its_children_along_by_their_links() -> None:
    supervisor = await bl.Supervisor.start([plain("a"), plain("b")])
    bl.exit(supervisor, "kill")
    await eventually(lambda: bl.processes() == [bl.self()])


@in_node
async def test_a_child_that_takes_too_long_to_end_is_killed() -> None:
    supervisor = await bl.Supervisor.start_link([plain("stubborn", ignores_exits, shutdown=0.01)])
    await settled()
    ref = bl.monitor(await pid_of(supervisor, "stubborn"))
    with captured_log("beamlike.supervisor") as records:
        await bl.Supervisor.terminate_child(supervisor, "stubborn")
    assert await down_reason(ref) == "killed"
    assert records[0].getMessage() == "child 'stubborn' did not end within 0.01 s and is killed"


async def ignores_exits() -> None:
    bl.trap_exit(True)
    await forever()


@in_node
async def test_a_child_without_time_to_end_is_killed_at_once() -> None:
    supervisor = await bl.Supervisor.start_link([plain("brutal", ignores_exits, shutdown=0)])
    await settled()
    ref = bl.monitor(await pid_of(supervisor, "brutal"))
    await bl.Supervisor.terminate_child(supervisor, "brutal")
    assert await down_reason(ref) == "killed"


@in_node
async def test_a_child_that_may_take_for_ever_is_waited_for() -> None:
    supervisor = await bl.Supervisor.start_link([plain("slow", ends_when_told, shutdown=None)])
    slow = await pid_of(supervisor, "slow")
    await settled()
    ending = asyncio.create_task(bl.Supervisor.terminate_child(supervisor, "slow"))
    await settled()
    assert not ending.done()
    bl.send(slow, "end now")
    await ending
    assert not bl.is_alive(slow)


async def ends_when_told() -> None:
    bl.trap_exit(True)
    await bl.receive(lambda message: message == "end now")


# Children that come and go.


@in_node
async def test_a_child_is_added_and_supervised_as_the_others() -> None:
    supervisor = await bl.Supervisor.start_link([])
    pid = await bl.Supervisor.start_child(supervisor, plain("late"))
    bl.exit(pid, "boom")
    await settled()
    assert await pid_of(supervisor, "late") != pid


@in_node
async def test_what_the_start_of_an_added_child_raises_is_raised_to_who_added_it() -> None:
    def fails() -> bl.Pid:
        raise ValueError("no port")

    supervisor = await bl.Supervisor.start_link([plain("a")])
    with pytest.raises(ValueError, match="no port"):
        await bl.Supervisor.start_child(supervisor, bl.ChildSpec("bad", fails))
    with pytest.raises(ValueError, match="there is a child 'a' already"):
        await bl.Supervisor.start_child(supervisor, plain("a"))
    assert [id for id, _ in await children_of(supervisor)] == ["a"]


@in_node
async def test_a_terminated_child_is_forgotten_and_not_restarted() -> None:
    supervisor = await bl.Supervisor.start_link([child("a"), child("b")])
    await received(2)
    await bl.Supervisor.terminate_child(supervisor, "a")
    assert await received(1) == [("terminated", "a", "shutdown")]
    assert [id for id, _ in await children_of(supervisor)] == ["b"]
    with pytest.raises(LookupError, match=r"expected a child's id, got 'a'; known: \['b'\]"):
        await bl.Supervisor.terminate_child(supervisor, "a")
    await no_message()


@in_node
async def test_an_exit_of_somebody_else_does_not_trouble_a_supervisor() -> None:
    supervisor = await bl.Supervisor.start_link([plain("a")])
    bl.spawn(bl.exit, supervisor, "boom")
    await settled()
    assert bl.is_alive(await pid_of(supervisor, "a"))
