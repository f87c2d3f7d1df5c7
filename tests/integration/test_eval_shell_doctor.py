"""`beamlike eval`, `shell` and `doctor` against a service in a process of its own."""

from __future__ import annotations

import argparse
import io
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cloudpickle
import msgpack
import packaging
import pytest

import beamlike as bl
from notebook_tui.cli import notebook
from notebook_tui.cli.main import main
from tests.support.open_notebook import notebook_text
from tests.support.pty_program import PtyProgram, on_terminal

SECRET, OBSERVERS = "the secret of a service", "a secret for those who look"
SERVICE = f"""
import asyncio, sys, beamlike as bl
async def main():
    options = dict(accept_code=sys.argv[2] == "code")
    async with bl.Node(sys.argv[1], secret={SECRET!r}, observers={OBSERVERS!r}, **options) as node:
        print(node.address[1], flush=True)
        await asyncio.sleep(600)
asyncio.run(main())
"""


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    yield from started("eval-service@127.0.0.1", "code")


@pytest.fixture
def sleepy() -> Iterator[str]:
    yield from started("sleepy-service@127.0.0.1", "code")


@pytest.fixture(scope="module")
def closed() -> Iterator[str]:
    yield from started("closed-service@127.0.0.1", "no code")


def started(name: str, code: str) -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, "-c", SERVICE, name, code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        yield f"{name}:{process.stdout.readline().strip()}"
        process.kill()


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEAMLIKE_SECRET", SECRET)
    monkeypatch.delenv("BEAMLIKE_OBSERVE_SECRET", raising=False)


