"""Whatever ends a child, or gets in the way of stopping it, nothing of it is left; and what it is given is its own."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import beamlike as bl
import nodes
from nodes import invitation as invitations
from tests.support.local_nodes import PATIENCE, eventually
from tests.support.processes import child_nodes, is_alive, wait_until_gone

pytestmark = pytest.mark.usefixtures("both_kinds")

PARENT = "ends@127.0.0.1"


def parent() -> bl.Node:
    return bl.Node(PARENT, secret=b"a secret of the test")


def start_a_program() -> tuple[int, int]:
    """Runs in a child: its own pid, and that of a program which it leaves behind."""
    import subprocess

    return os.getpid(), subprocess.Popen(["sleep", "600"]).pid


@pytest.mark.parametrize("killed", [False, True])
def test_what_the_code_of_a_child_left_behind_ends_with_it(killed: bool) -> None:
    async def main() -> tuple[int, int]:
        async with parent():
            child = await nodes.boot(nodes.Local())
            pids: tuple[int, int] = await bl.rpc.call(child.node, start_a_program, timeout=PATIENCE)
            assert is_alive(pids[1])
            if killed:
                os.kill(pids[0], signal.SIGKILL)
            else:
                await child.stop()
            return pids

    wait_until_gone(*asyncio.run(main()))


class Watched(nodes.Local):
    """Remembers which machines it was told to stop."""

    def __init__(self) -> None:
        super().__init__()
        self.stopped: list[nodes.Machine] = []

    async def stop(self, machine: nodes.Machine) -> None:
        self.stopped.append(machine)
        await super().stop(machine)


def test_a_child_is_stopped_after_its_parents_node_has_stopped() -> None:
    async def main() -> None:
        backend = Watched()
        async with parent():
            child = await nodes.boot(backend)
        await child.stop()
        assert backend.stopped == [child.machine]

    asyncio.run(main())


def test_a_child_is_stopped_though_whoever_stops_it_is_cancelled() -> None:
    async def main() -> None:
        backend = Watched()
        async with parent():
            child = await nodes.boot(backend)
            bl.spawn(asyncio.sleep, 600, node=child.node)
            stop = asyncio.create_task(child.stop(grace=600))
            await asyncio.sleep(0)
            stop.cancel()
            with pytest.raises(asyncio.CancelledError):
                await stop
            assert backend.stopped == [child.machine]

    asyncio.run(main())
    wait_until_gone(*child_nodes())


class Unseen(Watched):
    def __init__(self, python: str) -> None:
        super().__init__()
        self.python = python

    async def describe(self, machine: nodes.Machine) -> nodes.Description:
        raise ConnectionError("the platform does not answer")


def test_a_machine_that_cannot_be_looked_at_is_stopped_nevertheless(tmp_path: Path) -> None:
    never_dials = tmp_path / "python"
    never_dials.write_text("#!/bin/sh\nexec sleep 600\n")
    never_dials.chmod(0o700)

    async def main() -> None:
        backend = Unseen(str(never_dials))
        async with parent():
            with pytest.raises((ConnectionError, nodes.BootFailed)):
                await nodes.boot(backend)
        assert len(backend.stopped) == 1

    asyncio.run(main())
    wait_until_gone(*child_nodes())


def test_a_child_that_cannot_be_started_leaves_no_file_open(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with parent():
            before = os.listdir("/dev/fd")
            for backend in (nodes.Local(), nodes.Local(python="/no/such/python")):
                with pytest.raises(nodes.BootFailed):
                    await nodes.boot(backend)
                monkeypatch.undo()
            # Zygotes of others may go meanwhile, and a thread may hold one for an instant.
            await eventually(lambda: len(os.listdir("/dev/fd")) <= len(before))

    monkeypatch.setattr(tempfile, "tempdir", "/no/such/directory")
    asyncio.run(main())


def in_a_child(function: Callable[[], Any], **options: Any) -> Any:
    async def main() -> Any:
        async with parent():
            child = await nodes.boot(nodes.Local(**options))
            try:
                return await bl.rpc.call(child.node, function, timeout=PATIENCE)
            finally:
                await child.stop()

    return asyncio.run(main())


def test_a_child_does_not_get_the_long_lived_secret_unless_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    def secret() -> str | None:
        return os.environ.get("BEAMLIKE_SECRET")

    monkeypatch.setenv("BEAMLIKE_SECRET", "swordfish")
    assert in_a_child(secret) is None
    assert in_a_child(secret, env={"BEAMLIKE_SECRET": "given"}) == "given"


def test_a_child_imports_what_is_installed_where_its_parent_does_and_no_files_beside_the_script(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def path() -> list[str]:
        return sys.path

    installed, beside = tmp_path / "site-packages", tmp_path / "beside"
    installed.mkdir()
    beside.mkdir()
    commands = sysconfig.get_path("scripts")
    monkeypatch.setattr(sys, "path", [commands, str(installed), str(beside), *sys.path])
    monkeypatch.setenv("PYTHONPATH", str(beside))
    there = in_a_child(path)
    assert there[0] == str(installed)
    assert not {str(beside), str(Path(__file__).parent)} & set(there)
    assert {sysconfig.get_path("purelib"), str(Path(nodes.__file__).parents[1])} <= set(there) <= set(sys.path)


def test_programs_that_a_child_starts_get_the_environment_of_its_parent() -> None:
    def environment() -> dict[str, str]:
        return dict(os.environ)

    assert in_a_child(environment) == dict(os.environ)


class Elsewhere:
    """A machine that no pipe ties to us."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None

    async def boot(self, invitation: nodes.Invitation) -> nodes.Machine:
        self.process = self._start(invitation)
        return nodes.Machine(str(self.process.pid), "elsewhere")

    def _start(self, invitation: nodes.Invitation) -> subprocess.Popen[bytes]:
        environment = {**os.environ, invitations.ENVIRONMENT_VARIABLE: invitations.encode(invitation)}
        return subprocess.Popen([sys.executable, "-m", "nodes.child"], env=environment, start_new_session=True)

    async def stop(self, machine: nodes.Machine) -> None:
        raise AssertionError("it is to end by itself")

    async def describe(self, machine: nodes.Machine) -> nodes.Description:
        assert self.process is not None
        code = self.process.poll()
        return nodes.Description("running" if code is None else "ended", code, "")


def test_a_child_without_a_parent_ends_though_a_thread_of_it_does_not() -> None:
    async def never_ends() -> None:
        import time

        asyncio.get_running_loop().run_in_executor(None, time.sleep, 600)

    async def main() -> None:
        async with parent():
            child = await nodes.boot(backend)
            await bl.rpc.call(child.node, never_ends, timeout=PATIENCE)

    backend = Elsewhere()
    asyncio.run(main())
    assert backend.process is not None
    assert backend.process.wait(timeout=30) == -signal.SIGKILL
