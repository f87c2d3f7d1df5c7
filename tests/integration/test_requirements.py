"""Packages that a program or a notebook asks for: by the real installers, from an index on loopback."""

from __future__ import annotations

import asyncio
import io
import os
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from notebook_tui.document.operations import SetCellSource
from tests.support.open_notebook import opened
from tests.support.package_index import PackageIndex, installer_environment, live_in, needs
from tests.support.wheels import Wheel

PATIENCE = 40.0
WHEELS = (
    Wheel("alpha-of-test", "1.0"),
    Wheel("alpha-of-test", "2.0"),
    Wheel("beta-of-test", "1.0", ("alpha-of-test<2",)),
    Wheel("gamma-of-test", "1.0"),
    Wheel("packaging", "999.0"),
)


@pytest.fixture
def index() -> Iterator[PackageIndex]:
    with PackageIndex(*WHEELS) as index:
        yield index


@dataclass(frozen=True, slots=True)
class World:
    """A directory and an environment in which programs run."""

    directory: Path
    environment: dict[str, str]

    def start(self, *command: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *command],
            cwd=self.directory,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *command: str) -> tuple[int, str, str]:
        """Exit status, output, errors."""
        with self.start(*command) as process:
            output, errors = process.communicate(timeout=PATIENCE)
        return process.returncode, output, errors

    @property
    def environments(self) -> list[Path]:
        return sorted((self.directory / "home" / "beamlike" / "environments").iterdir())


@pytest.fixture(params=["pip", "uv"])
def world(request: pytest.FixtureRequest, index: PackageIndex, tmp_path: Path) -> World:
    needs(request.param)
    root = str(Path(__file__).parents[2])
    environment = installer_environment(request.param, index.url, tmp_path / "home")
    return World(tmp_path, {**environment, "PYTHONPATH": root, "BEAMLIKE_SECRET": "a secret of the test"})


def requiring(*requirements: str, then: str = "") -> str:
    return f"""
import asyncio
import beamlike as bl

async def main():
    await bl.code.require(*{requirements!r})
{then}
asyncio.run(main())
"""


BETA = requiring("beta-of-test", then="    import alpha_of_test, beta_of_test; print(alpha_of_test.VERSION)")


def test_a_program_has_what_it_requires_and_hears_how_far_it_is(world: World, index: PackageIndex) -> None:
    status, output, errors = world.run("-c", BETA)
    assert (status, output) == (0, "1.0\n"), errors
    assert errors.startswith("resolving: beta-of-test\n")
    assert "ready: " in errors


def test_the_next_program_finds_it_made_and_fetches_nothing(world: World, index: PackageIndex) -> None:
    assert world.run("-c", BETA)[0] == 0
    fetched = sum(index.downloads(name) for name in ("alpha-of-test", "beta-of-test"))
    (made,) = world.environments
    before = made.stat().st_ino
    program = requiring("beta-of-test", then="    import beta_of_test; print(beta_of_test.__file__)")
    status, output, errors = world.run("-c", program)
    assert (status, output) == (0, f"{made}/beta_of_test.py\n"), errors
    assert world.environments == [made]
    assert made.stat().st_ino == before
    # An installer may look at a wheel to plan; none is fetched to be installed.
    assert "downloading" not in errors
    assert fetched >= 2


def test_more_packages_are_added_and_a_version_that_comes_too_late_is_refused(world: World) -> None:
    then = """
    import alpha_of_test
    await bl.code.require("gamma-of-test")
    import gamma_of_test
    try:
        await bl.code.require("packaging>=999")
    except bl.code.VersionConflict as error:
        print(error)
"""
    status, output, errors = world.run("-c", requiring("alpha-of-test<2", then=then))
    assert status == 0, errors
    assert "has been imported here (as `packaging`), and 'packaging>=999' asks for 999.0: restart" in output
    assert len(world.environments) == 2


def test_kill_9_in_the_middle_leaves_nothing_that_is_taken_for_whole(world: World, index: PackageIndex) -> None:
    index.gate.clear()
    with world.start("-c", BETA) as process:
        assert index.asked_for_file.wait(PATIENCE)
        installers = psutil.Process(process.pid).children(recursive=True)
        process.kill()
    assert installers
    assert psutil.wait_procs(installers, timeout=PATIENCE)[1] == []
    index.gate.set()
    status, output, errors = world.run("-c", BETA)
    assert (status, output) == (0, "1.0\n"), errors
    assert len(world.environments) == 1


