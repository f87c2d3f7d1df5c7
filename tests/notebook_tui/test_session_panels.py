"""What viewers ask of a session for the panels, with a real runtime: variables, facts, cluster, files, packages."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

import beamlike as bl
from notebook_tui.document.operations import Connect
from notebook_tui.runtime.cluster_view import Cluster
from notebook_tui.session.notebook_files import NoSuchFile
from notebook_tui.session.profiles import Profile, ProfileError, profiles, settings_path
from notebook_tui.session.runtime import Connection, Step, step
from notebook_tui.session.runtime_choices import add_profile, profile_troubles, runtime_choices
from notebook_tui.session.runtime_kinds import KINDS, runtime_of, values_of
from notebook_tui.session.session import Session
from notebook_tui.session.storage import NotebookFile
from tests.support.local_nodes import PATIENCE, eventually, in_node
from tests.support.open_notebook import opened


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    monkeypatch.setenv("BEAMLIKE_STATE", str(tmp_path / "state"))


def test_variables_facts_and_cluster_of_a_runtime_and_another_runtime_of_an_open_notebook(tmp_path: Path) -> None:
    async def main() -> None:
        cells = "rows = [1, 2, 3]\nimport os\n_hidden = 1", "name = 'x'\n\ndef f(a): ...\n1", "1/0\nnever = 1"
        async with opened(tmp_path, *cells) as it:
            client = it.client
            assert (await client.variables("cell-1")).shown == ()
            assert await client.runtime_facts() is None
            assert await client.cluster() is None
            with pytest.raises(LookupError, match="there is no runtime"):
                await client.disconnect_node("a@b")
            await it.run(1, 2, 3)
            found = {each.name: each for each in (await client.variables("cell-1")).shown}
            assert {name: each.cell_id for name, each in found.items()} == {
                "rows": "cell-1",
                "name": "cell-2",
                "f": "cell-2",
            }
            assert (found["rows"].size, found["f"].preview) == ("3 items", "(a)")
            detail = await client.variable("cell-1", "rows")
            assert detail is not None
            assert detail.text == "[1, 2, 3]"
            assert await client.variable("cell-1", "never") is None

            facts = await client.runtime_facts()
            assert facts is not None
            assert facts.pid != os.getpid()
            assert facts.memory > 10_000_000
            cluster = await client.cluster()
            assert cluster is not None
            assert (cluster.runtime.node, cluster.nodes, cluster.pools) == (facts.node, (), ())
            with pytest.raises(LookupError, match="there is no pool 'cpu' any more"):
                await client.tell_runner("cpu", "a@b", "cordon")

            assert it.state.runtime.steps[0].text == "starting a runtime"
            assert len(it.state.runtime.steps) > 2
            assert it.state.runtime.since > 0

            await add_profile(Profile("other", python=sys.executable))
            with pytest.raises(ProfileError, match="there is no runtime 'nowhere'"):
                await client.use_runtime("nowhere")
            assert (await client.runtime_facts()) is not None, "a refusal changes nothing"
            assert await client.chosen_runtime() == "local"
            await client.use_runtime("other")
            assert await client.chosen_runtime() == "other"
            await it.until(lambda state: state.runtime.phase == "connected")
            fresh = await client.runtime_facts()
            assert fresh is not None
            assert fresh.pid != facts.pid
            assert (await client.variables("cell-1")).shown == ()

            settings_path().write_text('[gone]\npython = "/no/such/python"\n')
            await client.use_runtime("gone")
            await it.until(lambda state: state.runtime.phase == "disconnected")
            assert "a Python that is not there: /no/such/python" in it.state.runtime.lost

            await client.use_runtime("local")
            await it.until(lambda state: state.runtime.phase == "connected")
            await client.disconnect()
            await it.until(lambda state: state.runtime.phase == "disconnected")
            assert it.state.runtime.lost == ""
            await client.disconnect()

    asyncio.run(main())


def test_pools_of_a_runtime_are_told_and_their_runners_cordoned_and_drained(tmp_path: Path) -> None:
    async def main() -> None:
        start = "import flame\npool = await flame.Pool.start(name='cpu', min=1, max=1)\nawait pool.call(int)"
        async with opened(tmp_path, start) as it:

            async def seen() -> Cluster:
                """Once all have answered in time."""
                async with asyncio.timeout(PATIENCE):
                    while True:
                        cluster = await it.client.cluster()
                        if cluster is not None and cluster.pools and all(each.facts for each in cluster.nodes):
                            return cluster

            await it.run(1)
            cluster = await seen()
            (pool,) = cluster.pools
            (runner,) = pool.runners
            assert (pool.pool, runner.phase) == ("cpu", "ready")
            node = next(each for each in cluster.nodes if each.name == runner.node)
            assert node.facts is not None
            assert node.round_trip is not None
            await it.client.tell_runner("cpu", runner.node, "cordon")
            assert (await seen()).pools[0].runners[0].cordoned
            await it.client.tell_runner("cpu", runner.node, "uncordon")
            await it.client.tell_runner("cpu", runner.node, "drain")
            assert runner.node not in [each.node for each in (await seen()).pools[0].runners]

    asyncio.run(main())


class Waits:
    """A runtime whose connecting tells two steps and then waits until it is called off."""

    def __init__(self) -> None:
        self.cancelled = asyncio.Event()

    async def connect(self, owner: bl.Pid, notebook: str, directory: str | None) -> Connection:
        step(owner, "asking for room")
        step(owner, "waiting for it")
        try:
            await asyncio.Event().wait()
        except BaseException:
            self.cancelled.set()
            raise
        raise AssertionError


@in_node
async def test_connecting_tells_its_steps_and_is_called_off(tmp_path: Path) -> None:
    from notebook_tui.session.client import Client

    runtime = Waits()
    session = await Session.start(NotebookFile(tmp_path / "a.livemd"), runtime)
    client = await Client.join(session)
    client.send(Connect())
    steps = ["starting a runtime", "asking for room", "waiting for it"]
    await eventually(lambda: [each.text for each in client.state.runtime.steps] == steps)
    bl.send(session, Step(bl.self(), "of a connector that nobody waits for"))
    assert await client.chosen_runtime() == "local"  # the session has heard it by now
    assert [each.text for each in client.state.runtime.steps] == steps
    await client.disconnect()
    await asyncio.wait_for(runtime.cancelled.wait(), 10)
    await eventually(lambda: client.state.runtime.phase == "disconnected")
    assert client.state.runtime.lost == ""
    await client.close()
    bl.exit(session, "kill")


@pytest.mark.parametrize(
    "spec", ["attach:app@10.0.0.7:4370", "fly:my-app?region=fra&memory=1024", "k8s:demo?cpu=500m&idle=2h"]
)
def test_a_spec_is_read_and_written_back(spec: str) -> None:
    kind, values = values_of(spec)
    assert kind.spec(values) == spec


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("moon:x", "expected a runtime of the kind attach, fly, k8s"),
        ("attach:app", "expected NAME@HOST"),
        ("fly:app?regoin=fra", "options image, region, size, memory, home, env, idle, lifetime; found regoin"),
        ("fly:app?gpu=1", "found gpu; gpu: Fly withdrew its machines with GPUs"),
        ("k8s:demo?idle=soon", "idle: expected how long nobody may need it, such as 30m"),
        ("k8s:Demo", "expected a namespace"),
        ("fly:", "expected the name of your app on Fly; it is empty"),
    ],
)
def test_a_spec_that_makes_no_sense_is_refused_in_words(spec: str, words: str) -> None:
    with pytest.raises(ProfileError, match=words.replace("?", r"\?")):
        runtime_of(spec)


def test_forms_begin_with_what_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FLY_APP_NAME", "my-app")
    monkeypatch.delenv("FLY_API_TOKEN", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    assert KINDS["fly"].fields[0].default() == "my-app"
    assert "FLY_API_TOKEN" in KINDS["fly"].needs()
    assert "KUBECONFIG" in KINDS["k8s"].needs()
    monkeypatch.setenv("FLY_API_TOKEN", "x")
    assert KINDS["fly"].needs() == ""


@in_node
async def test_a_profile_is_added_beside_those_that_there_are() -> None:
    await add_profile(Profile("first", python=sys.executable))
    settings_path().chmod(0o600)  # values of its environment may be nobody else's business
    await add_profile(Profile("second", directory="/", env={"A": "1"}))
    assert settings_path().stat().st_mode & 0o777 == 0o600
    assert list(profiles()[0]) == ["local", "first", "second"]
    assert profiles()[0]["second"].env == {"A": "1"}
    with pytest.raises(ProfileError, match="'first' already"):
        await add_profile(Profile("first"))
    choices = await runtime_choices()
    assert [each.name for each in choices.profiles] == ["local", "first", "second"]


def test_nodes_of_this_host_that_listen_can_be_chosen() -> None:
    async def main() -> list[str]:
        async with bl.Node("panels-test@127.0.0.1") as node:
            await node.listen()
            return [each.name for each in (await runtime_choices()).nodes]

    assert "panels-test@127.0.0.1" in asyncio.run(main())


def test_a_profile_that_cannot_work_is_told_why(tmp_path: Path) -> None:
    old = tmp_path / "old-python"
    old.write_text("#!/bin/sh\necho 3 8\n")
    old.chmod(0o755)
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    assert "3.11 or newer" in profile_troubles(Profile("a", python=str(old)))["python"]
    assert "does not" in profile_troubles(Profile("a", python=str(broken)))["python"]
    assert "there is no" in profile_troubles(Profile("a", python="/no/python"))["python"]
    assert "a directory" in profile_troubles(Profile("a", directory="/no/where"))["directory"]
    assert profile_troubles(Profile("a", python=sys.executable, directory="/")) == {}


def test_files_of_a_notebook_are_taken_in_and_removed(tmp_path: Path) -> None:
    async def main() -> None:
        (tmp_path / "cats.csv").write_text("a\n1\n")
        other = tmp_path / "other"
        other.mkdir()
        (other / "cats.csv").write_text("b\n")
        async with opened(tmp_path, "1") as it:
            assert await it.client.attach_file(str(tmp_path / "cats.csv")) == "cats.csv"
            await it.until(lambda state: "file_entries" in state.notebook.metadata)
            files = await it.client.files()
            assert files is not None
            assert [(each.name, each.size) for each in files.attached] == [("cats.csv", 4)]
            assert {"cats.csv", "other", "files", "test.livemd"} <= {each.name for each in files.beside}
            with pytest.raises(NoSuchFile, match=r"has a file cats\.csv already"):
                await it.client.attach_file(str(other / "cats.csv"))
            with pytest.raises(NoSuchFile, match="there is none at"):
                await it.client.attach_file("nothing.csv")
            await it.client.remove_file("cats.csv")
            await it.until(lambda state: "file_entries" not in state.notebook.metadata)
            assert not (tmp_path / "files" / "cats.csv").exists()

    asyncio.run(main())


def test_packages_are_told_by_the_runtime_and_checked_by_its_installer(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path, "1") as it:
            assert await it.client.packages(("packaging",)) is None
            assert "there is no runtime" in (await it.client.check_package("packaging")).trouble
            await it.run(1)
            found = await it.client.packages(("packaging", "no-such-package-anywhere"))
            assert found is not None
            assert [each.is_met for each in found.declared] == [True, False]
            assert "packaging" in dict(found.installed)
            assert (await it.client.check_package("packaging>>1")).trouble.startswith("expected a requirement")
            assert (await it.client.check_package("packaging")).adds == ()

    asyncio.run(main())
