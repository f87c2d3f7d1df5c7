"""Every program of the guides prints what stands under it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

import beamlike as bl
from tests.test_readme import run

DOCS = Path(__file__).parent.parent / "docs"
GUIDES = (
    "processes.md",
    "behaviours.md",
    "distribution.md",
    "introspection.md",
    "code.md",
    "pools.md",
    "notebook_engine.md",
    "widgets.md",
)
SHORT = ("serve.md", "serving.md", "tensors.md", "top.md")
"""Guides with few programs."""
TITLE = r"^#+ (?P<title>[^\n]*)$"
OTHER = r"^```(?!python)\w+\n.*?^```$"
"""In which a line with a "#" is no title."""
CODE = r"^```python\n(?P<code>.*?)^```\n\n^```text\n(?P<output>.*?)^```"


@dataclass(frozen=True, slots=True)
class Program:
    guide: str
    title: str
    """Of its section."""
    code: str
    output: str

    def __str__(self) -> str:
        return f"{self.guide}: {self.title}"


def text_of(guide: str) -> str:
    return (DOCS / guide).read_text(encoding="utf-8")


def programs(guide: str) -> list[Program]:
    found, title = [], ""
    for match in re.finditer(f"{TITLE}|{CODE}|{OTHER}", text_of(guide), re.MULTILINE | re.DOTALL):
        title = match["title"] or title
        if match["code"]:
            found.append(Program(guide, title, match["code"], match["output"]))
    return found


@pytest.mark.parametrize("program", [program for guide in (*GUIDES, *SHORT) for program in programs(guide)], ids=str)
def test_a_program_prints_what_stands_under_it(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BEAMLIKE_COPY", raising=False)  # the guides show what is shared without it
    assert run(program.code, tmp_path) == program.output.splitlines()


@pytest.mark.parametrize("guide", [*GUIDES, *SHORT])
def test_every_program_is_run(guide: str) -> None:
    assert len(programs(guide)) == text_of(guide).count("```python") > (0 if guide in SHORT else 5)


@pytest.mark.parametrize("guide", [*GUIDES, *SHORT])
def test_a_guide_names_only_what_there_is(guide: str) -> None:
    names = set(re.findall(r"\bbl((?:\.\w+)+)", text_of(guide)))
    assert {name for name in names if not is_there(name)} == set()


def is_there(name: str) -> bool:
    """Whether `bl` has what is named after it: ".GenServer.call"."""
    found: object = bl
    for part in name.split(".")[1:]:
        if not hasattr(found, part):
            return False
        found = getattr(found, part)
    return True


@pytest.mark.parametrize("guide", GUIDES)
def test_its_links_lead_to_sections(guide: str) -> None:
    links = re.findall(r"\]\(([\w.]*)#([^)]*)\)", text_of(guide))
    assert links
    assert [link for link in links if link[1] not in anchors(link[0] or guide)] == []


def anchors(page: str) -> set[str]:
    """As GitHub makes them of the titles of a page."""
    titles = re.findall(r"(?m)^#+ (.*)$", text_of(page))
    return {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in titles}
