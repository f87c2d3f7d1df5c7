"""A plain `python script.py` ships its own functions, source and all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.second_interpreter import ROOT

SCRIPT = """
from dataclasses import dataclass
from tests.support.second_interpreter import SecondInterpreter

@dataclass
class Chapter:
    title: str

def shout(chapter):
    assert isinstance(chapter, Chapter)
    return Chapter(chapter.title.upper())

def fail():
    return {}["absent"]  # over there

{edit}
with SecondInterpreter() as there:
    back = there.call(shout, Chapter("one"))
    print(type(back) is Chapter, back.title)
    print(there.outcome(fail).traceback)
"""


def run_script(path: Path, edit: str = "") -> str:
    path.write_text(SCRIPT.replace("{edit}", edit))
    script = [sys.executable, path.name]
    environment = {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        script, cwd=path.parent, env=environment, capture_output=True, text=True, timeout=50, check=True
    )
    return done.stdout


def test_a_script_ships_its_functions_with_their_source(tmp_path: Path) -> None:
    out = run_script(tmp_path / "job.py")
    assert out.startswith("True ONE\n")
    assert f'File "<{tmp_path / "job.py"} #' in out
    assert '    return {}["absent"]  # over there\n' in out


@pytest.mark.parametrize(
    "edit",
    [
        "open(__file__, 'a').write('def broken(:')",
        "text = open(__file__).read(); open(__file__, 'w').write(text.replace('upper()', 'lower()'))",
    ],
    ids=["no longer compiles", "does something else"],
)
def test_a_script_that_was_edited_since_it_started_ships_what_runs(tmp_path: Path, edit: str) -> None:
    out = run_script(tmp_path / "job.py", edit)
    assert out.startswith("True ONE\n")
    assert "KeyError: 'absent'" in out
