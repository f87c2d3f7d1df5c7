"""The terminal program is killed: what it showed is there when the notebook is opened again, outputs and all."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil

from notebook_tui.session.kept_file import JOURNALS
from notebook_tui.session.recovery import recover
from notebook_tui.session.state_directory import name_for, state_directory
from tests.support.open_notebook import notebook_text
from tests.support.processes import wait_until_gone
from tests.support.terminal import Terminal


def test_ac25_a_killed_program_loses_neither_text_nor_outputs_and_leaves_no_process(tmp_path: Path) -> None:
    path = tmp_path / "test.livemd"
    never_saved = '<!-- livebook:{"autosave_interval_s":null} -->\n\n'
    path.write_text(never_saved + notebook_text("print('from', 'the cell')"), encoding="utf-8")
    before = path.read_bytes()
    with Terminal([sys.executable, "-m", "notebook_tui", "notebook", str(path)]) as terminal:
        terminal.until("the cell")
        terminal.type("e", "a")
        terminal.until("1/1 done")
        below = [process.pid for process in psutil.Process(terminal.program.pid).children(recursive=True)]
        terminal.type("n")
        terminal.until("EDIT")
        terminal.type("second = 2")
        terminal.until("second = 2")
        terminal.until(lambda _: is_in_the_journal(path, "second = 2"))
        terminal.program.kill()
        terminal.wait()
    wait_until_gone(*below)
    assert path.read_bytes() == before
    with Terminal([sys.executable, "-m", "notebook_tui", "notebook", str(path)]) as terminal:
        terminal.until(lambda text: "second = 2" in text and "from the cell" in text)


def is_in_the_journal(path: Path, typed: str) -> bool:
    """What the program was told is there: no screen shows that."""
    recovered, _ = recover(state_directory(JOURNALS) / f"{name_for(path)}.journal")
    return recovered is not None and any(typed in cell.source for cell in recovered.state.notebook.cells())
