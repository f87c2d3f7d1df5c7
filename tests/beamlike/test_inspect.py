"""One node looks at another: what it sees, and that nothing of the service runs or changes for it."""

from __future__ import annotations

import asyncio
import gc
import logging
import math
import sys
import time
from typing import Any, NoReturn

import pytest

import beamlike as bl
from beamlike.inspect.inspector import NAME
from beamlike.inspect.looking.lag_meter import LATE, meters
from beamlike.inspect.looking.log_lines import LogFollower, line_of
from beamlike.inspect.looking.rates import counting_of, counts
from beamlike.kernel import current
from beamlike.kernel.call import call
from beamlike.kernel.node import LocalNode
from beamlike.kernel.terms import Pid
from tests.support.local_nodes import PATIENCE, eventually, forever
from tests.support.looked_at import HERE, THERE, looked_at


class Hostile:
    """Raises whatever it is asked for."""

    def fail(self, *_: Any) -> NoReturn:
        raise AssertionError("code of the service was run by a look")

    __repr__ = __str__ = __sizeof__ = __hash__ = __eq__ = __len__ = __bool__ = __getattr__ = fail  # type: ignore[assignment]


class HostileType(type):
    def __getattribute__(cls, name: str) -> Any:
        raise AssertionError("code of the service was run by a look")


async def keeps(_: Any) -> None:
    await bl.receive(lambda message: False)


async def drains() -> None:
    while True:
        await bl.receive()


class Clock(bl.GenServer):
    def handle_cast(self, request: Any) -> None:
        pass


@looked_at
async def test_the_process_that_looks_is_neither_told_of_nor_counted(there: bl.Node) -> None:
    there.spawn(keeps, 1)
    found = await bl.inspect.snapshot(THERE, ("processes",), timeout=PATIENCE)
    assert found.node.processes == len(found.processes or ())


@looked_at
async def test_processes_come_by_the_longest_queue_with_what_is_known_of_each(there: bl.Node) -> None:
    busy, idle = there.spawn(keeps, 1), there.spawn(keeps, 2)
    there.register("busy", busy)
    await eventually(lambda: all(process_is_parked(pid) for pid in (busy, idle)))
    for number in range(50):
        there.send(busy, number)
    found = await bl.inspect.processes(THERE, limit=2)
    assert len(found) == 2
    first = found[0]
    assert (first.pid, first.name, first.queue, first.state, first.waits_for) == (
        busy,
        "busy",
        50,
        "waiting",
        "a message",
    )
    assert first.initial_call.endswith("keeps")
    assert first.place is not None
    assert first.place.function == "keeps"
    assert first.memory > 50 * sys.getsizeof(1)
    assert first.stack == ()


def process_is_parked(pid: Pid) -> bool:
    return pid.process is not None and pid.process.state.startswith("waiting")


@pytest.mark.parametrize("sort", ["queue", "memory", "messages", "steps", "links", "name", "place", "pid", "state"])
def test_any_key_sorts_and_none_loses_a_process(sort: Any) -> None:
    @looked_at
    async def run(there: bl.Node) -> None:
        pids = [there.spawn(keeps, number) for number in range(20)]
        found = await bl.inspect.processes(THERE, sort=sort, limit=1000)
        assert set(pids) <= {it.pid for it in found}
        few = await bl.inspect.processes(THERE, sort=sort, limit=3)
        assert len(few) == 3
        if sort in ("pid", "name"):
            assert [it.pid for it in few] == [it.pid for it in found[:3]]

    run()


@looked_at
async def test_only_and_pids_choose_and_stacks_show_how_the_code_came_there(there: bl.Node) -> None:
    pid = there.spawn(keeps, 1)
    await eventually(lambda: process_is_parked(pid))
    (only,) = await bl.inspect.processes(THERE, only="keeps", stacks=True)
    assert only.pid == pid
    assert [place.function for place in only.stack][-1] == "keeps"
    gone = there.spawn(lambda: None)
    await eventually(lambda: not there.is_alive(gone))
    assert [it.pid for it in await bl.inspect.processes(THERE, pids=(gone, pid))] == [pid]


@looked_at
async def test_an_inspector_that_somebody_kills_is_there_again(there: bl.Node) -> None:
    first = there.whereis(NAME)
    assert first is not None
    there.exit(first, "kill")
    await eventually(lambda: there.whereis(NAME) not in (first, None))
    pid = there.spawn(forever)
    assert pid in [it.pid for it in await bl.inspect.processes(THERE)]


