"""`beamlike` as a user calls it: exit statuses, and one clear line for whatever is wrong."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from itertools import groupby
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.support.open_notebook import notebook_text


def beamlike(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "notebook_tui", *map(str, words)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )


def notebook(directory: Path, *cells: str) -> Path:
    path = directory / "test.livemd"
    path.write_text(notebook_text(*cells), encoding="utf-8")
    return path


def test_run_prints_what_the_cells_print_and_exits_with_0(tmp_path: Path) -> None:
    result = beamlike("run", notebook(tmp_path, "x = 20\nprint('printed')", "x + 1"))
    assert result.returncode == 0
    assert "printed\n" in result.stdout
    assert "21\n" in result.stdout
    assert "cell 2 of 2 (Section)" in result.stdout
    assert result.stderr == ""


def test_run_names_the_cell_that_failed_and_exits_with_1(tmp_path: Path) -> None:
    result = beamlike("run", notebook(tmp_path, "print('ok')", "1 / 0", "print('never')"))
    assert result.returncode == 1
    assert "ZeroDivisionError" in result.stderr
    assert "beamlike: cell 2 of 3 (Section) failed" in result.stderr
    assert "never" not in result.stdout


def test_run_gives_up_after_the_timeout(tmp_path: Path) -> None:
    # It counts from the start, and a busy machine takes seconds until the cell runs, which goes on for longer.
    result = beamlike("run", notebook(tmp_path, "import time\ntime.sleep(600)"), "--timeout", "20")
    assert result.returncode == 1
    assert "was not done within 20.0 s; cell 1 of 1 (Section) was running" in result.stderr


def test_run_writes_the_outputs_as_what_the_name_of_the_file_says(tmp_path: Path) -> None:
    path = notebook(tmp_path, "6 * 7")
    assert beamlike("run", path, "--output", tmp_path / "out.ipynb").returncode == 0
    cells = json.loads((tmp_path / "out.ipynb").read_text(encoding="utf-8"))["cells"]
    assert [output["data"] for cell in cells for output in cell.get("outputs", ())] == [{"text/plain": "42"}]


@pytest.mark.parametrize(
    ("option", "name", "words"),
    [
        ("--output", "out.xyz", "expected a name that ends in one of .livemd, .md, .ipynb, .py, .html, found .xyz"),
        ("--output", "no/out.livemd", "there is no directory"),
        ("--junit", "no/report.xml", "there is no directory"),
        ("--junit", "", "is a directory"),
    ],
)
def test_where_nothing_can_be_written_is_said_before_anything_runs(
    tmp_path: Path, option: str, name: str, words: str
) -> None:
    result = beamlike("run", notebook(tmp_path, "print('ran')"), option, tmp_path / name)
    assert (result.returncode, result.stdout) == (2, "")
    assert words in result.stderr


def test_run_writes_the_outputs_to_another_file(tmp_path: Path) -> None:
    path = notebook(tmp_path, "print('kept')")
    before = path.read_bytes()
    assert beamlike("run", path, "--output", tmp_path / "out.livemd").returncode == 0
    assert "kept" in (tmp_path / "out.livemd").read_text(encoding="utf-8")
    (tmp_path / "out.livemd").write_text("outputs of another run", encoding="utf-8")
    assert beamlike("run", path, "--output", tmp_path / "out.livemd").returncode == 0
    assert "kept" in (tmp_path / "out.livemd").read_text(encoding="utf-8")
    assert path.read_bytes() == before


def test_run_into_a_pipe_that_nobody_reads_any_more_ends(tmp_path: Path) -> None:
    path = notebook(tmp_path, *["print('line\\n' * 20_000)"] * 3)
    words = [sys.executable, "-m", "notebook_tui", "run", str(path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdout.readline()
        program.stdout.close()
        assert program.wait(timeout=40) == 1
        assert program.stderr.read() == ""


def test_run_shows_what_the_terminal_has_no_letters_for(tmp_path: Path) -> None:
    path = notebook(tmp_path, "print('\\ud800')", "'\u00e9'")
    result = beamlike("run", path, PYTHONIOENCODING="ascii")
    assert result.returncode == 0
    assert "\\ud800\n" in result.stdout
    assert "'\\xe9'\n" in result.stdout


def test_run_says_what_is_odd_about_the_file(tmp_path: Path) -> None:
    path = tmp_path / "two.livemd"
    path.write_text("# A\n\n# B\n", encoding="utf-8")
    result = beamlike("run", path)
    assert result.returncode == 0
    assert result.stderr == "beamlike: there are 2 headings 1, so each heading went down a level\n"


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "soon"])
def test_a_timeout_is_a_number_of_seconds(tmp_path: Path, seconds: str) -> None:
    result = beamlike("run", notebook(tmp_path, "1"), f"--timeout={seconds}")
    assert result.returncode == 2
    assert f"expected a number of seconds above 0, got {seconds}\n" in result.stderr


def test_run_of_a_notebook_without_code_is_a_success(tmp_path: Path) -> None:
    path = tmp_path / "prose.livemd"
    path.write_text("# Only prose\n\nNothing to run.\n", encoding="utf-8")
    assert beamlike("run", path).returncode == 0


def unreadable(directory: Path) -> Path:
    path = directory / "binary.livemd"
    path.write_bytes(b"\x00\x01\xff\xfe")
    return path


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda directory: directory / "missing.livemd", "no such file"),
        (lambda directory: directory / ("long" * 100), "file name too long"),
        (lambda directory: directory, "is a directory"),
        (unreadable, "is no notebook"),
    ],
)
def test_a_file_that_cannot_be_opened_is_one_line_and_exits_with_2(tmp_path: Path, make: object, words: str) -> None:
    assert callable(make)
    result = beamlike("run", make(tmp_path))
    assert result.returncode == 2
    assert result.stderr.startswith("beamlike: ")
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


def test_the_terminal_notebook_without_a_terminal_says_what_to_do(tmp_path: Path) -> None:
    result = beamlike("notebook", notebook(tmp_path, "1"))
    assert result.returncode == 2
    assert "expected a terminal" in result.stderr
    assert "beamlike run" in result.stderr


def test_the_terminal_notebook_draws_on_standard_error_and_says_so_where_that_is_no_terminal(tmp_path: Path) -> None:
    master, terminal = os.openpty()
    try:
        command = [sys.executable, "-m", "notebook_tui", "notebook", str(notebook(tmp_path, "1"))]
        result = subprocess.run(
            command, stdin=terminal, stdout=terminal, stderr=subprocess.PIPE, text=True, timeout=60, check=False
        )
    finally:
        os.close(master)
        os.close(terminal)
    assert result.returncode == 2
    assert "a pipe or a file as standard input, output or error" in result.stderr


@pytest.mark.parametrize("command", ["notebook", "run", "node"])
def test_every_command_has_help_with_an_example(command: str) -> None:
    result = beamlike(command, "--help")
    assert result.returncode == 0
    assert "example: beamlike" in result.stdout


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"]])
def test_help_imports_no_terminal_and_no_node(words: list[str]) -> None:
    code = (
        "import sys\nfrom notebook_tui.cli.main import main\n"
        f"try:\n    main({words})\nexcept SystemExit:\n    pass\n"
        "heavy = {'textual', 'asyncio', 'beamlike.kernel.node', 'cloudpickle'}\n"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert result.stdout.endswith("[]\n")


def test_an_unknown_command_is_a_usage_error() -> None:
    result = beamlike("frobnicate")
    assert result.returncode == 2
    assert "invalid choice" in result.stderr


def test_a_node_can_be_started_is_reached_and_ends_on_ctrl_c() -> None:
    words = [sys.executable, "-m", "notebook_tui", "node", "--name", "bare@127.0.0.1"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert "bare@127.0.0.1 listens on 127.0.0.1:" in program.stdout.readline()
        program.send_signal(2)
        deadline = time.monotonic() + 20
        while program.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        assert program.returncode == 0


def test_a_node_whose_name_is_wrong_says_what_a_name_looks_like() -> None:
    result = beamlike("node", "--name", "nonsense")
    assert result.returncode == 2
    assert "app@127.0.0.1" in result.stderr


def test_what_is_wrong_with_the_users_own_directories_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "beamlike-nodes").mkdir()
    (tmp_path / "beamlike-nodes").chmod(0o777)
    for words in (["node", "--name", "bare@127.0.0.1"], ["run", str(notebook(tmp_path, "1"))]):
        result = beamlike(*words, XDG_RUNTIME_DIR=str(tmp_path))
        assert result.returncode in (1, 2)
        assert result.stderr.startswith(f"beamlike: expected {tmp_path}/beamlike-nodes to be a directory that only")
        assert result.stderr.count("\n") == 1


def test_an_error_that_nobody_foresaw_is_one_line_and_a_traceback_with_debug(tmp_path: Path) -> None:
    words = ["run", str(notebook(tmp_path, "1"))]
    (tmp_path / "msgpack.py").write_text("raise LookupError('the installation is broken')")
    result = beamlike(*words, PYTHONPATH=str(tmp_path))
    assert result.returncode == 1
    assert result.stderr == "beamlike: LookupError: the installation is broken (--debug shows where)\n"
    assert "Traceback" in beamlike(*words, "--debug", PYTHONPATH=str(tmp_path)).stderr


def test_a_node_whose_port_is_in_use_says_which_and_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = beamlike("node", "--name", "bare@127.0.0.1", "--listen", f"127.0.0.1:{port}")
    assert result.returncode == 2
    assert f"127.0.0.1:{port} is taken" in result.stderr
    assert "choose another port" in result.stderr


def test_run_names_the_cell_that_took_the_runtime_with_it(tmp_path: Path) -> None:
    result = beamlike("run", notebook(tmp_path, "1", "import os\nos._exit(7)"))
    assert result.returncode == 1
    assert "cell 2 of 2 (Section) was running when the runtime was lost" in result.stderr
    assert "ended with exit code 7" in result.stderr


def test_run_tells_where_in_the_cells_the_interpreter_crashed(tmp_path: Path) -> None:
    result = beamlike("run", notebook(tmp_path, "import os\n\ndef end():\n    os.abort()", "1\nend()"))
    assert result.returncode == 1
    told, *places = result.stderr.splitlines()
    assert told.startswith("beamlike: cell 2 of 2 (Section) was running when the runtime was lost: process ")
    assert told.endswith(" was killed by SIGABRT: Aborted")
    assert places[:2] == ["  cell 2, line 2", "  cell 1, line 4, in end"]


def test_tracebacks_call_a_cell_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "test.livemd"
    path.write_text("# Test\n\n## One\n\nProse.\n\n```python\n1\n```\n\n```python\n1 / 0\n```\n", encoding="utf-8")
    result = beamlike("run", path)
    assert "cell 2, line 1" in result.stderr


def events(result: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_run_as_json_is_one_line_for_each_event_and_the_last_is_the_end(tmp_path: Path) -> None:
    path = notebook(tmp_path, "import sys\nprint('out')\nprint('\\ud800', file=sys.stderr)\n6 * 7", "1 / 0", "'never'")
    result = beamlike("run", path, "--json")
    told = events(result)
    assert result.returncode == 1
    assert result.stderr == ""
    assert [event["event"] for event in told if event["event"] != "output"] == [
        "cell_started",
        "cell_finished",
        "cell_started",
        "cell_finished",
        "notebook_finished",
    ]
    outputs = [event for event in told if event["event"] == "output"]
    # What is printed may come in pieces.
    kinds = [kind for kind, _ in groupby((output["cell"], output["type"], output.get("stream")) for output in outputs)]
    assert kinds == [
        ("1", "text", "stdout"),
        ("1", "text", "stderr"),
        ("1", "result", None),
        ("2", "error", None),
    ]
    assert "".join(output["text"] for output in outputs[:-1]) == "out\n\ud800\n42"
    assert (outputs[-1]["name"], outputs[-1]["line"]) == ("ZeroDivisionError", 1)
    last = told[-1]
    assert (last["status"], last["cells"], last["ok"], last["failed"], last["not_run"]) == ("failed", 3, 1, 1, 1)
    assert last["failure"] == "cell 2 of 3 (Section) failed"


def test_run_as_json_of_what_is_no_notebook_is_a_usage_error(tmp_path: Path) -> None:
    result = beamlike("run", tmp_path / "missing.livemd", "--json")
    assert (result.returncode, result.stdout) == (2, "")


def test_run_writes_a_junit_report_with_a_case_for_each_cell(tmp_path: Path) -> None:
    path = notebook(tmp_path, "print('<&\\0>')", "raise ValueError(']]>')", "'never'")
    assert beamlike("run", path, "--junit", tmp_path / "report.xml").returncode == 1
    suite = ElementTree.parse(tmp_path / "report.xml").getroot()[0]
    assert {key: suite.get(key) for key in ("name", "tests", "failures", "errors", "skipped")} == {
        "name": "Test",
        "tests": "3",
        "failures": "1",
        "errors": "0",
        "skipped": "1",
    }
    passed, failed, skipped = suite
    assert [child.tag for child in passed] == ["system-out"]
    assert passed[0].text == "<&>\n"
    assert (failed[0].tag, failed[0].get("message")) == ("failure", "ValueError: ]]>")
    assert "line 1" in (failed[0].text or "")
    assert skipped[0].tag == "skipped"


def test_run_gives_names_other_values_and_writes_what_ran(tmp_path: Path) -> None:
    path = notebook(tmp_path, "n = 3\nname = 'Ada'", "print(name * n)")
    before = path.read_bytes()
    result = beamlike("run", path, "--set", "n=2", "--set", "name=Bo", "--output", tmp_path / "out.livemd")
    assert result.returncode == 0
    assert "BoBo\n" in result.stdout
    assert "n = 2\nname = 'Bo'" in (tmp_path / "out.livemd").read_text(encoding="utf-8")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("given", "words"),
    [("n", "expected NAME=VALUE, such as year=2026, got 'n'"), ("m=1", "these can be set: n")],
)
def test_what_cannot_be_set_is_a_usage_error(tmp_path: Path, given: str, words: str) -> None:
    result = beamlike("run", notebook(tmp_path, "n = 3"), "--set", given)
    assert result.returncode == 2
    assert words in result.stderr


def test_run_interrupts_a_cell_that_takes_too_long(tmp_path: Path) -> None:
    # The first cell has no longer, on a machine that may stand still for a while.
    path = notebook(tmp_path, "1", "import time\ntime.sleep(600)", "2")
    result = beamlike("run", path, "--cell-timeout", "10", "--junit", tmp_path / "report.xml")
    assert result.returncode == 1
    assert "beamlike: cell 2 of 3 (Section) was not done within 10.0 s\n" in result.stderr
    assert ElementTree.parse(tmp_path / "report.xml").getroot()[0].get("failures") == "1"


def test_logs_go_to_a_file_where_that_is_asked_for(tmp_path: Path) -> None:
    path = notebook(tmp_path, "1")
    assert beamlike("run", path, "--log", tmp_path / "run.log").returncode == 0
    assert (tmp_path / "run.log").is_file()
    result = beamlike("run", path, "--log", tmp_path)
    assert result.returncode == 2
    assert "expected a file to append to" in result.stderr
