"""Starting a node in a program that has none: what the program runs, and what is said where that cannot be."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import beamlike as bl
from notebook_tui.cli.inject import inject
from notebook_tui.cli.inject_reasons import Facts, read_facts, reason_against, words_of_refusal
from notebook_tui.cli.main import main

WITH_A_LOOP = """
import asyncio, sys
async def main():
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin, lambda: exec(open(sys.stdin.readline().strip()).read(), {"__name__": "__main__"}))
    print("up", flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""
WITHOUT_A_LOOP = """
import sys, time
print("up", flush=True)
exec(open(sys.stdin.readline().strip()).read(), {"__name__": "__main__"})
time.sleep(600)
"""


@pytest.mark.parametrize("program", [WITH_A_LOOP, WITHOUT_A_LOOP], ids=["with a loop", "without a loop"])
def test_a_program_that_runs_the_script_has_a_node(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`sys.remote_exec` is 3.14's; the program here is told to run the script by its standard input."""
    monkeypatch.setenv("BEAMLIKE_SECRET", "of the one who asks")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("BEAMLIKE", "PYTHONPATH"))}
    folders: list[Path] = []
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"

        def tell(_pid: int, path: str) -> None:
            assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
            folders.append(Path(path).parent)
            assert process.stdin is not None
            process.stdin.write(path + "\n")
            process.stdin.flush()

        try:
            told = inject(tell, process.pid, "injected@127.0.0.1", None, 30.0)
            assert told["name"] == "injected@127.0.0.1"
            assert asyncio.run(pid_of(told)) == process.pid
            assert not folders[0].exists()
            why = reason_against(read_facts(process.pid))
            assert why is not None
            assert "has a node already, injected@127.0.0.1" in why
        finally:
            process.kill()


async def pid_of(told: Any) -> int:
    async with bl.Node("asks@127.0.0.1", secret="of the one who asks", listen=False) as node:
        await node.connect(told["name"], tuple(told["address"]))
        found: int = await node.call(told["name"], os.getpid, timeout=40)
        return found


def test_what_goes_wrong_in_the_program_is_told() -> None:
    def run(_pid: int, path: str) -> None:
        exec(compile(Path(path).read_text(), path, "exec"), {"__name__": "__main__"})

    told = inject(run, os.getpid(), "no name", None, 30.0)
    assert "no name" in told["error"]


def test_a_program_that_does_not_come_to_it_is_not_waited_for_for_ever() -> None:
    assert inject(lambda pid, path: None, os.getpid(), None, None, 0.1) is None


OUR = {"uid": 7, "own_uid": 7, "python": (3, 14)}


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (Facts(4, exists=False), "none with 4"),
        (Facts(4, own_pid=4, **OUR), "this command's own"),
        (Facts(4, uid=0, own_uid=7), "belongs to user 0"),
        (Facts(4, is_python=False, uid=7, own_uid=7), "does not run Python"),
        (Facts(4, uid=7, own_uid=7, python=(3, 12)), "runs Python 3.12, and `sys.remote_exec`"),
        (Facts(4, remote_exec=False, own_python=(3, 11), **OUR), "this is 3.11"),
        (Facts(4, own_python=(3, 15), **OUR), "run it by Python 3.14"),
        (Facts(4, disabled="-X disable-remote-debug", **OUR), "by -X disable-remote-debug"),
        (Facts(4, node="app@h", **OUR), "`beamlike attach app@h`"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_missing_is_said_with_what_to_do(facts: Facts, words: str) -> None:
    assert words in str(reason_against(facts))


def test_a_program_of_a_python_that_lets_nobody_in_is_told_from_what_it_has_mapped() -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        try:
            until(lambda: read_facts(process.pid).python is not None)
            facts = read_facts(process.pid)
        finally:
            process.kill()
    assert (facts.exists, facts.is_python, facts.python) == (True, True, sys.version_info[:2])


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 40
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.005)  # the system says by no event what a process has mapped


@pytest.mark.skipif(hasattr(sys, "remote_exec"), reason="this Python has what is missing in others")
def test_the_command_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        try:
            until(lambda: read_facts(process.pid).python is not None)
            with pytest.raises(SystemExit) as caught:
                main(["inject", str(process.pid)])
        finally:
            process.kill()
    assert caught.value.code == 2
    assert "3.14" in capsys.readouterr().err


@pytest.mark.parametrize(("scope", "words"), [("1", "only a parent"), ("2", "administrator"), (None, "SYS_PTRACE")])
def test_a_refusal_of_the_system_is_explained(scope: str | None, words: str) -> None:
    if sys.platform == "linux":
        assert words in words_of_refusal(PermissionError(1, "Operation not permitted"), 4, scope)
