"""Packages on other nodes: what a script or a notebook declares, by the real installers, from an index on loopback."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.other_pythons import other_pythons
from tests.support.package_index import PackageIndex, needs
from tests.support.requirements_world import (
    PATIENCE,
    WHEELS,
    World,
    any_installer,
    as_uv_run_does,
    bare_node,
    script,
    world_of,
)
from tests.support.wheels import Wheel


@pytest.fixture
def index() -> Iterator[PackageIndex]:
    with PackageIndex(*WHEELS) as index:
        yield index


@pytest.fixture(params=["pip", "uv"])
def each_world(request: pytest.FixtureRequest, index: PackageIndex, tmp_path: Path) -> World:
    """One with pip, one with uv: for what they do."""
    needs(request.param)
    return world_of(request.param, index, tmp_path)


@pytest.fixture
def world(index: PackageIndex, tmp_path: Path) -> World:
    """For what is done with them."""
    return world_of(any_installer(), index, tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One in which the packages are made for the first who asks, where that does not matter."""
    with PackageIndex(*WHEELS) as index:
        yield world_of(any_installer(), index, tmp_path_factory.mktemp("shared"))


SCRIPT = """
# /// script
# dependencies = ["beta-of-test"]
# ///
import asyncio
import sys
import beamlike as bl
import beta_of_test

class Shown:
    pass

def versions(shown):
    import alpha_of_test
    return alpha_of_test.VERSION, beta_of_test.__file__

async def main():
    async with bl.Node("script@127.0.0.1"):
        calls = (bl.rpc.call(node, versions, Shown(), timeout=40) for node in sys.argv[1:])
        for version, file in await asyncio.gather(*calls):
            print(version, file)

asyncio.run(main())
"""


def test_nodes_of_one_machine_install_once_what_a_script_declares(each_world: World, index: PackageIndex) -> None:
    script = each_world.directory / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    index.offer(Wheel("alpha-of-test", "1.5"))  # what the script has counts, not what is newest
    origin = as_uv_run_does(each_world)
    with bare_node(each_world, "one@127.0.0.1") as one, bare_node(each_world, "two@127.0.0.1") as two:
        status, output, errors = origin.run(str(script), one, two)
        assert status == 0, errors
        (made,) = each_world.environments
        assert output == f"1.0 {made}/beta_of_test.py\n" * 2
        # The script hears how far they are, though it said nowhere where that is to go.
        assert all(f"{node}: ready: " in errors for node in (one, two))
        assert [index.downloads("alpha-of-test"), index.downloads("beta-of-test")] == [1, 1]
        with bare_node(each_world, "three@127.0.0.1") as three:
            assert origin.run(str(script), three)[:2] == (0, f"1.0 {made}/beta_of_test.py\n")
        assert [index.downloads("alpha-of-test"), index.downloads("beta-of-test")] == [1, 1]
    assert each_world.environments == [made]


def test_a_call_whose_packages_cannot_be_had_fails_with_the_reason_and_others_go_on(each_world: World) -> None:
    site = as_uv_run_does(each_world, Wheel("nowhere-of-test", "1.0"))
    path = script(
        each_world,
        """
        try:
            await bl.rpc.call(there, version_there, timeout=40)
        except Exception as error:
            print(error)
        print(await bl.rpc.call(there, operator.add, 20, 22))
        """,
        '["nowhere-of-test"]',
    )
    with bare_node(each_world, "one@127.0.0.1") as one:
        status, output, errors = site.run(path, one)
    assert status == 0, errors
    assert "the index has no package nowhere-of-test" in output
    assert output.endswith("42\n")


def test_a_node_that_has_imported_another_version_refuses_before_anything_runs(world: World) -> None:
    path = script(
        world,
        """
        await bl.rpc.call(there, __import__, "alpha_of_test")
        try:
            await bl.rpc.call(there, version_there, timeout=40)
        except bl.code.VersionConflict as error:
            print(error)
        """,
        '["alpha-of-test"]',
    )
    other = as_uv_run_does(world, Wheel("alpha-of-test", "2.0"), place="other")
    with bare_node(other, "one@127.0.0.1") as one:
        status, output, errors = as_uv_run_does(world, Wheel("alpha-of-test", "1.0")).run(path, one)
    assert status == 0, errors
    assert output == (
        "one@127.0.0.1: alpha-of-test 2.0 has been imported (as `alpha_of_test`), and 'alpha-of-test' asks for 1.0: "
        "stop that node and start it anew (a child: boot another in its place), or ask for a version that 2.0 meets\n"
    )
    assert errors == ""


