"""What ends a child that should not be there any more: one guard at a time, the others out of the way."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

import beamlike as bl
import nodes
from nodes import invitation as invitations
from nodes.dead_man import DeadMan
from nodes.invitation import Invitation
from tests.support.loose_children import Loose, through
from tests.support.processes import DEADLINE, is_alive, wait_until_gone
from tests.support.proxy import proxy_to

LEASE = 3.0
"""A program that the system does not run for two seconds is not to be taken for a silent one."""

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has timers that kill, and pipes that do")


def parent() -> bl.Node:
    return bl.Node("guards@127.0.0.1", secret=b"a secret of the test")


@pytest.fixture
def loose(tmp_path: Path) -> Iterator[Loose]:
    backend = Loose(tmp_path / "log", stops=False)
    yield backend
    kill_left_over(backend)


async def joined(child: nodes.Child) -> None:
    """Returns when the child knows as well that it is connected."""
    await bl.rpc.call(child.node, os.getpid, timeout=DEADLINE)


def kill_left_over(backend: Loose) -> None:
    for process in backend.processes:
        process.kill()
        process.wait()


PARENT = """
import asyncio, os, sys, time
from pathlib import Path
import beamlike as bl, nodes
from tests.support.loose_children import Loose

def leave_a_program():
    import subprocess
    return subprocess.Popen(["sleep", "600"]).pid

def hold_the_lock(ready):
    from pathlib import Path
    Path(ready).touch()
    pow(3, 10**9)

async def spin():
    while True:
        pass

async def sit(ready):
    Path(ready).touch()
    await asyncio.sleep(600)

