"""A backend whose nodes have nothing of their parent's: an empty working directory, and a path to beamlike's packages
and to those that are installed."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import cloudpickle

from beamlike.distribution import secret
from nodes import Description, Invitation, Machine
from nodes import invitation as invitations

ROOT = Path(__file__).parents[3]
INSTALLED = str(Path(cloudpickle.__file__).parents[1])
"""Where the packages are that both nodes need. Those we need can do without their compiled parts."""
_PROGRAM = """\
import sys
sys.path += {path!r}
from nodes.child import main
main()
"""


class Elsewhere:
    """Boots nodes as processes of `python`, isolated: no PYTHONPATH, no directory of a script, no `.pth` files. They
    have what is `installed`, all that there is unless it is said."""

    def __init__(self, python: str | None = None, installed: Sequence[str] | None = None) -> None:
        self._installed = installed
        self.python = python or sys._base_executable  # type: ignore[attr-defined]
        self._running: dict[str, tuple[subprocess.Popen[bytes], tempfile.TemporaryDirectory[str]]] = {}

    def __repr__(self) -> str:
        return f"Elsewhere({self.python!r})"

    async def boot(self, invitation: Invitation) -> Machine:
        process, directory = await asyncio.to_thread(self._start, invitation)
        self._running[str(process.pid)] = process, directory
        return Machine(str(process.pid), f"process {process.pid}")

    def _start(self, invitation: Invitation) -> tuple[subprocess.Popen[bytes], tempfile.TemporaryDirectory[str]]:
        directory = tempfile.TemporaryDirectory(prefix="elsewhere-")
        empty, packages = Path(directory.name, "empty"), Path(directory.name, "packages")
        empty.mkdir()
        packages.mkdir()
        for package in ("beamlike", "nodes"):
            (packages / package).symlink_to(ROOT / package)
        for package in self._installed or ():
            for part in Path(INSTALLED).glob(f"{package}*"):  # itself, and its metadata
                (packages / part.name).symlink_to(part)
        path = [str(packages), INSTALLED] if self._installed is None else [str(packages)]
        program = _PROGRAM.format(path=path)
        environment = {name: value for name, value in os.environ.items() if name != secret.VARIABLE}
        environment[invitations.ENVIRONMENT_VARIABLE] = invitations.encode(invitation)
        command = [self.python, "-I", "-S", "-c", program]
        process = subprocess.Popen(
            command, cwd=empty, env=environment, stdin=subprocess.DEVNULL, start_new_session=True
        )
        return process, directory

    async def stop(self, machine: Machine) -> None:
        process, directory = self._running.pop(machine.id)
        with process:
            process.kill()
        directory.cleanup()

    async def describe(self, machine: Machine) -> Description:
        if machine.id in self._running and self._running[machine.id][0].poll() is None:
            return Description("running", None, "")
        return Description("ended", None, "its log is the log of the tests")
