"""The same work in Erlang, by the programs of another folder: where that, `erl` and `erlc` are; else these rows are
left out, and `Absent` says why.

The folder is the one that BEAMLIKE_PEERS names, else `shared/peers` beside the project. Its modules are compiled into a
temporary folder and run on loopback, with a port mapper (epmd) of our own.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
PROCESSES = "4000000"


class Absent(Exception):
    """There is no Erlang to compare with, or nothing for it to run."""


@dataclass(frozen=True, slots=True)
class Command:
    arguments: list[str]
    environment: dict[str, str]


@dataclass(frozen=True, slots=True)
class Erlang:
    """Compiled programs, and how to run one."""

    beams: Path
    environment: dict[str, str]

    def running(self, module: str, *, tiny: bool) -> Command:
        name = ["-name", f"{module}_{os.getpid()}@127.0.0.1", "-kernel", "inet_dist_use_interface", "{127,0,0,1}"]
        # The programs start other nodes by the same cookie.
        name += ["-setcookie", "perf", "-start_epmd", "false"]
        run = ["-pa", str(self.beams), "-eval", f"{module}:main(), halt(0, [{{flush, true}}])."]
        quick = {"PERF_QUICK": "1"} if tiny else {}
        return Command(["erl", "-noinput", "+P", PROCESSES, *name, *run], self.environment | quick)


def folder() -> Path:
    named = os.environ.get("BEAMLIKE_PEERS")
    return Path(named) if named else ROOT.parent / "shared" / "peers"


@contextmanager
def compiled(peers: Path) -> Iterator[Erlang]:
    """Absent if something is missing."""
    missing = [program for program in ("erl", "erlc", "epmd") if shutil.which(program) is None]
    if missing:
        raise Absent(f"no {', '.join(missing)} on the PATH")
    sources = sorted(map(str, [*peers.glob("lib/*.erl"), *peers.glob("bench/*/*.erl")]))
    if not sources:
        raise Absent(
            f"expected Erlang programs in {peers}/lib and {peers}/bench, found none; name another by BEAMLIKE_PEERS"
        )
    with tempfile.TemporaryDirectory(prefix="beamlike-bench-") as beams:
        subprocess.run(["erlc", "-o", beams, *sources], check=True)
        with port_mapper() as environment:
            yield Erlang(Path(beams), environment)


@contextmanager
def port_mapper() -> Iterator[dict[str, str]]:
    """The environment in which nodes find it. It would else be started by the first node, and outlive us."""
    port = free_port()
    environment = {"ERL_EPMD_ADDRESS": "127.0.0.1", "ERL_EPMD_PORT": str(port)}
    mapper = subprocess.Popen(
        ["epmd"], env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until_it_listens(port)
        yield environment
    finally:
        mapper.kill()
        mapper.wait()


def wait_until_it_listens(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise TimeoutError(f"expected epmd to listen on port {port} within 10 s, it does not") from None
            time.sleep(0.02)
        else:
            return


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
