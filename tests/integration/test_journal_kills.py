"""A program that is killed at any moment loses no operation that it was told is safe: outputs and all."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

import beamlike as bl
from notebook_tui.document.apply import apply
from notebook_tui.document.operations import RuntimeDown
from notebook_tui.document.state import State
from notebook_tui.format.markdown_read import read
from notebook_tui.session.kept_file import JOURNALS
from notebook_tui.session.recovery import ENDED, recover
from notebook_tui.session.state_directory import name_for, state_directory
from tests.support.journaled_program import BEGIN, history
from tests.support.kept_sessions import kept
from tests.support.soak import count

LONGEST_SECONDS = 0.6


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("turn", range(count(2, 50, part=6)))
def test_a_kill_at_any_moment_loses_no_acknowledged_operation(tmp_path: Path, turn: int) -> None:
    for run in range(count(3, 20)):
        path = tmp_path / f"{run}.livemd"
        path.write_text(BEGIN, encoding="utf-8")
        safe = killed_at_random(path, seed=turn * 1000 + run)
        held_to(path, seed=turn * 1000 + run, safe=safe)


def killed_at_random(path: Path, seed: int) -> int:
    """How many operations the program said were safe."""
    command = [sys.executable, "-m", "tests.support.journaled_program", str(path), str(seed)]
    program = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None
    assert program.stdout.readline() == "begun\n"
    time.sleep(random.Random(seed).random() * LONGEST_SECONDS)  # the moment of the kill is what is drawn here
    program.kill()
    said = [line for line in program.stdout.read().split("\n") if line.startswith("safe ")]
    program.stdout.close()
    program.wait()
    return int(said[-1].split()[1]) if said else 0


def held_to(path: Path, seed: int, safe: int) -> None:
    recovered, notices = recover(state_directory(JOURNALS) / f"{name_for(path)}.journal")
    if recovered is None:
        assert safe == 0
        return
    assert recovered.applied >= safe
    begin = State(read(BEGIN)[0], path=str(path))
    expected = next(islice(history(begin, random.Random(seed)), recovered.applied - 1, None)).after
    if expected.runtime.phase != "disconnected":
        expected, _ = apply(expected, RuntimeDown(ENDED))
    assert without_times(recovered.state) == without_times(expected), notices
    again = asyncio.run(opened_again(path))
    assert again.notebook == expected.notebook
    assert again.evaluations == expected.evaluations


def without_times(state: State) -> State:
    """When a step of connecting was taken is what the clock of the program said."""
    steps = tuple(replace(step, at=0.0) for step in state.runtime.steps)
    return replace(state, runtime=replace(state.runtime, steps=steps))


async def opened_again(path: Path) -> State:
    """With a lock, which the dead program does not hold any more."""
    async with bl.Node("again@127.0.0.1", secret=b"s", listen=False), kept(path, lock=True) as it:
        return it.state
