"""A node in a service that runs already changes nothing of it, whatever serves it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from starlette.applications import Starlette

import beamlike as bl
from tests.support.local_nodes import PATIENCE

ROOT = Path(__file__).parents[2]
THREADS = ["beamlike heartbeat embedded@127.0.0.1", "beamlike watchdog"]


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_node_changes_nothing_of_its_service_and_leaves_nothing(loop: str) -> None:
    done = python("-m", "tests.support.embedded_service", loop)
    found = json.loads(done)
    assert found == {"changed": [], "left": [], "threads": THREADS, "threads left": []}


def python(*words: str) -> str:
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def nodes_named(word: str) -> dict[str, Any]:
    """Those that `beamlike nodes` lists."""
    rows = json.loads(python("-m", "notebook_tui", "nodes", "--json", "--list"))
    return {row["node"]: row for row in rows if row["node"].startswith(word)}


@pytest.fixture
def uvicorn() -> Iterator[None]:
    """A service with two workers."""
    command = [sys.executable, "-m", "uvicorn", "--port", "0", "--workers", "2", "--log-level", "warning"]
    program = subprocess.Popen([*command, "tests.support.worker_service:app"], cwd=ROOT, start_new_session=True)
    try:
        yield
    finally:
        program.send_signal(signal.SIGTERM)
        try:
            program.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(program.pid, signal.SIGKILL)
            program.wait()


@pytest.mark.usefixtures("uvicorn")
def test_each_worker_of_uvicorn_is_a_node_of_its_own_that_beamlike_nodes_lists() -> None:
    until = time.monotonic() + 3 * PATIENCE
    while set(found := nodes_named("workers")) != {"workers@127.0.0.1", "workers-2@127.0.0.1"}:
        assert time.monotonic() < until, found
        time.sleep(0.1)
    assert len({row["os_pid"] for row in found.values()}) == 2
    told = python("-m", "notebook_tui", "top", "workers-2@127.0.0.1", "--once", "--json", "--parts", "tasks,names")
    assert json.loads(told)["node"]["os_pid"] == found["workers-2@127.0.0.1"]["os_pid"]


def test_a_server_that_forks_after_the_import_has_a_node_in_each_worker() -> None:
    command = [sys.executable, "-m", "tests.support.forking_service"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert program.stdin is not None
        assert program.stdout.readline() == "forked-2@127.0.0.1 forked@127.0.0.1\n"
        assert set(nodes_named("forked")) == {"forked@127.0.0.1", "forked-2@127.0.0.1"}
        program.stdin.close()
        assert program.wait(PATIENCE) == 0


def test_starlette_enters_it_as_its_lifespan_around_the_applications_own() -> None:
    entered: list[str] = []

    async def main() -> None:
        from contextlib import asynccontextmanager

        @asynccontextmanager
        async def own(_: Any) -> Any:
            entered.append(bl.nodes.__name__)
            yield {"state": 7}

        held = bl.lifespan("starlette", inner=own)
        app = Starlette(lifespan=held)
        async with app.router.lifespan_context(app) as state:
            assert state == {"state": 7}
            assert held.node is not None
            assert held.node.name == "starlette@127.0.0.1"
        assert held.node is None

    asyncio.run(main())
    assert entered


def test_aiohttp_enters_it_as_a_clean_up_context() -> None:
    async def main() -> None:
        held = bl.lifespan("aiohttp")
        app = web.Application()
        app.cleanup_ctx.append(held)
        runner = web.AppRunner(app)
        await runner.setup()
        assert held.node is not None
        await runner.cleanup()
        assert held.node is None

    asyncio.run(main())


def test_what_keeps_a_node_from_starting_is_raised_and_leaves_the_name_free() -> None:
    async def main() -> None:
        with pytest.raises(ValueError, match="expected the tick time"):
            async with bl.lifespan("fails", tick_time=-1):
                pass
        async with bl.lifespan("fails") as node:
            assert node.name == "fails@127.0.0.1"

    asyncio.run(main())
