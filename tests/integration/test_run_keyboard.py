"""What cells of a run ask for comes from its standard input."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.support.headless import DEADLINE, WORDS, written


def run(path: Path, given: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*WORDS, str(path)], input=given, capture_output=True, text=True, timeout=DEADLINE, check=False
    )


def test_lines_of_standard_input_answer_what_cells_ask_and_a_password_is_not_shown(tmp_path: Path) -> None:
    path = written(
        tmp_path / "test.livemd",
        "name = input('Who? ')\nprint('hello', name)",
        "import getpass\nlen(getpass.getpass('Key: '))",
        "import sys\nsys.stdin.readline()",
    )
    result = run(path, "Ada\nswordfish\nthe rest\n")
    assert (result.returncode, result.stderr) == (0, "")
    assert "Who? Ada\nhello Ada\n" in result.stdout
    assert "\n9\n" in result.stdout
    assert "swordfish" not in result.stdout
    assert "'the rest\\n'" in result.stdout


def test_at_the_end_of_standard_input_a_cell_that_asks_meets_an_eoferror(tmp_path: Path) -> None:
    result = run(written(tmp_path / "test.livemd", "input('Who? ')"), "")
    assert result.returncode == 1
    assert "EOFError" in result.stderr


def test_what_is_not_asked_for_does_not_keep_a_run_from_ending(tmp_path: Path) -> None:
    path = written(tmp_path / "test.livemd", "print('done')")
    with subprocess.Popen([*WORDS, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.wait(DEADLINE) == 0  # although its standard input stays open


def test_an_interrupted_wait_for_a_line_ends_the_run(tmp_path: Path) -> None:
    path = written(tmp_path / "test.livemd", "input('Who? ')")
    words = [*WORDS, str(path), "--cell-timeout", "1"]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        assert program.wait(DEADLINE) == 1
        assert program.stderr is not None
        assert "was not done within 1.0 s" in program.stderr.read()
