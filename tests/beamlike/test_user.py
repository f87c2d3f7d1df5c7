"""The user of a node: it writes what others print and log, and never waits for who reads it."""

from __future__ import annotations

import asyncio
import logging
import os
import sys

import pytest

import beamlike as bl
from beamlike.kernel import current
from beamlike.kernel.group_leader import Origin, Output
from beamlike.kernel.logged import logged
from beamlike.kernel.user import Waiting, leader_elsewhere
from tests.support.captured_log import captured_log
from tests.support.local_nodes import eventually, in_node

ORIGIN = Origin("call", "[t] ")


@in_node
async def test_a_pipe_that_nobody_reads_does_not_stop_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    user = leader_elsewhere(current.current_node())
    read_end, write_end = os.pipe()
    text = "".join(f"{number}\n" for number in range(100_000))
    with os.fdopen(read_end, "rb") as reader, os.fdopen(write_end, "w") as writer:
        monkeypatch.setattr(sys, "stdout", writer)
        bl.send(user, Output("stdout", text))
        await asyncio.sleep(0.1)  # time enough to be stopped
        printed = b""
        while len(printed) < len(text):
            # As much as is there: the loop must turn for more to come.
            printed += await asyncio.wait_for(asyncio.to_thread(os.read, reader.fileno(), 1 << 16), 20)
        assert printed.decode() == text
        monkeypatch.undo()


def test_of_more_than_can_wait_the_oldest_is_left_out_in_words() -> None:
    waiting = Waiting(limit=10)
    for letter in "abc":
        waiting.add("stdout", letter * 8)
    taken = [waiting.take(5) for _ in range(3)]
    assert taken[0][0] == "stderr"
    assert "16 characters left out" in taken[0][1]
    assert taken[1:] == [("stdout", "ccccc"), ("stdout", "ccc")]
    assert not waiting


@in_node
async def test_in_a_file_a_line_that_is_written_over_stands_once(capsys: pytest.CaptureFixture[str]) -> None:
    user = leader_elsewhere(current.current_node())
    fleeting = Origin("bar", "[t] ", fleeting=True)
    for text in ("\r[t] 1/3", "\r[t] 2/3", "\r[t] 3/3\n"):
        bl.send(user, Output("stderr", text, fleeting))
    bl.send(user, Output("stdout", "end\n", ORIGIN))
    out = err = ""
    async with asyncio.timeout(10):
        while not out:
            await asyncio.sleep(0.001)
            out, more = capsys.readouterr()
            err += more
    assert err == "[t] 3/3\n"


def record(name: str, level: int) -> logging.LogRecord:
    return logging.getLogger(name).makeRecord(name, level, "file.py", 7, "hello %s", ("you",), None)


@in_node
async def test_a_record_is_logged_here_as_if_it_had_been_logged_here() -> None:
    user = leader_elsewhere(current.current_node())
    with captured_log("test.far") as records:
        bl.send(user, logged(record("test.far", logging.INFO), "[t] "))  # below the level
        bl.send(user, logged(record("test.far", logging.WARNING), "[t] ", flame_call=7))
        await eventually(lambda: bool(records))
    [there] = records
    assert (there.getMessage(), there.__dict__["flame_call"]) == ("hello you", 7)


@in_node
async def test_a_handler_that_fails_ends_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_record: logging.LogRecord) -> bool:
        raise ValueError("a filter of the user's")

    user = leader_elsewhere(current.current_node())
    log = logging.getLogger("test.failing")
    monkeypatch.setattr(log, "filters", [fail])
    with captured_log("beamlike.user") as told:
        bl.send(user, logged(record("test.failing", logging.ERROR), "[t] "))
        await eventually(lambda: bool(told))
    assert leader_elsewhere(current.current_node()) == user


@in_node
async def test_where_nobody_handles_records_it_is_shown_with_its_tag(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    user = leader_elsewhere(current.current_node())
    monkeypatch.setattr(logging.getLogger("test.lonely"), "propagate", False)
    bl.send(user, logged(record("test.lonely", logging.WARNING), "[t] "))
    shown = ""
    async with asyncio.timeout(10):
        while not shown:
            await asyncio.sleep(0.001)
            shown = capsys.readouterr().err
    assert shown == "[t] WARNING:test.lonely:hello you\n"
