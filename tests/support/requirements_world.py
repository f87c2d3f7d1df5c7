"""A directory, an environment and a package index on loopback, in which programs and nodes have packages installed."""

from __future__ import annotations

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

from tests.support.package_index import PackageIndex, find_uv, installer_environment
from tests.support.wheels import Wheel

PATIENCE = 40.0
WHEELS = (
    Wheel("alpha-of-test", "1.0"),
    Wheel("alpha-of-test", "2.0"),
    Wheel("beta-of-test", "1.0", ("alpha-of-test<2",)),
    Wheel("gamma-of-test", "1.0"),
    Wheel("packaging", "999.0"),
)


@dataclass(frozen=True, slots=True)
class World:
    """A directory and an environment in which programs run."""

    directory: Path
    environment: dict[str, str]

    def start(self, *command: str, python: str = sys.executable) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [python, *command],
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
    def temporary(self) -> Path:
        return self.directory / "temporary"

    @property
    def environments(self) -> list[Path]:
        return [path for path in (self.directory / "home/beamlike/environments").iterdir() if path.is_dir()]


def any_installer() -> str:
    return "uv" if find_uv() else "pip"


def world_of(installer: str, index: PackageIndex, directory: Path) -> World:
    environment = installer_environment(installer, index.url, directory / "home")
    root = str(Path(__file__).parents[2])
    world = World(directory, {**environment, "PYTHONPATH": root, "BEAMLIKE_SECRET": "a secret of the test"})
    world.temporary.mkdir()
    world.environment["TMPDIR"] = str(world.temporary)
    return world


def requiring(*requirements: str, then: str = "") -> str:
    return f"""
import asyncio
import beamlike as bl

async def main():
    await bl.code.require(*{requirements!r})
{then}
asyncio.run(main())
"""


@contextmanager
def bare_node(world: World, name: str, python: str = sys.executable) -> Iterator[str]:
    """A node in a process of its own that has nothing of ours."""
    with world.start("-m", "notebook_tui", "node", "--name", name, python=python) as process:
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
