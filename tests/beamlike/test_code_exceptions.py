"""Exceptions travel whatever their `__init__` takes."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from beamlike.code.codec import CodeCodec
from beamlike.code.notebook_module import NotebookModule
from beamlike.kernel.terms import ExceptionInfo, Pid
from tests.support.cells import run_cell
from tests.support.codecs import there_and_back
from tests.support.second_interpreter import SecondInterpreter


@pytest.fixture
def notebook() -> Iterator[NotebookModule]:
    with contextlib.closing(NotebookModule("errors")) as module:
        yield module


def test_an_init_of_two_arguments_is_not_called_again(there: SecondInterpreter, notebook: NotebookModule) -> None:
    names = run_cell(
        notebook,
        """
        made = []

        class TooLong(ValueError):
            def __init__(self, word, limit):
                super().__init__(f"{word} is longer than {limit}")
                self.word = word
                made.append(word)

        def check(word):
            try:
                raise TooLong(word, limit=3)
            except TooLong as error:
                error.add_note("seen over there")
                raise
        """,
    )
    with pytest.raises(names["TooLong"], match="light is longer than 3") as caught:
        there.call(names["check"], "light")
    assert (caught.value.word, caught.value.args) == ("light", ("light is longer than 3",))
    assert caught.value.__notes__ == ["seen over there"]
    assert names["made"] == []


def test_exceptions_over_builtin_ones_with_state_of_their_own(
    there: SecondInterpreter, notebook: NotebookModule
) -> None:
    names = run_cell(
        notebook,
        """
        class Mixin:
            def hint(self):
                return "mixed in"

        class Missing(Mixin, FileNotFoundError):
            def __init__(self, path):
                super().__init__(2, "no such text", path)

        class Several(ExceptionGroup):
            def __new__(cls, *errors):
                return super().__new__(cls, "several", errors)
            def derive(self, errors):
                return Several(*errors)

        class Undecodable(UnicodeDecodeError):
            def __init__(self, reason):
                self.why = reason

        def back(error):
            return error
        """,
    )
    missing = there.call(names["back"], names["Missing"]("plan.txt"))
    assert (missing.errno, missing.filename, missing.hint()) == (2, "plan.txt", "mixed in")
    several = there.call(names["back"], names["Several"](ValueError(1), KeyError("k")))
    assert (several.message, several.exceptions[0].args) == ("several", (1,))
    undecodable = there.call(names["back"], names["Undecodable"]("because"))
    assert (undecodable.why, undecodable.args) == ("because", ("because",))


class Refused(Exception):
    """Of an importable module, so by name; the same care is due."""

    def __init__(self, who: str, why: str) -> None:
        super().__init__(f"{who}: {why}")
        self.who = who


class Explained(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(f"code {code}")
        self.code = code

    def __reduce__(self) -> tuple[type[Explained], tuple[int]]:
        return Explained, (self.code,)


def info_of(error: BaseException) -> ExceptionInfo:
    return ExceptionInfo(type(error).__name__, str(error), "Traceback ...", "a@h", Pid("a@h", 1), error)


def round_trip(term: object) -> Any:
    codec = CodeCodec()
    return there_and_back(codec, term)


def test_the_news_of_an_exception_travels_with_it(there: SecondInterpreter, notebook: NotebookModule) -> None:
    names = run_cell(notebook, "class Odd(Exception):\n    def __str__(self):\n        return 'odd'")
    info = info_of(names["Odd"]())
    back = there.call(list, [info])[0]
    assert back == info
    assert type(back.exception) is names["Odd"]


def test_the_news_of_an_exception_travels_without_it_if_it_must() -> None:
    holding = ValueError("held")
    holding.lock = threading.Lock()  # type: ignore[attr-defined]
    for error in (holding, Unloadable("gone")):
        info = info_of(error)
        assert round_trip([info]) == [info]
        assert round_trip([info])[0].exception is None


class Unloadable(Exception):
    def __reduce__(self) -> tuple[Any, ...]:
        return int, ("not a number",)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("plain", 1),
        StopIteration(3),
        SystemExit(4),
        OSError(2, "gone", "file"),
        KeyError("k"),
        json.JSONDecodeError("bad", "doc", 1),
        UnicodeDecodeError("utf-8", b"x", 0, 1, "reason"),
        SyntaxError("odd", ("f.py", 3, 1, "x =", 3, 2)),
        ExceptionGroup("both", [ValueError(1), TypeError(2)]),
        Refused("door", "locked"),
        Explained(7),
    ],
    ids=lambda error: type(error).__name__,
)
def test_exceptions_that_are_importable_come_back_as_they_were(error: BaseException) -> None:
    back = round_trip(error)
    assert type(back) is type(error)
    assert isinstance(back, BaseException)
    assert (str(back), repr(back.args), vars(back)) == (str(error), repr(error.args), vars(error))
    for name in ("value", "code", "errno", "filename", "start", "lineno"):
        assert getattr(back, name, None) == getattr(error, name, None)
