"""Versions of cells on real nodes: old ones go, on every node, and who still runs one finishes on it."""

from __future__ import annotations

import asyncio
import gc
import linecache
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

import beamlike as bl
from beamlike.code.notebook_module import NotebookModule
from tests.support.cells import run_cell
from tests.support.local_nodes import PATIENCE, down_reason
from tests.support.peers import Peers, among_peers
from tests.support.second_interpreter import ROOT

VERSIONS = 200

CELL = """
import beamlike as bl

class Chapter:
    version = {version}

def chapter():
    return Chapter()

async def waits():
    await bl.receive()
    return {version} / 0  # of version {version}
"""


def beside_another(test: Callable[[str], Awaitable[None]]) -> Callable[[], None]:
    """Runs an async test on a node, with the name of another in a second process."""

    async def run(started: Peers) -> None:
        await test((await started.start("other")).node)

    run.__name__, run.__doc__, run.__module__ = test.__name__, test.__doc__, test.__module__
    return among_peers(run)


@contextmanager
def notebook() -> Iterator[NotebookModule]:
    with closing(NotebookModule("versions")) as module:
        yield module


def held() -> list[bl.code.Holding]:
    gc.collect()
    return [holding for holding in bl.code.holdings() if holding.name.startswith("notebook versions")]


def texts() -> list[str]:
    """What tracebacks may show of it."""
    bl.code.holdings()
    return ["".join(linecache.getlines(name)) for name in list(linecache.cache) if "notebook versions" in name]


@beside_another
async def test_two_hundred_versions_leave_one_and_who_runs_an_old_one_finishes_on_it(other: str) -> None:
    with notebook() as module:
        most = 0
        for version in range(VERSIONS):
            names = run_cell(module, CELL.format(version=version))
            back = await bl.rpc.call(other, names["chapter"])
            assert type(back) is names["Chapter"]
            assert back.version == version
            if version == 3:
                waiting, end = bl.spawn_monitor(names["waits"], node=other)
            if version % 50 == 49:
                most = max(most, len(held()), len(await bl.rpc.call(other, held)))
        del names, back
        assert most <= 5
        assert [holding.kept for holding in held()] == ["newest"]
        assert len(texts()) == 1
        assert [holding.kept for holding in await bl.rpc.call(other, held)] == ["in use", "lent"]
        assert [f"# of version {n}\n" in text for n, text in zip((3, 199), await there(other, texts), strict=True)]
        bl.send(waiting, "go on")
        reason = await down_reason(end)
        assert reason.type == "ZeroDivisionError"
        assert "return 3 / 0  # of version 3\n" in reason.traceback
        del reason
        assert [holding.kept for holding in await there(other, held)] == ["lent"]


async def there(other: str, function: Any) -> Any:
    return await bl.rpc.call(other, function)


@beside_another
async def test_an_old_function_that_somebody_kept_still_travels(other: str) -> None:
    with notebook() as module:
        old = run_cell(module, "def f(): return 'old'")["f"]
        assert await bl.rpc.call(other, old) == "old"
        new = run_cell(module, "def f(): return 'new'")["f"]
        for _ in range(3):
            assert await bl.rpc.call(other, new) == "new"
            assert await bl.rpc.call(other, old) == "old"
        again = run_cell(module, "def f(): return 'old'")["f"]
        assert await bl.rpc.call(other, again) == await bl.rpc.call(other, old) == "old"
        assert await bl.rpc.call(other, new) == "new"
        del new
        held()
        await there(other, held)
        assert [holding.kept for holding in await there(other, held)] == ["lent"]


@beside_another
async def test_a_holding_says_whose_it_is_and_since_when(other: str) -> None:
    with notebook() as module:
        await bl.rpc.call(other, run_cell(module, "def f(): return 1", "cell 7")["f"])
        [mine] = held()
        [theirs] = await there(other, held)
        assert (mine.name, mine.kind, mine.origin, mine.kept) == ("notebook versions, cell 7", "cell", None, "newest")
        assert (theirs.hash, theirs.origin, theirs.kept) == (mine.hash, bl.self().node, "lent")
        assert mine.since <= theirs.since


@among_peers
async def test_functions_that_were_passed_on_go_everywhere_when_they_are_old(started: Peers) -> None:
    """Each node has sent them to each other."""
    main, one, two = bl.self().node, *[(await started.start(name)).node for name in ("one", "two")]
    with notebook() as module:
        for version in range(3):
            chapter = run_cell(module, CELL.format(version=version))["chapter"]
            for route in ([one, two], [two, one, main], [two, one]):
                assert (await relayed(route, chapter)).version == version
        run_cell(module, "del chapter, waits, Chapter")
        del chapter
        for _ in range(4):  # so that everybody has collected garbage, and has spoken to everybody since
            for route in ([one, two, main], [two, one, main], [one, two], [two, one]):
                await relayed(route, held)
        assert [holding.kept for holding in held()] == ["newest"]
        for node in (one, two):
            assert await bl.rpc.call(node, held) == []


async def relayed(route: list[str], function: Any) -> Any:
    """Calls the function on the last node of the route, each node passing it on."""
    first, *rest = route
    return await (bl.rpc.call(first, relayed, rest, function) if rest else bl.rpc.call(first, function))


