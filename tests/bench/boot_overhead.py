"""W9: what a boot takes of ours beyond its platform's own time, on a platform that takes none.

Its machines run already when they are asked for, and have imported what a child needs: what is measured is the way from
the request to the node that is connected, dialled by the child, or by its parent through a tunnel. Beside it a machine
that has to start the interpreter first: the interpreter's own start is the platform's.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import beamlike as bl
import nodes
from nodes import Description, Invitation, Machine
from nodes import invitation as invitations
from tests.bench.boots import compile_ours
from tests.bench.lines import emit, percentile
from tests.support.relay import Relay

ROUNDS = 15
ROOT = str(Path(__file__).parents[2])
HOST = "127.77.0.1"
PORT = 44444
WAITING = f"""
import os, sys
import nodes.child, beamlike.node, beamlike.distribution.rpc, nodes.tunnels.landing
os.environ[{invitations.ENVIRONMENT_VARIABLE!r}] = (print("there", flush=True), sys.stdin.readline().strip())[1]
nodes.child.main()
"""
STARTED = "from nodes.child import main\nmain()"


class NoDelay:
    """`ready`: its machine is there before it is asked for, one at a time. `dials_child` as in `nodes.backend`."""

    def __init__(self, *, ready: bool = True, dials_child: bool = False) -> None:
        self.dials_child = dials_child
        self._ready = ready
        self._process: subprocess.Popen[str] | None = None

    def __repr__(self) -> str:
        return "NoDelay()"

    def prepare(self) -> None:
        if self._ready:
            self._process = self._start(WAITING, {})
            assert self._process.stdout is not None
            self._process.stdout.readline()

    def _start(self, program: str, told: dict[str, str]) -> subprocess.Popen[str]:
        environment = {**os.environ, "PYTHONPATH": ROOT, **told}
        pipe = subprocess.PIPE
        return subprocess.Popen([sys.executable, "-c", program], env=environment, stdin=pipe, stdout=pipe, text=True)

    async def boot(self, invitation: Invitation) -> Machine:
        if self.dials_child:
            invitation = replace(invitation, listens_at=f"{HOST}:{PORT}")
        text = invitations.encode(invitation)
        if self._process is None:
            self._process = self._start(STARTED, {invitations.ENVIRONMENT_VARIABLE: text})
        else:
            assert self._process.stdin is not None
            self._process.stdin.write(f"{text}\n")
            self._process.stdin.flush()
        return Machine(str(self._process.pid), f"process {self._process.pid}")

    async def stop(self, machine: Machine) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            await asyncio.to_thread(process.communicate)

    async def describe(self, machine: Machine) -> Description:
        code = None if self._process is None else self._process.poll()
        return Description("running" if self._process is not None and code is None else "ended", code, "")

    async def tunnel(self, machine: Machine) -> Relay:
        return await Relay((HOST, PORT)).open()


async def measure(backend: NoDelay, rounds: int) -> list[float]:
    """Seconds from the request until the child is connected."""
    took = []
    for _ in range(rounds):
        await asyncio.to_thread(backend.prepare)
        began = time.perf_counter()
        child = await nodes.boot(backend)
        took.append(time.perf_counter() - began)
        await child.stop(grace=0)
    return took


def bare_start() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", ""], check=True)
    return time.perf_counter() - began


async def measure_all(rounds: int) -> None:
    async with bl.Node(f"overhead-{os.getpid()}@127.0.0.1", secret=b"bench", stall_threshold=None):
        for metric, backend in (
            ("boot_overhead", NoDelay()),
            ("boot_overhead_dialled", NoDelay(dials_child=True)),
            ("boot_started", NoDelay(ready=False)),
        ):
            took = await measure(backend, rounds)
            emit("beamlike", "W9", metric, "ms", percentile(took, 50) * 1e3, n=rounds, p90=percentile(took, 90) * 1e3)


def main(rounds: int = ROUNDS) -> None:
    emit("python", "W9", "bare_start", "ms", percentile([bare_start() for _ in range(rounds)], 50) * 1e3, n=rounds)
    asyncio.run(measure_all(rounds))


if __name__ == "__main__":
    compile_ours()
    main()
