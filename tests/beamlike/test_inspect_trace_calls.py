"""Calls of chosen functions, seen and then as if nobody had ever looked; by both ways that Python has."""

from __future__ import annotations

import asyncio
import functools
import inspect
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

from beamlike.inspect.tracing.budget import Budget, Limits
from beamlike.inspect.tracing.call_watches import watch_calls
from beamlike.inspect.tracing.calls import CallLog
from beamlike.inspect.tracing.events import Traced, from_row
from beamlike.inspect.tracing.functions import NoFunction, function_named
from beamlike.inspect.tracing.recorder import Recorder
from beamlike.inspect.tracing.shown import shown
from beamlike.kernel.terms import Pid

HERE = __name__
factor = 3


def plain(a: int, /, b: int = 2, *rest: int, c: int, d: int = 4, **more: int) -> tuple[Any, ...]:
    return (a, b, rest, c, d, more)


def failing(text: str) -> None:
    raise ValueError(text)


async def slow(x: int) -> int:
    await asyncio.sleep(0)
    return x * factor


def counting(count: int) -> Iterator[int]:
    yield from range(count)


async def flowing(count: int) -> Any:
    for each in range(count):
        yield each


def closing(held: int) -> Any:
    def within(x: int) -> int:
        return x + held

    return within


within_seven = closing(7)


class Shop:
    def total(self, *, tax: int = 0) -> int:
        return 40 + tax

    @staticmethod
    def name() -> str:
        return "shop"

    @classmethod
    def make(cls) -> Shop:
        return cls()

    def __secret(self) -> str:
        return super().__str__()


class Hostile:
    def __repr__(self) -> str:
        raise SystemExit("the repr of a user's class was called")

    __str__ = __len__ = __iter__ = __bool__ = __eq__ = __repr__  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]

    @property
    def __class__(self) -> Any:  # type: ignore[override]
        raise SystemExit("a property of a user's class was read")


class Living:
    """In the place of the tracer."""


def alive() -> Pid:
    pid = Pid("doc@h", 1)
    pid.process = Living()  # type: ignore[assignment]
    return pid


@contextmanager
def watched(*names: str, limits: Limits | None = None) -> Iterator[Recorder]:
    functions: dict[str, FunctionType] = {name: function_named(f"{HERE}:{name}") for name in names}
    box: list[Any] = []
    recorder = Recorder(Budget(limits or Limits(1000, 1000, 60), time.monotonic()), alive(), lambda: box[0].let_go())
    box.append(watch_calls(functions, CallLog(recorder, "doc@h", functions)))
    box[0].take_up()
    try:
        yield recorder
    finally:
        box[0].let_go()


def events(recorder: Recorder) -> list[Traced]:
    return [from_row(row) for row in recorder.fetch()]


def words(recorder: Recorder) -> list[str]:
    return [event.words.partition("  ")[0] for event in events(recorder)]


def test_a_call_and_its_value_are_told_with_all_kinds_of_arguments() -> None:
    with watched("plain") as recorder:
        value = plain(1, 5, 6, 7, c=8, e=9)
    assert value == (1, 5, (6, 7), 8, 4, {"e": 9})
    began, ended = events(recorder)
    assert (began.kind, began.other) == ("called", "plain")
    assert began.text.startswith("1, 5, 6, 7, c=8")
    assert "e=9" in began.text
    assert "d=" not in began.text, "nobody has given it"
    assert (ended.kind, ended.text, ended.number) == ("returned", "(1, 5, (6, 7), 8, 4, {'e': 9})", began.number)
    assert ended.seconds is not None
    assert ended.seconds >= 0


def test_what_a_call_raises_is_told_and_raised() -> None:
    with watched("failing") as recorder, pytest.raises(ValueError, match="as it was"):
        failing("as it was")
    assert words(recorder) == ["failing('as it was')", "failing raised ValueError('as it was')"]


def test_coroutines_are_timed_to_their_end_and_generators_too() -> None:
    with watched("slow", "counting") as recorder:
        assert inspect.iscoroutinefunction(slow)
        assert asyncio.run(slow(5)) == 15
        assert inspect.isgeneratorfunction(counting)
        assert list(counting(2)) == [0, 1]
    assert words(recorder) == ["slow(5)", "slow = 15", "counting(2)", "counting = None"]


def test_methods_closures_and_private_names_are_found_and_told() -> None:
    names = ("Shop.total", "Shop.name", "Shop.make", "Shop._Shop__secret", "within_seven")
    with watched(*names) as recorder:
        shop = Shop.make()
        assert (shop.total(tax=2), Shop.name(), within_seven(1)) == (42, "shop", 8)
        shop._Shop__secret()  # type: ignore[attr-defined]
    assert [event.other for event in events(recorder) if event.kind == "returned"] == [
        "Shop.make",
        "Shop.total",
        "Shop.name",
        "within_seven",
        "Shop._Shop__secret",
    ]


