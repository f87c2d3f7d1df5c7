"""A notebook's runtime on a Fly Machine and in a pod: the same on each, from the first step to the last."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from notebook_tui.cli.open_session import open_session
from notebook_tui.document.operations import Connect, QueueCells
from notebook_tui.session.options import EVALUATES
from tests.support.fly_machines import IMAGES, TOKEN
from tests.support.local_nodes import eventually
from tests.support.open_notebook import OpenNotebook, notebook_text
from tests.support.platform_worlds import PLATFORMS, PlatformWorld, fly_platform

ROOT = Path(__file__).parents[2]
SECONDS = 60.0


@pytest.fixture(params=list(PLATFORMS), scope="module")
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlatformWorld]:
    with PLATFORMS[request.param](tmp_path_factory.mktemp("platform")) as world:
        yield world


@pytest.fixture
def world(shared: PlatformWorld, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[PlatformWorld]:
    monkeypatch.setenv("BEAMLIKE_STATE", str(tmp_path / "state"))
    for name, value in shared.environment.items():
        monkeypatch.setenv(name, value)
    yield shared
    assert not shared.there()


@asynccontextmanager
async def opened_on(world: PlatformWorld, directory: Path, *cells: str, **options: str) -> AsyncIterator[OpenNotebook]:
    path = directory / "test.livemd"
    path.write_text(notebook_text(*cells), encoding="utf-8")
    async with open_session(str(path), EVALUATES, world.spec(**options)) as client:
        yield OpenNotebook(client, path)


def test_a_notebook_runs_there_headless_and_nothing_is_left(world: PlatformWorld, tmp_path: Path) -> None:
    path = tmp_path / "test.livemd"
    (tmp_path / "beside.py").write_text("def seven(): return 7\n")
    machine = f"import os\nprint(os.environ[{world.knows_machine_by!r}])"
    path.write_text(notebook_text(machine, "import beside\nx = 6", "x * beside.seven()"), encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-m", "notebook_tui", "run", str(path), "--runtime", world.spec()],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.rstrip().endswith("42")
    steps = re.findall(r"^beamlike: \+[\d.]+ s  (.*)$", ended.stderr, re.MULTILINE)
    assert steps[0] == "starting a runtime"
    assert steps[-2:] == ["it is connected", "sending it what makes it a runtime"]
    assert any("was made" in step for step in steps)
    assert any(step.endswith("runs") for step in steps)


def test_a_machine_that_waits_is_told_of_in_the_platforms_words_and_is_gone_when_it_is_called_off(
    world: PlatformWorld, tmp_path: Path
) -> None:
    async def main() -> None:
        async with opened_on(world, tmp_path, "1") as it:
            world.hold(True)
            try:
                it.client.send(Connect())
                await it.until(lambda state: any(world.waiting in step.text for step in state.runtime.steps), SECONDS)
                assert world.there()
                await it.client.disconnect()
                assert it.state.runtime.phase == "disconnected"
                await eventually(lambda: not world.there())
            finally:
                world.hold(False)

    asyncio.run(main())


def test_values_outlive_the_loss_of_every_tunnel(world: PlatformWorld, tmp_path: Path) -> None:
    async def main() -> None:
        async with opened_on(
            world, tmp_path, "x = 6", "import time\nfor n in range(5): print(n); time.sleep(0.05)\nx * 7"
        ) as it:
            await it.run(1)
            assert world.cut_tunnels() > 0
            it.client.send(QueueCells(("cell-2",)))
            await it.until(lambda _: it.result(2) == "42", SECONDS)
            assert it.printed(2) == "0\n1\n2\n3\n4\n"

    asyncio.run(main())


def test_a_machine_that_runs_out_of_memory_is_told_so_and_the_next_cell_has_another(
    world: PlatformWorld, tmp_path: Path
) -> None:
    async def main() -> None:
        async with opened_on(world, tmp_path, "1 + 1") as it:
            await it.run(1)
            world.kill_out_of_memory()
            await it.until(lambda state: state.runtime.phase == "disconnected", SECONDS)
            assert world.out_of_memory in it.state.runtime.lost
            await it.run(1)
            assert it.result(1) == "2"

    asyncio.run(main())


def test_secrets_of_the_notebook_reach_its_cells_and_not_the_platform(world: PlatformWorld, tmp_path: Path) -> None:
    async def main() -> None:
        async with opened_on(
            world, tmp_path, "import os\nos.environ['LB_KEY'], os.environ['MODE']", env="MODE=fast"
        ) as it:
            await it.client.give_secrets({"KEY": "swordfish of the deep"})
            await it.run(1)
            assert it.result(1) == "('swordfish of the deep', 'fast')"
            assert "swordfish of the deep" not in world.asked()
            assert "fast" in world.asked()

    asyncio.run(main())


def test_a_runtime_that_nobody_needs_ends_with_its_machine(world: PlatformWorld, tmp_path: Path) -> None:
    async def main() -> None:
        # It is asked while its cell runs: on a machine that stands still a second is over soon.
        runs = f"import os, time\nwhile not os.path.exists({str(tmp_path / 'asked')!r}): time.sleep(0.01)"
        async with opened_on(world, tmp_path, runs, idle="1s", lifetime="1h") as it:
            await it.start(1)
            facts = await it.client.runtime_facts()
            assert facts is not None
            assert facts.lifetime is not None
            assert facts.lifetime.limit == 3600.0
            assert await it.client.runtime_price() == world.usd_per_hour
            (tmp_path / "asked").touch()
            await it.until(lambda state: state.runtime.phase == "disconnected", SECONDS)
            assert "it has ended itself" in it.state.runtime.lost
            await eventually(lambda: not world.there())

    asyncio.run(main())


def test_a_place_that_makes_no_sense_is_a_mistake_of_the_command(world: PlatformWorld, tmp_path: Path) -> None:
    path = tmp_path / "test.livemd"
    path.write_text(notebook_text("1"), encoding="utf-8")
    command = [sys.executable, "-m", "notebook_tui", "run", str(path), "--runtime", f"{world.place}?colour=red"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS)
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"beamlike: {world.place}?colour=red: expected the options image, ")
    assert ended.stderr.count("\n") == 1


POOL = """
import os, flame
pool = await flame.Pool.start(name="cpu", boot_timeout=50)
here, there = os.environ["FLY_MACHINE_ID"], await pool.call(os.getenv, "FLY_MACHINE_ID")
await pool.stop()
here != there and there is not None
"""


def test_a_pool_in_a_runtime_on_fly_boots_machines_of_the_same_app(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(world: PlatformWorld) -> None:
        async with opened_on(world, tmp_path, POOL) as it:
            await it.run(1)
            assert it.error(1) is None, it.error(1)
            assert it.result(1) == "True"

    with fly_platform(tmp_path) as world:
        for name, value in world.environment.items():
            monkeypatch.setenv(name, value)
        # What Fly gives a machine whose app has that secret.
        world.machines.extra_environment = {
            "FLY_API_TOKEN": TOKEN,
            "FLY_FLAPS_BASE_URL": world.machines.base_url,
            "FLY_IMAGE_REF": IMAGES[0],
        }
        asyncio.run(main(world))
        assert not world.there()


def test_the_machine_of_a_runtime_is_seen_by_the_command_where_a_spec_names_the_place(
    world: PlatformWorld, tmp_path: Path
) -> None:
    async def main() -> None:
        async with opened_on(world, tmp_path, "1") as it:
            await it.run(1)
            command = [sys.executable, "-m", "notebook_tui", "flame", "ps", "--json", "--on", world.place]
            ended = await asyncio.to_thread(
                subprocess.run, command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS
            )
            (seen,) = json.loads(ended.stdout)
            facts = await it.client.runtime_facts()
            assert facts is not None
            assert (seen["state"], seen["node"]) == ("alive", facts.node)

    asyncio.run(main())
