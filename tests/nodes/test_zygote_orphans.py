"""An owner that is killed leaves no process: no zygote, no child, not even a stopped one, and nothing they started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from tests.support.processes import wait_until_gone, wait_until_none

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has what zygotes need")

MARK = "BEAMLIKE_ORPHAN_TEST"
CHILDREN = 3
OWNER = f"""
import asyncio, os, subprocess, sys
import beamlike as bl, nodes

def start_a_program():
    import subprocess
    return subprocess.Popen(["sleep", "600"]).pid

async def settled(backend):
    child = await nodes.boot(backend)
    return int(child.machine.id), await bl.rpc.call(child.node, start_a_program, timeout=20)

async def booting(backend):
    while True:
        children = await asyncio.gather(*(nodes.boot(backend) for _ in range(4)))
        await asyncio.gather(*(child.stop(grace=0) for child in children))

async def main():
    async with bl.Node("doomed@127.0.0.1", secret=b"x"):
        if sys.argv[1] == "settled":
            for backend in [nodes.Local()] * {CHILDREN} + [nodes.Local(zygote=False)]:
                print(*await settled(backend), flush=True)
        print("settled", flush=True)
        if sys.argv[1] == "booting":
            await booting(nodes.Local())
        await asyncio.sleep(600)

asyncio.run(main())
"""


class Owner:
    """A program that boots children, and that is marked, as is whatever it starts."""

    def __init__(self, what: str) -> None:
        self.mark = uuid.uuid4().hex
        self.children: list[int] = []
        self.programs: list[int] = []
        self.process = subprocess.Popen(
            [sys.executable, "-c", OWNER, what], env={**os.environ, MARK: self.mark}, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line == "settled\n":
                return
            child, program = map(int, line.split())
            self.children.append(child)
            self.programs.append(program)
        raise AssertionError("expected the owner to boot its children")

    def processes(self) -> list[int]:
        """All that have the mark, with the owner."""
        return [pid for pid in psutil.pids() if self._is_marked(pid)]

    def _is_marked(self, pid: int) -> bool:
        try:
            return psutil.Process(pid).environ().get(MARK) == self.mark
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            return False

    @property
    def zygote(self) -> int:
        return psutil.Process(self.children[0]).ppid()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def owner(what: str) -> Iterator[Owner]:
    made = Owner(what)
    with made.process:
        yield made
        made.kill()
        wait_until_none(made.processes)  # one may be forked yet, and killed, while the others are looked at


STOPPED, KILLED = signal.SIGSTOP, signal.SIGKILL


# What a child started that is killed together with all who could kill that, would be left: there is no such row.
@pytest.mark.parametrize(
    ("zygote", "children"),
    [
        (None, []),
        (None, [STOPPED]),
        (None, [STOPPED, STOPPED, STOPPED, STOPPED]),
        (None, [KILLED, STOPPED, KILLED, STOPPED]),
        (STOPPED, []),
        (STOPPED, [STOPPED, STOPPED, STOPPED, STOPPED]),
        (STOPPED, [KILLED, STOPPED, KILLED, STOPPED]),
        (KILLED, []),
        (KILLED, [STOPPED, STOPPED, STOPPED, STOPPED]),
    ],
)
def test_whatever_befell_its_children_an_owner_that_is_killed_leaves_none(
    zygote: signal.Signals | None, children: list[signal.Signals]
) -> None:
    with owner("settled") as it:
        assert len(it.children) == CHILDREN + 1
        its_zygote = it.zygote
        for pid, sent in zip(it.children, children, strict=False):
            os.kill(pid, sent)
        if zygote is not None:
            os.kill(its_zygote, zygote)
        it.kill()
        wait_until_gone(its_zygote, *it.children, *it.programs)


@pytest.mark.parametrize("milliseconds", [0, 30, 60, 90, 120, 150, 180, 220, 260, 300, 350, 400, 500, 700])
def test_an_owner_that_is_killed_while_it_boots_leaves_nothing(milliseconds: int) -> None:
    with owner("booting"):
        time.sleep(milliseconds / 1000)  # whatever it is doing by then


def test_an_owner_that_ends_by_itself_leaves_nothing() -> None:
    with owner("settled") as it:
        it.process.terminate()
        it.process.wait()
        wait_until_gone(*it.children, *it.programs)
