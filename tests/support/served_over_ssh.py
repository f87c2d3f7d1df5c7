"""Sessions in a process, views in another, and keys made by ssh-keygen: what a user has who serves a directory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.terminal import Terminal

ROOT = Path(__file__).parents[2]
DEADLINE = 60.0


@dataclass
class Served:
    place: Path
    host: str = "127.0.0.1"
    port: int = 0
    server: int = 0
    front: int = 0
    fingerprint: str = ""
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def directory(self) -> Path:
        return self.place / "notebooks"

    @property
    def key(self) -> Path:
        """Of ann, who may do all."""
        return self.place / "ann"

    @property
    def authorized_keys(self) -> Path:
        return self.place / "config" / "authorized_keys"

    @property
    def log(self) -> list[dict[str, Any]]:
        """Who came, and who was turned away."""
        path = self.place / "ssh" / "ssh.log"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def new_key(self, name: str, options: str = "") -> Path:
        """A key pair; with options its public half is let in."""
        path = self.place / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path], check=True)
        if options:
            with self.authorized_keys.open("a") as file:
                file.write(f"{options} {path.with_suffix('.pub').read_text()}")
        return path

    def ssh(self, *words: str, key: Path | None = None, options: Mapping[str, str] | None = None, port: int = 0) -> list[str]:
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
        terminal = [word for word in words if word.startswith("-")]
        return [*start, *terminal, self.host, *(word for word in words if not word.startswith("-"))]

    def do(self, *words: str, key: Path | None = None, **options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.ssh(*words, key=key, options=options),
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=DEADLINE,
            check=False,
        )

    def terminal(self, *words: str, key: Path | None = None, columns: int = 100, lines: int = 30, port: int = 0) -> Terminal:
        return Terminal(self.ssh("-t", *words, key=key, port=port), columns=columns, lines=lines)


@contextmanager
def served(place: Path, limits: Mapping[str, float] | None = None) -> Iterator[Served]:
    world = Served(place)
    for name in ("notebooks", "config", "ssh", "state"):
        (place / name).mkdir(mode=0o700)
    world.authorized_keys.touch(mode=0o600)
    world.new_key("ann", 'role="admin",name="ann"')
    world.environment = {
        **os.environ,
        "PYTHONPATH": os.fspath(ROOT),
        "BEAMLIKE_STATE": os.fspath(place / "state"),
        "XDG_CONFIG_HOME": os.fspath(place / "config"),
        "BEAMLIKE_TRUSTED": os.fspath(world.directory),
    }
    words = [sys.executable, "-m", "tests.support.holder_of_sessions", os.fspath(world.directory)]
    with _process(words, world.environment) as holder:
        world.server = json.loads(_line(holder))["pid"]
        options = {
            "directory": os.fspath(world.directory),
            "host": world.host,
            "port": 0,
            "authorized_keys": os.fspath(world.authorized_keys),
            "state": os.fspath(place / "ssh"),
            "server": world.server,
            "limits": dict(limits or {}),
            "log": os.fspath(place / "front.log"),
        }
        words = [sys.executable, "-m", "notebook_tui.cli.ssh_front", json.dumps(options)]
        with _process(words, world.environment) as front:
            said = json.loads(_line(front))
            assert "failed" not in said, said
            world.port, world.front, world.fingerprint = said["port"], front.pid, said["fingerprint"]
            yield world


@contextmanager
def _process(words: list[str], environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """It ends with its standard input."""
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
        try:
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(DEADLINE)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


def _line(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, "the process ended before it said anything"
    return line
