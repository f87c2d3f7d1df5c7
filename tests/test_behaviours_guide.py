"""Every program of the guide to the behaviours prints what stands under it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import beamlike as bl
from tests.test_readme import run

GUIDE = (Path(__file__).parent.parent / "docs" / "behaviours.md").read_text(encoding="utf-8")
SECTION = r"^#+ (?P<title>[^\n]*)$"
PROGRAM = r"^```python\n(?P<code>.*?)^```\n\n^```text\n(?P<output>.*?)^```"


def programs() -> list[tuple[str, str, str]]:
    """Each under the title of its section, with what it is to print."""
    found, title = [], ""
    for match in re.finditer(f"{SECTION}|{PROGRAM}", GUIDE, re.MULTILINE | re.DOTALL):
        title = match["title"] or title
        if match["code"]:
            found.append((title, match["code"], match["output"]))
    return found


@pytest.mark.parametrize(
    ("code", "output"), [pytest.param(code, output, id=title) for title, code, output in programs()]
)
def test_a_program_prints_what_stands_under_it(code: str, output: str, tmp_path: Path) -> None:
    assert run(code, tmp_path) == output.splitlines()


def test_every_program_is_run() -> None:
    assert len(programs()) == GUIDE.count("```python") > 10


def test_the_guide_names_only_what_there_is() -> None:
    names = set(re.findall(r"\bbl\.(\w+)", GUIDE))
    assert {name for name in names if not hasattr(bl, name)} == set()


def test_its_links_lead_to_its_sections() -> None:
    titles = {re.sub(r"[^a-z ]", "", title.lower()).replace(" ", "-") for title in re.findall(r"(?m)^#+ (.*)$", GUIDE)}
    assert set(re.findall(r"\]\(#([^)]*)\)", GUIDE)) - titles == set()