def test_who_sent_the_first_code_sees_how_far_its_packages_are(shared: World) -> None:
    path = script(
        shared,
        """
        async def shown():
            while True:
                print((await bl.receive(lambda message: type(message) is Output)).text, end="", flush=True)

        set_leader(bl.spawn(shown))
        print(await bl.rpc.call(there, version_there, timeout=40))
        """,
    )
    with bare_node(shared, "one@127.0.0.1") as one:
        status, output, errors = as_uv_run_does(shared).run(path, one)
    assert status == 0, errors
    assert "one@127.0.0.1: ready: " in output
    assert output.endswith("1.0\n")


def test_while_packages_are_on_their_way_others_are_answered(world: World, index: PackageIndex) -> None:
    path = script(
        world,
        """
        calling = asyncio.create_task(bl.rpc.call(there, version_there, timeout=40))
        await asyncio.to_thread(sys.stdin.readline)
        print(await bl.rpc.call(there, operator.add, 20, 22), calling.done(), flush=True)
        print(await calling)
        """,
    )
    index.gate.clear()
    with bare_node(world, "one@127.0.0.1") as one:
        process = subprocess.Popen(
            [sys.executable, path, one],
            cwd=world.directory,
            env=as_uv_run_does(world).environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with process:
            assert process.stdin is not None
            assert process.stdout is not None
            assert index.asked_for_file.wait(PATIENCE)
            process.stdin.write("\n")
            process.stdin.flush()
            assert process.stdout.readline() == "42 False\n"
            index.gate.set()
            assert process.communicate(timeout=PATIENCE)[0] == "1.0\n"


def test_a_node_that_accepts_no_code_installs_nothing(world: World, index: PackageIndex) -> None:
    path = script(
        world,
        """
        print(await bl.rpc.call(there, operator.add, 20, 22))
        try:
            await bl.rpc.call(there, version_there, timeout=40)
        except Exception as error:
            print("accepts no code" in str(error))
        """,
    )
    locked = """
import asyncio
import beamlike as bl

async def main():
    async with bl.Node("locked@127.0.0.1", accept_code=False):
        print("up", flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""
    with world.start("-c", locked) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "up\n"
            status, output, errors = as_uv_run_does(world).run(path, "locked@127.0.0.1")
        finally:
            process.kill()
    assert (status, output) == (0, "42\nTrue\n"), errors
    assert not index.requests


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the system does not list open files there")
def test_a_node_that_is_left_keeps_nothing_of_it(shared: World) -> None:
    first = script(shared, "print(await bl.rpc.call(there, version_there, timeout=40))")
    with bare_node(shared, "one@127.0.0.1") as one:
        assert as_uv_run_does(shared).run(first, one)[:2] == (0, "1.0\n")
        look = script(
            shared,
            """
            traces = "[it for it in [*sys.path, *sys.modules, *files] if 'of_test' in it or '/environments/' in it]"
            files = "[os.path.realpath(f'/proc/self/fd/{fd}') for fd in os.listdir('/proc/self/fd')]"
            there_is = f"(lambda os, sys: (lambda files: {traces})({files}))(__import__('os'), __import__('sys'))"
            while await bl.rpc.call(there, eval, there_is):
                await asyncio.sleep(0.01)  # until the node has seen the end of the other connection
            print("nothing is left")
            """,
            "[]",
        )
        status, output, errors = shared.run(look, one)
    assert (status, output) == (0, "nothing is left\n"), errors


@pytest.mark.skipif(not other_pythons(), reason="no other Python 3.11+ on this machine; it needs one on PATH")
def test_a_node_of_another_python_has_the_same_versions_in_an_environment_of_its_own(
    each_world: World, index: PackageIndex
) -> None:
    index.offer(Wheel("alpha-of-test", "1.5"))
    python = min(other_pythons().values())
    # It has what beamlike needs, as far as that is not compiled, and no alpha and no beta.
    path = os.pathsep.join([each_world.environment["PYTHONPATH"], sysconfig.get_path("purelib")])
    other = World(each_world.directory, {**each_world.environment, "PYTHONPATH": path})
    first = script(each_world, "print(await bl.rpc.call(there, version_there, timeout=40))")
    with bare_node(each_world, "one@127.0.0.1") as one, bare_node(other, "two@127.0.0.1", python) as two:
        for node in (one, two):
            status, output, errors = as_uv_run_does(each_world).run(first, node)
            assert (status, output) == (0, "1.0\n"), errors
    assert len(each_world.environments) == 2
