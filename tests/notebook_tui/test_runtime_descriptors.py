"""File descriptors 1 and 2 of a runtime: each test has an interpreter of its own, whose descriptors are redirected."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent

# `heard` is what a fallback leader got. `until` waits for what a thread does.
START = """
import asyncio, ctypes, os, subprocess, sys, time
import beamlike as bl
from beamlike.kernel import group_leader
from beamlike.kernel.group_leader import Output
from notebook_tui.runtime.descriptors import drain, redirect_descriptors

heard = []

async def hear():
    while True:
        heard.append(await bl.receive())

def text(stream):
    return "".join(output.text for output in heard if output.stream == stream)

async def until(condition):
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.001)

async def with_leader(test):
    async with bl.Node("test@127.0.0.1", listen=False):
        group_leader.set_fallback_leader(bl.spawn(hear))
        await test()

group_leader.install_router()
redirect_descriptors()
"""


def run(script: str) -> subprocess.CompletedProcess[str]:
    program = START + dedent(script)
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=50, check=False)


def succeeded(body: str) -> None:
    """Runs the body of an async function that has a fallback leader; it asserts by itself, and leaves no output."""
    lines = "\n".join(f"    {line}" for line in dedent(body).strip().splitlines())
    done = run(f"async def test():\n{lines}\nasyncio.run(with_leader(test))")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_each_descriptor_comes_to_the_leader_as_its_stream() -> None:
    succeeded("""
        os.system("echo out; echo err >&2")
        ctypes.CDLL(None).dprintf(1, b"from C")
        await until(lambda: text("stdout") == "out\\nfrom C" and text("stderr") == "err\\n")
    """)


def test_a_drain_hands_over_all_that_was_written_before_it() -> None:
    succeeded("""
        for number in range(200):
            os.write(1, b"%d " % number)
            drain()
            # What the leader is sent now cannot overtake it.
            group_leader.hand_over("stdout", "| ")
        await until(lambda: text("stdout").count("|") == 200)
        assert text("stdout") == "".join(f"{number} | " for number in range(200))
    """)


def test_a_drain_does_not_wait_for_a_writer_that_never_stops() -> None:
    succeeded("""
        endless = subprocess.Popen(["yes"])
        for _ in range(20):
            drain()
        endless.kill()
        endless.wait()
        drain()
    """)


def test_a_character_that_arrives_in_pieces_is_one_and_what_is_no_text_is_replaced() -> None:
    succeeded("""
        for piece in (b"\\xe2", b"\\x82", b"\\xac", b"\\xff!"):
            os.write(1, piece)
            drain()
        await until(lambda: text("stdout").endswith("!"))
        assert text("stdout") == "\\u20ac\\ufffd!"
    """)


def test_without_a_leader_all_goes_where_it_went_before() -> None:
    done = run("""
        print("printed")
        os.system("echo shell; echo error >&2")
        sys.stdout.buffer.write(b"bytes\\n")
    """)
    assert (done.returncode, sorted(done.stdout.split()), done.stderr) == (0, ["bytes", "printed", "shell"], "error\n")


def test_the_last_words_of_an_interpreter_are_kept() -> None:
    done = run("raise SystemExit('could not go on')")
    assert (done.returncode, done.stderr) == (1, "could not go on\n")


def test_a_crash_is_told_where_output_went_before() -> None:
    done = run("group_leader.set_fallback_leader(bl.Pid('nobody@127.0.0.1', 1))\nos.abort()")
    assert done.returncode < 0
    assert "Fatal Python error: Aborted" in done.stderr
