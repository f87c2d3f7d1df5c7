"""Other programs and forked processes hold none of a node's sockets, so its port and its peers are free of them."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

import beamlike as bl
from beamlike.distribution.forks import closed_in_forks
from tests.support.local_nodes import PATIENCE
from tests.support.peers import main_node, peers

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="only /proc tells which files are open")


def sockets_of(process: int) -> set[str]:
    links = set()
    for path in Path(f"/proc/{process}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            links.add(os.readlink(path))
    return {link for link in links if link.startswith("socket:")}


def test_a_forked_process_and_a_started_program_have_no_socket_of_a_node() -> None:
    async def main() -> None:
        async with peers() as started, main_node():
            peer = await started.start("parent")
            await bl.connect(peer.node)
            await bl.who_is_blocking(peer.node)  # so that a lane is open as well
            before, parent, forked, program = await peer.call(whose_sockets)
            assert parent - before, "expected the node to have sockets"
            assert forked <= before
            assert program <= before

    asyncio.run(main())


def whose_sockets() -> tuple[set[str], set[str], set[str], set[str]]:
    """Those of the standard streams and the loop, of this process, of one that it forks, and of one that it starts."""
    child = fork_and_sleep()
    try:
        forked = sockets_of(child)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as program:
        started = sockets_of(program.pid)
        assert program.stdin is not None
        program.stdin.write(b"\\n")
    return loops_own(), sockets_of(os.getpid()), forked, started


def loops_own() -> set[str]:
    loop = asyncio.get_running_loop()
    ends = (loop._ssock, loop._csock)  # type: ignore[attr-defined]
    return {os.readlink(f"/proc/self/fd/{end.fileno()}") for end in ends}


def test_the_end_of_a_node_that_has_forked_is_seen_by_its_peers_though_the_fork_lives_on(tmp_path: Path) -> None:
    async def main() -> None:
        async with peers() as started, main_node():
            peer = await started.start("parent")
            await bl.connect(peer.node)
            bl.monitor_node(peer.node)
            child = await peer.call(fork_and_sleep)
            try:
                peer.kill()
                assert await bl.receive(timeout=PATIENCE) == bl.NodeDown(peer.node, "connection_closed")
            finally:
                os.kill(child, signal.SIGKILL)

    asyncio.run(main())


def fork_and_sleep() -> int:
    """Returns when the forked process has come to itself."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if not child:
        os.write(write_end, b"!")
        signal.pause()
    os.read(read_end, 1)
    os.close(read_end)
    os.close(write_end)
    return child


def test_what_is_closed_in_a_fork_stays_open_here() -> None:
    one, other = socket.socketpair()
    with closed_in_forks(one), other:
        child = os.fork()
        if not child:
            os._exit(one.fileno() != -1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        one.sendall(b"still here")
        assert other.recv(100) == b"still here"