async def main():
    backend, what, directory, lease = sys.argv[1:]
    local = nodes.Local() if backend == "local" else Loose(Path(directory, "log"), stops=False)
    async with bl.Node("frozen@127.0.0.1", secret=b"a secret of the test"):
        child = await nodes.boot(local, lease=float(lease))
        beside = await bl.rpc.call(child.node, leave_a_program, timeout=40)
        if what == "lock":
            bl.spawn(hold_the_lock, directory + "/ready", node=child.node)
            while not Path(directory, "ready").exists():
                await asyncio.sleep(0.01)
        elif what == "busy":
            bl.spawn(spin, node=child.node)
        print(child.machine.id, beside, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


@contextmanager
def parent_program(
    backend: str, what: str, directory: Path, lease: float = LEASE
) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """A program with a child, and the pids of the child and of what that has started."""
    program = subprocess.Popen(
        [sys.executable, "-c", PARENT, backend, what, str(directory), str(lease)], stdout=subprocess.PIPE, text=True
    )
    pids: list[int] = []
    try:
        assert program.stdout is not None
        pids += map(int, program.stdout.readline().split())
        assert len(pids) == 2
        assert all(map(is_alive, pids))
        yield program, pids
    finally:
        program.send_signal(signal.SIGCONT)
        program.kill()
        with program:
            program.wait()
        for pid in pids:
            if is_alive(pid):
                with suppress(ProcessLookupError):  # it has just ended
                    os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("backend", ["loose", "local"])
@pytest.mark.parametrize("what", ["idle", "busy"])
def test_a_child_and_what_it_started_end_when_the_parent_is_frozen_for_the_lease(
    backend: str, what: str, tmp_path: Path
) -> None:
    with parent_program(backend, what, tmp_path) as (program, pids):
        program.send_signal(signal.SIGSTOP)
        wait_until_gone(*pids)
        if backend == "loose":
            assert f"nothing was heard of frozen@127.0.0.1 for {LEASE:g} s, which is the lease" in last_words(tmp_path)


def last_words(directory: Path) -> str:
    *_, last = (directory / "log").read_text().strip().splitlines()
    return last


@linux
def test_a_child_that_holds_the_interpreter_lock_ends_when_the_parent_is_frozen(tmp_path: Path) -> None:
    with parent_program("loose", "lock", tmp_path) as (program, pids):
        program.send_signal(signal.SIGSTOP)
        wait_until_gone(pids[0])


@linux
@pytest.mark.parametrize("what", ["lock", "stopped"])
def test_the_lifeline_ends_a_child_of_which_no_thread_can_run(what: str, tmp_path: Path) -> None:
    # The lease is for longer than is waited here, so it is not what ends it.
    with parent_program("local", what, tmp_path, lease=2 * DEADLINE) as (program, pids):
        if what == "stopped":
            os.kill(pids[0], signal.SIGSTOP)
        program.kill()
        wait_until_gone(*pids)


@linux
def test_a_stopped_child_without_a_parent_ends_without_being_woken(tmp_path: Path) -> None:
    with parent_program("loose", "idle", tmp_path) as (program, pids):
        os.kill(pids[0], signal.SIGSTOP)
        program.kill()
        wait_until_gone(pids[0])


def test_a_child_that_froze_together_with_its_parent_stays(tmp_path: Path) -> None:
    """As when their machine is suspended, but for the clock, which then stands still."""
    lease = 2 * LEASE
    with parent_program("loose", "idle", tmp_path, lease) as (program, pids):
        for pid in (program.pid, pids[0]):
            os.kill(pid, signal.SIGSTOP)
        time.sleep(1.2 * lease)  # longer than the lease, and by far not until the kernel acts, after two of them
        for pid in (program.pid, pids[0]):
            os.kill(pid, signal.SIGCONT)
        time.sleep(1.5 * LEASE)
        assert is_alive(pids[0]), last_words(tmp_path)


def test_a_child_of_a_parent_that_is_only_busy_stays(loose: Loose) -> None:
    async def main() -> None:
        async with parent():
            child = await nodes.boot(loose, lease=LEASE)
            time.sleep(3 * LEASE)  # noqa: ASYNC251 - the heartbeat is to beat meanwhile
            assert await bl.rpc.call(child.node, os.getpid, timeout=DEADLINE) == loose.processes[0].pid

    asyncio.run(main())
    loose.wait()


def test_a_busy_child_is_not_lost(loose: Loose) -> None:
    def compute() -> int:
        import time

        end = time.monotonic() + 7
        while time.monotonic() < end:
            pass
        return os.getpid()

    async def async_compute() -> int:
        return compute()

    async def main() -> None:
        async with parent():
            child = await nodes.boot(loose, lease=LEASE)
            assert await bl.rpc.call(child.node, async_compute, timeout=DEADLINE) == loose.processes[0].pid

    asyncio.run(main())
    loose.wait()


@pytest.mark.parametrize("silence", ["stopped", "cut"])
def test_the_parent_finds_out_within_the_lease_that_a_child_is_silent(silence: str, tmp_path: Path) -> None:
    async def main() -> None:
        async with parent() as node, proxy_to(await node.listen()) as proxy:
            backend = Loose(tmp_path / "log", invite=through(proxy.address))
            child = await nodes.boot(backend, lease=LEASE)
            await joined(child)
            bl.monitor_node(child.node)
            started = time.monotonic()
            if silence == "stopped":
                backend.processes[0].send_signal(signal.SIGSTOP)
            else:
                proxy.hold()
            down = await bl.receive(lambda it: isinstance(it, bl.NodeDown), timeout=DEADLINE)
            assert (down.node, down.reason) == (child.node, "net_tick_timeout")
            assert LEASE / 2 < time.monotonic() - started < 4 * LEASE
            if silence == "cut":
                assert await asyncio.to_thread(backend.wait) == -signal.SIGKILL
                assert "which is the lease" in last_words(tmp_path)
            await child.stop(grace=0)
            assert not is_alive(backend.processes[0].pid)

    asyncio.run(main())


def test_a_child_ends_when_the_link_is_closed(loose: Loose, tmp_path: Path) -> None:
    async def main() -> None:
        async with parent():
            child = await nodes.boot(loose, lease=600)
            await joined(child)
            await bl.disconnect(child.node)

    asyncio.run(main())
    assert loose.wait() == 0
    assert "the connection to guards@127.0.0.1 is lost" in last_words(tmp_path)


def test_a_child_that_leaves_in_order_takes_along_what_it_started(loose: Loose, tmp_path: Path) -> None:
    """Also what that has started, and lost; and not before its own exit handlers have ended what they can."""

    def start_programs(told: str) -> list[int]:
        import atexit
        import subprocess
        from pathlib import Path

        server = subprocess.Popen(["sleep", "600"])
        atexit.register(lambda: (server.terminate(), Path(told).write_text(str(server.wait()))))
        started = subprocess.Popen(["sh", "-c", "sleep 600 & echo $!; exec sleep 600"], stdout=subprocess.PIPE)
        assert started.stdout is not None
        lost = subprocess.Popen(["sh", "-c", "sleep 600 >/dev/null & echo $!"], stdout=subprocess.PIPE)
        return [server.pid, started.pid, int(started.stdout.readline()), int(lost.communicate()[0])]

    async def main() -> list[int]:
        async with parent():
            child = await nodes.boot(loose, lease=600)
            told = str(tmp_path / "told")
            programs: list[int] = await bl.rpc.call(child.node, start_programs, told, timeout=DEADLINE)
            assert all(map(is_alive, programs))
            return programs

    programs = asyncio.run(main())
    assert loose.wait() == 0
    wait_until_gone(*programs)
    assert int((tmp_path / "told").read_text()) == -signal.SIGTERM


def test_a_child_ends_at_its_maximum_lifetime_though_it_works(loose: Loose, tmp_path: Path) -> None:
    async def spin() -> None:
        while True:
            pass

    async def main() -> None:
        async with parent():
            child = await nodes.boot(loose, max_lifetime=10)
            bl.spawn(spin, node=child.node)
            assert await asyncio.to_thread(loose.wait) == -signal.SIGKILL

    asyncio.run(main())
    assert "it has lived for 10 s, which is its maximum" in last_words(tmp_path)


def test_a_child_ends_in_order_at_its_maximum_lifetime(loose: Loose, tmp_path: Path) -> None:
    async def says_goodbye() -> None:
        try:
            await asyncio.sleep(600)
        finally:
            os.write(2, b"cleaned up")

    async def main() -> None:
        async with parent():
            child = await nodes.boot(loose, max_lifetime=10)
            await bl.rpc.call(child.node, bl.spawn, says_goodbye, timeout=DEADLINE)
            await asyncio.to_thread(loose.wait)

    asyncio.run(main())
    words = loose.words()
    assert "cleaned up" in words


def invited(dial_seconds: float) -> Invitation:
    return Invitation("nobody@127.0.0.1", "127.0.0.1", 1, "child@127.0.0.1", b"token", dial_seconds)


# What stands in for another guard acts that much later, so that it is not the first though the system is busy.
LATE = "guards.LATE_SECONDS = 4.0"


def start(text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "nodes.child"],
        env={**os.environ, invitations.ENVIRONMENT_VARIABLE: text},
        capture_output=True,
        text=True,
        start_new_session=True,
        timeout=DEADLINE,
        check=False,
    )