def test_who_is_cancelled_ends_the_installer(world: World, index: PackageIndex) -> None:
    program = """
import asyncio, sys
import psutil
import beamlike as bl

async def main():
    task = asyncio.create_task(bl.code.require("beta-of-test"))
    await asyncio.to_thread(sys.stdin.readline)
    installers = psutil.Process().children(recursive=True)
    task.cancel()
    await asyncio.wait([task])
    print(bool(installers), task.cancelled(), psutil.wait_procs(installers, timeout=30)[1])

asyncio.run(main())
"""
    index.gate.clear()
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=world.directory,
        env=world.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert index.asked_for_file.wait(PATIENCE)
        assert process.communicate("\n", timeout=PATIENCE)[0] == "True True []\n"


# Notebooks, headless.


def notebook(directory: Path, dependencies: str, setup: str, cell: str) -> str:
    path = directory / "test.livemd"
    path.write_text(
        f"# Test\n\n```python\n# /// script\n# dependencies = {dependencies}\n# ///\n{setup}\n```\n\n"
        f"## Section\n\n```python\n{cell}\n```\n",
        encoding="utf-8",
    )
    return str(path)


def test_the_setup_cell_has_its_requirements_installed_before_it_runs(world: World) -> None:
    path = notebook(world.directory, '["beta-of-test"]', "import beta_of_test", "beta_of_test.VERSION + '!'")
    status, output, errors = world.run("-m", "notebook_tui", "run", path)
    assert status == 0, errors
    assert "'1.0!'" in output
    assert errors.startswith("resolving: beta-of-test\n")
    assert "ready: " in errors


def test_a_setup_cell_whose_requirements_cannot_be_had_fails_with_the_reason(world: World) -> None:
    path = notebook(world.directory, '["nonesuch-of-test"]', "print('never')", "print('nor this')")
    status, output, errors = world.run("-m", "notebook_tui", "run", path)
    assert status == 1
    assert "the index has no package nonesuch-of-test" in errors
    assert "beamlike: the setup cell failed" in errors
    assert "Traceback" not in errors
    assert "never" not in output
    assert "nor this" not in output


