"""uv as an installer. It plans by a dry run that prints a line for each package, and then tells their hashes."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from beamlike.code.requirements.lock import Pin
from beamlike.code.requirements.progress import uv_step
from beamlike.code.requirements.work import INSTALL_SECONDS, PLAN_SECONDS, Work, write_lines
from beamlike.kernel.record import frozen

_PLANNED = re.compile(r" \+ (?P<name>[\w.-]+)==(?P<version>\S+?)(?: \(from (?P<url>\S+)\))?\s*$")
_OF_A_URL = re.compile(r"(?m)^ \+ (?P<requirement>[\w.-]+ @ \S+)\s*$")
_LOCKED = re.compile(r"(?m)^(?P<name>[\w.-]+)==(?P<version>[^\s;\\]+)(?P<rest>(?:.*\\\n)*.*)$")
_HASH = re.compile(r"--hash=(\w+:[0-9a-f]+)")


@frozen
class Uv:
    """The uv at that path, for this Python."""

    executable: str

    def plan(
        self, dependencies: Sequence[str], constraints: Sequence[Pin], here: Path, scratch: Path, work: Work
    ) -> list[Pin]:
        lines = write_lines(scratch / "requirements.txt", dependencies)
        # Into the metadata of what is here, as if that were the place: so uv leaves it alone. Nothing is installed.
        command = ["install", "--dry-run", "--break-system-packages", "--target", str(here), "-r", lines]
        if constraints:
            command += ["-c", (write_lines(scratch / "constraints.txt", (pin.requirement for pin in constraints)))]
        printed = self._run(command, PLAN_SECONDS, scratch, work)
        return self._hashed(read_plan(printed), scratch, work) + self._of_urls(printed, scratch, work)

    def install(self, pins: Sequence[Pin], target: Path, scratch: Path, work: Work) -> None:
        lines = write_lines(scratch / "pins.txt", (pin.line(hashed=True) for pin in pins))
        command = ["install", "--no-deps", "--break-system-packages", "--target", str(target), "-r", lines]
        self._run(command, INSTALL_SECONDS, scratch, work)

    def _of_urls(self, printed: str, scratch: Path, work: Work) -> list[Pin]:
        """Which versions there are at URLs turns out as they are installed; what was downloaded is kept by uv."""
        requirements = read_urls(printed)
        if not requirements:
            return []
        lines = write_lines(scratch / "urls.txt", requirements)
        command = ["install", "--no-deps", "--break-system-packages", "--target", str(scratch / "urls"), "-r", lines]
        return read_plan(self._run(command, INSTALL_SECONDS, scratch, work))

    def _hashed(self, pins: list[Pin], scratch: Path, work: Work) -> list[Pin]:
        lines = write_lines(scratch / "planned.txt", (pin.requirement for pin in pins if not pin.url))
        command = ["compile", "--no-deps", "--generate-hashes", "--no-header", "--no-annotate", lines]
        known = read_hashes(self._run(command, PLAN_SECONDS, scratch, work)) if any(not pin.url for pin in pins) else {}
        return [Pin(pin.name, pin.version, pin.url, known.get(pin.name, ())) for pin in pins]

    def _run(self, command: list[str], seconds: float, scratch: Path, work: Work) -> str:
        whole = [self.executable, "--color", "never", "pip", *command, "--python", sys.executable]
        return work.run("uv", whole, seconds, uv_step, scratch, {"UV_NO_PROGRESS": "1"}).printed


def read_plan(printed: str) -> list[Pin]:
    """The pins in what a dry run printed.

    >>> read_plan("Would install 1 package\\n - rich==14.0\\n + rich==15.0.0\\n")
    [Pin(name='rich', version='15.0.0', url=None, hashes=())]
    """
    found = (_PLANNED.match(line) for line in printed.splitlines())
    return [Pin.of(line["name"], line["version"], line["url"]) for line in found if line]


def read_urls(printed: str) -> list[str]:
    """The requirements by URL in what a dry run printed, which does not tell their versions.

    >>> read_urls("Would install 2 packages\\n + a @ git+https://h/a@0f3a\\n + b==1.0\\n")
    ['a @ git+https://h/a@0f3a']
    """
    return _OF_A_URL.findall(printed)


def read_hashes(printed: str) -> dict[str, tuple[str, ...]]:
    """From each name in a compiled requirements file to the hashes of its files."""
    return {
        Pin.of(entry["name"], entry["version"]).name: _sorted(_HASH.findall(entry["rest"]))
        for entry in _LOCKED.finditer(printed)
    }


def _sorted(hashes: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(hashes))
