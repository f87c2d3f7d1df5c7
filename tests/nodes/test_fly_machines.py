"""Pools and children on Fly's emulator, whose machines are real processes."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import beamlike as bl
import flame
import nodes
from flame import runner
from nodes import census
from nodes.fly import census as census_of_fly
from nodes.fly.census import FlyCensus, found
from nodes.fly.options import Token
from notebook_tui.cli.main import main as run
from tests.nodes.backend_contract import ROOT, none_is_left, parent
from tests.support.fake_flyctl import installed
from tests.support.fly_in_process import InProcess, in_jumping_loop, invitation
from tests.support.fly_machines import IMAGES, TOKEN, Machines
from tests.support.fly_socket import serving
from tests.support.fly_world import FlyBehindProxy, FlyWorld, fly_behind_proxy, fly_world
from tests.support.local_nodes import eventually
from tests.test_readme import run as run_program

PATIENCE = 40.0


@pytest.fixture
def world() -> Iterator[FlyWorld]:
    with fly_world() as world:
        yield world


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[FlyBehindProxy]:
    with fly_behind_proxy(tmp_path) as world:
        yield world


async def until_at_work(pool: flame.Pool) -> None:
    async with asyncio.timeout(PATIENCE):
        while (await pool.stats()).taken == 0:  # noqa: ASYNC110 - a pool has no event for this
            await asyncio.sleep(0.02)


# Ends.


def test_a_call_whose_machine_was_out_of_memory_says_so(world: FlyWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "FATE_SECONDS", PATIENCE)

    async def main() -> None:
        async with parent():
            pool = await flame.Pool.start(name="fly", backend=world.backend(), max=1, boot_timeout=PATIENCE)
            call = asyncio.create_task(pool.call(time.sleep, 60.0))
            await until_at_work(pool)
            [machine] = world.running()
            world.machines.kill(machine, oom=True)
            with pytest.raises(flame.RunnerLost, match=f"machine {machine} in fra .*out of memory") as caught:
                await call
            assert (caught.value.out_of_memory, caught.value.exit_code) == (True, -9)
            await pool.stop()
            await none_is_left(world)

    asyncio.run(main())


def test_nothing_of_the_parents_environment_reaches_a_machine(world: FlyWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the parent alone")
    monkeypatch.setenv("FLY_API_TOKEN", TOKEN)

    async def main() -> None:
        async with parent():
            child = await nodes.boot(world.backend(env={"MODE": "fast"}), timeout=PATIENCE)
            there = await bl.rpc.call(child.node, lambda: dict(os.environ), timeout=PATIENCE)
            assert there["MODE"] == "fast"
            assert there["FLY_MACHINE_ID"] == child.machine.id
            assert not {"AWS_SECRET_ACCESS_KEY", "FLY_API_TOKEN", "BEAMLIKE_INVITATION"} & set(there)
            await child.stop()

    asyncio.run(main())


def test_a_child_that_leaves_in_order_takes_its_machine_with_it(world: FlyWorld) -> None:
    async def main() -> None:
        async with parent():
            child = await nodes.boot(world.backend(), timeout=PATIENCE)
            await bl.disconnect(child.node)
            await none_is_left(world)
            assert "asked" not in await child.fate(within=PATIENCE)
            await child.stop()

    asyncio.run(main())


def test_a_warm_machine_serves_as_one_that_was_made_for_the_boot(world: FlyWorld) -> None:
    async def main() -> None:
        async with parent():
            backend = world.backend(warm=1)
            await backend.warm()
            [waiting] = world.left()
            child = await nodes.boot(backend, timeout=PATIENCE)
            assert child.machine.id == waiting
            assert await bl.rpc.call(child.node, os.getpid, timeout=PATIENCE) != os.getpid()
            await child.stop()
            assert waiting not in world.left()

    asyncio.run(main())


# From outside.


def test_the_steps_of_a_boot_from_outside_are_those_that_one_waits_for(outside: FlyBehindProxy) -> None:
    phases: list[nodes.Phase] = []

    async def main() -> None:
        async with parent():
            child = await nodes.boot(outside.backend(), timeout=PATIENCE, on_phase=phases.append)
            command, *_ = [path.read_text() for path in outside.directory.glob("flyctl-*.pid")]
            assert TOKEN not in command
            address = outside.machines.machines[child.machine.id].address
            assert f":44444 {address} --app {outside.machines.app} --bind-addr 127.0.0.1 --watch-stdin" in command
            await child.stop()
            await none_is_left(outside)

    asyncio.run(main())
    assert list(dict.fromkeys(it.name for it in phases)) == [
        *("requested", "creating", "created", "started", "dialled", "ready")
    ]


def test_without_flyctl_it_is_said_how_to_get_it_and_nothing_is_made(
    outside: FlyBehindProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(outside.directory / "empty"))

    async def main() -> None:
        async with parent():
            with pytest.raises(
                nodes.BootFailed, match=r"expected flyctl on the PATH.*fly.io/docs/flyctl/install"
            ) as it:
                await nodes.boot(outside.backend(flyctl=None), timeout=PATIENCE)
            assert it.value.permanent

    asyncio.run(main())
    assert outside.machines.requests("create") == []


def test_the_program_of_the_guide_prints_what_stands_under_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "docs" / "fly.md").read_text("utf-8")
    [program] = re.findall(r"^```python\n(.*?)^```\n\n^```text\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    with serving(Machines()) as machines:
        installed(tmp_path)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        monkeypatch.setenv("FLY_API_TOKEN", TOKEN)
        monkeypatch.setenv("FLY_FLAPS_BASE_URL", machines.base_url)
        assert run_program(program[0], tmp_path) == program[1].splitlines()
        assert machines.there() == []


def test_a_program_that_fails_leaves_no_machine_and_says_nothing_but_its_error(world: FlyWorld, tmp_path: Path) -> None:
    told = world.program()
    code = f"""
