"""`beamlike run --watch`: again whenever the notebook or a module of its own changes."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from tests.support.headless import Watching, run, written
from tests.support.open_notebook import notebook_text
from tests.support.processes import wait_until_gone

WAITS = "Ctrl-C ends that\n"


def replaced(path: Path, text: str) -> None:
    """As editors do it: nobody sees half of it."""
    path.with_suffix(".new").write_text(text, encoding="utf-8")
    os.replace(path.with_suffix(".new"), path)


def test_it_runs_again_when_the_notebook_changes_and_says_why(tmp_path: Path) -> None:
    path = written(tmp_path / "test.livemd", "print('one')")
    with Watching(path) as watching:
        assert "one\n" in watching.until(WAITS)
        replaced(path, path.read_text().replace("one", "two"))
        assert watching.until(": runs again\n") == "beamlike: test.livemd changed"
        assert "two\n" in watching.until(WAITS)
        path.write_text(path.read_text().replace("two", "three"))
        watching.until("three\n")  # it may have run without its cell before: a file is empty until it is written
        watching.until(WAITS)
        watching.program.send_signal(signal.SIGINT)
        assert watching.wait() == 0


def test_it_runs_again_when_a_module_that_it_imports_changes_and_for_no_other(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "__init__.py").write_text("from lib.deep import WORD\n")
    (tmp_path / "lib" / "deep.py").write_text("WORD = 'one'\n")
    path = written(tmp_path / "test.livemd", "import lib\nprint(lib.WORD)")
    with Watching(path) as watching:
        watching.until(WAITS)
        (tmp_path / "other.py").write_text("WORD = 'nothing of ours'\n")
        replaced(tmp_path / "lib" / "deep.py", "WORD = \n")
        assert watching.until(": runs again\n") == "beamlike: deep.py changed"
        assert "SyntaxError" in watching.until(WAITS)
        replaced(tmp_path / "lib" / "deep.py", "WORD = 'two'\n")
        assert watching.until(": runs again\n") == "beamlike: deep.py changed"
        assert "two\n" in watching.until(WAITS)


def test_a_module_that_was_missing_is_waited_for(tmp_path: Path) -> None:
    path = written(tmp_path / "test.livemd", "import late\nprint(late.WORD)")
    with Watching(path) as watching:
        assert "ModuleNotFoundError" in watching.until(WAITS)
        replaced(tmp_path / "late.py", "WORD = 'here'\n")
        assert watching.until(": runs again\n") == "beamlike: late.py changed"
        assert "here\n" in watching.until(WAITS)


def test_a_run_that_is_under_way_is_given_up_and_leaves_no_process(tmp_path: Path) -> None:
    slow = "import os, subprocess, time\nchild = subprocess.Popen(['sleep', '600'])\n"
    cell = f"{slow}print('pids', os.getpid(), flush=True)\nwhile True:\n    time.sleep(0.01)"
    path = written(tmp_path / "test.livemd", cell)
    with Watching(path) as watching:
        watching.until("pids ")
        pid = int(watching.until("\n"))
        replaced(path, notebook_text("print('quick')"))
        assert "test.livemd changed: the run is given up, and begins again" in watching.until("quick\n")
        wait_until_gone(pid)
        watching.until(WAITS)
        watching.program.send_signal(signal.SIGINT)
        assert watching.wait() == 0


def test_ctrl_c_ends_it_with_the_status_of_the_last_run_that_was_done_and_leaves_no_process(tmp_path: Path) -> None:
    path = written(tmp_path / "test.livemd", "1 / 0")
    with Watching(path) as watching:
        watching.until(WAITS)
        replaced(path, notebook_text("import os, time\nprint('pid', os.getpid())\ntime.sleep(600)"))
        watching.until("pid ")
        pid = int(watching.until("\n"))
        watching.program.send_signal(signal.SIGINT)
        assert watching.wait() == 1
        wait_until_gone(pid)
        assert watching.rest() == ""


def test_ctrl_c_before_any_run_was_done_is_an_interrupt(tmp_path: Path) -> None:
    with Watching(written(tmp_path / "test.livemd", "import time\nprint('runs')\ntime.sleep(600)")) as watching:
        watching.until("runs\n")
        watching.program.send_signal(signal.SIGINT)
        assert watching.wait() == 130


def test_what_is_no_notebook_for_a_while_is_told_and_waited_for(tmp_path: Path) -> None:
    path = written(tmp_path / "test.livemd", "print('one')")
    with Watching(path) as watching:
        watching.until(WAITS)
        replaced(path, "\0")
        assert "is no notebook" in watching.until(WAITS)
        path.unlink()
        replaced(path, notebook_text("print('two')"))
        assert "two\n" in watching.until(WAITS)


def test_it_writes_outputs_of_each_run_and_not_over_the_notebook_itself(tmp_path: Path) -> None:
    path = written(tmp_path / "test.livemd", "print('one')")
    with Watching(path, "--output", tmp_path / "out.livemd") as watching:
        watching.until(WAITS)
        assert "one" in (tmp_path / "out.livemd").read_text()
        replaced(path, notebook_text("print('two')"))
        watching.until(WAITS)
        assert "two" in (tmp_path / "out.livemd").read_text()
    result = run(path, "--watch", "--output", tmp_path / "." / "test.livemd")
    assert result.returncode == 2
    assert "expected another file than the notebook" in result.stderr


def test_it_ends_when_nobody_reads_its_output_any_more(tmp_path: Path) -> None:
    path = written(tmp_path / "test.livemd", "print('one')")
    with subprocess.Popen(
        Watching.words(path, "--json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        while "ends that" not in program.stdout.readline():
            pass
        program.stdout.close()
        replaced(path, notebook_text("print('two')"))
        assert program.wait(40) == 1
        assert program.stderr.read() == ""