def start_as(changed: str, invitation: Invitation) -> subprocess.CompletedProcess[str]:
    """A child whose program was changed."""
    return subprocess.run(
        [sys.executable, "-c", f"from nodes import child, guards\nimport time\n{LATE}\n{changed}\nchild.main()"],
        env={**os.environ, invitations.ENVIRONMENT_VARIABLE: invitations.encode(invitation)},
        capture_output=True,
        text=True,
        start_new_session=True,
        timeout=DEADLINE,
        check=False,
    )


def test_a_child_that_cannot_reach_its_parent_tries_until_its_time_is_over() -> None:
    started = time.monotonic()
    ended = start_as("", invited(dial_seconds=5.0))
    assert ended.returncode == 3
    assert time.monotonic() - started > 5.0
    assert "child@127.0.0.1 could not join nobody@127.0.0.1: its 5 s are over" in ended.stderr
    assert ended.stderr.count("tries again") == 1


def test_a_child_whose_start_took_most_of_its_time_says_what_it_has_tried() -> None:
    # The sleep is the start: most of the five seconds that it has.
    ended = start_as("child.stand_for_main = lambda: time.sleep(3)", invited(dial_seconds=5.0))
    assert ended.returncode == 3
    assert "child@127.0.0.1 could not join nobody@127.0.0.1: its 5 s are over" in ended.stderr


