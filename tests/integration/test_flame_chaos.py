"""A pool whose processes are killed, stopped and cut off at any moment: nothing is left, nothing hangs, and no call's
function runs twice.

Many rounds of the children share one parent; where the parent is hit as well, each round has its own. What is looked at
is what users see: which processes there are, how calls end, and what their functions did.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.support.chaos_parent import CALL_SECONDS, CALLERS, VALUE
from tests.support.processes import DEADLINE, is_alive, wait_until_gone
from tests.support.soak import count

pytestmark = [pytest.mark.soak, pytest.mark.timeout(7200)]

LEASE = 2.0
FAILSAFE = 4 * LEASE + 6.0
"""After which nothing may be left: twice the lease until the kernel acts, a boot's time for who had not joined yet."""
YOUNG = 2.0
"""Seconds in which a child's program may still be starting."""
SLACK = 5.0
"""By how much a call may end late on a busy machine."""

linux = pytest.mark.skipif(sys.platform != "linux", reason="what is stopped is ended by the kernel of Linux only")


class Victim:
    """A parent program with all that it has booted, told by a mark in their environment."""

    def __init__(self, process: subprocess.Popen[str], mark: str, directory: Path) -> None:
        self.process = process
        self._mark = mark
        self._directory = directory
        self.spared: set[int] = set()
        """Stopped before their program had begun: these end when their parent does, or goes on."""

    def say(self, word: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()

    def children(self) -> list[int]:
        return [pid for pid in marked(self._mark) if pid != self.process.pid]

    def send(self, number: signal.Signals, *pids: int) -> None:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def until_no_child_is_left(self, context: str) -> None:
        """Nor a zygote, once there is no parent: that is no node, and has nothing but its children to do."""
        end = time.monotonic() + FAILSAFE
        spared = {pid for pid in self.children() if is_zygote(pid)} if is_alive(self.process.pid) else set()
        while left := [pid for pid in self.children() if pid not in self.spared | spared]:
            assert time.monotonic() < end, f"{context}: left behind: {[told(pid) for pid in left]}"
            time.sleep(0.05)

    def check_calls(self, context: str, *, all_ended: bool) -> Counter[str]:
        """Counts how calls ended; each ran once at most, in time, and with an error of the pool's if any."""
        ran = Counter(self._lines("ran"))
        assert not [number for number, times in ran.items() if times > 1], f"{context}: ran twice"
        ended = [json.loads(line) for line in self._lines("ended")]
        late = [it for it in ended if it["seconds"] > CALL_SECONDS + SLACK]
        assert not late, f"{context}: ended late: {late}"
        strange = [it for it in ended if it["outcome"].startswith("unexpected")]
        assert not strange, f"{context}: ended in another way: {strange}"
        lying = [it for it in ended if it["outcome"] == VALUE and it["number"] not in ran]
        assert not lying, f"{context}: had a value and never ran: {lying}"
        if all_ended:
            hanging = set(self._lines("begun")) - {it["number"] for it in ended}
            assert not hanging, f"{context}: never ended: {hanging}"
        return Counter(it["outcome"] for it in ended)

    def _lines(self, name: str) -> list[str]:
        path = self._directory / name
        return path.read_text().splitlines() if path.exists() else []


def marked(mark: str) -> list[int]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE and process.environ().get("BEAMLIKE_TEST_MARK") == mark:
                found.append(process.pid)
    return found


def told(pid: int) -> str:
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        return f"{pid} ({process.status()}, child of {process.ppid()}: {' '.join(process.cmdline())[-60:]})"
    return f"{pid} (gone by now)"


def is_zygote(pid: int) -> bool:
    with contextlib.suppress(psutil.Error):
        return "nodes.zygote" in " ".join(psutil.Process(pid).cmdline())
    return False


def age(pid: int) -> float:
    with contextlib.suppress(psutil.Error):
        return time.time() - psutil.Process(pid).create_time()
    return 0.0


@contextmanager
def victim(directory: Path, mark: str) -> Iterator[Victim]:
    directory.mkdir()
    mark = f"chaos-{os.getpid()}-{mark}"
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.chaos_parent", str(directory), str(LEASE)],
            env={**os.environ, "BEAMLIKE_TEST_MARK": mark},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    one = Victim(process, mark, directory)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n", (directory / "log").read_text()
        yield one
    finally:
        for pid in marked(mark):
            one.send(signal.SIGKILL, pid)
        with contextlib.suppress(BrokenPipeError), process:
            process.kill()


def any_of(chance: random.Random, pids: list[int]) -> list[int]:
    return [chance.choice(pids)] if pids else []


# The children are hit; the parent and its pool live on.


def kill_a_child(one: Victim, chance: random.Random) -> None:
    one.send(signal.SIGKILL, *any_of(chance, one.children()))


def kill_all_children(one: Victim, chance: random.Random) -> None:
    one.send(signal.SIGKILL, *one.children())


def stop_a_child(one: Victim, chance: random.Random) -> None:
    one.send(signal.SIGSTOP, *any_of(chance, one.children()))


def stop_a_child_for_a_moment(one: Victim, chance: random.Random) -> None:
    stopped = any_of(chance, one.children())
    one.send(signal.SIGSTOP, *stopped)
    time.sleep(chance.uniform(0, LEASE))
    one.send(signal.SIGCONT, *stopped)


def cut_the_network(one: Victim, chance: random.Random) -> None:
    one.say("cut")
    time.sleep(chance.choice((0.1, LEASE / 2, 2 * LEASE)))
    one.say("join")


CHILDREN = [kill_a_child, kill_a_child, kill_all_children, stop_a_child, stop_a_child_for_a_moment, cut_the_network]


@linux
def test_case_35_calls_end_once_and_in_time_whatever_happens_to_the_children(tmp_path: Path) -> None:
    rounds, in_one = count(12, 600, part=120), 12
    for first in range(0, rounds, in_one):
        chance = random.Random(first)
        context = f"rounds from {first}"
        with victim(tmp_path / str(first), f"children-{first}") as one:
            for number in range(first, first + in_one):
                time.sleep(chance.uniform(0, 0.8))  # any moment: that is the point
                CHILDREN[number % len(CHILDREN)](one, chance)
            one.say("end")
            assert one.process.wait(4 * DEADLINE) == 0, (tmp_path / str(first) / "log").read_text()
            one.until_no_child_is_left(context)
            endings = one.check_calls(context, all_ended=True)
            # While there are hits that is a matter of how fast boots are. After the last one every caller is served.
            assert endings[VALUE] >= CALLERS, f"{context}: {endings}"


# The parent is hit, and children with it.


def kill_the_parent(one: Victim, chance: random.Random) -> None:
    one.process.kill()


def end_the_parent(one: Victim, chance: random.Random) -> None:
    one.process.terminate()


def stop_the_parent(one: Victim, chance: random.Random) -> None:
    one.process.send_signal(signal.SIGSTOP)


def stop_a_child_and_kill_the_parent(one: Victim, chance: random.Random) -> None:
    one.send(signal.SIGSTOP, *any_of(chance, one.children()))
    one.process.kill()


def stop_all_children_and_the_parent(one: Victim, chance: random.Random) -> None:
    children = one.children()
    one.send(signal.SIGSTOP, *children)
    one.spared = {pid for pid in children if age(pid) < YOUNG}
    one.process.send_signal(signal.SIGSTOP)


def kill_a_child_and_stop_the_parent(one: Victim, chance: random.Random) -> None:
    one.send(signal.SIGKILL, *any_of(chance, one.children()))
    one.process.send_signal(signal.SIGSTOP)


def cut_the_network_and_kill_the_parent(one: Victim, chance: random.Random) -> None:
    one.say("cut")
    time.sleep(chance.uniform(0, LEASE / 2))
    one.process.kill()


PARENTS = [
    kill_the_parent,
    end_the_parent,
    stop_the_parent,
    stop_a_child_and_kill_the_parent,
    stop_all_children_and_the_parent,
    kill_a_child_and_stop_the_parent,
    cut_the_network_and_kill_the_parent,
]


STOPPED = (stop_the_parent, stop_all_children_and_the_parent, kill_a_child_and_stop_the_parent)


@linux
@pytest.mark.parametrize("hit", PARENTS, ids=lambda hit: hit.__name__)
def test_case_35_no_child_is_left_whatever_happens_to_the_parent(
    hit: Callable[[Victim, random.Random], None], tmp_path: Path
) -> None:
    for number in range(count(1, 58, part=8)):
        chance = random.Random(f"{hit.__name__} {number}")
        context = f"round {number}"
        with victim(tmp_path / str(number), f"{hit.__name__}-{number}") as one:
            time.sleep(chance.uniform(0, 1.2))  # while it boots, works or idles
            hit(one, chance)
            one.until_no_child_is_left(context)
            one.check_calls(context, all_ended=False)
            if hit in STOPPED:
                assert is_alive(one.process.pid)
                one.process.kill()
            wait_until_gone(one.process.pid)
            one.spared.clear()
            one.until_no_child_is_left(f"{context}, once the parent is killed")
