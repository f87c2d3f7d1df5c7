"""Commands of guests: those that wait for their input hold nobody up, and what one has begun ends before it does."""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from notebook_tui.ssh.command import Wish
from notebook_tui.ssh.guest import Guest
from notebook_tui.ssh.runs import MOST_OF_ONE
from notebook_tui.ssh.standard_input import StandardInput
from tests.support.in_loop import in_loop
from tests.support.served_over_ssh import DEADLINE, served, until

WAITS = """\
import os, pathlib, time
pathlib.Path({begun!r}).touch()
while not os.path.exists({enough!r}): time.sleep(0.05)"""


def test_runs_that_wait_for_their_inputs_take_nobodys_place_and_do_not_keep_an_idle_connection(tmp_path: Path) -> None:
    begun, enough = (os.fspath(tmp_path / name) for name in ("begun", "enough"))
    with served(tmp_path / "ssh", "--ssh-idle", "10s") as world:
        source = WAITS.format(begun=begun, enough=enough)
        (world.directory / "waits.livemd").write_text(f"# Waits\n\n```python\n{source}\n```\n")
        words = world.ssh("-T", "run", "waits.livemd", "--inputs", "-")
        waiting = [
            subprocess.Popen(words, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for _ in range(MOST_OF_ONE)
        ]
        try:
            until(lambda: sum(line["event"] == "command" for line in world.log) == MOST_OF_ONE)
            running = subprocess.Popen(world.ssh("run", "waits.livemd"), stdin=subprocess.DEVNULL)
            until(lambda: os.path.exists(begun))
            for each in waiting:
                assert each.wait(DEADLINE) != 0
                assert each.stderr is not None
                assert "nothing was typed for" in each.stderr.read()
            assert running.poll() is None
        finally:
            Path(enough).touch()
            for each in waiting:
                each.kill()
                each.communicate()
        assert running.wait(DEADLINE) == 0


@in_loop
async def test_standard_input_that_does_not_end_is_awaited_for_so_long_and_refused_in_words() -> None:
    given = StandardInput()
    given.feed(b"{")
    with pytest.raises(TimeoutError, match=r"expected the end of standard input within 0\.01 s, it is still open"):
        await given.whole(0.01)
    assert not given.is_awaited
    given.end()
    assert await given.whole() == b"{"


class Line:
    """A channel on which nothing comes and which takes nothing any more."""

    def is_closing(self) -> bool:
        return True

    def write_stderr(self, data: bytes) -> None:
        raise OSError("it is closed")


class Host:
    """Its command ends when `over` is set, some time after it was told to."""

    role = "admin"

    def __init__(self) -> None:
        self.begun, self.over, self.gone = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.was_over = False

    def may(self, wish: Wish) -> bool:
        return True

    async def view(self, wish: Any, guest: Guest) -> int:
        raise AssertionError("no view was asked for")

    async def perform(self, wish: Wish, guest: Guest) -> int:
        try:
            self.begun.set()
            await asyncio.Event().wait()
        finally:
            await self.over.wait()
            self.was_over = True
        return 0

    def refused(self, why: str) -> None: ...

    def touched(self) -> None: ...

    def left(self, guest: Guest) -> None:
        self.gone.set()


@in_loop
async def test_a_command_whose_channel_is_closed_and_then_lost_ends_after_what_it_has_begun() -> None:
    host = Host()
    guest = Guest(host)
    line: Any = Line()
    guest.connection_made(line)
    guest.exec_requested("help")
    guest.session_started()
    async with asyncio.timeout(DEADLINE):
        await host.begun.wait()
        guest.close("your key opens nothing here any more")
        await asyncio.sleep(0)
        guest.connection_lost(None)
        for _ in range(5):
            await asyncio.sleep(0)
        assert not host.gone.is_set()
        host.over.set()
        await host.gone.wait()
    assert host.was_over
