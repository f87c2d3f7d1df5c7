"""Sessions in a process, views in another, and keys made by ssh-keygen: what a user has who serves a directory."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh
import psutil

from tests.support.terminal import Terminal

ROOT = Path(__file__).parents[2]
DEADLINE = 60.0
_FLAGS = ("-t", "-tt", "-T", "-s")
"""Of ssh itself, of those that are used here."""


@dataclass
class Served:
    place: Path
    host: str = "127.0.0.1"
    port: int = 0
    server: int = 0
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def directory(self) -> Path:
        return self.place / "notebooks"

    @property
    def front(self) -> int:
        """The process that draws the views."""
        return next(each.pid for each in psutil.Process(self.server).children() if _draws(each))

    @property
    def key(self) -> Path:
        """Of ann, who may do all."""
        return self.place / "ann"

    @property
    def authorized_keys(self) -> Path:
        return self.place / "config" / "beamlike" / "authorized_keys"

    @property
    def log(self) -> list[dict[str, Any]]:
        """Who came, and who was turned away: the lines that are written to their end."""
        path = self.place / "state" / "ssh" / "ssh.log"
        return [json.loads(line) for line in path.read_text().split("\n")[:-1]] if path.exists() else []

    def new_key(self, name: str, options: str = "") -> Path:
        """A key pair; with options its public half is let in."""
        path = self.place / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path], check=True)
        if options:
            with self.authorized_keys.open("a") as file:
                file.write(f"{options} {path.with_suffix('.pub').read_text()}")
        return path

    def keys_read(self) -> bool:
        """Whether the server has read all keys that stand in the files now, none of them twice."""
        # Not by times: it tells of what it read a moment before, and a key may have been added since.
        files = [self.authorized_keys, *(self.authorized_keys.parent / "keys.d").glob("*")]
        there = sum(len(path.read_text().splitlines()) for path in files)
        return [line["count"] for line in self.log if line["event"] == "keys"][-1:] == [there]

    def ssh(
        self, *words: str, key: Path | None = None, options: Mapping[str, str] | None = None, port: int = 0
    ) -> list[str]:
        """The command line of the real client."""
        said = {
            "UserKnownHostsFile": os.fspath(self.place / "known_hosts"),
            "StrictHostKeyChecking": "accept-new",
            "IdentitiesOnly": "yes",
            "IdentityAgent": "none",
            "PreferredAuthentications": "publickey",
            "LogLevel": "ERROR",
            **(options or {}),
        }
        flags = [word for name, value in said.items() for word in ("-o", f"{name}={value}")]
        start = ["ssh", "-F", "none", *flags, "-i", os.fspath(key or self.key), "-p", str(port or self.port)]
        flags = [word for word in words if word in _FLAGS]
        return [*start, *flags, self.host, *(word for word in words if word not in _FLAGS)]

    def do(self, *words: str, key: Path | None = None, **options: str) -> subprocess.CompletedProcess[str]:
        return done(self.ssh(*words, key=key, options=options))

    def connect(self) -> AbstractAsyncContextManager[asyncssh.SSHClientConnection]:
        """By another client than OpenSSH's, in this process."""
        return asyncssh.connect(
            self.host,
            self.port,
            known_hosts=None,
            client_keys=[os.fspath(self.key)],
            username="ann",
            config=[],
            agent_path=None,
        )

    def terminal(
        self,
        *words: str,
        key: Path | None = None,
        columns: int = 100,
        lines: int = 30,
        port: int = 0,
        env: Mapping[str, str] | None = None,
        answers: str = "",
    ) -> Terminal:
        """`env` is what the terminal says of itself; all of it goes along, which takes `SendEnv` in a user's own."""
        sent = {"SendEnv": " ".join(env)} if env else {}
        command = self.ssh("-t", *words, key=key, port=port, options=sent)
        return Terminal(command, columns=columns, lines=lines, env=env, answers=answers)


def _draws(process: psutil.Process) -> bool:
    try:
        return "notebook_tui.cli.ssh_front" in process.cmdline()
    except psutil.NoSuchProcess:  # a run that has just ended
        return False


def done(words: Sequence[str], given: str = "") -> subprocess.CompletedProcess[str]:
    """What a program says, to which no more is given by standard input than that, and how it ends."""
    return subprocess.run(words, capture_output=True, text=True, input=given, timeout=DEADLINE, check=False)


def until(holds: Callable[[], Any]) -> Any:
    """What it gives, once that is something."""
    end = time.monotonic() + DEADLINE
    while not (found := holds()):
        assert time.monotonic() < end, f"{holds} did not come true within {DEADLINE} s"
        time.sleep(0.05)  # other programs make it true, and tell no event
    return found


@contextmanager
def served(place: Path, *more: str, environment: Mapping[str, str] | None = None) -> Iterator[Served]:
    """`more` are words behind `beamlike serve DIR --ssh …`."""
    world = Served(place)
    for name in ("notebooks", "config/beamlike", "state"):
        (place / name).mkdir(mode=0o700, parents=True)
    world.authorized_keys.touch(mode=0o600)
    world.new_key("ann", 'role="admin",name="ann"')
    world.environment = {
        **os.environ,
        "PYTHONPATH": os.fspath(ROOT),
        "BEAMLIKE_STATE": os.fspath(place / "state"),
        "XDG_CONFIG_HOME": os.fspath(place / "config"),
        "BEAMLIKE_TRUSTED": os.fspath(world.directory),
        **(environment or {}),
    }
    words = [
        sys.executable,
        "-m",
        "notebook_tui",
        "serve",
        os.fspath(world.directory),
        "--ssh",
        f"{world.host}:0",
        *more,
    ]
    with _process(words, world.environment, world.place / "server.log") as server:
        world.server = server.pid
        world.port = int(_said(server, world.place / "server.log", r"ssh: listens on \S+ port (\d+)"))
        yield world


@contextmanager
def _process(words: list[str], environment: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (
        log.open("wb") as file,
        subprocess.Popen(words, stdin=subprocess.DEVNULL, stderr=file, env=environment) as process,
    ):
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(DEADLINE)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


def _said(process: subprocess.Popen[bytes], log: Path, pattern: str) -> str:
    """What it says in its log, once it has."""
    end = time.monotonic() + DEADLINE
    while (found := re.search(pattern, log.read_text())) is None:
        assert process.poll() is None, f"the server has ended:\n{log.read_text()}"
        assert time.monotonic() < end, f"the server does not say {pattern!r}:\n{log.read_text()}"
        time.sleep(0.05)  # a log of another program tells no event
    return found[1]