def beamlike(*words: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert isinstance(caught.value.code, int)
    return caught.value.code


def test_eval_prints_the_result_and_what_was_printed(service: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = "import sys; print('out'); print('err', file=sys.stderr); await __import__('asyncio').sleep(0, 6 * 7)"
    assert beamlike("eval", service, code) == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == ("out\n42\n", "err\n")


def test_eval_of_what_raises_exits_with_1_and_shows_the_traceback_from_there(
    service: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert beamlike("eval", service, "def f():\n    return 1 / 0\nf()") == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "return 1 / 0" in said.err
    assert "ZeroDivisionError: division by zero" in said.err


def test_eval_reads_standard_input_and_tells_all_as_json(
    service: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("print('a')\n{'b': [1]}"))
    assert beamlike("eval", service, "-", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["status"], told["result"], told["stdout"], told["error"]) == ("ok", "{'b': [1]}", "a\n", None)
    assert beamlike("eval", service, "nowhere", "--json") == 1
    assert json.loads(capsys.readouterr().out)["error"]["type"] == "NameError"


def test_eval_interrupts_what_takes_too_long(service: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert beamlike("eval", service, "while True: pass", "--timeout", "0.2") == 1
    assert "did not end within 0.2 s" in capsys.readouterr().err
    assert beamlike("eval", service, "'again'") == 0


def test_a_node_that_cannot_be_reached_is_one_line_and_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert beamlike("eval", "nobody@127.0.0.1", "1") == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert beamlike("eval", "no-host", "1") == 2
    assert "NAME@HOST" in capsys.readouterr().err


def test_eval_needs_more_than_the_observers_secret(
    service: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEAMLIKE_SECRET", OBSERVERS)
    assert beamlike("eval", service, "1") == 2
    assert "secret" in capsys.readouterr().err


def test_a_service_that_has_only_beamlike_gets_the_rest_from_the_visitor(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for package in (bl, msgpack, cloudpickle, packaging):
        (tmp_path / package.__name__).symlink_to(Path(str(package.__file__)).parent)
    here = f"import sys; sys.path[:] = [it for it in sys.path if 'lib' in it] + [{str(tmp_path)!r}]\n"
    with subprocess.Popen(
        [sys.executable, "-S", "-c", here + SERVICE, "bare@127.0.0.1", "code"],
        stdout=subprocess.PIPE,
        text=True,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        cwd=tmp_path,
    ) as process:
        assert process.stdout is not None
        node = f"bare@127.0.0.1:{process.stdout.readline().strip()}"
        try:
            code = "import sys, notebook_tui; await __import__('asyncio').sleep(0); notebook_tui.__file__"
            assert beamlike("eval", node, code) == 0
            assert "<notebook_tui" in capsys.readouterr().out
            assert beamlike("eval", node, "len([name for name in sys.modules if 'notebook' in name])") == 1
        finally:
            process.kill()


# The shell.


def test_the_shell_evaluates_line_by_line_and_blocks(
    service: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("x = 20\nfor i in range(2):\n    print(i)\n\nx + 1\n"))
    assert beamlike("shell", service) == 0
    assert capsys.readouterr().out == "0\n1\n21\n"


def test_the_shell_exits_with_1_where_something_raised_and_nobody_types(
    service: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("1 / 0\n'goes on'"))
    assert beamlike("shell", service) == 1
    said = capsys.readouterr()
    assert "goes on" in said.out
    assert "ZeroDivisionError" in said.err


def test_the_shell_on_a_terminal_completes_is_interrupted_and_left(service: str, tmp_path: Path) -> None:
    with shell_on_terminal(service, tmp_path) as program:
        prompt = "eval-service> "
        program.until(lambda said: prompt in said, "a prompt")
        type_and_wait(program, "very_long_name = 7\n", prompt)
        program.type("very_lo\t")
        program.until(lambda said: "very_long_name" in said.rpartition(prompt)[2], "a completion")
        type_and_wait(program, " * 6\n", prompt)
        assert "42" in program.written
        program.type("print('now'); exec('while True: pass')\n")
        program.until(lambda said: "\r\nnow" in said, "it runs")
        program.type("\x03")
        program.until(lambda said: "KeyboardInterrupt" in said, "an interrupt")
        program.until(lambda said: said.endswith(prompt), "another prompt")
        program.type("\x04")
        program.until(lambda said: not said.endswith(prompt), "the end")
    history = tmp_path / "shell-history"
    assert history.stat().st_mode & 0o777 == 0o600


# One call of C makes the directory and sleeps: nothing can come in between.
SLEEPS = """
import functools, operator, os, time
list(map(operator.call, (functools.partial(os.mkdir, {path!r}), functools.partial(time.sleep, 600))))
"""


@pytest.mark.parametrize("first", ["", "import asyncio; await asyncio.sleep(0)"], ids=["in a thread", "on the loop"])
def test_a_third_ctrl_c_leaves_the_shell_while_code_in_c_runs_there(sleepy: str, tmp_path: Path, first: str) -> None:
    sleeps = tmp_path / "sleeps"
    with shell_on_terminal(sleepy, tmp_path) as program:
        program.until(lambda said: "sleepy-service> " in said, "a prompt")
        code = "; ".join(filter(None, (first, *SLEEPS.format(path=str(sleeps)).split("\n"))))
        program.type(f"{code}\n")
        program.until(lambda _: sleeps.exists(), "it sleeps")
        press_until("\x03", lambda said: "Ctrl+C once more leaves the shell" in said, program)
        program.type("\x03")
        program.until(lambda said: "exit status 130" in said, "the end")
        assert "left; on sleepy-service@127.0.0.1" in program.written


def press_until(key: str, condition: Callable[[str], bool], program: PtyProgram) -> None:
    """Presses it slowly: of two signals that come at once, one is lost."""
    again = 0.0

    def pressed(said: str) -> bool:
        nonlocal again
        if condition(said):
            return True
        if time.monotonic() > again:
            program.type(key)
            again = time.monotonic() + 2.0
        return False

    program.until(pressed, "what was pressed for")


@contextmanager
def shell_on_terminal(node: str, state: Path) -> Iterator[PtyProgram]:
    ours = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)"  # else Ctrl+C would be a letter
    ends = "print('exit status', ended.code)"
    code = (
        f"{ours}\nfrom notebook_tui.cli.main import main\n"
        f"try:\n    main(['shell', {node!r}])\nexcept SystemExit as ended:\n    {ends}"
    )
    environment = {
        "BEAMLIKE_SECRET": SECRET,
        "BEAMLIKE_STATE": str(state),
        "TERM": "xterm",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    with on_terminal(code, environment) as program:
        yield program


def type_and_wait(program: PtyProgram, text: str, prompt: str) -> None:
    count = program.written.count(prompt)
    program.type(text)
    program.until(lambda said: said.count(prompt) > count, "the next prompt")


# A notebook.


@pytest.mark.timeout(120)
def test_attach_opens_a_notebook_whose_cells_run_there(service: str, tmp_path: Path) -> None:
    path = tmp_path / "there.livemd"
    path.write_text(notebook_text("import sys\nsys.argv[1]"), encoding="utf-8")
    words = [sys.executable, "-m", "notebook_tui", "attach", service, str(path), "--plain"]
    done = subprocess.run(
        words, input="run 1\nwait\nquit\n", capture_output=True, text=True, timeout=90, check=False, env=os.environ
    )
    assert "result: 'eval-service@127.0.0.1'" in done.stdout, done.stderr
    assert (done.returncode, done.stderr) == (0, "")


def test_attach_has_whatever_notebook_has_an_option_for() -> None:
    command = argparse.ArgumentParser()
    notebook.configure(command)
    said = notebook.options_for("-a.livemd", runtime="attach:app@127.0.0.1", plain=True)
    ours = {**vars(command.parse_args([])), "path": "-a.livemd", "runtime": "attach:app@127.0.0.1", "plain": True}
    assert vars(said) == ours


# The doctor.


def examined(node: str, capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    exit_status = beamlike("doctor", node, "--json")
    stages = {stage["name"]: stage for stage in json.loads(capsys.readouterr().out)}
    assert list(stages) == ["name", "address", "TCP", "TLS", "secret", "version", "permission", "import"]
    failed = [name for name, stage in stages.items() if stage["state"] == "failed"]
    assert exit_status == len(failed)
    return stages


def fails_at(name: str, stages: dict[str, dict[str, Any]]) -> str:
    """What is to be done; all before it is well, and nothing behind it is reached."""
    states = [stage["state"] for stage in stages.values()]
    at = list(stages).index(name)
    assert states == ["ok"] * at + ["failed"] + ["not reached"] * (len(states) - at - 1)
    assert stages[name]["remedy"]
    return f"{stages[name]['found']} {stages[name]['remedy']}"


def test_the_doctor_finds_nothing_wrong_with_a_node_that_can_be_attached_to(
    service: str, capsys: pytest.CaptureFixture[str]
) -> None:
    stages = examined(service, capsys)
    assert {stage["state"] for stage in stages.values()} == {"ok"}
    assert "Python" in stages["permission"]["found"]


@pytest.mark.parametrize(
    ("node", "stage"), [("no-host", "name"), ("x@127.0.0.1:99999", "name"), ("nobody@127.0.0.1", "address")]
)
def test_the_doctor_names_the_stage(node: str, stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert fails_at(stage, examined(node, capsys))


def test_the_doctor_says_that_nobody_listens(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))  # as long as it is bound, nobody else can listen there
        port = mute.getsockname()[1]
        assert "nobody listens" in fails_at("TCP", examined(f"app@127.0.0.1:{port}", capsys))


def test_the_doctor_says_that_another_node_or_something_else_listens_there(
    service: str, capsys: pytest.CaptureFixture[str]
) -> None:
    port = service.rpartition(":")[2]
    assert "eval-service@127.0.0.1" in fails_at("secret", examined(f"other@127.0.0.1:{port}", capsys))


def test_the_doctor_says_which_secret_is_wrong_and_never_shows_one(
    service: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEAMLIKE_SECRET", "a wrong one")
    words = fails_at("secret", examined(service, capsys))
    assert "BEAMLIKE_SECRET" in words
    assert "a wrong one" not in words


def test_the_doctor_says_what_an_observer_may_not(
    service: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEAMLIKE_SECRET", "a wrong one")
    monkeypatch.setenv("BEAMLIKE_OBSERVE_SECRET", OBSERVERS)
    assert "looked at" in fails_at("permission", examined(service, capsys))


def test_the_doctor_says_that_a_node_takes_no_code(closed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "accept_code" in fails_at("permission", examined(closed, capsys))


@pytest.mark.parametrize("command", ["attach", "eval", "shell", "doctor", "inject"])
def test_help_has_an_example_and_imports_no_node(command: str) -> None:
    code = (
        f"import sys\nfrom notebook_tui.cli.main import main\ntry:\n    main([{command!r}, '--help'])\n"
        "except SystemExit:\n    print(sorted({'textual', 'beamlike.node', 'cloudpickle'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert f"beamlike {command} " in done.stdout.partition("example")[2]
    assert done.stdout.endswith("[]\n")
