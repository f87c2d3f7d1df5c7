"""Runtimes elsewhere outlive a server that is killed or restarted, with real servers, services and machines."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from notebook_tui.document.operations import Connect, QueueCells
from notebook_tui.serve.joining import joined
from notebook_tui.serve.rendezvous import CUSTODIANS, servers
from notebook_tui.session.client import Client
from tests.support.in_loop import in_loop
from tests.support.open_notebook import notebook_text
from tests.support.platform_worlds import PLATFORMS, PlatformWorld
from tests.support.served import ServedDirectory, printed, result, run, served, until
from tests.support.visited import address_of, gone, service
from tests.support.visited_process import in_all

pytestmark = pytest.mark.timeout(300)

WAITS = """\
import asyncio, os
class Point:
    x = 7
point = Point()
print("begun")
while not os.path.exists(ENOUGH):
    await asyncio.sleep(0.02)
print("over")
"""


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEAMLIKE_STATE", str(tmp_path / "state"))


@pytest.fixture
def work(tmp_path: Path) -> Path:
    work = tmp_path / "work"
    work.mkdir()
    cells = (
        f"ENOUGH = {str(work / 'enough')!r}\n{WAITS}",
        "point.x + 7, type(point) is Point",
    )
    (work / "a.livemd").write_text(notebook_text(*cells), encoding="utf-8")
    return work


async def it_begins(client: Client) -> None:
    client.send(QueueCells(("cell-1",)))
    await until(lambda: printed(client, "cell-1") == "begun\n", "the cell runs")


async def it_goes_on_under_two_more_servers(
    client: Client, serving: ServedDirectory, number: signal.Signals, work: Path
) -> None:
    """The cell that runs, and what the notebook has made before."""
    for _ in range(2):
        await serving.end(number)
        await until(lambda: client.away, "the viewer has seen that")
        await serving.start()
        await until(lambda: not client.away, "the viewer is back")
        assert client.state.running == {"": "cell-1"}
    (work / "enough").touch()
    await until(lambda: not client.state.running, "the cell has ended")
    assert printed(client, "cell-1") == "begun\nover\n"
    await run(client, "cell-2")
    assert result(client, "cell-2") == "(14, True)"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "restarted"])
@in_loop
async def test_what_a_notebook_has_in_a_service_is_found_again_by_the_next_server_and_leaves_with_it(
    work: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    path = work / "a.livemd"
    async with service(monkeypatch) as (peer, _), served(work) as serving:
        before = await peer.call(in_all)
        await serving.start()
        spec = f"attach:{peer.node}:{(await address_of(peer))[1]}"
        async with joined(path, runtime=spec) as client:
            await it_begins(client)
            await it_goes_on_under_two_more_servers(client, serving, number, work)
        await serving.end(signal.SIGINT)
        assert await gone(peer, before) == {}


@pytest.fixture(params=list(PLATFORMS))
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PlatformWorld]:
    (tmp_path / "platform").mkdir()
    with PLATFORMS[request.param](tmp_path / "platform") as world:
        for name, value in world.environment.items():
            monkeypatch.setenv(name, value)
        yield world
        assert not world.there()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "restarted"])
@in_loop
async def test_a_machine_of_a_platform_is_found_again_by_the_next_server_and_is_gone_with_its_session(
    work: Path, world: PlatformWorld, number: signal.Signals
) -> None:
    path = work / "a.livemd"
    async with served(work) as serving:
        await serving.start()
        async with joined(path, runtime=world.spec(lifetime="2h")) as client:
            await it_begins(client)
            there = world.there()
            await it_goes_on_under_two_more_servers(client, serving, number, work)
            assert world.there() == there
            assert await client.runtime_price() == world.usd_per_hour
        await serving.end(signal.SIGINT)
        await until(lambda: not world.there(), "the machine is gone")


def _is_decided(client: Client) -> bool:
    return client.state.runtime.phase == "connected" or bool(client.state.runtime.lost)


@in_loop
async def test_a_platform_is_the_one_that_the_environment_of_the_server_names_also_after_a_restart(
    tmp_path: Path, work: Path, world: PlatformWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The custodian was started by a server that knew none; the next one names it from its own directory."""
    (work / "b.livemd").write_text(notebook_text("1 + 1"), encoding="utf-8")
    for name in world.environment.keys() - {"PATH"}:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    async with served(work) as serving:
        await serving.start()
        async with joined(work / "b.livemd") as client:
            await run(client, "cell-1")
            assert result(client, "cell-1") == "2"
        (custodian,) = servers(CUSTODIANS)
        await serving.end(signal.SIGTERM)
        for name, value in world.environment.items():
            monkeypatch.setenv(name, value)
        if "KUBECONFIG" in world.environment:
            monkeypatch.chdir(tmp_path / "platform")
            monkeypatch.setenv("KUBECONFIG", "kubeconfig")
        await serving.start()
        async with joined(work / "a.livemd", runtime=world.spec()) as other:
            other.send(Connect())
            await until(lambda: _is_decided(other), "it is there, or is not")
            assert (other.state.runtime.phase, other.state.runtime.lost) == ("connected", "")
        assert servers(CUSTODIANS) == (custodian,)
        await serving.end(signal.SIGINT)
        await until(lambda: not world.there(), "the machine is gone")


@in_loop
async def test_a_machine_that_is_called_off_before_it_runs_is_gone_and_its_steps_were_told(
    work: Path, world: PlatformWorld
) -> None:
    async with served(work) as serving:
        await serving.start()
        async with joined(work / "a.livemd", runtime=world.spec()) as client:
            world.hold(True)
            try:
                client.send(Connect())
                await until(lambda: any(world.waiting in step.text for step in client.state.runtime.steps), "it waits")
                assert world.there()
                await client.disconnect()
                assert client.state.runtime.phase == "disconnected"
                await until(lambda: not world.there(), "the machine is gone")
            finally:
                world.hold(False)