def test_afterwards_every_function_is_as_it_was_to_the_very_object() -> None:
    names = ("plain", "slow", "counting", "Shop.total", "within_seven")
    functions = [function_named(f"{HERE}:{name}") for name in names]
    before = [(each.__code__, dict(vars(each)), each.__defaults__, inspect.signature(each)) for each in functions]
    with watched(*names):
        assert [inspect.signature(each) for each in functions] == [each[3] for each in before]
    after = [(each.__code__, dict(vars(each)), each.__defaults__, inspect.signature(each)) for each in functions]
    assert after == before
    assert all(new[0] is old[0] for new, old in zip(after, before, strict=True))


def test_at_the_limit_the_function_is_let_go_in_the_middle_of_a_call_and_goes_on() -> None:
    code = plain.__code__
    with watched("plain", limits=Limits(3, 1000, 60)) as recorder:
        assert [plain(each, c=1)[0] for each in range(100)] == list(range(100))
        assert plain.__code__ is code
    assert len(events(recorder)) == 3


def test_no_code_of_a_hostile_argument_is_run() -> None:
    hostile = Hostile()
    with watched("within_seven", "failing") as recorder:
        for value in (hostile, [hostile], {"key": hostile}, (hostile,) * 100):
            with suppress(ValueError):
                failing(value)  # type: ignore[arg-type]
    told = [event.text for event in events(recorder) if event.kind == "called"]
    assert len(told) == 4
    assert all("Hostile" in text and len(text) <= 120 for text in told)


@pytest.mark.parametrize(
    "value",
    [10**100_000, "x" * 10**6, [[[[[1]]]]], list(range(10**5)), b"\0" * 10**6],
    ids=lambda value: type(value).__name__,
)
def test_a_large_value_is_shown_in_few_characters(value: Any) -> None:
    assert 0 < len(shown(value)) <= 120


def test_a_value_that_contains_itself_is_shown() -> None:
    endless: list[Any] = []
    endless.append(endless)
    assert shown(endless) == "[[[[… 1]]]]"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("plain", "expected 'module:function'"),
        ("no.such:thing", "expected a module that is loaded there, got 'no.such'"),
        ("notebook_tui.nowhere.test_inspect_trace_calls:plain", "there is "),
        (f"{HERE}:Shop.buy", "it has make, name, total"),
        ("time:sleep", "expected a function written in Python"),
        (f"{HERE}:factor", "a int"),
    ],
)
def test_what_cannot_be_traced_is_refused_in_words(name: str, says: str) -> None:
    with pytest.raises(NoFunction, match=says):
        function_named(name)


def test_a_decorated_function_is_the_one_that_is_called() -> None:
    global decorated

    @functools.wraps(plain)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        return plain(*args, **kwargs)

    with watched("decorated") as recorder:
        decorated(1, c=2)
    assert [event.kind for event in events(recorder)] == ["called", "returned"]


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="sys.monitoring can")
def test_an_async_generator_is_refused_where_it_cannot_be_traced() -> None:
    with pytest.raises(NoFunction, match=r"async generator, whose calls only Python 3\.12"), watched("flowing"):
        pass


PROGRAM = """
import sys
sys.path[:0] = {path}
import tests.beamlike.test_inspect_trace_calls as t
for name, test in list(vars(t).items()):
    if name in {names}:
        test()
        tools = [sys.monitoring.get_tool(number) for number in range(6)]
        assert tools == [None] * 6, tools
async def flow():
    return [each async for each in t.flowing(2)]
with t.watched("flowing") as recorder:
    assert t.asyncio.run(flow()) == [0, 1]
assert t.words(recorder) == ["flowing(2)", "flowing = None"], t.words(recorder)
print("held")
"""

ALSO_THERE = (
    "test_a_call_and_its_value_are_told_with_all_kinds_of_arguments",
    "test_what_a_call_raises_is_told_and_raised",
    "test_coroutines_are_timed_to_their_end_and_generators_too",
    "test_methods_closures_and_private_names_are_found_and_told",
    "test_afterwards_every_function_is_as_it_was_to_the_very_object",
    "test_at_the_limit_the_function_is_let_go_in_the_middle_of_a_call_and_goes_on",
    "test_no_code_of_a_hostile_argument_is_run",
)


def test_other_versions_of_python_tell_the_same_by_sys_monitoring() -> None:
    from tests.support.other_pythons import other_pythons

    newer = [command for minor, command in other_pythons().items() if minor >= 12]
    if not newer:
        pytest.skip("there is no Python 3.12 or newer on this machine")
    path = [str(Path(__file__).parents[2]), *(each for each in sys.path if each.endswith("site-packages"))]
    done = [
        subprocess.run(
            [command, "-c", PROGRAM.format(path=path, names=ALSO_THERE)],
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        for command in newer
    ]
    assert [(each.stdout, each.stderr) for each in done] == [("held\n", "")] * len(newer)
