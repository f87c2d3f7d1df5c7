"""Runtimes on machines that come slowly, go slowly, and end by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import beamlike as bl
from notebook_tui.document.operations import Connect
from notebook_tui.runtime.limits import SetIdleLimit
from notebook_tui.session.booted import Booted
from notebook_tui.session.client import Client
from notebook_tui.session.keeper import keep
from notebook_tui.session.messages import RuntimeServerOf
from notebook_tui.session.session import Session
from notebook_tui.session.storage import NotebookFile
from tests.support.local_nodes import PATIENCE, eventually
from tests.support.open_notebook import OpenNotebook, notebook_text
from tests.support.slow_platform import SlowPlatform


@asynccontextmanager
async def on(platform: SlowPlatform, folder: Path, *cells: str, **options: Any) -> AsyncIterator[OpenNotebook]:
    path = folder / "test.livemd"
    path.write_text(notebook_text(*cells), encoding="utf-8")
    async with bl.Node("session@127.0.0.1", secret=b"s"):
        session = await Session.start(NotebookFile(path), Booted("platform", platform, **options))
        client = await Client.join(session)
        yield OpenNotebook(client, path)
        await client.close()
        if bl.is_alive(session):
            await bl.GenServer.stop(session, timeout=PATIENCE)


async def server_of(it: OpenNotebook) -> bl.Pid:
    server: bl.Pid = await bl.GenServer.call(it.client.session, RuntimeServerOf(), timeout=PATIENCE)
    return server


def is_connected(it: OpenNotebook) -> bool:
    return it.state.runtime.phase == "connected"


def test_a_machine_that_is_being_made_is_gone_when_connecting_is_called_off_and_the_session_goes_on(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        platform = SlowPlatform()
        platform.may_create.clear()
        platform.may_remove.clear()
        async with on(platform, tmp_path, "1 + 1") as it:
            it.client.send(Connect())
            await eventually(lambda: platform.asked == 1)
            platform.may_create.set()
            await eventually(lambda: len(platform.there) == 1)
            await it.client.disconnect()
            assert it.state.runtime.phase == "disconnected"
            await it.run(1)
            assert it.result(1) == "2"
            assert len(platform.there) == 2
            platform.may_remove.set()
            await eventually(lambda: len(platform.there) == 1)
        assert not platform.there

    asyncio.run(main())


def test_what_has_something_that_only_one_can_have_waits_for_the_end_of_the_one_before(tmp_path: Path) -> None:
    async def main() -> None:
        platform = SlowPlatform()
        async with on(platform, tmp_path, "1 + 1", alone=True) as it:
            await it.run(1)
            platform.may_remove.clear()
            await it.client.restart()
            words = "waiting for the end of the runtime before"
            await it.until(lambda state: any(step.text == words for step in state.runtime.steps))
            assert platform.asked == 1
            platform.may_remove.set()
            await it.until(lambda _: is_connected(it))
            assert len(platform.there) == 1

    asyncio.run(main())


def test_the_end_of_a_session_comes_after_that_of_a_machine_that_was_called_off(tmp_path: Path) -> None:
    async def main() -> None:
        platform = SlowPlatform()
        platform.may_remove.clear()
        async with on(platform, tmp_path, "1 + 1") as it:
            it.client.send(Connect())
            await eventually(lambda: len(platform.there) == 1)
            await it.client.disconnect()
            stopped = asyncio.ensure_future(bl.GenServer.stop(it.client.session, timeout=PATIENCE))
            done, _ = await asyncio.wait([stopped], timeout=0.3)
            assert not done
            platform.may_remove.set()
            await stopped
            assert not platform.there

    asyncio.run(main())


def test_no_machine_is_left_of_a_session_that_is_killed(tmp_path: Path) -> None:
    async def main() -> None:
        platform = SlowPlatform()
        async with on(platform, tmp_path, "1 + 1") as it:
            await it.run(1)
            bl.exit(it.client.session, "kill")
            await eventually(lambda: not platform.there)

    asyncio.run(main())


def test_no_machine_is_left_of_a_session_that_is_killed_while_one_comes(tmp_path: Path) -> None:
    async def main() -> None:
        platform = SlowPlatform()
        platform.may_create.clear()
        async with on(platform, tmp_path, "1 + 1") as it:
            it.client.send(Connect())
            await eventually(lambda: platform.asked == 1)
            bl.exit(it.client.session, "kill")
            await eventually(lambda: platform.called_off == 1)
            assert not platform.there

    asyncio.run(main())


@pytest.mark.parametrize("moment", ["while it connects", "once it has"])
def test_a_keeper_that_is_ended_leaves_no_connection(moment: str) -> None:
    async def main() -> None:
        stopped, came, cancelled = asyncio.Event(), asyncio.Event(), asyncio.Event()

        class Made:
            async def stop(self) -> None:
                stopped.set()

        async def connect(_owner: bl.Pid) -> Any:
            if moment == "while it connects":
                came.set()
                try:
                    await asyncio.Event().wait()
                finally:
                    cancelled.set()
            return Made()

        async with bl.Node("session@127.0.0.1", secret=b"s"):
            keeper = bl.spawn(keep, bl.self(), connect)
            if moment == "while it connects":
                await asyncio.wait_for(came.wait(), PATIENCE)
            else:
                await bl.receive(timeout=PATIENCE)
            bl.exit(keeper, "shutdown")
            await asyncio.wait_for((cancelled if moment == "while it connects" else stopped).wait(), PATIENCE)

    asyncio.run(main())


def test_a_runtime_of_which_nobody_asks_anything_says_that_it_ends_and_ends_with_its_machine(tmp_path: Path) -> None:
    async def main() -> None:
        platform = SlowPlatform()
        async with on(platform, tmp_path, "import time", "time.sleep(4)\n'done'", idle_limit=3) as it:
            await it.run(1, 2)
            assert it.result(2) == "'done'", "a cell that runs is no idling"
            await it.until(lambda state: state.runtime.phase == "disconnected")
            assert "00, or a cell, starts a new one" in it.state.runtime.lost
            assert any("the runtime ends in" in words for words in it.messages)
            await eventually(lambda: not platform.there)
            await it.run(1)
            assert is_connected(it)

    asyncio.run(main())


def test_the_idle_limit_of_a_runtime_that_runs_can_be_changed(tmp_path: Path) -> None:
    async def main() -> None:
        async with on(SlowPlatform(), tmp_path, "1 + 1", idle_limit=3600.0, lifetime=7200.0) as it:
            assert await it.client.set_idle_limit(60.0) is None, "there is no runtime"
            await it.run(1)
            facts = await it.client.runtime_facts()
            assert facts is not None
            assert facts.lifetime is not None
            assert facts.lifetime.ends_in is not None
            assert (facts.lifetime.idle_limit, facts.lifetime.limit) == (3600.0, 7200.0)
            assert 7100 < facts.lifetime.ends_in <= 7200
            changed = await it.client.set_idle_limit(0.3)
            assert changed is not None
            assert changed.idle_limit == 0.3
            await it.until(lambda state: state.runtime.phase == "disconnected")

    asyncio.run(main())


def test_a_runtime_without_an_idle_limit_stays(tmp_path: Path) -> None:
    may_end = tmp_path / "may_end"
    # While it runs, the limit is not reached, however long it takes to change it.
    waits = f"import os, time\nwhile not os.path.exists({str(may_end)!r}): time.sleep(0.05)"

    async def main() -> None:
        async with on(SlowPlatform(), tmp_path, waits, idle_limit=3) as it:
            await it.start(1)
            lifetime = await bl.GenServer.call(await server_of(it), SetIdleLimit(None), timeout=PATIENCE)
            assert lifetime.idle_limit is None
            may_end.touch()
            await it.until(lambda state: not state.running)
            await asyncio.sleep(4)
            assert is_connected(it)

    asyncio.run(main())


def test_a_runtime_that_has_reached_its_lifetime_says_so(tmp_path: Path) -> None:
    async def main() -> None:
        async with on(SlowPlatform(), tmp_path, "1 + 1", lifetime=16.0) as it:
            await it.run(1)
            await it.until(lambda state: state.runtime.phase == "disconnected")
            assert it.state.runtime.lost == "it has reached its lifetime of 16 s; 00, or a cell, starts a new one"
            assert any("its machine may not be there for longer" in words for words in it.messages)

    asyncio.run(main())


def test_cells_run_in_the_home_of_another_machine_and_not_in_a_directory_of_this_one(tmp_path: Path) -> None:
    async def main(directory: str | None) -> str | None:
        async with on(SlowPlatform(), tmp_path, "import os\nos.getcwd()", directory=directory) as it:
            await it.run(1)
            return it.result(1)

    home = tmp_path / "home"
    home.mkdir()
    assert asyncio.run(main(str(home))) == repr(str(home.resolve()))
    assert asyncio.run(main(None)) != repr(str(tmp_path.resolve()))
