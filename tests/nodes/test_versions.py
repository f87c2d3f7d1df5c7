"""A parent and an image that are not of the same versions: what is told, and what is refused."""

from __future__ import annotations

import asyncio
import os
import tomllib
from pathlib import Path

import pytest

import beamlike as bl
import nodes
from beamlike.release import PYTHON, RELEASE
from nodes import skew
from nodes.boot_failure import Ending, MachineEnded, failure
from nodes.phases import Phase
from nodes.versions import HERE
from tests.support.captured_log import captured_log
from tests.support.loose_children import Loose
from tests.support.other_pythons import other_pythons


def test_the_program_knows_which_release_it_is() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert project["project"]["version"] == RELEASE


def boot(place: nodes.Backend) -> tuple[list[str], list[str], nodes.BootFailed | None]:
    """What the phases of the boot say, and the log, and how it failed."""
    phases: list[str] = []

    async def main() -> nodes.BootFailed | None:
        async with bl.Node("versions@127.0.0.1", secret=b"a secret of the test"):
            try:
                child = await nodes.boot(place, timeout=20, on_phase=lambda phase: phases.append(str(phase)))
            except nodes.BootFailed as failed:
                return failed
            assert await bl.rpc.call(child.node, os.getpid, timeout=20) != os.getpid()
            await child.stop(grace=0.1)
            return None

    skew._told.clear()
    with captured_log("nodes") as records:
        failed = asyncio.run(main())
    return phases, [record.getMessage() for record in records], failed


RELEASE_IS = "import beamlike.release\nbeamlike.release.RELEASE = {!r}"


def test_an_image_with_another_release_is_refused_for_good_in_one_line_with_the_remedy(tmp_path: Path) -> None:
    _, _, failed = boot(Loose(tmp_path / "log", before=RELEASE_IS.format("7.0.3")))
    assert failed is not None
    assert failed.permanent
    assert f"the image has beamlike 7.0.3 and Python {PYTHON}, this program {HERE}: build the image anew" in failed.log


def test_an_image_of_the_same_series_serves_and_is_told_of(tmp_path: Path) -> None:
    other = f"{RELEASE.rpartition('.')[0]}.99"
    phases, log, failed = boot(Loose(tmp_path / "log", before=RELEASE_IS.format(other)))
    assert failed is None
    told = f"beamlike {other} there, {RELEASE} here"
    assert [it for it in phases if told in it and it.startswith("dialled")]
    assert [it for it in log if told in it]


def test_a_child_that_does_not_look_is_refused_by_its_parent(tmp_path: Path) -> None:
    """One that has not understood what its invitation says."""
    before = RELEASE_IS.format("7.0.3") + "\nimport nodes.versions\nnodes.versions.misfit = lambda *_: ''"
    _, _, failed = boot(Loose(tmp_path / "log", before=before))
    assert failed is not None
    assert failed.permanent
    assert "the image has beamlike 7.0.3" in str(failed)


def test_an_image_whose_nodes_speak_another_protocol_is_refused_for_good(tmp_path: Path) -> None:
    before = (
        "import beamlike.distribution.handshake_frames as frames\nframes.VERSION = 99\n"
        "import nodes.versions\nnodes.versions.misfit = lambda *_: ''"
    )
    _, _, failed = boot(Loose(tmp_path / "log", before=before))
    assert failed is not None
    assert failed.permanent
    assert "speaks version" in failed.log


def test_a_silent_machine_that_ends_as_one_of_another_version_is_explained() -> None:
    failed = failure(
        "a did not connect to b",
        Ending(MachineEnded("machine 1 ended with exit code 4"), Phase("started", 0.1, ""), 1.0, None),
        nodes.Description("ended", 4, ""),
    )
    assert "it printed nothing, and that code says that its image does not fit this program" in str(failed)


@pytest.mark.skipif(not other_pythons(), reason="no other Python 3.11+ on this machine; it needs one on PATH")
def test_an_image_with_another_python_serves_and_is_told_of() -> None:
    minor, python = min(other_pythons().items())
    phases, log, failed = boot(nodes.Local(python=python, zygote=False))
    assert failed is None
    assert [it for it in phases if it.startswith("dialled") and f"Python 3.{minor}." in it]
    assert [it for it in log if "code that has no source is refused" in it]