import asyncio, os, beamlike as bl, flame, nodes
{told.code}
async def main():
    async with bl.Node("failing@127.0.0.1", secret=b"a secret of the test", stall_threshold=None):
        pool = await flame.Pool.start(name="cpu", backend=backend, max=1)
        await pool.call(os.getpid)
        raise ValueError("of the user")
asyncio.run(main())
"""
    environment = {**os.environ, **told.environment, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.stderr.startswith("Traceback")
    assert ended.stderr.count("Traceback") == 1
    assert ended.stderr.endswith("ValueError: of the user\n")
    assert world.left() == []


# Money.


def test_a_cap_in_dollars_goes_by_the_dearest_machine_that_the_pool_may_get(world: FlyWorld) -> None:
    async def main() -> None:
        async with parent():
            caps = flame.Caps(usd_per_hour=1.0)
            dear = world.backend(size=["shared-cpu-1x", "performance-16x"])
            pool = await flame.Pool.start(name="dear", backend=dear, max=100, caps=caps)
            await pool.call(os.getpid)  # on the small one, which has room
            assert (await pool.stats()).usd_per_hour == pytest.approx(0.846, rel=0.01)
            await pool.stop()
            with pytest.raises(ValueError, match=r"a cap in dollars needs a price, and none is known of Fly\("):
                await flame.Pool.start(name="any", backend=world.backend(region="any"), max=1, caps=caps)

    asyncio.run(main())


# The census.


def census_of(world: FlyWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEAMLIKE_FLY_APP", world.machines.app)
    monkeypatch.setenv("FLY_API_TOKEN", TOKEN)
    monkeypatch.setenv("FLY_FLAPS_BASE_URL", world.machines.base_url)


def test_beamlike_flame_shows_machines_and_ends_those_that_are_left(
    world: FlyWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    census_of(world, monkeypatch)

    def command(*words: str) -> object:
        with pytest.raises(SystemExit) as ended:
            run(["flame", *words])
        return ended.value.code

    async def main() -> None:
        async with parent():
            child = await nodes.boot(world.backend(), timeout=PATIENCE, labels=nodes.Labels("cpu", "cpu-1"))
            assert await asyncio.to_thread(command, "ps", "--json") == 0
            [shown] = [it for it in json.loads(capsys.readouterr().out) if it["platform"] == "fly"]
            assert (shown["node"], shown["pool"], shown["state"]) == (child.node, "cpu", "alive")
            # As one whose parent was killed, and which goes on nevertheless: its host does not let it end.
            marks = world.machines.machines[child.machine.id].shown["config"]["metadata"]
            pid, _, place = marks["bl_parent_process"].split("/", 2)
            marks["bl_parent_process"] = f"{pid}/1/{place}"
            assert await asyncio.to_thread(command, "reap", "--yes") == 0
            assert f"was destroyed, machine {child.machine.id} in fra" in capsys.readouterr().out
            assert world.left() == []
            await child.stop()

    asyncio.run(main())


def test_what_cannot_be_seen_is_said(world: FlyWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    census_of(world, monkeypatch)
    monkeypatch.setenv("FLY_API_TOKEN", "fm2_wrong")
    found, troubles = census.census()
    assert [it for it in found if it.platform == "fly"] == []
    assert [it.partition(": asked")[0] for it in troubles] == ["the machines on Fly cannot be seen"]
    assert "fm2_wrong" not in troubles[0]


def test_a_service_that_does_not_answer_is_not_waited_for_long(
    world: FlyWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    census_of(world, monkeypatch)
    monkeypatch.setattr(census_of_fly, "LOOK_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("FLY_FLAPS_BASE_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()
        _, troubles = census.census()
    assert time.monotonic() - began < 30
    assert [it.rpartition(" gave ")[2] for it in troubles] == ["no answer in 0.5 s"]


def test_fly_is_counted_only_where_it_is_configured(world: FlyWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "fly" not in census.platforms()
    census_of(world, monkeypatch)
    assert "fly" in census.platforms()


def test_all_apps_of_an_organisation_are_counted_where_no_app_is_named(world: FlyWorld) -> None:
    async def main() -> None:
        async with parent():
            child = await nodes.boot(world.backend(), timeout=PATIENCE)
            of_organisation = FlyCensus("", "acme", Token(TOKEN), world.machines.base_url)
            [seen], troubles = await asyncio.to_thread(of_organisation.children)
            assert troubles == []
            assert (seen.node, seen.key) == (child.node, f"{world.machines.app}/{child.machine.id}")
            gone, words = await asyncio.to_thread(of_organisation.reap, replace(seen, state="no parent"))
            assert (gone, "its parent lives" in words) == (False, True)
            await child.stop()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("state", "marks", "expected"),
    [
        ("started", {}, "alive"),
        ("created", {"bl_joins_by": "1000"}, "booting"),
        ("created", {"bl_joins_by": "800"}, "no parent"),
        ("started", {"bl_joins_by": "800"}, "alive"),
        ("started", {"bl_expires": "950"}, "alive"),
        ("started", {"bl_expires": "800"}, "no parent"),
        ("stopped", {"bl_warm": "x", "bl_expires": "2000"}, "stopped"),
        ("stopped", {"bl_warm": "x", "bl_expires": "800"}, "no parent"),
        ("started", {"bl_parent_machine": "web/m1"}, "alive"),
        ("started", {"bl_parent_machine": "web/m2"}, "no parent"),
        ("started", {"bl_parent_machine": "web/m3"}, "alive"),
        ("started", {"bl_parent_process": "1/1/another kernel"}, "alive"),
        ("started", {"bl_parent_process": "nonsense"}, "alive"),
    ],
)
def test_a_parent_is_taken_for_gone_only_where_that_is_certain(
    state: str, marks: dict[str, str], expected: str
) -> None:
    machine = {"id": "m9", "app_name": "my-app", "state": state, "config": {"metadata": marks}, "created_at": ""}
    states = {("web", "m1"): "started", ("web", "m2"): "destroyed"}
    assert found(machine, 1000.0, states).state == expected


# All of it.


def test_case_39_the_machines_api_end_to_end(outside: FlyBehindProxy, caplog: pytest.LogCaptureFixture) -> None:
    """64 creates at the rate that is allowed, room in another region, a quota, an end by the platform, each DELETE, the
    order of the steps, and no word of the token: in one story."""

    async def all_64(simulated: InProcess) -> None:
        fly = simulated.fly(region="fra,ams")
        simulated.machines.faults.full_regions.add("fra")
        booted = [fly.boot(invitation(number)) for number in range(64)]
        machines = await asyncio.gather(*booted)
        times = simulated.times("create")
        assert 61.0 <= max(times) <= 70.0
        assert [it.status for it in simulated.machines.requests("create")].count(429) == 0
        assert {it.where.rpartition(" ")[2] for it in machines} == {"ams"}
        with pytest.raises(nodes.CapacityError, match="in fra, got 412"):
            await simulated.fly(region="fra").boot(invitation(99))
        for machine in machines:
            await fly.stop(machine)
        assert len(simulated.machines.requests("delete")) == 64
        assert simulated.machines.there() == []

    in_jumping_loop(all_64)

    steps: list[str] = []

    async def one_from_outside() -> None:
        async with parent():
            backend = outside.backend(region=["fra", "ams"], env={"MODE": "fast"})
            outside.machines.faults.full_regions.add("fra")
            child = await nodes.boot(
                backend, timeout=PATIENCE, on_phase=lambda it: steps.append(f"{it.name}: {it.words}")
            )
            assert child.machine.where.endswith("in ams")
            outside.machines.kill(child.machine.id, oom=True)
            await eventually(lambda: child.machine.id not in outside.running())
            assert "out of memory" in await child.fate(within=PATIENCE)
            await child.stop()
            await none_is_left(outside)

    asyncio.run(one_from_outside())
    names = [it.partition(":")[0] for it in steps]
    assert list(dict.fromkeys(names)) == ["requested", "creating", "created", "started", "dialled", "ready"]
    assert any("no room for" in it and "in ams is tried" in it for it in steps)
    assert TOKEN not in caplog.text
    assert not [it for it in steps if TOKEN in it]
    waits = outside.machines.requests("wait")
    assert all(1 <= int(dict(it.query)["timeout"]) <= 60 for it in waits)
    assert IMAGES[0] in str(outside.machines.requests("create")[-1].body)