def test_a_child_whose_start_hangs_ends_at_its_failsafe() -> None:
    # The sleep is a start that never ends; the failsafe kills it.
    ended = start_as("child.stand_for_main = lambda: time.sleep(600)", invited(dial_seconds=0.5))
    assert ended.returncode == -signal.SIGKILL
    assert "it could not join nobody@127.0.0.1 within 0.5 s" in ended.stderr


def test_a_child_that_is_started_after_its_boot_was_given_up_is_turned_away(tmp_path: Path) -> None:
    async def main() -> None:
        backend = Loose(tmp_path / "log", delay=6.0, stops=False)
        async with parent():
            with pytest.raises(nodes.BootFailed, match=r"started at .*, no dial-back for"):
                await nodes.boot(backend, timeout=5.0)
            assert await asyncio.to_thread(backend.wait) == 3
            assert bl.nodes(hidden=True) == []
        assert "could not join guards@127.0.0.1" in backend.words()
        assert "secret" in backend.words()

    asyncio.run(main())


def test_a_child_of_another_version_never_joins_and_says_so() -> None:
    ended = start("bm9uZQ==")
    assert ended.returncode == 4
    assert "expected an invitation" in ended.stderr


@linux
def test_the_kernel_kills_who_does_not_set_its_timer_anew() -> None:
    program = """
import time
from nodes.dead_man import DeadMan
called_off, kept, left = DeadMan(), DeadMan(), DeadMan()
called_off.kill_in(3)
called_off.call_off()
kept.kill_in(3)
kept.kill_in(600)
time.sleep(3.5)  # by when both would have killed it
print("lives", flush=True)
left.kill_in(0.1)
pow(3, 10**9)
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.stdout, ended.returncode) == ("lives\n", -signal.SIGKILL)
    assert DeadMan().works


def test_a_child_knows_who_booted_it_for_what_and_until_when(tmp_path: Path) -> None:
    def told() -> str:
        parent = nodes.current_parent()
        assert parent is not None
        return json.dumps([parent.node, parent.pool, parent.runner, parent.booted_at, parent.expires_at])

    async def main() -> list[Any]:
        async with parent():
            labels = nodes.Labels(pool="cpu", runner="cpu-1")
            child = await nodes.boot(nodes.Local(), max_lifetime=300, labels=labels)
            try:
                found: list[Any] = json.loads(await bl.rpc.call(child.node, told, timeout=DEADLINE))
                return found
            finally:
                await child.stop()

    before = time.time()
    *names, booted_at, expires_at = asyncio.run(main())
    assert names == ["guards@127.0.0.1", "cpu", "cpu-1"]
    assert before <= booted_at <= time.time()
    assert expires_at == booted_at + 300
    assert nodes.current_parent() is None


@pytest.mark.parametrize(
    ("options", "error"),
    [({"lease": 0}, ValueError), ({"lease": "1"}, TypeError), ({"max_lifetime": -1}, ValueError)],
)
def test_times_that_are_none_are_refused(options: dict[str, Any], error: type[Exception]) -> None:
    async def main() -> None:
        async with parent():
            await nodes.boot(nodes.Local(), **options)

    with pytest.raises(error, match=f"expected {next(iter(options))} as a number of seconds"):
        asyncio.run(main())
