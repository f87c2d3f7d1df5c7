"""A node in a process of its own, to be killed or frozen: python -m tests.support.cluster_process DIRECTORY

It is peer@127.0.0.1, listens, prints "ready", and sends back whatever comes to it.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from beamlike.distribution.cluster import Cluster
from beamlike.distribution.directory import Directory
from beamlike.distribution.terms_codec import PickleCodec
from beamlike.kernel.node import LocalNode
from beamlike.kernel.signals import Send, Signal
from beamlike.kernel.terms import Pid
from tests.support.clusters import SECRET

ROOT = Path(__file__).parents[2]
NAME = "peer@127.0.0.1"


class Echo(LocalNode):
    def route(self, signal: Signal) -> None:
        if isinstance(signal, Send) and isinstance(signal.target, Pid) and signal.target.node == self.name:
            assert signal.source is not None
            signal = Send(signal.target, signal.source, signal.message)
        super().route(signal)


async def main(directory: Path) -> None:
    cluster = Cluster(Echo(NAME), SECRET, PickleCodec, directory=Directory(directory))
    await cluster.listen("127.0.0.1", 0)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await cluster.stop()


@contextmanager
def cluster_process(directory: Path) -> Iterator[subprocess.Popen[str]]:
    """Runs this module; at the end the process is gone, killed if need be."""
    command = [sys.executable, "-m", "tests.support.cluster_process", str(directory)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
