"""Code that another node lacks, or has in another version."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from types import ModuleType
from typing import Any

import beamlike as bl
from beamlike.code.notebook_module import NotebookModule
from tests.scenarios.node_twin import named_peer, node_twin
from tests.scenarios.trace import Trace
from tests.support.peers import Peers

MODULE = """
import beamlike as bl

def mk(x):
    def ends():
        raise bl.ProcessExit(("result", x + {offset}))
    return ends

def f(x):
    return x + {offset}
"""


@node_twin(differs=True)
async def test_s145_a_closure_carries_its_code_and_a_named_function_is_what_is_there(
    trace: Trace, peers: Peers
) -> None:
    """As an external fun, a function that its module has under its name goes by that name; any other, a closure among
    them, takes its code along, so its module may be missing over there, or be another version."""
    n1 = await named_peer(trace, peers, "n1")
    with loaded("fm", MODULE.format(offset=1000)) as here:
        closure = here.mk(7)
        trace("main", "missing", await ending(n1.node, closure))
        await bl.rpc.call(n1.node, load, "fm", MODULE.format(offset=1000))
        trace("main", "same", await ending(n1.node, closure))
        await bl.rpc.call(n1.node, load, "fm", MODULE.format(offset=2000))
        trace("main", "different_old_present", await ending(n1.node, closure))
        trace("main", "different_after_purge", await ending(n1.node, closure))
        trace("main", "named_function_any_version", await bl.rpc.call(n1.node, call_by_name, "fm", "f", 7))
        trace("main", "external_fun", await bl.rpc.call(n1.node, here.f, 7))


@contextmanager
def loaded(name: str, source: str) -> Iterator[ModuleType]:
    load(name, source)
    yield sys.modules[name]
    del sys.modules[name]


def load(name: str, source: str) -> None:
    module = ModuleType(name)
    exec(compile(source, f"<{name}>", "exec"), module.__dict__)
    sys.modules[name] = module


def call_by_name(module: str, function: str, *args: Any) -> Any:
    return getattr(sys.modules[module], function)(*args)


async def ending(node: str, function: Callable[[], Any]) -> Any:
    """The reason for which a process ends that runs `function` on that node."""
    _, ref = bl.spawn_monitor(function, node=node)
    return (await bl.receive(ref=ref, timeout=10)).reason


CELL = """
import beamlike as bl

class W(bl.GenServer):
    def init(self, n):
        self.n = n

    def handle_call(self, request, client):
        self.n += 1
        return ({version}, self.n - 1)

def f(x):
    return x * {factor}

async def start(n):
    return await W.start(n)
"""


@node_twin(without=("main: before", "main: ship"))
async def test_s164_what_a_cell_defines_runs_on_another_node(trace: Trace, peers: Peers) -> None:
    """Nobody ships: code goes along with the call that needs it, so there is no call before. A server that runs takes
    the class of an edited cell when it is told to, as in S085, and keeps its state."""
    n1 = await named_peer(trace, peers, "n1")
    with closing(NotebookModule("shipped")) as notebook:
        names: dict[str, Any] = notebook.namespace
        exec(notebook.compile_cell(CELL.format(version=1, factor=2), "cell 1"), names)
        trace("main", "after", await bl.rpc.call(n1.node, names["f"], 21))
        server = await bl.rpc.call(n1.node, names["start"], 0)
        trace("n1", "call", await bl.GenServer.call(server, "v"))
        exec(notebook.compile_cell(CELL.format(version=2, factor=3), "cell 1"), names)
        trace("n1", "call_before_ship", await bl.GenServer.call(server, "v"))
        await bl.sys.suspend(server)
        await bl.sys.change_code(server, names["W"])
        await bl.sys.resume(server)
        trace("n1", "call_after_ship", await bl.GenServer.call(server, "v"))
        trace("main", "f", await bl.rpc.call(n1.node, names["f"], 21))
