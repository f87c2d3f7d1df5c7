"""Packages that a program or a notebook asks for: by the real installers, from an index on loopback."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from notebook_tui.document.operations import SetCellSource
from tests.support.open_notebook import opened
from tests.support.package_index import PackageIndex, live_in, needs
from tests.support.processes import wait_until_gone
from tests.support.requirements_world import PATIENCE, WHEELS, World, any_installer, requiring, world_of
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


BETA = requiring("beta-of-test", then="    import alpha_of_test, beta_of_test; print(alpha_of_test.VERSION)")


def test_a_program_has_what_it_requires_and_the_next_finds_it_made(each_world: World, index: PackageIndex) -> None:
    status, output, errors = each_world.run("-c", BETA)
    assert (status, output) == (0, "1.0\n"), errors
    # It hears how far it is.
    assert errors.startswith("resolving: beta-of-test\n")
    assert "ready: " in errors
    (made,) = each_world.environments
    before, requests = made.stat().st_ino, index.requests.total()
    program = requiring("beta-of-test", then="    import beta_of_test; print(beta_of_test.__file__)")
    status, output, errors = each_world.run("-c", program)
    assert (status, output) == (0, f"{made}/beta_of_test.py\n"), errors
    assert each_world.environments == [made]
    assert made.stat().st_ino == before
    assert index.requests.total() == requests


def test_more_is_added_what_is_here_stays_and_a_version_that_comes_too_late_is_refused(
    each_world: World, index: PackageIndex
) -> None:
    then = """
    import alpha_of_test
    print("first", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await bl.code.require("gamma-of-test", report=lambda step: print(step.doing))
    import gamma_of_test
    print(alpha_of_test.VERSION)
    try:
        await bl.code.require("packaging>=999")
    except bl.code.VersionConflict as error:
        print(error)
"""
    program = "import sys\n" + requiring("alpha-of-test", then=then)
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=each_world.directory,
        env=each_world.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "first\n"
        index.offer(Wheel("alpha-of-test", "3.0"))
        output, _ = process.communicate("\n", timeout=PATIENCE)
    assert process.returncode == 0
    assert output.startswith("resolving\ndownloading\n")
    assert "\nready\n2.0\n" in output
    assert "has been imported (as `packaging`), and 'packaging>=999' asks for 999.0: restart" in output
    assert len(each_world.environments) == 2


def test_a_program_has_a_package_of_a_url(each_world: World, index: PackageIndex) -> None:
    url = index.url.replace("simple/", "files/alpha-of-test/alpha_of_test-1.0-py3-none-any.whl")
    program = requiring(f"alpha-of-test @ {url}", then="    import alpha_of_test; print(alpha_of_test.VERSION)")
    for _ in range(2):
        status, output, errors = each_world.run("-c", program)
        assert (status, output) == (0, "1.0\n"), errors
    assert len(each_world.environments) == 1


def test_a_password_in_a_url_is_refused_and_shown_nowhere(each_world: World, index: PackageIndex) -> None:
    url = index.url.replace("simple/", "files/alpha-of-test/alpha_of_test-1.0-py3-none-any.whl")
    (each_world.directory / "script.py").write_text(
        requiring(f"alpha-of-test @ {url}".replace("://", "://me:hun%2Fter2@")).replace(
            "asyncio.run(main())",
            "try:\n    asyncio.run(main())\nexcept bl.code.BadRequirements as error:\n    print(error)",
        )
    )
    before = index.requests.total()
    status, output, errors = each_world.run("script.py")
    assert (status, errors) == (0, "")
    assert output.startswith("expected the URL of alpha-of-test without a user's name and a password")
    assert "hun" not in output
    assert index.requests.total() == before


def test_each_index_has_a_package_of_its_own_though_name_and_version_are_the_same(
    each_world: World, index: PackageIndex
) -> None:
    program = requiring("alpha-of-test", then="    import alpha_of_test; print(alpha_of_test.WHOSE)")
    with PackageIndex(Wheel("alpha-of-test", "3.0", modules={"alpha_of_test.py": "WHOSE = 'theirs'"})) as theirs:
        index.offer(Wheel("alpha-of-test", "3.0", modules={"alpha_of_test.py": "WHOSE = 'ours'"}))
        for url, whose in ((index.url, "ours\n"), (theirs.url, "theirs\n"), (index.url, "ours\n")):
            each_world.environment.update(PIP_INDEX_URL=url, UV_DEFAULT_INDEX=url)
            status, output, errors = each_world.run("-c", program)
            assert (status, output) == (0, whose), errors
    assert len(each_world.environments) == 2


def test_kill_9_in_the_middle_leaves_nothing_that_is_taken_for_whole(each_world: World, index: PackageIndex) -> None:
    index.gate.clear()
    with each_world.start("-c", BETA) as process:
        assert index.asked_for_file.wait(PATIENCE)
        installers = psutil.Process(process.pid).children(recursive=True)
        process.kill()
    assert installers
    wait_until_gone(*(installer.pid for installer in installers))
    index.gate.set()
    status, output, errors = each_world.run("-c", BETA)
    assert (status, output) == (0, "1.0\n"), errors
    # Of drafts and temporary files nothing is left either.
    assert len(each_world.environments) == 1
    assert list(each_world.temporary.iterdir()) == []


def test_who_is_cancelled_ends_the_installer(each_world: World, index: PackageIndex) -> None:
    program = """
import asyncio, sys
import psutil
import beamlike as bl
from tests.support.processes import wait_until_gone

async def main():
    task = asyncio.create_task(bl.code.require("beta-of-test"))
    await asyncio.to_thread(sys.stdin.readline)
    installers = psutil.Process().children(recursive=True)
    task.cancel()
    await asyncio.wait([task])
    wait_until_gone(*(installer.pid for installer in installers))
    print(bool(installers), task.cancelled())

asyncio.run(main())
"""
    index.gate.clear()
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=each_world.directory,
        env=each_world.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert index.asked_for_file.wait(PATIENCE)
        assert process.communicate("\n", timeout=PATIENCE)[0] == "True True\n"


# Notebooks, headless.


def notebook(directory: Path, dependencies: str, setup: str, cell: str) -> str:
    path = directory / "test.livemd"
    path.write_text(
        f"# Test\n\n```python\n# /// script\n# dependencies = {dependencies}\n# ///\n{setup}\n```\n\n"
        f"## Section\n\n```python\n{cell}\n```\n",
        encoding="utf-8",
    )
    return str(path)


def test_a_setup_cell_whose_requirements_cannot_be_had_fails_with_the_reason(each_world: World) -> None:
    path = notebook(each_world.directory, '["nonesuch-of-test"]', "print('never')", "print('nor this')")
    status, output, errors = each_world.run("-m", "notebook_tui", "run", path)
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
            facts = await it.client.runtime_facts()
            assert facts is not None
            runtime = psutil.Process(facts.pid)
            index.gate.clear()
            await it.start(2)
            assert await asyncio.to_thread(index.asked_for_file.wait, PATIENCE)
            installers = runtime.children(recursive=True)
            await it.client.interrupt()
            await it.until(lambda state: state.evaluating is None)
            assert it.state.evaluation("cell-2").interrupted
            # How far it came is output as any other, and more is not to be said.
            assert it.printed(2).startswith("resolving: beta-of-test\n")
            assert it.error(2) is None
            assert installers
            await asyncio.to_thread(wait_until_gone, *(installer.pid for installer in installers))
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
environments = "[entry for entry in __import__('sys').path if '/environments/' in entry]"
result = [await bl.rpc.call(child.node, eval, environments)]
result += [await bl.rpc.call(child.node, there, Shown(), timeout=40)]
result += [len(await bl.rpc.call(child.node, eval, environments))]
await child.stop(grace=0.1)
result
"""


def test_the_setup_cell_has_its_requirements_before_it_runs_and_so_has_its_code_on_a_child(world: World) -> None:
    path = notebook(world.directory, '["beta-of-test"]', "import beta_of_test; print('set up')", ON_A_CHILD.strip())
    status, output, errors = world.run("-m", "notebook_tui", "run", path)
    assert status == 0, errors
    assert "resolving: beta-of-test\n" in output
    assert output.index("ready: ") < output.index("set up")
    # The child takes hold of the environment itself, when code comes that needs it.
    assert "[[], ('1.0', 'Shown'), 1]" in output
    assert len(world.environments) == 1


# What starts a script has read its block.


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ('dependencies = ["nonesuch-of-test"]', "for nonesuch-of-test is not installed here: start it by `uv run"),
        ('dependencies = "rich"', "expected `dependencies` as a list of strings, got 'rich'"),
        ('dependencies = ["packaging"]', ""),
    ],
)
def test_a_script_whose_block_is_not_met_runs_and_hears_of_it(world: World, block: str, expected: str) -> None:
    path = world.directory / "script.py"
    main = "async def main():\n    async with bl.Node('script@127.0.0.1'): print('ran')\n"
    path.write_text(
        f"# /// script\n# {block}\n# ///\nimport asyncio\nimport beamlike as bl\n{main}asyncio.run(main())\n"
    )
    status, output, errors = world.run(str(path))
    assert (status, output) == (0, "ran\n")
    assert expected in errors
    assert bool(errors) == bool(expected)
