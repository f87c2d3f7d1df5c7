"""A log record goes to another interpreter as it is where that can be, else as text."""

from __future__ import annotations

import logging
import pickle
from typing import Any

import pytest

from beamlike.kernel.errors import RemoteError
from beamlike.kernel.logged import logged


def made(message: object, *args: object, error: BaseException | None = None, **extra: Any) -> logging.LogRecord:
    info = None if error is None else (type(error), error, None)
    return logging.getLogger("lib").makeRecord("lib", 30, "file.py", 7, message, args, info, extra=extra)


def sent(record: logging.LogRecord) -> logging.LogRecord:
    there = pickle.loads(pickle.dumps(logged(record, "[t] ", flame_call=7))).record()
    assert isinstance(there, logging.LogRecord)
    return there


def test_plain_arguments_travel_as_they_are() -> None:
    there = sent(made("%s has %d", "disk", 3))
    assert (there.msg, there.args, there.getMessage()) == ("%s has %d", ("disk", 3), "disk has 3")
    assert (there.name, there.levelno, there.lineno, there.__dict__["flame_call"]) == ("lib", 30, 7, 7)
    assert sent(made("%(a)s", {"a": 1})).args == {"a": 1}


@pytest.mark.parametrize("argument", [object(), [1], "long" * 1000, lambda: None])
def test_other_arguments_are_formatted_where_they_are(argument: object) -> None:
    there = sent(made("got %s", argument))
    assert (there.msg, there.args) == (f"got {argument}", None)


def test_an_exception_with_plain_arguments_travels_and_its_traceback_as_text() -> None:
    there = sent(made("failed", error=KeyError("key")))
    assert there.exc_info is not None
    assert there.exc_info[0] is KeyError
    assert logging.Formatter().format(there) == "failed\nKeyError: 'key'"


class Odd(Exception):
    pass


@pytest.mark.parametrize("error", [Odd("x"), ValueError(object()), ExceptionGroup("g", [Odd("x")])])
def test_another_exception_is_told_by_its_text(error: Exception) -> None:
    there = sent(made("failed", error=error))
    assert there.exc_info is not None
    assert there.exc_info[0] is RemoteError
    assert str(error).partition(" (")[0] in logging.Formatter().format(there)


def test_what_extra_added_travels_or_is_described() -> None:
    there = sent(made("x", user="ada", lock=[1]))
    assert (there.__dict__["user"], there.__dict__["lock"]) == ("ada", "[1]")


def test_as_text_each_line_has_the_tag() -> None:
    assert logged(made("one\ntwo"), "[t] ").text() == "[t] WARNING:lib:one\n[t] two\n"
