"""The one thread that sees programs end serves all of them, whatever becomes of the descriptors meanwhile."""

from __future__ import annotations

import os
import subprocess
import tempfile

import pytest

from nodes.child_process import ChildProcess
from nodes.lifeline import Lifeline
from nodes.reaper import REAPER

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="each has a thread of its own here")


def run_to_its_end(*command: str) -> ChildProcess:
    read_end, write_end = os.pipe()
    process = subprocess.Popen(command, start_new_session=True)
    with tempfile.TemporaryFile() as log:
        child = ChildProcess(process.pid, Lifeline(write_end), log)
        REAPER.watch(process, child)
        os.close(read_end)
        child.end()
    return child


def test_a_child_is_buried_once_though_a_process_that_was_just_forked_has_a_copy_of_its_descriptor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copies: list[int] = []
    open_it = os.pidfd_open

    def open_twice(pid: int) -> int:
        descriptor = open_it(pid)
        copies.append(os.dup(descriptor))
        return descriptor

    monkeypatch.setattr(os, "pidfd_open", open_twice)
    try:
        for code in (3, 4, 5):
            assert run_to_its_end("sh", "-c", f"exit {code}").describe().exit_code == code
    finally:
        for copy in copies:
            os.close(copy)
