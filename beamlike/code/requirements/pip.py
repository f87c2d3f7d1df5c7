"""pip as an installer. It plans by a dry run whose report is JSON, and keeps a log that says more than it prints."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from beamlike.code.requirements.lock import Pin
from beamlike.code.requirements.progress import PipSteps, Step, pip_resolving
from beamlike.code.requirements.work import INSTALL_SECONDS, PLAN_SECONDS, Work, write_lines

_OPTIONS = ("--disable-pip-version-check", "--no-input", "--no-color", "--progress-bar", "off")


class Pip:
    """The pip of this Python."""

    def plan(
        self, dependencies: Sequence[str], constraints: Sequence[Pin], here: Path, scratch: Path, work: Work
    ) -> list[Pin]:
        report = scratch / "report.json"
        command = ["install", "--dry-run", "--report", str(report), *_files(dependencies, constraints, scratch)]
        # Without code, so that nothing of it takes the place of a module that pip itself needs.
        self._run(command, PLAN_SECONDS, pip_resolving, scratch, work, {"PYTHONPATH": str(here)})
        return read_report(report.read_text(encoding="utf-8"))

    def install(self, pins: Sequence[Pin], target: Path, scratch: Path, work: Work) -> None:
        steps = PipSteps(len(pins))
        # pip takes hashes of all or of none, and a second run adds nothing to the directories that a first one made.
        for number, group in enumerate(filter(None, _with_hashes_and_without(pins))):
            place = scratch / f"part {number}"
            lines = write_lines(scratch / f"pins {number}.txt", (pin.line(hashed=True) for pin in group))
            command = ["install", "--no-deps", "--no-user", "--target", str(place), "-r", lines]
            self._run(command, INSTALL_SECONDS, steps, scratch, work)
            shutil.copytree(place, target, symlinks=True, dirs_exist_ok=True, copy_function=shutil.move)

    def _run(
        self,
        command: list[str],
        seconds: float,
        step: Callable[[str], Step | None],
        scratch: Path,
        work: Work,
        environment: dict[str, str] | None = None,
    ) -> None:
        log = scratch / "pip.log"
        whole = [sys.executable, "-P", "-m", "pip", *command, *_OPTIONS, "--log", str(log)]
        work.run("pip", whole, seconds, step, scratch, environment, log)


def _with_hashes_and_without(pins: Sequence[Pin]) -> tuple[list[Pin], list[Pin]]:
    return [pin for pin in pins if pin.hashes], [pin for pin in pins if not pin.hashes]


def _files(dependencies: Sequence[str], constraints: Sequence[Pin], scratch: Path) -> list[str]:
    files = ["-r", write_lines(scratch / "requirements.txt", dependencies)]
    if constraints:
        files += ["-c", write_lines(scratch / "constraints.txt", (pin.requirement for pin in constraints))]
    return files


def read_report(text: str) -> list[Pin]:
    """The pins in pip's installation report.

    >>> read_report('{"install": [{"metadata": {"name": "rich", "version": "15.0.0"}, "is_direct": false,'
    ...             '"download_info": {"url": "u", "archive_info": {"hashes": {"sha256": "ab"}}}}]}')
    [Pin(name='rich', version='15.0.0', url=None, hashes=('sha256:ab',))]
    """
    pins = []
    for item in json.loads(text)["install"]:
        download = item["download_info"]
        hashes = download.get("archive_info", {}).get("hashes", {})
        vcs = download.get("vcs_info")
        url = f"{vcs['vcs']}+{download['url']}@{vcs['commit_id']}" if vcs else download["url"]
        pins.append(
            Pin.of(
                item["metadata"]["name"],
                item["metadata"]["version"],
                url if item["is_direct"] else None,
                [f"{kind}:{digest}" for kind, digest in hashes.items()],
            )
        )
    return pins
