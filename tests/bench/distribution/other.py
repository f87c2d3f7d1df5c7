"""The other process of a measurement: `python -m tests.bench.distribution.other node|bare|batched|bulk LOOP`.

It prints where it listens, and ends with its standard input. A node has a server that echoes, and a process that takes
whatever comes and answers (pid,) when that is its turn.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import beamlike as bl
from tests.bench.distribution import bare

SECRET = b"of the benchmarks alone"
NODE = "other@127.0.0.1"
ECHO, SINK = "echo", "sink"


class Echo(bl.GenServer):
    def handle_call(self, request: Any, client: Any) -> Any:
        return request


async def sink() -> None:
    while True:
        message = await bl.receive()
        if type(message) is tuple:
            bl.send(message[0], "taken")
        del message  # or the memory of the one before would be kept until the next has come


async def node() -> int:
    it = await bl.start(f"other-{os.getpid()}@127.0.0.1", secret=SECRET)
    await Echo.start(name=ECHO)
    bl.register(SINK, bl.spawn(sink))
    assert it.address is not None
    return it.address[1]


async def serve(kind: str) -> None:
    port = await node() if kind == "node" else await bare.serve(kind)
    print(port, os.getpid(), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    os._exit(0)


@contextmanager
def other(kind: str) -> Iterator[tuple[int, int]]:
    """Port and pid of such a process, on the kind of loop that runs here."""
    loop = type(asyncio.get_running_loop()).__module__.partition(".")[0]
    command = [sys.executable, "-m", "tests.bench.distribution.other", kind, loop]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port, pid = process.stdout.readline().split()
        try:
            yield int(port), int(pid)
        finally:
            process.kill()


@contextmanager
def other_node() -> Iterator[tuple[str, tuple[str, int]]]:
    with other("node") as (port, pid):
        yield f"other-{pid}@127.0.0.1", ("127.0.0.1", port)


if __name__ == "__main__":
    from tests.bench.kernel.systems import LOOPS

    with asyncio.Runner(loop_factory=LOOPS[sys.argv[2]]) as runner:
        runner.run(serve(sys.argv[1]))
