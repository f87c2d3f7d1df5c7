"""A program that does not outlive whoever started it: an installer, with all that it starts itself.

It runs in a process group of its own under a small guard that holds the read end of a pipe. When the other end is
closed, because the work was called off, or is over, or because this process is gone (by kill -9 too), the guard kills
its group.
"""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from threading import Event

from beamlike.kernel.record import frozen

_GUARD = """
import os, signal, subprocess, sys, threading
lifeline = int(sys.argv[1])
def guard():
    while os.read(lifeline, 1):
        pass
    os.killpg(0, signal.SIGKILL)
threading.Thread(target=guard, daemon=True).start()
sys.exit(subprocess.run(sys.argv[2:]).returncode & 255)
"""
_LOOK_EVERY = 0.1


class CalledOff(Exception):
    """Whoever asked for the work does not want it any more."""


class TookTooLong(Exception):
    """The program was not done when its time was up; it has been ended."""


@frozen
class Ended:
    returncode: int
    printed: str


def run_guarded(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    seconds: float,
    stop: Event,
    on_line: Callable[[str], None],
) -> Ended:
    """Runs the command to its end and hands each line that it prints to `on_line`, in this thread.

    CalledOff once `stop` is set, TookTooLong after `seconds`; nothing of it runs any more when this returns.
    """
    lifeline, ours = os.pipe()
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _GUARD, str(lifeline), *command],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(lifeline,),
            start_new_session=True,
        )
    except BaseException:
        os.close(ours)
        raise
    finally:
        os.close(lifeline)
    with process:
        try:
            printed = _read(process, time.monotonic() + seconds, stop, on_line)
        finally:
            os.close(ours)
    return Ended(process.returncode, printed)


def _read(process: subprocess.Popen[bytes], deadline: float, stop: Event, on_line: Callable[[str], None]) -> str:
    assert process.stdout is not None
    lines: list[str] = []
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            if stop.is_set():
                raise CalledOff
            if time.monotonic() > deadline:
                raise TookTooLong
            if not selector.select(_LOOK_EVERY):
                if process.poll() is not None:  # somebody whom it started keeps the pipe
                    return "\n".join(lines)
                continue
            data = os.read(process.stdout.fileno(), 1 << 16)
            *whole, rest = (rest + data).split(b"\n")
            for line in whole if data else [*whole, rest]:
                lines.append(line.decode("utf-8", "replace"))
                on_line(lines[-1])
            if not data:
                return "\n".join(lines)
