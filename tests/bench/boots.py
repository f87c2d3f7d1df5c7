"""W9: how long until a child has answered its first call, one and 64 at once, and what 64 of them weigh (PSS).

By a zygote that is there already, by one that has to come first, and as a program, each from bytecode. The limit is a
process that has imported what any node needs and forks one that dials back and answers: no names, no supervision, no
code that travels. The peer is multiprocessing's fork server, with the same imported.
"""

from __future__ import annotations

import asyncio
import compileall
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgpack
import psutil

import beamlike as bl
import nodes
from tests.bench.lines import emit, percentile

ONE = 9
MANY = 64
ROUNDS = 3

BARE_ZYGOTE = """
import gc, os, signal, socket, sys
import msgpack, cloudpickle, uvloop
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
gc.freeze()
os.write(1, b"r")

def serve():
    peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    while data := peer.recv(4096):
        peer.sendall(msgpack.packb(sum(msgpack.unpackb(data))))

while os.read(0, 1):
    if not os.fork():
        os.close(0)
        serve()
        os._exit(0)
"""

FORK_SERVER = """
import multiprocessing, sys, time
from tests.bench.answering import answer

def boot():
    ours, theirs = context.Pipe()
    process = context.Process(target=answer, args=(theirs,))
    process.start()
    ours.send([1, 2])
    return ours, process

context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(["msgpack", "cloudpickle", "uvloop", "tests.bench.answering"])
ours, process = boot()  # so that the server is there
assert ours.recv() == 3
ours.send(None)
process.join()
began = time.perf_counter()
started = [boot() for _ in range(int(sys.argv[1]))]
assert all(ours.recv() == 3 for ours, _ in started)
print(time.perf_counter() - began, flush=True)
sys.stdin.read()
for ours, process in started:
    ours.send(None)
    process.join()
"""

Booted = tuple[float, list[int]]
"""Seconds until all had answered, and the processes that are there for it."""


@dataclass(slots=True)
class Figures:
    one: list[float] = field(default_factory=list)
    many: list[float] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)

    def report(self, system: str, number: int) -> None:
        emit(system, "W9", "boot_one", "ms", percentile(self.one, 50) * 1e3, n=len(self.one))
        if self.many:
            emit(system, "W9", f"boot_{number}", "s", percentile(self.many, 50), n=len(self.many))
            emit(system, "W9", f"mem_{number}_pss", "MB", percentile(self.weights, 50) / 1e6, n=len(self.weights))


def below(pid: int) -> list[int]:
    return [process.pid for process in psutil.Process(pid).children(recursive=True)]


def pss(pids: list[int]) -> float:
    """Bytes: what processes share counts in parts."""
    lines = [line for pid in pids for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()]
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


@contextmanager
def bare_children(number: int) -> Iterator[Booted]:
    with socket.create_server(("127.0.0.1", 0), backlog=number) as server:
        program = [sys.executable, "-c", BARE_ZYGOTE, str(server.getsockname()[1])]
        with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as zygote:
            assert zygote.stdin is not None
            assert zygote.stdout is not None
            zygote.stdout.read(1)
            began = time.perf_counter()
            zygote.stdin.write(b"x" * number)
            zygote.stdin.flush()
            peers = [server.accept()[0] for _ in range(number)]
            for peer in peers:
                peer.sendall(msgpack.packb([1, 2]))
            assert all(msgpack.unpackb(peer.recv(64)) == 3 for peer in peers)
            yield time.perf_counter() - began, [zygote.pid, *below(zygote.pid)]
            for peer in peers:
                peer.close()


@contextmanager
def children_of_a_fork_server(number: int) -> Iterator[Booted]:
    program = [sys.executable, "-c", FORK_SERVER, str(number)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        yield float(owner.stdout.readline()), below(owner.pid)


def measure_bare(
    system: str, booted: Callable[[int], AbstractContextManager[Booted]], one: int, many: int, rounds: int
) -> None:
    figures = Figures()
    for _ in range(one):
        with booted(1) as (seconds, _):
            figures.one.append(seconds)
    for _ in range(rounds):
        with booted(many) as (seconds, pids):
            figures.many.append(seconds)
            figures.weights.append(pss(pids))
    figures.report(system, many)


async def booted(backend: nodes.Local) -> nodes.Child:
    child = await nodes.boot(backend)
    await bl.rpc.call(child.node, os.getpid)
    return child


async def measure(system: str, backend: nodes.Local, one: int, many: int, rounds: int) -> None:
    figures = Figures()
    await backend.warm()
    for _ in range(one):
        began = time.perf_counter()
        child = await booted(backend)
        figures.one.append(time.perf_counter() - began)
        await child.stop(grace=0)
    for _ in range(rounds):
        began = time.perf_counter()
        children = await asyncio.gather(*(booted(backend) for _ in range(many)))
        figures.many.append(time.perf_counter() - began)
        pids = [int(child.machine.id) for child in children]
        zygotes = {psutil.Process(pid).ppid() for pid in pids} - {os.getpid()}
        figures.weights.append(pss([*zygotes, *pids]))
        await asyncio.gather(*(child.stop(grace=0) for child in children))
    figures.report(system, many)


async def measure_cold(one: int) -> None:
    """Each has an environment of its own, and so the first boot of a zygote."""
    figures = Figures()
    for number in range(one):
        backend = nodes.Local(env={"BENCH": str(number)})
        began = time.perf_counter()
        child = await booted(backend)
        figures.one.append(time.perf_counter() - began)
        await child.stop(grace=0)
    figures.report("beamlike@zygote-cold", 0)


async def measure_ours(one: int, many: int, rounds: int, preload: str | None) -> None:
    async with bl.Node(f"boots-{os.getpid()}@127.0.0.1", secret=b"bench", stall_threshold=None):
        await measure("beamlike@zygote", nodes.Local(), one, many, rounds)
        await measure_cold(one)
        await measure("beamlike@program", nodes.Local(zygote=False), one, many, rounds=1)
        if preload is not None:
            backend = nodes.Local(preload=[preload])
            await measure(f"beamlike@zygote+{preload}", backend, one, many, rounds)


def compile_ours() -> None:
    """As an installer does, whether or not this environment has Python write bytecode: without, a boot takes twice as
    long."""
    for package in (bl, nodes):
        for folder in package.__path__:
            compileall.compile_dir(folder, quiet=2)


def main(arguments: list[str] | None = None, one: int = ONE, many: int = MANY, rounds: int = ROUNDS) -> None:
    """`python -m tests.bench.boots [MODULE]`: with one, also by a zygote that has imported it."""
    preload = next(iter(sys.argv[1:] if arguments is None else arguments), None)
    measure_bare("limit:fork-node", bare_children, one, many, rounds)
    measure_bare("multiprocessing.forkserver", children_of_a_fork_server, one, many, rounds)
    asyncio.run(measure_ours(one, many, rounds, preload))


if __name__ == "__main__":
    compile_ours()
    main()
