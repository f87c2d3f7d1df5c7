"""`beamlike trace` and `beamlike profile`, at a real node of another process."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import beamlike as bl
from tests.support.peers import SECRET, Peers, among_peers


async def work() -> None:
    async def sells() -> None:
        while True:
            json.dumps({"order": 7})
            sum(range(300_000))
            await asyncio.sleep(0.005)

    bl.register("seller", bl.spawn(sells))


async def beamlike(*words: str) -> tuple[int, str, str]:
    """Exit status, output and errors of the command."""
    environment = {**os.environ, "BEAMLIKE_SECRET": SECRET.decode(), "PYTHONPATH": os.pathsep.join(sys.path)}
    pipe = asyncio.subprocess.PIPE
    command = [sys.executable, "-m", "notebook_tui", *words]
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe, env=environment)
    out, errors = await asyncio.wait_for(process.communicate(), 80)
    assert process.returncode is not None
    return process.returncode, out.decode(), errors.decode()


@among_peers
async def test_calls_and_a_profile_of_another_program_by_the_command_line(peers: Peers) -> None:
    service = await peers.start("service")
    await service.call(work)
    folder = Path(os.environ["HOME"])
    traced, shown, refused, folded, written, wrong = await asyncio.gather(
        beamlike("trace", service.node, "json:dumps", "--limit", "4", "--json"),
        beamlike("trace", service.node, "json:dumps", "--limit", "99999"),
        beamlike("trace", service.node, "json:bumps"),
        beamlike("profile", service.node, "--seconds", "3", "--output", "-"),
        beamlike("profile", "nobody@127.0.0.1", "--seconds", "0.2"),
        beamlike("profile", service.node, "--output", "out.txt"),
    )
    rows = [json.loads(line) for line in traced[1].splitlines()]
    assert (traced[0], traced[2]) == (0, "")
    assert [row["kind"] for row in rows] == ["called", "returned", "called", "returned", "ended"]
    assert rows[0]["process"] == "seller"
    assert rows[0]["text"] == "{'order': 7}"
    assert rows[1]["number"] == rows[0]["number"]
    for code, _, errors in (shown, refused, written, wrong):
        assert code == 2
        assert errors.startswith("beamlike: ")
        assert errors.count("\n") == 1
    assert "expected a limit from 1 to 10000 events to trace" in shown[2]
    assert "it has detect_encoding, dump, dumps" in refused[2]
    assert "nobody@127.0.0.1" in written[2]
    assert ".svg, .json, .folded, or -" in wrong[2]
    assert folded[0] == 0
    assert ".sells (test_trace_command.py:" in folded[1]
    for name in ("out.svg", "out.json"):
        code, out, _ = await beamlike("profile", service.node, "--seconds", "0.2", "--output", str(folder / name))
        assert code == 0
        assert out.startswith(str(folder / name))
    assert (folder / "out.svg").read_text().startswith("<svg")
    assert "profiles" in json.loads((folder / "out.json").read_text())


@among_peers
async def test_a_trace_whose_reader_leaves_ends_without_a_word(peers: Peers) -> None:
    service = await peers.start("service")
    await service.call(work)
    command = f"{sys.executable} -m notebook_tui trace {service.node} json:dumps --time 100 | head -1"
    environment = {**os.environ, "BEAMLIKE_SECRET": SECRET.decode(), "PYTHONPATH": os.pathsep.join(sys.path)}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_shell(command, stdout=pipe, stderr=pipe, env=environment)
    out, errors = await asyncio.wait_for(process.communicate(), 60)
    assert "json:dumps" in out.decode()
    assert errors.decode() == ""