def test_a_service_without_logging_says_its_warnings_on_standard_error_also_while_somebody_follows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def main() -> None:
        logger = logging.getLogger("a service without handlers")
        logger.propagate = False
        followers = [LogFollower(level, logger.name, 10) for level in (logging.INFO, logging.CRITICAL)]
        try:
            logger.warning("the disk is full")
            assert [line.message for line in await followers[0].fetch(5)] == ["the disk is full"]
            assert await followers[1].fetch(0.01) == ()
            assert capsys.readouterr().err == "the disk is full\n"
            logger.addHandler(logging.NullHandler())
            logger.warning("still full")
            assert capsys.readouterr().err == ""
        finally:
            for follower in followers:
                follower.leave()

    asyncio.run(main())


@looked_at
async def test_what_is_wrong_with_a_request_is_said_in_words(there: bl.Node) -> None:
    with pytest.raises(ValueError, match=r"expected one of queue, memory, .* to sort processes by, got 'colour'"):
        await bl.inspect.processes(THERE, sort="colour")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="expected a limit from 1 to 10000 rows, got 0"):
        await bl.inspect.processes(THERE, limit=0)
    with pytest.raises(ValueError, match=r"expected parts of processes, tasks, .* got 'weather'"):
        await bl.inspect.snapshot(THERE, parts=("weather",))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "request_",
    [
        "text",
        (),
        ("snapshot",),
        ("snapshot", 7),
        ("snapshot", {7: {}}),
        ("snapshot", {"processes": 7}),
        ("snapshot", {"processes": {"only": "x" * 10_000}}),
        ("snapshot", {"processes": {"limit": 1 << 40}}),
        ("snapshot", {"processes": {"pids": [1, 2]}}),
        ("logs", 7, {}),
        ("logs", "w", {"level": "loud"}),
        ("logs", "w", {"per_second": -1}),
        ("logs", "w", {"wait": "long"}),
        ("rest", 77, 1),
        ("rest", 1, -5),
        ("format", "c:"),
    ],
    ids=repr,
)
def test_any_request_is_answered_and_the_inspector_goes_on(request_: Any) -> None:
    @looked_at
    async def run(there: bl.Node) -> None:
        answer = await call((NAME, THERE), request_, timeout=PATIENCE)
        assert answer[0] == "no"
        assert answer[1].startswith("expected")
        assert len(await bl.inspect.names(THERE)) > 0

    run()


@looked_at
async def test_no_code_of_the_service_runs_for_a_look(there: bl.Node) -> None:
    class Closed(metaclass=HostileType):
        pass

    hostile = Hostile()
    kept = [object.__new__(Closed), hostile]
    pid = there.spawn(keeps, hostile)
    await eventually(lambda: process_is_parked(pid))
    there.send(pid, hostile)
    assert pid.process is not None
    pid.process.own_inspected().label = hostile
    parts = ("processes", "tasks", "threads", "gc", "memory", "links", "files", "modules", "names", "trees")
    found = await bl.inspect.snapshot(THERE, parts=parts, limit=1000, stacks=True, timeout=PATIENCE)  # type: ignore[arg-type]
    assert found.processes is not None
    assert any(it.label == "<...Hostile>" or (it.label or "").endswith("Hostile>") for it in found.processes)
    assert len(kept) == 2


@pytest.mark.parametrize(
    "message", ["%s", "%r", "%d items", "%(who)s", Hostile()], ids=["s", "r", "d", "name", "object"]
)
def test_a_line_of_the_log_names_what_it_cannot_ask_for_its_text(message: Any) -> None:
    args: Any = () if type(message) is Hostile else ({"who": Hostile()},) if "who" in message else (Hostile(),)
    record = logging.LogRecord("shop", logging.ERROR, "/srv/shop.py", 7, message, args, (Odd, Odd(Hostile()), None))
    line = line_of(record)
    assert "Hostile>" in line.message
    assert line.error.startswith("Odd(")


class Odd(Exception):
    __str__ = __repr__ = Hostile.fail


