"""What there is to know of a process, whoever asks."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import AsyncIterator, Callable
from contextvars import Context, ContextVar
from pathlib import Path
from typing import Any

import pytest

import beamlike as bl
from beamlike.kernel import functions, group_leader
from beamlike.kernel.call import call
from beamlike.kernel.inspection.flight_recorder import record_messages
from beamlike.kernel.inspection.process_info import ProcessInfo, process_info, set_label
from beamlike.kernel.inspection.suspension import suspend_process
from beamlike.kernel.threads.blocking import blocking
from tests.support.local_nodes import down_reason, eventually, forever, in_node, settled, trapping
from tests.support.second_scheduler import second_scheduler, spawn_at

flavour: ContextVar[str] = ContextVar("flavour", default="none")


async def waits_here() -> None:
    await bl.receive(lambda message: message == "never")  # the line it waits in


async def waits_deep_down() -> None:
    async for _ in waits_between():
        pass


async def waits_between() -> AsyncIterator[None]:
    yield None
    await asyncio.sleep(3600)


def one(pid: bl.Pid, item: str) -> Any:
    return process_info(pid, item)[item]


@in_node
async def test_of_a_process_that_has_ended_there_is_nothing_to_know() -> None:
    pid, ref = bl.spawn_monitor(forever)
    bl.exit(pid, "kill")
    assert await down_reason(ref) == "killed"
    assert process_info(pid) is None
    assert process_info(pid, "status") is None


@in_node
async def test_ties_name_flag_and_leader_are_those_of_the_process() -> None:
    pid, other = bl.spawn(trapping), bl.spawn(forever)
    await settled()
    bl.register("kept", pid)
    bl.link(pid)
    bl.monitor(pid)
    info = process_info(pid)
    assert (info.registered_name, info.trap_exit, info.links, info.monitored_by) == (
        "kept",
        True,
        {bl.self()},
        (bl.self(),),
    )
    assert pid in process_info(bl.self()).links
    assert process_info(bl.self()).monitors == (pid,)
    assert process_info(other).links == frozenset()
    bl.unlink(pid)


@in_node
async def test_messages_are_counted_and_shown_wherever_they_stand() -> None:
    pid, handed = bl.spawn(waits_here), bl.spawn(forever)
    await settled()
    for number in range(3):
        bl.send(pid, number)
    await settled()
    bl.send(pid, 3)
    bl.send(handed, "handed over")
    assert process_info(pid, "message_queue_len", "messages") == {"message_queue_len": 4, "messages": (0, 1, 2, 3)}
    assert process_info(handed, "message_queue_len", "messages") == {
        "message_queue_len": 1,
        "messages": ("handed over",),
    }


@in_node
async def test_the_status_says_whether_it_runs_could_run_waits_or_must_not_run() -> None:
    pid, suspended = bl.spawn(forever), bl.spawn(forever)
    assert one(pid, "status") == "runnable"
    await settled()
    assert one(pid, "status") == "waiting"
    bl.send(pid, 1)
    assert one(pid, "status") == "runnable"
    suspend_process(suspended)
    assert one(suspended, "status") == "suspended"
    seen: list[str] = []
    bl.spawn(lambda: seen.append(one(bl.self(), "status")))
    await settled()
    assert seen == ["running"]


@in_node
async def test_the_current_function_is_the_line_of_the_code_that_waits() -> None:
    pid, deep = bl.spawn(waits_here), bl.spawn(waits_deep_down)
    await settled()
    place = one(pid, "current_function")
    assert (Path(place.file).name, place.function) == (Path(__file__).name, "waits_here")
    assert place.source.endswith("# the line it waits in")
    assert [each.function for each in one(pid, "current_stacktrace")] == ["waits_here"]
    assert one(deep, "current_stacktrace")[0].function == "waits_deep_down"


@in_node
async def test_the_current_function_of_what_runs_is_where_it_runs() -> None:
    seen: list[Any] = []

    def looks() -> None:
        seen.append(process_info(bl.self(), "current_stacktrace")["current_stacktrace"])

    async def has_another_look() -> None:
        await asyncio.sleep(0)
        looks()

    bl.spawn(looks)
    bl.spawn(has_another_look)
    await eventually(lambda: len(seen) == 2)
    names = [[place.function.rpartition(".")[2] for place in stack] for stack in seen]
    assert names == [["looks"], ["has_another_look", "looks"]]


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (waits_here, f"{__name__}.waits_here"),
        (functools.partial(waits_here), f"{__name__}.waits_here"),
        (waits_deep_down, f"{__name__}.waits_deep_down"),
    ],
)
@in_node
async def test_the_initial_call_is_the_function_before_and_after_its_first_step(
    function: Callable[[], Any], name: str
) -> None:
    pid = bl.spawn(function)
    assert one(pid, "initial_call") == name
    await settled()
    assert one(pid, "initial_call") == name


@in_node
async def test_the_dictionary_is_that_of_its_context_variables() -> None:
    async def flavoured(flavour_of_this: str) -> None:
        flavour.set(flavour_of_this)
        group_leader.set_leader(bl.self())
        await forever()

    sweet, plain = bl.spawn(flavoured, "sweet"), bl.spawn(forever)
    await settled()
    assert one(sweet, "dictionary")["flavour"] == "sweet"
    assert not [name for name in one(plain, "dictionary") if name == "flavour" or name.startswith("beamlike")]
    assert one(sweet, "group_leader") == sweet
    assert one(plain, "group_leader") is None


@in_node
async def test_who_waits_in_a_call_counts_among_those_that_watch() -> None:
    server = bl.spawn(forever)
    client = bl.spawn(call, server, "x")
    await settled()
    assert one(server, "monitored_by") == (client,)


@in_node
async def test_memory_grows_with_what_waits_and_with_the_depth_of_the_code() -> None:
    async def deep(levels: int) -> None:
        await (deep(levels - 1) if levels else forever())

    pid, deeper = bl.spawn(deep, 0), bl.spawn(deep, 10)
    await settled()
    bare = one(pid, "memory")
    assert 0 < bare < one(deeper, "memory")
    bl.send(pid, b"x" * 10_000)
    assert one(pid, "memory") - bare > 10_000


@in_node
async def test_a_label_is_any_term_and_no_name() -> None:
    async def labelled(number: int) -> None:
        set_label(("worker", number % 2))
        await forever()

    pids = [bl.spawn(labelled, number) for number in range(3)]
    await settled()
    assert [one(pid, "label") for pid in pids] == [("worker", 0), ("worker", 1), ("worker", 0)]
    assert one(bl.self(), "label") is None


@in_node
async def test_guards_that_did_not_fit_are_counted() -> None:
    pid = bl.spawn(bl.receive, lambda message: message[0] == "job")
    bl.send(pid, 3)
    bl.send(pid, None)
    await settled()
    bl.send(pid, ("job",))
    waiting = bl.spawn(counts_its_failed_guards)
    bl.send(waiting, 7)
    bl.send(waiting, (bl.self(),))
    assert await bl.receive(timeout=5) == 1


async def counts_its_failed_guards() -> None:
    (asker,) = await bl.receive(lambda message: message[0])
    bl.send(asker, one(bl.self(), "failed_guards"))


@in_node
async def test_an_asyncio_task_with_an_identity_is_looked_into_as_well() -> None:
    mine = process_info(bl.self())
    assert mine.status == "running"
    assert mine.current_function.function.endswith("looked_into_as_well")
    task = asyncio.create_task(waits_as_task(pids := []), context=Context())
    await eventually(lambda: bool(pids))
    await settled()
    info = process_info(pids[0])
    assert (info.status, info.initial_call) == ("waiting", f"{__name__}.waits_as_task")
    assert info.current_function.function == "waits_as_task"
    task.cancel()


async def waits_as_task(pids: list[bl.Pid]) -> None:
    pids.append(bl.self())
    await bl.receive(lambda message: message == "never")


@in_node
async def test_any_thread_may_ask_and_a_loop_that_spins_is_looked_into() -> None:
    stop = threading.Event()

    def spins() -> None:
        while not stop.is_set():
            pass

    async with second_scheduler() as scheduler:
        pid = spawn_at(scheduler, spins)
        try:
            await eventually(lambda: one(pid, "status") == "running")
            stack = await blocking(one, pid, "current_stacktrace")
            assert stack[0].function.endswith("spins")
        finally:
            stop.set()


@in_node
async def test_the_stuck_one_of_many_is_found_by_the_length_of_its_mailbox() -> None:
    idle = [bl.spawn(forever) for _ in range(50)]
    stuck = bl.spawn(waits_here)
    for pid in (*idle, stuck):
        for number in range(20):
            bl.send(pid, number)
    await settled()
    longest = max(bl.processes(), key=lambda pid: one(pid, "message_queue_len"))
    assert (longest, one(longest, "message_queue_len")) == (stuck, 20)


@in_node
async def test_an_info_is_printed_a_line_for_each_field() -> None:
    pid = bl.spawn(waits_here)
    bl.register("printed", pid)
    lines = str(process_info(pid)).splitlines()
    assert lines[0].split() == ["pid", *str(pid).split()]
    assert "registered_name   printed" in lines
    assert "links             none" in lines
    assert len(lines) == len(ProcessInfo.__slots__)


@in_node
async def test_what_is_recorded_is_seen() -> None:
    pid = bl.spawn(forever)
    assert one(pid, "last_messages") is None
    record_messages(2, pid=pid)
    for number in range(5):
        bl.send(pid, number)
    await settled()
    assert one(pid, "last_messages") == (3, 4)


@in_node
async def test_an_unknown_item_and_a_pid_of_elsewhere_are_refused() -> None:
    with pytest.raises(ValueError, match=r"expected an item of current_function, .*; got 'reductions'"):
        process_info(bl.self(), "reductions")
    with pytest.raises(ValueError, match=r"expected a pid of test@127.0.0.1, got .*; ask its own node to look into it"):
        process_info(bl.Pid("far@127.0.0.1", 1))
    with pytest.raises(TypeError, match=r"expected a pid to look into, got 'name'; for a name use bl.whereis"):
        process_info("name")  # type: ignore[arg-type]


@in_node
async def test_processes_names_and_aliveness_include_tasks_with_an_identity() -> None:
    me, pid = bl.self(), bl.spawn(forever)
    bl.register("me", me)
    bl.register("another", pid)
    assert functions.registered() == ["another", "me"]
    assert set(bl.processes()) == {me, pid}
    assert bl.is_alive(me)
    with pytest.raises(TypeError, match=r"expected a pid to look for, got 'me'"):
        bl.is_alive("me")  # type: ignore[arg-type]
