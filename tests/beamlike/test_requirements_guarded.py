"""A program that does not outlive whoever started it."""

from __future__ import annotations

import os
import subprocess
import sys
from threading import Event

import psutil
import pytest

from beamlike.code.requirements.guarded_process import CalledOff, Ended, TookTooLong, run_guarded
from tests.support.processes import wait_until_gone

PATIENCE = 30.0
# It starts a program itself, says both ids, and does not end.
LASTING = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(os.getpid(), child.pid, flush=True)
child.wait()
"""


def run(code: str, *, stop: Event | None = None, seconds: float = PATIENCE, on_line: object = None) -> Ended:
    lines: list[str] = []
    heard = on_line if callable(on_line) else lines.append
    command = [sys.executable, "-c", code]
    ended = run_guarded(command, environment=os.environ, seconds=seconds, stop=stop or Event(), on_line=heard)
    assert callable(on_line) or "\n".join(lines) == ended.printed
    return ended


def test_lines_come_as_they_are_printed_and_the_exit_code_at_the_end() -> None:
    code = "import sys; print('one'); print('two', file=sys.stderr); sys.stdout.flush(); sys.exit(3)"
    ended = run(code)
    assert ended.returncode == 3
    assert sorted(ended.printed.split()) == ["one", "two"]


def test_a_line_that_does_not_end_is_one_and_odd_bytes_are_shown() -> None:
    assert run(r"import sys; sys.stdout.buffer.write(b'a\xff\nb')").printed == "a�\nb"


def test_a_program_ended_by_a_signal_has_failed() -> None:
    assert run("import os; os.kill(os.getpid(), 9)").returncode not in (0, None)


def test_it_reads_nothing_from_the_terminal() -> None:
    assert run("import sys; print(repr(sys.stdin.read()))").printed == "''\n"


def test_calling_it_off_ends_it_with_all_that_it_started() -> None:
    stop, pids = Event(), list[int]()

    def on_line(line: str) -> None:
        if line:
            pids.extend(map(int, line.split()))
            stop.set()

    with pytest.raises(CalledOff):
        run(LASTING, stop=stop, on_line=on_line)
    assert len(pids) == 2
    wait_until_gone(*pids)


def test_it_is_ended_when_its_time_is_up() -> None:
    pids: list[int] = []
    with pytest.raises(TookTooLong):
        run(LASTING, seconds=1.0, on_line=lambda line: pids.extend(map(int, line.split())))
    wait_until_gone(*pids)


def test_it_ends_with_whoever_started_it_by_kill_9_too() -> None:
    starter = f"""
import os
from threading import Event
from beamlike.code.requirements.guarded_process import run_guarded
run_guarded([{sys.executable!r}, "-c", {LASTING!r}], environment=os.environ, seconds=600, stop=Event(),
            on_line=lambda line: print(line, flush=True))
"""
    with subprocess.Popen([sys.executable, "-c", starter], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        pids = [int(number) for number in process.stdout.readline().split()]
        process.kill()
    assert len(pids) == 2
    wait_until_gone(*pids)


def test_a_program_that_leaves_one_behind_is_not_waited_for() -> None:
    leaving = """
import subprocess, sys
left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
print(left.pid, flush=True)
"""
    left = psutil.Process(int(run(leaving).printed))
    assert left.is_running()
    left.kill()
    wait_until_gone(left.pid)
