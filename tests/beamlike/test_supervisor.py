"""Supervisor: how children start, who is restarted, when it gives up, and how children are ended."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import beamlike as bl
from beamlike.behaviours.child_spec import Restart
from beamlike.behaviours.supervision.child_errors import StartFailed
from beamlike.behaviours.supervision.supervisor_flags import Strategy
from tests.support.captured_log import captured_log
from tests.support.local_nodes import down_reason, eventually, forever, in_node, received, settled
from tests.support.supervised import (
    ALWAYS,
    Flaky,
    child,
    ends_as_told,
    ignores_exits,
    pid_of,
    pids_of,
    plain,
    states_of,
)

# Start.


@in_node
async def test_children_are_started_in_order_and_linked_to_the_supervisor() -> None:
    supervisor = await bl.Supervisor.start_link([child("a"), child("b"), child("c")])
    assert await received(3) == [("started", id) for id in "abc"]
    assert list(await pids_of(supervisor)) == ["a", "b", "c"]
    bl.unlink(supervisor)
    bl.exit(supervisor, "kill")
    assert sorted(await received(3)) == [("terminated", id, "killed") for id in "abc"]


@in_node
async def test_a_child_that_does_not_start_ends_those_before_it_and_fails_the_start() -> None:
    async def fails() -> bl.Pid:
        raise ValueError("no port")

    good, never = [child(id) for id in "abcde"], child("never")
    bad = bl.ChildSpec("bad", fails, restart="transient")
    with pytest.raises(StartFailed, match=r"transient worker 'bad' \(started by .*fails\) did not start: .*no port"):
        await bl.Supervisor.start_link([*good, bad, never])
    assert await received(5) == [("started", id) for id in "abcde"]
    assert await received(5) == [("terminated", id, "shutdown") for id in "edcba"]
    assert bl.processes() == [bl.self()]


@in_node
async def test_a_failed_start_says_which_child_and_why() -> None:
    async def exits() -> bl.Pid:
        raise bl.ProcessExit(("no", "port"))

    with pytest.raises(StartFailed) as failure:
        await bl.Supervisor.start_link([bl.ChildSpec("bad", exits)])
    assert (failure.value.id, failure.value.reason) == ("bad", ("no", "port"))
    with pytest.raises(StartFailed) as failure:
        await bl.Supervisor.start_link([bl.ChildSpec("bad", Flaky(failures=1))])
    assert str(failure.value.reason) == "ValueError: no port"


@in_node
async def test_a_start_that_returns_no_pid_is_told() -> None:
    with pytest.raises(StartFailed, match="expected start of child 'odd' to return a pid, or None for none, got 5"):
        await bl.Supervisor.start_link([bl.ChildSpec("odd", lambda: 5)])  # type: ignore[arg-type, return-value]


@in_node
async def test_a_child_that_has_nothing_to_run_is_kept_unless_it_is_temporary() -> None:
    specs = [bl.ChildSpec(restart, lambda: None, restart=restart) for restart in RESTARTS]
    supervisor = await bl.Supervisor.start_link([plain("a"), *specs])
    assert await states_of(supervisor) == {"a": "running", "permanent": "stopped", "transient": "stopped"}


RESTARTS: tuple[Restart, ...] = ("permanent", "transient", "temporary")


@in_node
async def test_what_can_never_be_right_is_refused_before_anything_starts() -> None:
    with pytest.raises(ValueError, match=r"expected children with different ids, got \['a', 'a'\]"):
        await bl.Supervisor.start_link([child("a"), child("a")])
    with pytest.raises(ValueError, match="expected strategy 'one_for_one', 'one_for_all' or 'rest_for_one', got 'all'"):
        await bl.Supervisor.start_link([child("a")], strategy="all")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="expected intensity as a number of restarts, 0 or more, got -1"):
        await bl.Supervisor.start_link([child("a")], -1)
    with pytest.raises(TypeError, match=r"expected a ChildSpec, got 5: make one with ChildSpec\(id, start\)"):
        await bl.Supervisor.start_link([child("a"), 5])  # type: ignore[list-item]
    assert bl.processes() == [bl.self()]


@in_node
async def test_a_supervisor_may_have_a_name_and_be_linked_to_nobody() -> None:
    supervisor = await bl.Supervisor.start([plain("a")], name="top")
    assert list(await pids_of("top")) == ["a"]
    starter = bl.spawn(starts, functools.partial(bl.Supervisor.start, [plain("b")], name="other"))
    await eventually(lambda: bl.whereis("other") is not None)
    bl.exit(starter, "boom")
    await settled()
    assert bl.is_alive(supervisor)
    assert list(await pids_of("other")) == ["b"]


# Restart.


@pytest.mark.parametrize("strategy", ["one_for_one", "one_for_all", "rest_for_one"])
@pytest.mark.parametrize(
    ("restart", "ending", "outcome"),
    [
        ("permanent", "normal", "restarted"),
        ("permanent", "shutdown", "restarted"),
        ("permanent", ("shutdown", "idle"), "restarted"),
        ("permanent", "boom", "restarted"),
        ("permanent", "killed", "restarted"),
        ("transient", "normal", "kept"),
        ("transient", "shutdown", "kept"),
        ("transient", ("shutdown", "idle"), "kept"),
        ("transient", "boom", "restarted"),
        ("transient", "killed", "restarted"),
        ("transient", "noconnection", "restarted"),
        ("temporary", "normal", "gone"),
        ("temporary", "shutdown", "gone"),
        ("temporary", "boom", "gone"),
        ("temporary", "killed", "gone"),
    ],
)
@in_node
async def test_the_table_of_restarts(strategy: Strategy, restart: Restart, ending: Any, outcome: str) -> None:
    middle = plain("middle", ends_as_told, restart=restart)
    supervisor = await bl.Supervisor.start_link([plain("first"), middle, plain("last")], strategy=strategy)
    before = await pids_of(supervisor)
    ref = bl.monitor(await pid_of(supervisor, "middle"))
    bl.send(await pid_of(supervisor, "middle"), ending)
    assert await down_reason(ref) == ending
    after = await pids_of(supervisor)
    assert None not in (after["first"], after["last"])
    assert {id for id in after if after[id] != before[id]} == RENEWED[strategy, outcome]
    assert after.get("middle", "gone") == {"kept": None, "gone": "gone"}.get(outcome, after.get("middle"))


RENEWED = {
    ("one_for_one", "restarted"): {"middle"},
    ("one_for_all", "restarted"): {"first", "middle", "last"},
    ("rest_for_one", "restarted"): {"middle", "last"},
    **{(strategy, "kept"): {"middle"} for strategy in ("one_for_one", "one_for_all", "rest_for_one")},
    **{(strategy, "gone"): set() for strategy in ("one_for_one", "one_for_all", "rest_for_one")},
}
"""Whose pid is another afterwards; that of a child which is kept but not restarted is None."""


@in_node
async def test_only_the_child_that_ended_is_restarted() -> None:
    supervisor = await bl.Supervisor.start_link([plain("a"), plain("b"), plain("c")])
    before = await pids_of(supervisor)
    bl.exit(await pid_of(supervisor, "b"), "boom")
    await settled()
    after = await pids_of(supervisor)
    assert [id for id in before if before[id] != after[id]] == ["b"]
    assert list(after) == ["a", "b", "c"]
    assert bl.is_alive(await pid_of(supervisor, "b"))


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
    messages = [record.getMessage() for record in records]
    assert [message.rpartition(" ended ")[2] for message in messages] == [
        "(boom) and is started again",
        "(boom) and is started again",
        "(boom), and more than 2 restarts within 60.0 s are not allowed",
    ]
    assert all("permanent worker 'bad'" in message for message in messages)


@in_node
async def test_restarts_are_forgotten_after_the_period() -> None:
    supervisor = await bl.Supervisor.start_link([plain("child")], 1, 0.01)
    for _ in range(4):
        bl.exit(await pid_of(supervisor, "child"), "boom")
        await pid_of(supervisor, "child")  # its restart has been counted
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
async def test_while_a_restart_fails_again_and_again_others_are_served() -> None:
    flaky = Flaky()
    supervisor = await bl.Supervisor.start_link([plain("other"), bl.ChildSpec("flaky", flaky)], ALWAYS)
    flaky.failures = ALWAYS
    bl.exit(await pid_of(supervisor, "flaky"), "boom")
    await eventually(lambda: flaky.calls > 10)
    assert await states_of(supervisor) == {"other": "running", "flaky": "restarting"}
    bl.exit(await pid_of(supervisor, "other"), "boom")
    await settled()
    assert bl.is_alive(await pid_of(supervisor, "other"))
    flaky.failures = 0
    await settled()
    assert bl.is_alive(await pid_of(supervisor, "flaky"))


@in_node
async def test_a_supervisor_whose_restarts_fail_can_be_stopped() -> None:
    flaky = Flaky()
    supervisor = await bl.Supervisor.start_link([child("other"), bl.ChildSpec("flaky", flaky)], ALWAYS)
    flaky.failures = ALWAYS
    bl.exit(await pid_of(supervisor, "flaky"), "boom")
    await eventually(lambda: flaky.calls > 2)
    await bl.GenServer.stop(supervisor)
    assert await received(2) == [("started", "other"), ("terminated", "other", "shutdown")]
    assert bl.processes() == [bl.self()]


@in_node
async def test_a_supervisor_that_gives_up_is_restarted_by_its_own() -> None:
    inner = bl.Supervisor.child_spec([plain("worker")], 0, id="inner")
    outer = await bl.Supervisor.start_link([inner])
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


@in_node
async def test_the_history_of_restarts_says_who_when_and_why() -> None:
    flaky = Flaky()
    supervisor = await bl.Supervisor.start_link([plain("a"), bl.ChildSpec("flaky", flaky)], 10)
    pids = await pids_of(supervisor)
    bl.exit(await pid_of(supervisor, "a"), "boom")
    await settled()
    flaky.failures = 2
    bl.exit(await pid_of(supervisor, "flaky"), "kill")
    await eventually(lambda: flaky.calls == 4)
    first, second, *failures = await bl.Supervisor.restart_history(supervisor)
    assert (first.id, first.pid, first.reason) == ("a", pids["a"], "boom")
    assert (second.id, second.pid, second.reason) == ("flaky", pids["flaky"], "killed")
    assert [(one.id, one.pid, str(one.reason)) for one in failures] == [("flaky", None, "ValueError: no port")] * 2
    assert first.at <= second.at <= failures[-1].at


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
    (record,) = records
    assert "permanent worker 'stubborn'" in record.getMessage()
    assert record.getMessage().endswith("did not end within 0.01 s and is killed")


@in_node
async def test_a_child_without_time_to_end_is_killed_at_once() -> None:
    supervisor = await bl.Supervisor.start_link([plain("brutal", ignores_exits, shutdown=0)])
    await settled()
    ref = bl.monitor(await pid_of(supervisor, "brutal"))
    with captured_log("beamlike.supervisor") as records:
        await bl.Supervisor.terminate_child(supervisor, "brutal")
    assert await down_reason(ref) == "killed"
    assert records == []


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


@in_node
async def test_a_child_that_cut_its_link_is_ended_all_the_same() -> None:
    supervisor = await bl.Supervisor.start_link([plain("loose", cuts_its_link)])
    loose = await pid_of(supervisor, "loose")
    bl.send(loose, supervisor)
    await settled()
    await bl.GenServer.stop(supervisor)
    assert not bl.is_alive(loose)


async def cuts_its_link() -> None:
    bl.unlink(await bl.receive())
    await forever()


@in_node
async def test_a_child_that_ends_otherwise_than_it_was_told_is_reported() -> None:
    supervisor = await bl.Supervisor.start_link([plain("clumsy", falls)])
    await settled()
    with captured_log("beamlike.supervisor") as records:
        await bl.GenServer.stop(supervisor)
    assert "'clumsy'" in records[0].getMessage()
    assert records[0].getMessage().endswith("ended with clumsily when told to end with shutdown")


async def falls() -> None:
    bl.trap_exit(True)
    await bl.receive()
    raise bl.ProcessExit("clumsily")


# Strangers.


@in_node
async def test_an_exit_of_somebody_else_does_not_trouble_a_supervisor() -> None:
    supervisor = await bl.Supervisor.start_link([plain("a")])
    bl.spawn(bl.exit, supervisor, "boom")
    await settled()
    assert bl.is_alive(await pid_of(supervisor, "a"))


@in_node
async def test_what_a_supervisor_does_not_know_is_told_and_ends_nothing() -> None:
    supervisor = await bl.Supervisor.start_link([plain("a")])
    before = await pids_of(supervisor)
    with captured_log("beamlike.supervisor") as records:
        bl.send(supervisor, "hello")
        bl.GenServer.cast(supervisor, "cast")
        with pytest.raises(bl.CallTimeout):
            await bl.GenServer.call(supervisor, "call", timeout=0.01)
    assert [record.getMessage().partition(" does not know the ")[2] for record in records] == [
        "message 'hello'",
        "cast 'cast'",
        "call 'call' and leaves it unanswered",
    ]
    assert await pids_of(supervisor) == before


@in_node
async def test_the_log_names_supervisor_and_child_by_all_their_names() -> None:
    spec = bl.GenServer.child_spec(id="the clock", name="clock", restart="transient")
    supervisor = await bl.Supervisor.start([spec], 1, name="top")
    ref = bl.monitor(supervisor)
    with captured_log("beamlike.supervisor") as records:
        first = await pid_of(supervisor, "the clock")
        bl.exit(first, "boom")
        second = await pid_of(supervisor, "the clock")
        bl.exit(second, "boom")
        assert await down_reason(ref) == "shutdown"
    words = "transient worker 'the clock', registered as 'clock' (started by GenServer.start_link)"
    assert [record.getMessage() for record in records] == [
        f"Supervisor {supervisor} (top): {words}, {first}, ended (boom) and is started again",
        f"Supervisor {supervisor} (top) gives up: {words}, {second}, ended (boom), "
        "and more than 1 restarts within 5.0 s are not allowed",
    ]