def test_an_interrupt_ends_the_installer_and_keeps_the_values(
    world: World, index: PackageIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_in(world.environment, monkeypatch)
    block = '# /// script\n# dependencies = ["beta-of-test"]\n# ///\n'

    async def main() -> None:
        async with opened(world.directory, "x = 7", f"{block}x = 8", "x") as it:
            await it.run(1)
            runtime = psutil.Process().children()[0]
            index.gate.clear()
            await it.start(2)
            assert await asyncio.to_thread(index.asked_for_file.wait, PATIENCE)
            installers = runtime.children(recursive=True)
            await it.client.interrupt()
            await it.until(lambda state: state.evaluating is None)
            assert it.state.evaluation("cell-2").interrupted
            assert installers
            assert (await asyncio.to_thread(psutil.wait_procs, installers, PATIENCE))[1] == []
            index.gate.set()
            it.client.send(SetCellSource("cell-2", f"{block}import beta_of_test; x += 1"))
            await it.run(3)
            assert it.result(3) == "8"
            # The program that shows the notebook runs none of its code, and installs nothing for it.
            assert not [entry for entry in sys.path if "environments" in entry]

    asyncio.run(main())


ON_A_CHILD = """
import asyncio
import beamlike as bl
import nodes

class Shown:
    pass

def there(shown):
    import alpha_of_test
    return alpha_of_test.VERSION, type(shown).__name__

child = await nodes.boot(nodes.Local())
result = await bl.rpc.call(child.node, there, Shown(), timeout=40)
await child.stop(grace=0.1)
result
"""


def test_code_of_a_notebook_has_the_packages_of_its_setup_cell_on_a_child(world: World) -> None:
    path = notebook(world.directory, '["beta-of-test"]', "import beta_of_test", ON_A_CHILD.strip())
    status, output, errors = world.run("-m", "notebook_tui", "run", path)
    assert status == 0, errors
    assert "('1.0', 'Shown')" in output
    assert len(world.environments) == 1


# Other nodes.

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


@contextmanager
def bare_node(world: World, name: str) -> Iterator[str]:
    """A node in a process of its own that has nothing of ours."""
    with world.start("-m", "notebook_tui", "node", "--name", name) as process:
        try:
            assert process.stdout is not None
            assert "listens on" in process.stdout.readline()
            yield name
        finally:
            process.kill()


BETA_AND_ALPHA = (Wheel("alpha-of-test", "1.0"), Wheel("beta-of-test", "1.0", ("alpha-of-test<2",)))


def as_uv_run_does(world: World, *wheels: Wheel, place: str = "site") -> World:
    """The world of a program whose requirements somebody else has installed for it."""
    site = world.directory / place
    for wheel in wheels or BETA_AND_ALPHA:
        with zipfile.ZipFile(io.BytesIO(wheel.content())) as archive:
            archive.extractall(site)
    path = os.pathsep.join([str(site), world.environment["PYTHONPATH"]])
    return World(world.directory, {**world.environment, "PYTHONPATH": path})


def test_nodes_of_one_machine_install_once_what_a_script_declares(world: World, index: PackageIndex) -> None:
    script = world.directory / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    index.offer(Wheel("alpha-of-test", "1.5"))  # what the script has counts, not what is newest
    origin = as_uv_run_does(world)
    with bare_node(world, "one@127.0.0.1") as one, bare_node(world, "two@127.0.0.1") as two:
        status, output, errors = origin.run(str(script), one, two)
        assert status == 0, errors
        (made,) = world.environments
        assert output == f"1.0 {made}/beta_of_test.py\n" * 2
        assert [index.downloads("alpha-of-test"), index.downloads("beta-of-test")] == [1, 1]
        with bare_node(world, "three@127.0.0.1") as three:
            assert origin.run(str(script), three)[:2] == (0, f"1.0 {made}/beta_of_test.py\n")
        assert [index.downloads("alpha-of-test"), index.downloads("beta-of-test")] == [1, 1]
    assert world.environments == [made]


def script(world: World, body: str, dependencies: str = '["beta-of-test"]') -> str:
    """The path of a script with a block, whose `main` has `body`; the nodes that it was given are `there`."""
    path = world.directory / "script.py"
    head = f"# /// script\n# dependencies = {dependencies}\n# ///\n"
    path.write_text(head + FRAME.replace("BODY", textwrap.indent(textwrap.dedent(body), " " * 8)), encoding="utf-8")
    return str(path)


FRAME = """
import asyncio
import operator
import sys
import beamlike as bl
from beamlike.kernel.group_leader import Output, set_leader

def version_there():
    import alpha_of_test
    return alpha_of_test.VERSION

async def main():
    async with bl.Node("script@127.0.0.1"):
        there = sys.argv[1]
BODY
asyncio.run(main())
"""


def test_a_call_whose_packages_cannot_be_had_fails_with_the_reason_and_others_go_on(world: World) -> None:
    site = as_uv_run_does(world, Wheel("nowhere-of-test", "1.0"))
    path = script(
        world,
        """
        try:
            await bl.rpc.call(there, version_there, timeout=40)
        except Exception as error:
            print(error)
        print(await bl.rpc.call(there, operator.add, 20, 22))
        """,
        '["nowhere-of-test"]',
    )
    with bare_node(world, "one@127.0.0.1") as one:
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
        except Exception as error:
            print(error)
        """,
        '["alpha-of-test"]',
    )
    other = as_uv_run_does(world, Wheel("alpha-of-test", "2.0"), place="other")
    with bare_node(other, "one@127.0.0.1") as one:
        status, output, errors = as_uv_run_does(world, Wheel("alpha-of-test", "1.0")).run(path, one)
    assert status == 0, errors
    assert "alpha-of-test 2.0 has been imported here (as `alpha_of_test`), and 'alpha-of-test' asks for 1.0" in output


def test_who_sent_the_first_code_sees_how_far_its_packages_are(world: World) -> None:
    path = script(
        world,
        """
        async def shown():
            while True:
                print((await bl.receive(lambda message: type(message) is Output)).text, end="", flush=True)

        set_leader(bl.spawn(shown))
        print(await bl.rpc.call(there, version_there, timeout=40))
        """,
    )
    with bare_node(world, "one@127.0.0.1") as one:
        status, output, errors = as_uv_run_does(world).run(path, one)
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
def test_a_node_that_is_left_keeps_nothing_of_it(world: World) -> None:
    first = script(world, "print(await bl.rpc.call(there, version_there, timeout=40))")
    with bare_node(world, "one@127.0.0.1") as one:
        assert as_uv_run_does(world).run(first, one)[:2] == (0, "1.0\n")
        look = script(
            world,
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
        status, output, errors = world.run(look, one)
    assert (status, output) == (0, "nothing is left\n"), errors
