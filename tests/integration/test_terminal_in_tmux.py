"""The real program in a real tmux: typed into, resized, killed and opened again."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from tests.integration.test_killed_terminal import is_in_the_journal
from tests.support.open_notebook import notebook_text
from tests.support.processes import wait_until_gone
from tests.support.tmux import Tmux, needs_tmux

PROGRAM = [sys.executable, "-m", "notebook_tui", "notebook"]
pytestmark = [needs_tmux, pytest.mark.timeout(180)]


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BEAMLIKE_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    path = tmp_path / "test.livemd"
    path.write_text(notebook_text("word = 'first'", "print(word, 'line')"), encoding="utf-8")
    return path


def run_all(shown: Tmux) -> None:
    """All cells; the file is of a stranger, and the user says that it may run."""
    shown.press("e", "a")
    text = shown.until(lambda text: "2/2 done" in text or "trust" in text.lower() or "run it" in text.lower())
    if "2/2 done" not in text:
        shown.press("r")
    shown.until("2/2 done")


@needs_tmux
def test_a_notebook_is_typed_run_resized_saved_and_left(notebook: Path) -> None:
    with Tmux([*PROGRAM, str(notebook)]) as shown:
        shown.until("print(word, 'line')")
        run_all(shown)
        shown.until("first line")
        shown.until(lambda _: shown.title == "test.livemd")
        shown.press("G", "n")
        shown.until("EDIT")
        shown.type("len('four')")
        shown.press("C-e")
        shown.until("= 4")
        shown.press("Escape")
        shown.until("NAV")
        shown.resize(120, 40)
        shown.until(lambda text: max(map(len, text.splitlines())) > 100 and "= 4" in text)
        shown.resize(60, 15)
        shown.until(lambda text: len(text.splitlines()) <= 15 and "NAV" in text)
        shown.press("C-s")
        shown.until(lambda _: "len('four')" in notebook.read_text(encoding="utf-8"))
        program = psutil.Process(shown.pid)
        below = [process.pid for process in program.children(recursive=True)]
        shown.press("C-q")
        wait_until_gone(program.pid, *below)


@needs_tmux
def test_a_killed_program_shows_the_same_when_it_is_opened_again(notebook: Path) -> None:
    with Tmux([*PROGRAM, str(notebook)]) as shown:
        shown.until("print(word, 'line')")
        run_all(shown)
        shown.press("j", "j", "j", "i")
        shown.until("EDIT")
        shown.type("  # typed last")
        shown.until("# typed last")
        shown.press("Escape")
        shown.until("NAV")
        shown.until("edited since")
        shown.until(lambda _: is_in_the_journal(notebook, "# typed last"))
        killed = shown.pid
        os.kill(killed, signal.SIGKILL)
        wait_until_gone(killed)
    with Tmux([*PROGRAM, str(notebook)]) as shown:
        shown.until(lambda text: "first line" in text and "# typed last" in text)


@needs_tmux
def test_without_colours_and_pictures_everything_is_still_said(notebook: Path) -> None:
    with Tmux([*PROGRAM, str(notebook)], env={"NO_COLOR": "1", "BEAMLIKE_IMAGES": "off"}) as shown:
        shown.until("print(word, 'line')")
        run_all(shown)
        shown.until(lambda text: text.count("✓") == 2)
        text = shown.text(escapes=True)
        assert "\x1b[38;" not in text
        assert "\x1b[48;" not in text
        assert "NAV" in text
