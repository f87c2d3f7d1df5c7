"""The tour that ships with the program, as its acceptance test: headless, and through the real terminal."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.support.processes import wait_until_gone
from tests.support.terminal import Terminal

TOUR = Path("docs/notebooks")
WORDS = [sys.executable, "-m", "notebook_tui"]

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def tour(tmp_path: Path) -> Path:
    """A copy, so that the tests may write."""
    shutil.copytree(TOUR, tmp_path / "notebooks")
    return tmp_path / "notebooks" / "tour.livemd"


def descendants(pid: int) -> list[int]:
    return [process.pid for process in psutil.Process(pid).children(recursive=True)]


def test_the_tour_runs_without_a_terminal(tour: Path) -> None:
    result = subprocess.run([*WORDS, "run", str(tour)], capture_output=True, text=True, timeout=150, check=False)
    assert result.returncode == 0, result.stderr
    assert "characters" in result.stdout
    assert "is down: connection_closed" in result.stdout


def test_the_notebook_of_widgets_runs_without_a_terminal(tour: Path) -> None:
    words = [*WORDS, "run", str(tour.with_name("widgets.livemd"))]
    result = subprocess.run(words, capture_output=True, text=True, timeout=150, check=False)
    assert result.returncode == 0, result.stderr
    assert "Saturn   10759      146" in result.stdout
    assert "hello Ada, small" in result.stdout


def test_the_tour_runs_in_the_terminal_and_leaves_no_process(tour: Path) -> None:
    with Terminal([*WORDS, "notebook", str(tour)]) as terminal:
        terminal.until("A tour of beamlike")
        terminal.type("ea")
        terminal.until(lambda text: "4 nodes" in text)
        below = descendants(terminal.program.pid)
        assert len(below) >= 5
        terminal.until(lambda text: "10/10 done" in text)
        terminal.type("ctrl+q")
        assert terminal.wait() == 0
    wait_until_gone(*below)


def test_a_killed_terminal_program_leaves_no_process(tour: Path) -> None:
    with Terminal([*WORDS, "notebook", str(tour)], columns=80, lines=24) as terminal:
        terminal.until("A tour of beamlike")
        terminal.type("ea")
        terminal.until(lambda text: "4 nodes" in text)
        below = descendants(terminal.program.pid)
        assert len(below) >= 5
        terminal.kill()
    wait_until_gone(*below)
