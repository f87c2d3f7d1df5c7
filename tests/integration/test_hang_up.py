"""The terminal goes away, as when an SSH connection is lost: edits are saved, and no process stays."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import psutil
import pytest

from tests.support.open_notebook import notebook_text
from tests.support.processes import wait_until_gone
from tests.support.terminal import Terminal


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
@pytest.mark.parametrize("editing", [True, False])
def test_what_was_typed_is_saved_and_no_process_stays(tmp_path: Path, number: signal.Signals, editing: bool) -> None:
    path = tmp_path / "test.livemd"
    path.write_text(notebook_text("first = 1"), encoding="utf-8")
    with Terminal([sys.executable, "-m", "notebook_tui", "notebook", str(path)]) as terminal:
        terminal.until("first = 1")
        terminal.type("e", "a")
        terminal.until("1/1 done")
        below = [process.pid for process in psutil.Process(terminal.program.pid).children(recursive=True)]
        assert below
        terminal.type("n")
        terminal.until("EDIT")
        terminal.type("second = 2")
        terminal.until("second = 2")
        if not editing:
            terminal.type("escape")
            terminal.until("NAV")
        terminal.program.send_signal(number)
        terminal.wait()
    assert "second = 2" in path.read_text(encoding="utf-8")
    wait_until_gone(*below)


def test_what_another_program_wrote_survives_a_hang_up(tmp_path: Path) -> None:
    path = tmp_path / "test.livemd"
    path.write_text(notebook_text("first = 1"), encoding="utf-8")
    with Terminal([sys.executable, "-m", "notebook_tui", "notebook", str(path)]) as terminal:
        terminal.until("first = 1")
        terminal.type("n")
        terminal.until("EDIT")
        terminal.type("second = 2")
        terminal.until("second = 2")
        path.write_text("# Theirs\n", encoding="utf-8")
        terminal.program.send_signal(signal.SIGHUP)
        terminal.wait()
    text = path.read_text(encoding="utf-8")
    assert "# Theirs\n" in text
    assert "second = 2" in text


def test_a_terminal_that_is_gone_while_much_is_shown_keeps_no_process(tmp_path: Path) -> None:
    path = tmp_path / "test.livemd"
    path.write_text(notebook_text("i = 0\nwhile True:\n    print('spam', i)\n    i += 1"), encoding="utf-8")
    with Terminal([sys.executable, "-m", "notebook_tui", "notebook", str(path)]) as terminal:
        terminal.until("while True")
        terminal.type("e", "a")
        terminal.until("spam")
        below = [process.pid for process in psutil.Process(terminal.program.pid).children(recursive=True)]
        terminal.hang_up()
    wait_until_gone(*below)
