"""Real child processes, booted by `nodes.boot` on the local backend."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import beamlike as bl
import nodes
from tests.support.local_nodes import PATIENCE
from tests.support.processes import child_nodes, is_alive, wait_until_gone

pytestmark = pytest.mark.usefixtures("both_kinds")

PARENT = "boots@127.0.0.1"


def parent() -> bl.Node:
    return bl.Node(PARENT, secret=b"a secret of the test")


def test_a_child_runs_in_a_process_of_its_own_and_is_gone_after_stop() -> None:
    async def main() -> int:
        async with parent():
            child = await nodes.boot(nodes.Local())
            pid: int = await bl.rpc.call(child.node, os.getpid, timeout=PATIENCE)
            assert bl.nodes(hidden=True) == [child.node]
            await child.stop()
            assert bl.nodes(hidden=True) == []
            return pid

    pid = asyncio.run(main())
    assert pid != os.getpid()
    wait_until_gone(pid)


def test_a_child_is_hidden() -> None:
    async def main() -> None:
        async with parent():
            child = await nodes.boot(nodes.Local())
            assert bl.nodes() == []
            await child.stop()

    asyncio.run(main())


def test_the_end_of_the_parents_node_ends_its_children() -> None:
    async def main() -> int:
        async with parent():
            child = await nodes.boot(nodes.Local())
            pid: int = await bl.rpc.call(child.node, os.getpid, timeout=PATIENCE)
        return pid

    wait_until_gone(asyncio.run(main()))


def test_a_killed_parent_takes_children_and_grandchildren_with_it() -> None:
    code = """
import asyncio, os, beamlike as bl, nodes

async def grandchild():
    child = await nodes.boot(nodes.Local())
    return await bl.rpc.call(child.node, os.getpid, timeout=40)

async def main():
    async with bl.Node("doomed@127.0.0.1", secret=b"x"):
        child = await nodes.boot(nodes.Local())
        pids = [await bl.rpc.call(child.node, os.getpid), await bl.rpc.call(child.node, grandchild)]
        print(*pids, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        pids = [int(word) for word in program.stdout.readline().split()]
        assert len(pids) == 2
        assert all(is_alive(pid) for pid in pids)
        program.send_signal(signal.SIGKILL)
    wait_until_gone(*pids)


def test_a_busy_child_dies_with_its_lifeline() -> None:
    async def spin() -> None:
        while True:
            pass

    async def main() -> int:
        async with parent():
            child = await nodes.boot(nodes.Local())
            pid: int = await bl.rpc.call(child.node, os.getpid, timeout=PATIENCE)
            bl.spawn(spin, node=child.node)
            await child.stop(grace=0.1)
            return pid

    wait_until_gone(asyncio.run(main()))


def program(directory: Path, text: str) -> str:
    """A shell script that stands in for an interpreter."""
    path = directory / "python"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_a_machine_that_ends_before_it_connects_fails_the_boot_with_what_it_printed(tmp_path: Path) -> None:
    python = program(tmp_path, "echo out of luck; exit 7")

    async def main() -> None:
        async with parent():
            await nodes.boot(nodes.Local(python=python))

    with pytest.raises(nodes.BootFailed, match="ended with exit code 7; it printed:\nout of luck"):
        asyncio.run(main())


def test_an_interpreter_that_does_not_exist_fails_the_boot_by_name() -> None:
    async def main() -> None:
        async with parent():
            await nodes.boot(nodes.Local(python="/no/such/python"))

    with pytest.raises(nodes.BootFailed, match="/no/such/python"):
        asyncio.run(main())


def test_a_machine_that_never_dials_back_fails_the_boot_in_time_and_is_gone(tmp_path: Path) -> None:
    python = program(tmp_path, f"echo $$ > {tmp_path}/pid; echo waiting; exec sleep 600")

    async def main() -> None:
        async with parent():
            await nodes.boot(nodes.Local(python=python), timeout=5)

    with pytest.raises(nodes.BootFailed, match=r"within 5 s: started .*; it printed:\nwaiting"):
        asyncio.run(main())
    wait_until_gone(int((tmp_path / "pid").read_text()))


def test_a_cancelled_boot_leaves_no_process() -> None:
    async def main() -> list[str]:
        async with parent():
            boot = asyncio.create_task(nodes.boot(nodes.Local()))
            await asyncio.sleep(0.05)
            boot.cancel()
            [outcome] = await asyncio.gather(boot, return_exceptions=True)
            if isinstance(outcome, nodes.Child):  # it was there already
                await outcome.stop()
            else:
                assert isinstance(outcome, asyncio.CancelledError)
            return bl.nodes(hidden=True)

    assert asyncio.run(main()) == []
    wait_until_gone(*child_nodes())


def test_the_invitation_is_not_handed_on_to_what_a_child_starts() -> None:
    def environment() -> list[str]:
        return [name for name in os.environ if name.startswith("BEAMLIKE_")]

    async def main() -> list[str]:
        async with parent():
            child = await nodes.boot(nodes.Local())
            try:
                names: list[str] = await bl.rpc.call(child.node, environment, timeout=PATIENCE)
                return names
            finally:
                await child.stop()

    assert set(asyncio.run(main())) <= os.environ.keys()


def test_a_program_that_nobody_invited_says_so() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "nodes.child"], capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 1
    assert "expected a parent's invitation" in result.stderr
    assert "Traceback" not in result.stderr
