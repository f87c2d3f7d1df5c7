from __future__ import annotations

import tomllib
from pathlib import Path

from beamlike.release import RELEASE


def test_the_program_knows_which_release_it_is() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert project["project"]["version"] == RELEASE
