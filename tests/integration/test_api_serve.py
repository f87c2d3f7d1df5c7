"""`beamlike serve` as a program of its user meets it: the socket that it tells, and the example of the guide."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import beamlike as bl
from notebook_tui.api.client import connected
from notebook_tui.api.errors import ApiError
from notebook_tui.api.server import socket_path
from notebook_tui.cli.serve import configure, listeners_of
from notebook_tui.serve.sessions import Sessions
from notebook_tui.session.options import EVALUATES
from tests.support.captured_log import captured_log
from tests.support.local_nodes import in_node

PROGRAM = "from notebook_tui.cli.main import main; main()"
PATIENCE = 60.0
pytestmark = pytest.mark.timeout(240)


def beamlike(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, words)], capture_output=True, text=True, timeout=PATIENCE, check=False
    )


@contextmanager
def served(directory: Path, *words: str) -> Iterator[Path]:
    """The socket at which it listens."""
    # Under a short path: that of a socket may not be long.
    program = subprocess.Popen([sys.executable, "-c", PROGRAM, "serve", str(directory), *words], stderr=subprocess.PIPE)
    try:
        end = time.monotonic() + PATIENCE
        while not socket_path(directory).exists():
            assert program.poll() is None, program.stderr
            assert time.monotonic() < end
            time.sleep(0.02)  # another program makes the socket, and tells nobody
        told = beamlike("api", "socket", directory)
        assert told.stderr == ""
        yield Path(told.stdout.strip())
        program.send_signal(signal.SIGINT)
        assert program.wait(PATIENCE) == 0
    finally:
        program.kill()
        program.communicate()


@pytest.fixture
def directory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="s") as place:
        monkeypatch.setenv("BEAMLIKE_STATE", f"{place}/state")
        notebooks = Path(place).resolve() / "n"
        notebooks.mkdir()
        yield notebooks


def test_the_guides_program_works_with_a_server_and_nothing_but_python(directory: Path) -> None:
    with served(directory) as socket:
        program = [sys.executable, "-I", "docs/examples/drive_a_notebook.py", str(socket), "cats.livemd", "6 * 7"]
        result = subprocess.run(program, capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert result.stderr == ""
        assert result.stdout == f"cell 1, ok: 42\nsaved to {directory / 'cats.livemd'}\n"
        assert "6 * 7" in (directory / "cats.livemd").read_text()
    assert not socket.exists()
    refused = beamlike("api", "socket", directory)
    assert refused.returncode == 2
    assert "beamlike serve" in refused.stderr


@in_node
async def test_a_server_may_be_told_what_its_users_programs_may_do(directory: Path) -> None:
    parser = argparse.ArgumentParser()
    configure(parser)
    sessions = await Sessions.start(EVALUATES)
    for role in ("none", "view"):
        (listener,) = listeners_of(parser.parse_args([str(directory), "--api-role", role]))
        async with listener(sessions):
            socket = socket_path(directory)
            assert os.stat(socket.parent).st_mode & 0o077 == 0
            if role == "view":
                async with connected(socket, "test") as client:
                    assert (await client.call("whoami"))["role"] == "view"
            else:
                with pytest.raises(ApiError, match="with a token only"):
                    async with connected(socket, "test"):
                        pass
    await bl.GenServer.stop(sessions)


@in_node
async def test_where_the_socket_cannot_be_people_are_served_all_the_same(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEAMLIKE_STATE", str(directory / ("long" * 40)))
    parser = argparse.ArgumentParser()
    configure(parser)
    with captured_log("notebook_tui.serve") as log:
        for listener in listeners_of(parser.parse_args([str(directory)])):
            async with listener("sessions"):
                pass
    assert "set BEAMLIKE_STATE to a directory with a shorter one" in log[0].getMessage()
