"""Two versions of code side by side, in the module that a notebook is.

Python frees code that nobody runs or refers to any more, so there is no old version to purge and no process to end for
it: those lines of the recorded traces are left out.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import beamlike as bl
from beamlike.code.notebook_module import NotebookModule
from beamlike.kernel.question import Client
from tests.scenarios.trace import Error, Trace
from tests.scenarios.twin import twin
from tests.support.local_nodes import PATIENCE

CELL = """
import beamlike as bl

def v():
    return {version}

async def loc():
    while True:
        bl.send(await bl.receive(), ("v", {version}))

async def ext():
    while True:
        await answer_once()

async def answer_once():
    bl.send(await bl.receive(), ("v", {version}))
"""


class Cell:
    """A cell that defines version after version of the same functions."""

    def __init__(self, notebook: NotebookModule) -> None:
        self.names: dict[str, Any] = notebook.namespace
        self._notebook = notebook

    def load(self, version: int) -> None:
        self.evaluate(CELL.format(version=version))

    def evaluate(self, source: str) -> None:
        exec(self._notebook.compile_cell(source, "cell 1"), self.names)


@contextmanager
def evaluated_cell() -> Iterator[Cell]:
    with closing(NotebookModule("vm")) as notebook:
        cell = Cell(notebook)
        cell.load(1)
        yield cell


PURGE = tuple(f"main: {event}" for event in ("old_exists", "a_in_old", "b_in_old", "soft_purge", "purge", "a_dies"))


@twin(without=PURGE)
async def test_s084_a_running_loop_stays_in_its_code_and_a_call_by_name_finds_the_new_one(trace: Trace) -> None:
    """a loops within one function, b by a name that it looks up for each round, Python's fully qualified call."""
    with evaluated_cell() as cell:
        a = trace.label(bl.spawn(cell.names["loc"]), "a")
        b = trace.label(bl.spawn(cell.names["ext"]), "b")
        await answers(trace, a, b)
        cell.load(2)
        await answers(trace, a, b, b)
        trace("main", "direct_call", cell.names["v"]())
        await answers(trace, b)
        end = bl.monitor(b)
        trace("main", "delete", bool(cell.names.pop("answer_once")))
        await answers(trace, b)
        reason = (await bl.receive(ref=end, timeout=PATIENCE)).reason
        trace("main", "b_dies_with_undef", "undef" if reason.type == "NameError" else reason)


async def answers(trace: Trace, *pids: bl.Pid) -> None:
    for pid in pids:
        bl.send(pid, bl.self())
        _, version = await bl.receive(timeout=PATIENCE)
        trace("main", trace.written(pid), version)


@twin(without=("main: a_dies",))
async def test_s085_a_third_version_is_the_one_that_runs_and_a_bad_one_changes_nothing(trace: Trace) -> None:
    with evaluated_cell() as cell:
        cell.load(2)
        b = bl.spawn(cell.names["loc"])
        cell.load(3)
        trace("main", "b_alive", bl.is_alive(b))
        trace("main", "v", cell.names["v"]())
        trace.means(KeyError, "undef")
        trace.attempt("main", "unknown_function", lambda: cell.names["nosuch"]())
        trace("main", "bad_binary", loads_junk(cell))
        trace("main", "still", cell.names["v"]())
        trace.means(ModuleNotFoundError, "undef")
        trace.attempt("main", "unknown_module", importlib.import_module, "nosuchmodule")


def loads_junk(cell: Cell) -> tuple[str, str]:
    try:
        cell.evaluate("def v(: junk")
    except SyntaxError:
        return "error", "badfile"
    return "module", "vm"


class CounterOne(bl.GenServer):
    VERSION = 1

    def init(self, start: int) -> None:
        self.state: Any = start
        self.clients: list[Client] = []

    def handle_call(self, request: str, client: Client) -> Any:
        if request == "get":
            return self.VERSION, self.state
        self.clients.append(client)
        return bl.NO_REPLY

    def handle_cast(self, request: str) -> None:
        bl.GenServer.reply(self.clients.pop(), (self.VERSION, self.state))


class CounterTwo(CounterOne):
    VERSION = 2

    def code_change(self, old: type[Any], extra: str) -> None:
        state, self.state = self.state, None
        if extra == "refuse":
            raise Error(("error", ("cannot", state)))
        if extra == "crash":
            raise Error(("broken", state))
        self.state = "converted", state, extra


@twin
async def test_s175_a_suspended_server_changes_its_code_and_keeps_all_else(trace: Trace) -> None:
    async def state() -> Any:
        return (await bl.sys.get_state("counter"))["state"]

    async def change(extra: str) -> Any:
        try:
            await bl.sys.change_code("counter", CounterTwo, extra)
        except Error as refusal:
            return "error", refusal.term
        return "ok"

    counter = trace.label(await CounterOne.start(7, name="counter"), "counter")
    end = bl.monitor(counter)
    trace("main", "call", await bl.GenServer.call(counter, "get"))
    early = bl.GenServer.send_request(counter, "later")
    trace("main", "state", await state())
    await bl.sys.suspend(counter)
    waiting = bl.GenServer.send_request(counter, "get")
    trace("main", "refused", await change("refuse"))
    trace("main", "crashed", await change("crash"))
    trace("main", "state", await state())
    trace("main", "change_code", await change("by"))
    trace("main", "state", await state())
    await bl.sys.resume(counter)
    trace("main", "waiting_call", await bl.GenServer.receive_response(waiting, timeout=PATIENCE))
    bl.GenServer.cast(counter, "answer")
    trace("main", "unanswered_call", await bl.GenServer.receive_response(early, timeout=PATIENCE))
    trace("main", "whereis", bl.whereis("counter"))
    trace("main", "alive", bl.is_alive(counter))
    await bl.GenServer.stop(counter)
    trace("main", "down", (await bl.receive(ref=end, timeout=PATIENCE)).reason)