@among_peers
async def test_what_only_a_lost_node_had_sent_is_dropped(started: Peers) -> None:
    one = await started.start("one")
    assert await bl.rpc.call(one.node, runs_a_cell_on, bl.self().node) == [("lent", one.node)]
    bl.monitor_node(one.node)
    await one.end()
    assert await bl.receive(timeout=PATIENCE) == bl.NodeDown(one.node, "connection_closed")
    assert held() == []


async def runs_a_cell_on(node: str) -> list[tuple[str, str | None]]:
    with notebook() as module:
        names = run_cell(module, "def f(): return 1")
        await bl.rpc.call(node, names["f"])
        return [(holding.kept, holding.origin) for holding in await bl.rpc.call(node, held)]


SERVER = """
import beamlike as bl

class Counter(bl.GenServer):
    version = {version}

    def init(self, value):
        self.value = value

    def handle_call(self, request, client):
        if request == "fail":
            raise ValueError("of version {version}")
        return self.version, self.value

    def code_change(self, old, extra):
        if extra is None:
            raise ValueError("from what?")
        self.value += extra
"""


@pytest.mark.parametrize("suspended", [False, True])
def test_a_server_of_another_node_takes_the_class_that_a_cell_defines_now(suspended: bool) -> None:
    @beside_another
    async def upgraded(other: str) -> None:
        with notebook() as module:
            counter = await run_cell(module, SERVER.format(version=1))["Counter"].start(7, node=other)
            end = bl.monitor(counter)
            names = run_cell(module, SERVER.format(version=2))
            assert await bl.GenServer.call(counter, "get") == (1, 7)
            if suspended:
                await bl.sys.suspend(counter)
            with pytest.raises(ValueError, match="from what"):
                await bl.sys.change_code(counter, names["Counter"])
            await bl.sys.change_code(counter, names["Counter"], 35)
            assert [holding.kept for holding in await there(other, held)] == ["lent"]
            assert (await bl.sys.get_status(counter)).code == names["Counter"].init.__code__.co_filename
            await bl.sys.resume(counter)
            assert await bl.GenServer.call(counter, "get") == (2, 42)
            with pytest.raises(bl.CallFailed):
                await bl.GenServer.call(counter, "fail")
            assert 'raise ValueError("of version 2")\n' in (await down_reason(end)).traceback

    upgraded()


@beside_another
async def test_who_is_not_upgraded_finishes_on_its_version(other: str) -> None:
    with notebook() as module:
        old = await run_cell(module, SERVER.format(version=1))["Counter"].start(1, node=other)
        new = await run_cell(module, SERVER.format(version=2))["Counter"].start(2, node=other)
        assert await bl.GenServer.call(old, "get") == (1, 1)
        assert await bl.GenServer.call(new, "get") == (2, 2)
        assert [holding.kept for holding in await there(other, held)] == ["in use", "lent"]
        await bl.GenServer.stop(old)
        assert [holding.kept for holding in await there(other, held)] == ["lent"]


@among_peers
async def test_calls_of_every_size_meet_their_version_while_a_cell_is_edited(started: Peers) -> None:
    """Large arguments arrive after releases that were sent later; some calls are passed on."""
    one, two = [(await started.start(name)).node for name in ("one", "two")]
    edited = "def f(data, route):\n    return len(data) + {version}\nclass Chapter: pass"
    with notebook() as module:

        async def calls(number: int) -> None:
            for version in range(number, 60, 3):
                names = run_cell(module, edited.format(version=version))
                function, size = names["f"], (10, 100_000, 3_000_000)[version % 3]
                first, last = (one, two) if version % 2 else (two, one)
                assert await bl.rpc.call(first, relayed_call, last, function, bytes(size)) == size + version
                assert await bl.rpc.call(last, function, bytes(size), ()) == size + version

        async with asyncio.TaskGroup() as tasks:
            for number in range(3):
                tasks.create_task(calls(number))
        for _ in range(3):
            for node in (one, two):
                assert len(await bl.rpc.call(node, held)) <= 2
                await relayed([node, two if node is one else one], held)
        assert len(held()) <= 2


async def relayed_call(node: str, function: Any, data: bytes) -> Any:
    return await bl.rpc.call(node, function, data, ())


SCRIPT = """
import asyncio
import beamlike as bl
import helper
import nodes

async def main():
    async with bl.Node("origin@127.0.0.1"):
        child = await nodes.boot(nodes.Local())
        await bl.rpc.call(child.node, helper.shout, "hello")
        for holding in await bl.rpc.call(child.node, bl.code.holdings):
            print(holding.kind, holding.name, holding.origin, holding.kept)
        await child.stop(grace=0.1)

asyncio.run(main())
"""


def test_a_module_of_another_node_is_held_while_it_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("def shout(word):\n    return word.upper()\n")
    (tmp_path / "job.py").write_text(SCRIPT)
    script = [sys.executable, "job.py"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(script, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=99, check=True)
    assert done.stdout.splitlines() == ["module helper origin@127.0.0.1 loaded"]
