"""Names that somebody else has given, where they are read in a terminal: files, people, programs."""

from __future__ import annotations

import io
import logging

import beamlike as bl
from notebook_tui.cli.log_lines import FORMAT, LogLines
from notebook_tui.cli.sessions import _table
from notebook_tui.serve.sessions import Running
from notebook_tui.ssh.views import _lines

EVIL = "evil\x1b]2;owned\x07\nINFO notebook_tui.serve: all is well\x9b2J\u2028.livemd"


def commands(text: str) -> set[str]:
    """What in it a terminal would obey, or would begin a line."""
    return {letter for letter in text if not letter.isprintable()}


def test_a_log_has_a_line_for_each_message_whatever_was_named_in_it() -> None:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(LogLines(FORMAT))
    handler.handle(logging.makeLogRecord({"msg": "%s: the session has begun", "args": (EVIL,), "levelname": "INFO"}))
    assert commands(written.getvalue().removesuffix("\n")) == set()


def test_a_traceback_in_a_log_keeps_its_lines_and_commands_no_terminal() -> None:
    try:
        raise OSError(EVIL)
    except OSError as error:
        record = logging.makeLogRecord({"msg": "it failed", "exc_info": (OSError, error, error.__traceback__)})
    assert commands(LogLines(FORMAT).format(record)) == {"\n"}


def test_who_lists_notebooks_over_ssh_reads_one_line_each() -> None:
    running = [Running(f"/{EVIL}", bl.Pid("a@b", 1), 0.0)]
    for as_json in (False, True):
        (line,) = _lines(running, as_json=as_json)
        assert commands(line.removesuffix("\n")) == set()


def test_so_does_who_lists_sessions() -> None:
    (line,) = _table([(EVIL, "1 min", EVIL)])
    assert commands(line) == set()
