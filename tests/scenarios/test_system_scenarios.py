"""Output, resources, flags and scheduling, as far as asyncio can do what the BEAM does."""

from __future__ import annotations

import asyncio
import io
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import beamlike as bl
from beamlike.kernel import group_leader
from beamlike.kernel.group_leader import Output
from beamlike.kernel.threads.blocking import blocking
from beamlike.kernel.threads.watchdog import watch
from tests.scenarios.actors import idle
from tests.scenarios.trace import Text, Trace, dies, quiet
from tests.scenarios.twin import twin
from tests.support.captured_log import captured_log
from tests.support.local_nodes import PATIENCE, eventually


@twin
async def test_s086_output_goes_to_the_group_leader_which_children_inherit(trace: Trace) -> None:
    """What one turn of the loop prints travels as one message, so the child prints in a later one."""
    with routed_output() as real:
        g = bl.spawn(leads, bl.self())
        bl.spawn(prints_and_has_a_child_print, g)
        await trace.recv("main")
        await trace.recv("main")
        assert real.getvalue() == ""


@contextmanager
def routed_output() -> Iterator[io.StringIO]:
    """The router over a stream that stands for the interpreter's own, which it yields."""
    before = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = real = io.StringIO()
    group_leader.install_router()
    try:
        yield real
    finally:
        sys.stdout, sys.stderr = before


async def leads(to: bl.Pid) -> None:
    while True:
        match await bl.receive():
            case Output("stdout", text):
                bl.send(to, ("printed", Text(text)))


async def prints_and_has_a_child_print(leader: bl.Pid) -> None:
    group_leader.set_leader(leader)
    print("from p", end="")
    await quiet()
    bl.spawn(partial(print, "from child", end=""))


@twin
async def test_s089_resources_go_with_their_process_before_the_news_of_its_end(trace: Trace) -> None:
    """A `with` block is what owns a resource here; handing it over is a message of its end."""
    tables: dict[str, Table] = {}
    p, m = bl.spawn_monitor(owns_two_tables, tables, bl.self())
    trace.label(p, "p")
    trace.label(m, "m")
    await bl.receive(lambda message: message == "ready")
    bl.send(p, "go")
    await trace.recv_sorted("main", 2)
    trace("main", "t1", tables["t1"].size() if "t1" in tables else "undefined")
    trace("main", "t2", (tables["t2"].size(), tables["t2"].owner == bl.self()))


class Table:
    """Stands for any resource: it is gone when the `with` block of its owner ends, or goes to the heir."""

    def __init__(self, name: str, tables: dict[str, Table], heir: bl.Pid | None = None) -> None:
        self.name = name
        self.rows: dict[str, int] = {}
        self.owner = bl.self()
        self._tables = tables
        self._heir = heir

    def size(self) -> int:
        return len(self.rows)

    def __enter__(self) -> Table:
        self._tables[self.name] = self
        return self

    def __exit__(self, *_error: object) -> None:
        if self._heir is None:
            del self._tables[self.name]
        else:
            bl.send(self._heir, ("ETS-TRANSFER", self.name, self.owner, "note"))
            self.owner = self._heir


async def owns_two_tables(tables: dict[str, Table], heir: bl.Pid) -> None:
    with Table("t1", tables), Table("t2", tables, heir) as t2:
        t2.rows["k"] = 1
        bl.send(heir, "ready")
        await bl.receive(lambda message: message == "go")
        raise bl.ProcessExit("boom")


MEMORY_AND_PRIORITY = tuple(f"main: {event}" for event in ("mqd", "priority", "max_heap", "bad_flag"))


@twin(without=MEMORY_AND_PRIORITY)
async def test_s103_a_flag_takes_no_bad_value_and_is_no_other_processs(trace: Trace) -> None:
    """trap_exit is the one flag there is: a process here has no heap and no priority of its own."""
    trace.attempt("main", "bad_value", bl.trap_exit, "maybe_so")
    trace.attempt("main", "other_trap_exit", bl.trap_exit, idle(), True)


@twin(differs=True)
async def test_s079_busy_code_holds_up_its_loop_and_is_named_and_belongs_into_blocking(trace: Trace) -> None:
    trace("main", "schedulers", len({id(asyncio.get_running_loop())}))
    ticks: list[int] = []
    bl.spawn(ticks_forever, ticks)
    await eventually(lambda: len(ticks) > 0)
    with captured_log("beamlike.watchdog") as told, watch(threshold=0.02):
        busy = bl.spawn(spins_until_named, told, ticks, bl.self())
        trace("main", "ticks_beside_a_busy_process", await bl.receive(timeout=PATIENCE))
        trace("main", "watchdog_names_it", names(told, busy))
    spun: list[int] = []
    spinning = [bl.spawn(blocking, spin_without_end, spun) for _ in range(2)]
    before = len(ticks)
    await eventually(lambda: len(ticks) >= before + 10)
    trace("main", "ticker_goes_on_beside_busy_threads", len(ticks) >= before + 10)
    trace("main", "busy_status", sorted({bl.is_alive(pid) for pid in spinning}))
    trace("main", "kill_busy", [await dies(pid, partial(bl.exit, pid, "kill")) for pid in spinning])
    await eventually(lambda: len(spun) == 2)
    trace("main", "busy_threads_that_ended", len(spun))


async def ticks_forever(ticks: list[int]) -> None:
    while True:
        await asyncio.sleep(0.001)
        ticks.append(len(ticks))


def spins_until_named(told: list[logging.LogRecord], ticks: list[int], to: bl.Pid) -> None:
    """Keeps its loop to itself until the watchdog has told of it, and says how many ticks there were meanwhile."""
    before, patience = len(ticks), time.monotonic() + PATIENCE
    while not names(told, bl.self()) and time.monotonic() < patience:
        pass
    bl.send(to, len(ticks) - before)


def names(told: list[logging.LogRecord], pid: bl.Pid) -> bool:
    return any(str(pid) in record.getMessage() for record in tuple(told))


def spin_without_end(spun: list[int]) -> None:
    turns = 0
    try:
        while True:
            turns += 1
    finally:
        spun.append(turns)
