"""`beamlike flame` as a user calls it: what runs, what is ended, and what the exit status says."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nodes.found import Found
from notebook_tui.cli.nodes_table import table
from tests.nodes.test_records import child_without_a_parent
from tests.support.processes import is_alive, wait_until_gone


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


def flame(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "notebook_tui", "flame", *words],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )


POOL = """
import asyncio
import beamlike as bl, nodes

async def main():
    async with bl.Node("cli@127.0.0.1", secret=b"a secret of the test"):
        children = [await nodes.boot(nodes.Local(), labels=nodes.Labels("cpu", f"cpu-{it}")) for it in range(2)]
        print(*(child.machine.id for child in children), flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


@contextmanager
def two_children() -> Iterator[list[str]]:
    with subprocess.Popen([sys.executable, "-c", POOL], stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout is not None
            yield program.stdout.readline().split()
        finally:
            program.kill()


def test_ps_lists_the_children_that_run_and_reap_leaves_them(directory: Path) -> None:
    with two_children() as pids:
        shown = flame("ps")
        assert (shown.returncode, shown.stderr) == (0, "")
        title, *rows, total = shown.stdout.splitlines()
        assert title.split() == ["NODE", "POOL", "RUNNER", "STATE", "AGE", "MEMORY", "PARENT"]
        assert [row.split()[1:4] for row in rows] == [["cpu", "cpu-0", "alive"], ["cpu", "cpu-1", "alive"]]
        assert total.startswith("2 child nodes, ")
        assert max(map(len, shown.stdout.splitlines())) <= 80

        told = json.loads(flame("ps", "--json").stdout)
        assert [one["where"] for one in told] == [f"process {pid}" for pid in pids]
        assert {one["parent"].partition(" ")[0] for one in told} == {"cli@127.0.0.1"}

        reaped = flame("reap", "--yes")
        assert (reaped.returncode, reaped.stdout) == (0, "no child node is without a living parent\n")
        assert all(is_alive(int(pid)) for pid in pids)
    wait_until_gone(*map(int, pids))
    assert flame("ps").stdout == "no child nodes\n"


APP = """
import asyncio
import beamlike as bl, flame

async def main():
    async with bl.Node("app@127.0.0.1"):
        await flame.Pool.start(name="cpu", min=1, max=2)
        print("up", flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


def test_ps_of_a_node_shows_its_pools(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEAMLIKE_SECRET", "a secret of the test, long enough")
    with subprocess.Popen([sys.executable, "-c", APP], stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout is not None
            assert program.stdout.readline() == "up\n"
            shown = flame("ps", "app@127.0.0.1")
            assert shown.returncode == 0, shown.stderr
            assert shown.stdout.startswith("cpu: 1 of 2 runners, 0/1 slots, no call waits\n")
            (stats,) = json.loads(flame("ps", "app@127.0.0.1", "--json").stdout)
            assert [runner["phase"] for runner in stats["runners"]] == ["ready"]
        finally:
            program.kill()
    refused = flame("ps", "app@127.0.0.1")
    assert refused.returncode == 2
    assert refused.stderr.startswith("beamlike: app@127.0.0.1 could not be asked for its pools: ")
    assert refused.stderr.count("\n") == 1


def test_reap_ends_a_child_without_a_parent_and_says_so(tmp_path: Path, directory: Path) -> None:
    with child_without_a_parent(tmp_path) as pids:
        assert "no parent" in flame("ps").stdout

        looked = flame("reap", "--dry-run")
        assert looked.returncode == 0
        assert f"(process {pids[0]}) has no living parent: it was gone@127.0.0.1" in looked.stdout
        assert "1 child node would be ended" in looked.stdout

        asked = flame("reap")
        assert asked.returncode == 2
        assert asked.stderr == (
            "beamlike: expected somebody who can be asked, found no terminal: say --yes, or --dry-run to only look\n"
        )
        assert is_alive(pids[0])

        reaped = flame("reap", "--yes")
        assert reaped.returncode == 0
        assert f"was ended, process {pids[0]}\n" in reaped.stdout
        wait_until_gone(*pids)


def test_records_that_cannot_be_believed_fail_in_one_line(directory: Path) -> None:
    (directory / "beamlike-children").mkdir(mode=0o777)
    (directory / "beamlike-children").chmod(0o777)
    shown = flame("ps")
    assert shown.returncode == 1
    assert shown.stderr.startswith("beamlike: expected ")
    assert shown.stderr.count("\n") == 1


def test_a_record_that_cannot_be_read_is_told_and_not_fatal(directory: Path) -> None:
    (directory / "beamlike-children").mkdir(mode=0o700)
    (directory / "beamlike-children" / "1-a.json").write_text("{")
    shown = flame("ps")
    assert (shown.returncode, shown.stdout) == (0, "no child nodes\n")
    assert "cannot be read as the record of a child" in shown.stderr


@pytest.mark.parametrize("words", [["ps"], ["ps", "--json"], ["reap", "--yes"]])
def test_a_named_platform_that_cannot_be_seen_is_a_failure(
    words: list[str], directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(directory / "none"))
    shown = flame(*words, "--on", "k8s:ml")
    assert (shown.returncode, shown.stdout) == (1, "")
    assert shown.stderr.startswith("beamlike: expected the service account of a pod, or a kubeconfig")


@pytest.mark.parametrize("words", [["--help"], ["ps", "--help"], ["reap", "--help"]])
def test_help_shows_an_example(words: list[str]) -> None:
    shown = flame(*words)
    assert shown.returncode == 0
    assert "example" in shown.stdout
    assert "beamlike flame" in shown.stdout


def test_ps_imports_nothing_that_starts_a_node() -> None:
    program = "import sys\nfrom notebook_tui.cli.main import main\ntry:\n    main(['flame', 'ps'])\nfinally:\n    "
    program += "assert not {'asyncio', 'nodes.booting', 'beamlike.kernel.node', 'beamlike.node'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60, stdout=subprocess.DEVNULL)


def test_watch_repaints_a_terminal_and_prints_again_elsewhere_until_interrupted(directory: Path) -> None:
    # Whoever runs the tests in the background may have had the signal ignored.
    heeding = """if True:
        import signal, runpy
        signal.signal(signal.SIGINT, signal.default_int_handler)
        runpy.run_module("notebook_tui", run_name="__main__")
    """
    command = [sys.executable, "-c", heeding, "flame", "ps", "--watch"]
    near, far = pty.openpty()
    with subprocess.Popen(command, stdout=far, stderr=far) as watching:
        os.close(far)
        assert read_until(near, b"\x1b[H\x1b[J", times=2).count(b"no child nodes") >= 1
        watching.send_signal(signal.SIGINT)
        assert watching.wait(20) == 130
    os.close(near)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        assert [watching.stdout.readline() for _ in range(2)] == ["no child nodes\n"] * 2
        watching.send_signal(signal.SIGINT)
        assert watching.wait(20) == 130


def read_until(descriptor: int, word: bytes, times: int) -> bytes:
    text, deadline = b"", time.monotonic() + 20
    while text.count(word) < times:
        assert time.monotonic() < deadline, text
        text += os.read(descriptor, 4096)
    return text


@pytest.mark.parametrize("width", [80, 100, 200])
def test_a_table_keeps_to_the_width_and_shows_what_matters(width: int) -> None:
    def found(number: int, memory: int | None) -> Found:
        node = f"a-node-with-a-long-name-{number}@some-host.example.org"
        parent = "parent-with-a-name@some-host.example.org (process 4711)"
        pool, runner = "a-pool-of-a-long-name", f"runner-{number}"
        return Found("local", node, pool, runner, "no parent", 0.0, None, parent, "process 1", memory, "")

    text = table([found(number, None if number == 3 else 123 << 20) for number in range(5)], now=100_000.0, width=width)
    lines = text.splitlines()
    assert max(map(len, lines[:-1])) <= width
    assert all("no parent" in line and "1d 03:46" in line for line in lines[1:-1])
    assert lines[-1] == "5 child nodes, 492 MiB; 5 without a living parent: `beamlike flame reap` ends them"