@looked_at
async def test_rates_are_those_between_two_looks_and_nobody_counts_after_the_last(there: bl.Node) -> None:
    pid = there.spawn(drains)
    plain = type(there.scheduler.queue)
    await bl.inspect.processes(THERE, pids=(pid,), rates=True)
    assert counts(there)
    for _ in range(100):
        there.send(pid, "x")
        await asyncio.sleep(0.006)
    (found,) = await bl.inspect.processes(THERE, pids=(pid,), rates=True)
    assert found.steps_per_s is not None
    assert found.messages_per_s is not None
    assert found.steps_per_s > 1
    assert math.isclose(found.messages_per_s, found.steps_per_s, rel_tol=0.2)
    counting_of(there).end()
    await eventually(lambda: type(there.scheduler.queue) is plain)
    assert not counts(there)
    assert pid.process is not None
    assert pid.process.inspected is None or pid.process.inspected.counter is None
    there.send(pid, "still taken")
    await eventually(lambda: pid.process is not None and pid.process.message_queue_len == 0)


@looked_at
async def test_a_flooded_mailbox_counts_what_comes_and_not_what_waits(there: bl.Node) -> None:
    pid = there.spawn(keeps, 1)
    for _ in range(1000):
        there.send(pid, "old")
    await bl.inspect.processes(THERE, pids=(pid,), rates=True)
    await asyncio.sleep(0.6)
    await bl.inspect.processes(THERE, pids=(pid,), rates=True)
    for _ in range(30):
        there.send(pid, "new")
    await asyncio.sleep(0.6)
    (found,) = await bl.inspect.processes(THERE, pids=(pid,), rates=True)
    assert found.queue == 1030
    assert found.messages_per_s is not None
    assert 0 < found.messages_per_s <= 60
    counting_of(there).end()


@looked_at
async def test_tasks_tell_what_they_wait_for_and_who_awaits_them(there: bl.Node) -> None:
    inner = asyncio.create_task(asyncio.Event().wait(), name="inner")

    async def waits() -> None:
        await inner

    outer = asyncio.create_task(waits(), name="outer")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    found = {it.name: it for it in await bl.inspect.tasks(THERE)}
    assert found["outer"].waits_for == "task 'inner'"
    assert found["outer"].waits_for_tasks == (found["inner"].number,)
    assert found["inner"].awaited_by == (found["outer"].number,)
    assert found["inner"].waits_for == "an event"
    assert found["outer"].place is not None
    assert found["outer"].place.function.endswith("waits")
    outer.cancel()
    inner.cancel()


@looked_at
async def test_a_stalled_loop_is_found_with_the_line_that_stalled_it(there: bl.Node) -> None:
    await bl.inspect.loop(THERE)
    await asyncio.sleep(0.1)
    [meter] = [it for watch, it in meters.items() if watch.loop is asyncio.get_running_loop()]

    def stalls() -> None:
        until, seen = time.monotonic() + 8 * LATE, meter._seen
        while time.monotonic() < until or meter._seen is seen:  # the thread that is to see it may be held up as well
            pass

    stalls()
    await asyncio.sleep(0.1)
    (loop,) = await bl.inspect.loop(THERE)
    assert loop.lags.count > 0
    assert loop.lags.longest >= 4 * LATE
    worst = next(it for it in loop.worst if it.place is not None and it.place.function.endswith("stalls"))
    assert worst.place is not None
    lag = (await bl.inspect.snapshot(THERE, parts=())).node.lag
    assert lag is not None
    assert lag >= 4 * LATE
    assert (await bl.inspect.gc(THERE)).collections != ()
    assert any("lag_meter" in str(type(it.__self__).__module__) for it in gc.callbacks if hasattr(it, "__self__"))


@looked_at
async def test_supervision_trees_are_read_while_their_supervisors_are_busy(there: bl.Node) -> None:
    with current.at(there):
        top = await bl.Supervisor.start_link([Clock.child_spec(name="clock")])
    assert top.process is not None
    bl_tree = next(tree for tree in await bl.inspect.tree(THERE) if tree.pid == top)
    (child,) = bl_tree.children
    assert (bl_tree.kind, child.id, child.name, child.restart, child.state) == (
        "Supervisor",
        "clock",
        "clock",
        "permanent",
        "running",
    )
    (clock,) = await bl.inspect.processes(THERE, only="clock")
    assert clock.parent == top
    assert clock.initial_call.endswith("Clock")


