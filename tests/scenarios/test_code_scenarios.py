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
from tests.scenarios.trace import Trace
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
