"""A function that forks comes back twice; what comes after it does not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ENDS = {"return": 0, "sys.exit(7)": 7, "sys.exit('why')": 1, "1 / 0": 1}
FORKS = """
import os, sys

def exit_code_of_a_copy():
    if not (copy := os.fork()):
        {end}
    return os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1])
"""
IN_A_THREAD = """
import asyncio
import beamlike as bl

async def main():
    async with bl.Node("app@127.0.0.1"):
        print(await bl.blocking(exit_code_of_a_copy, timeout=60))

asyncio.run(main())
"""
ON_A_RUNNER = """
import asyncio
import beamlike as bl, flame
from pathlib import Path

def told(number):
    if not (copy := os.fork()):
        {end}
    os.waitpid(copy, 0)
    with open({path!r}, "a") as file:
        print(number, file=file)
    return number

async def main():
    async with bl.Node("app@127.0.0.1"):
        pool = await flame.Pool.start(name="cpu", max=1)
        print(await pool.call(exit_code_of_a_copy, timeout=60))
        assert [each async for each in pool.map(told, range(8), timeout=60)] == list(range(8))
        await pool.stop()
    print(Path({path!r}).read_text().split())

asyncio.run(main())
"""


def printed(program: str, place: Path) -> str:
    path = place / "program.py"
    path.write_text(program)
    words = [sys.executable, "-W", "ignore::DeprecationWarning", str(path)]
    return subprocess.run(words, capture_output=True, text=True, timeout=120, check=True, cwd=place).stdout


@pytest.mark.parametrize("end", ENDS)
def test_a_copy_made_in_a_thread_ends_where_its_function_does_as_a_script_would(end: str, tmp_path: Path) -> None:
    assert printed(FORKS.format(end=end) + IN_A_THREAD, tmp_path) == f"{ENDS[end]}\n"


@pytest.mark.parametrize("end", ENDS)
def test_a_copy_made_in_a_call_runs_no_other_call_a_second_time(end: str, tmp_path: Path) -> None:
    program = FORKS.format(end=end) + ON_A_RUNNER.format(end=end, path=str(tmp_path / "told"))
    assert printed(program, tmp_path) == f"{ENDS[end]}\n{list('01234567')}\n"


@pytest.mark.parametrize("awaits", ["", "import asyncio\nawait asyncio.sleep(0)\n"])
def test_a_copy_made_in_a_cell_evaluates_nothing_after_it(awaits: str, tmp_path: Path) -> None:
    path = tmp_path / "forks.livemd"
    waits = "print(os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1]))"
    cell = f"{awaits}import os, sys\nif not (copy := os.fork()):\n    sys.exit(7)\n{waits}"
    path.write_text(f"# Forks\n\n```python\n{cell}\n```\n\n```python\nprint('after')\n```\n")
    words = [sys.executable, "-m", "notebook_tui", "run", str(path)]
    said = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert said.returncode == 0, said.stderr
    assert said.stdout.count("\n7\n") == 1
    assert said.stdout.count("\nafter\n") == 1