@looked_at
async def test_logs_come_live_and_the_handler_goes_with_who_follows(there: bl.Node) -> None:
    log = logging.getLogger("tests.shop")
    before = logging.getLogger().handlers[:]
    lines = bl.inspect.logs(THERE, level="WARNING")
    first = asyncio.create_task(anext(lines))
    await eventually(lambda: logging.getLogger().handlers != before)
    log.info("too quiet")
    log.warning("%s sold to %s", "tea", 7)
    line = await first
    while line.logger == "beamlike.watchdog":  # a busy machine may have stalled the loop
        line = await anext(lines)
    assert (line.level, line.logger) == ("WARNING", "tests.shop")
    assert line.message == "tea sold to 7"
    await lines.aclose()
    await eventually(lambda: logging.getLogger().handlers == before)


@looked_at
async def test_a_flood_of_lines_is_cut_and_the_next_line_says_how_many_were_lost(there: bl.Node) -> None:
    log = logging.getLogger("tests.flood")
    lines = bl.inspect.logs(THERE, logger=log.name, per_second=10)  # or a loop that stalls would tell of it as well
    first = asyncio.create_task(anext(lines))
    await eventually(lambda: log.handlers != [])
    began = int(time.time())
    for number in range(500):
        log.warning("%d", number)
    seconds = int(time.time()) - began + 1  # those of the clock that the flood has touched
    found = [await first]
    while len(told := [line for line in found if line.logger == log.name]) + sum(line.lost for line in found) < 500:
        found.append(await anext(lines))
    assert 10 <= len(told) <= 10 * seconds
    await lines.aclose()


@looked_at
async def test_links_tell_what_has_passed_by_them(there: bl.Node) -> None:
    pid = there.spawn(drains)
    bl.send(Pid(THERE, pid.id), b"x" * 10_000)
    found = {it.node: it for it in await bl.inspect.links(THERE)}
    link = found[HERE]
    assert link.bytes_in > 10_000
    assert link.bytes_out > 0
    assert (link.state, link.tls, link.dialled) == ("up", False, False)


@looked_at
async def test_files_modules_threads_and_names_are_those_of_the_program(there: bl.Node) -> None:
    files = await bl.inspect.files(THERE)
    assert there.address is not None
    assert any(it.state == "listening" and it.local.endswith(f":{there.address[1]}") for it in files)
    modules = {it.name: it for it in await bl.inspect.modules(THERE, timeout=PATIENCE)}
    assert modules["msgpack"].version
    assert modules["python"].version.startswith("3.")
    threads = await bl.inspect.threads(THERE)
    assert any(it.loop and it.name == "MainThread" for it in threads)
    assert {"inspect", "pg"} <= {it.name for it in await bl.inspect.names(THERE)}
    memory = await bl.inspect.memory(THERE, limit=5)
    assert memory.rss > 0
    assert len(memory.types) == 5
    assert memory.traced is None


@looked_at
async def test_near_and_far_see_the_same(there: bl.Node) -> None:
    far = await bl.inspect.snapshot(THERE, parts=("names", "trees"))
    with current.at(there):
        near = await bl.inspect.snapshot(parts=("names", "trees"))
    assert far.names == near.names
    assert far.trees == near.trees
    assert far.node.node == near.node.node == THERE


@looked_at
async def test_a_look_at_many_processes_lets_the_loop_turn_between_slices(there: bl.Node) -> None:
    pids = [there.spawn(forever) for _ in range(20_000)]
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    with current.at(there):
        turning = asyncio.create_task(turn())
        await asyncio.sleep(0)
        turns = 0
        found = await bl.inspect.processes(sort="memory", limit=10, timeout=60)
        turning.cancel()
    assert len(found) == 10
    assert turns > 20
    assert len(pids) == 20_000


@looked_at
async def test_a_node_that_is_not_there_is_a_call_that_fails(there: bl.Node) -> None:
    with pytest.raises(bl.CallFailed):
        await bl.inspect.names("nobody@127.0.0.1")


def test_a_node_without_distribution_can_look_at_itself() -> None:
    async def main() -> None:
        node = LocalNode("alone@127.0.0.1")
        current.started(node)
        try:
            with current.at(node):
                found = await bl.inspect.snapshot(parts=("processes", "links", "loops"))
            assert (found.links, found.loops) == ((), ())
        finally:
            node.halt()
            current.stopped(node)

    asyncio.run(main())
