"""A plain `python script.py` ships its own functions, source and all."""

from __future__ import annotations

import os
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


ON_ITS_CHILD = """
from __future__ import annotations
import asyncio, pickle, typing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
import beamlike as bl, nodes

@dataclass
class Chapter:
    title: str
    next: Chapter | None = None

def main(chapter):
    return chapter.title

def tried(chapter):
    with ProcessPoolExecutor(1) as pool:
        titles = list(pool.map(main, [chapter]))
    return pickle.loads(pickle.dumps(chapter)) == chapter, typing.get_type_hints(Chapter)["next"], titles

async def run():
    async with bl.Node("script@127.0.0.1"):
        child = await nodes.boot(nodes.Local())
        print(await bl.rpc.call(child.node, tried, Chapter("one")))
        await child.stop()

asyncio.run(run())
"""


def run_script(path: Path, text: str) -> str:
    path.write_text(text)
    script = [sys.executable, path.name]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}  # with the directories that are of these tests alone
    done = subprocess.run(
        script, cwd=path.parent, env=environment, capture_output=True, text=True, timeout=50, check=True
    )
    return done.stdout


def test_a_script_ships_its_functions_with_their_source(tmp_path: Path) -> None:
    out = run_script(tmp_path / "job.py", SCRIPT.replace("{edit}", ""))
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
    out = run_script(tmp_path / "job.py", SCRIPT.replace("{edit}", edit))
    assert out.startswith("True ONE\n")
    assert "KeyError: 'absent'" in out


def test_what_a_script_defines_is_in_main_on_its_child(tmp_path: Path) -> None:
    out = run_script(tmp_path / "job.py", ON_ITS_CHILD)
    assert out == "(True, __main__.Chapter | None, ['one'])\n"
