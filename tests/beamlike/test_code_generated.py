"""Whatever the library generates of a class, it is there what it is here: classes drawn at random."""

from __future__ import annotations

import contextlib
import copy
import keyword
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from beamlike.code.notebook_module import NotebookModule
from tests.support.cells import run_cell
from tests.support.other_pythons import other_pythons
from tests.support.second_interpreter import SecondInterpreter
from tests.support.soak import count

LOOKING = """
import inspect, re

def shown(one):
    return re.sub(" at 0x[0-9a-f]+", "", repr(one))

def outcome(function, *args):
    try:
        return function(*args)
    except Exception as error:
        return type(error).__name__

def refused(function, *args):  # by which error is an accident in Python 3.11, if it is frozen and has slots
    try:
        function(*args)
    except Exception:
        return True

def attempts(kind, *args):
    one, same = kind(*args), kind(*args)
    yield outcome(shown, one)
    yield outcome(lambda: one == same), outcome(lambda: hash(one) == hash(same)), outcome(lambda: one < same)
    yield refused(setattr, one, "a", 7), refused(setattr, one, "unknown", 7), refused(delattr, one, "a")
    yield hasattr(one, "__dict__"), outcome(shown, one)

def look():
    made = list(attempts(Own, 1))
    return str(inspect.signature(Own)), getattr(Own, "__match_args__", None), vars(Own).get("__slots__"), made
"""
FIELDS = (
    "b: str = 'b'",
    "c: list = field(default_factory=list, compare=False)",
    "d: 'ClassVar[int]' = 4",
    "e: InitVar[int] = 5",
    "f: float = field(default=1.0, kw_only=True, repr=False)",
    "g: tuple = field(default=(1,), init=False, hash=False)",
    "h: 'Own | None' = None",
    "_: KW_ONLY\n    i: int = 9",
    "def __repr__(self): return 'own'",
    "def __eq__(self, other): return True",
    "def __hash__(self): return 1",
    "def __post_init__(self, *_): pass",
)
OPTIONS = ("init", "repr", "eq", "order", "unsafe_hash", "frozen", "match_args", "kw_only", "slots")
BASES = ("", "(Base)", "(abc.ABC)", "(Generic[T])", "(Base, Generic[T])")

options = st.fixed_dictionaries({}, optional={name: st.booleans() for name in OPTIONS})
names = st.from_regex(r"[a-z][a-z_]{0,5}", fullmatch=True).filter(lambda name: not keyword.iskeyword(name))


@pytest.fixture(
    scope="module", params=[sys.executable, *other_pythons().values()], ids=lambda path: Path(path).parts[-3]
)
def there(request: pytest.FixtureRequest) -> Iterator[SecondInterpreter]:
    with SecondInterpreter(request.param) as interpreter:
        yield interpreter


@settings(max_examples=count(60, 2000))
@example({"slots": True}, {FIELDS[5]}, "", False)
@example({"slots": True, "frozen": True}, {FIELDS[3]}, "(Base)", True)
@example({"unsafe_hash": True}, {FIELDS[1], FIELDS[2]}, "", False)
@given(options, st.sets(st.sampled_from(FIELDS)), st.sampled_from(BASES), st.booleans())
def test_any_dataclass(
    there: SecondInterpreter, chosen: dict[str, bool], fields: set[str], base: str, future: bool
) -> None:
    body = "\n    ".join(["a: int", *(field for field in FIELDS if field in fields)])
    cell = f"""
import abc
from dataclasses import KW_ONLY, InitVar, dataclass, field
from typing import ClassVar, Generic, TypeVar
T = TypeVar("T")

@dataclass(frozen={chosen.get("frozen", False)})
class Base:
    a: int = 0
    z: int = 26

@dataclass(**{chosen!r})
class Own{base}:
    {body if base in ("", "(abc.ABC)", "(Generic[T])") else body.replace("a: int", "a: int = 1", 1)}
"""
    check(there, "from __future__ import annotations\n" * future + cell)


@settings(max_examples=count(30, 1000))
@given(st.lists(names, min_size=1, max_size=4, unique=True), st.integers(0, 4), st.booleans())
def test_any_named_tuple(there: SecondInterpreter, fields: list[str], defaults: int, typed: bool) -> None:
    plain = len(fields) - min(defaults, len(fields))
    if typed:
        lines = [f"{name}: int" if at < plain else f"{name}: int = {at}" for at, name in enumerate(fields)]
        text = "from typing import NamedTuple\nclass Own(NamedTuple):\n    " + "\n    ".join(lines)
    else:
        values = list(range(plain, len(fields)))
        text = f"from collections import namedtuple\nOwn = namedtuple('Own', {fields}, defaults={values})"
    check(there, text)


@settings(max_examples=count(30, 1000))
@given(
    st.sampled_from(["Enum", "IntEnum", "Flag", "IntFlag", "StrEnum", "str, Enum"]),
    st.lists(st.tuples(names.map(str.upper), st.sampled_from([1, 2, 4, 3, 0])), min_size=1, max_size=5),
    st.booleans(),
)
def test_any_enumeration(there: SecondInterpreter, base: str, members: list[tuple[str, int]], method: bool) -> None:
    texts = "str" in base.lower()
    lines = [f"{name} = {str(value)!r}" if texts else f"{name} = {value}" for name, value in dict(members).items()]
    body = "\n    ".join(lines + ["def told(self): return self.name, self.value"] * method)
    text = f"""
from enum import *
class Own({base}):
    {body}
def look():
    told = [(one.name, one.value, repr(one), str(one), format(one)) for one in Own]
    told += [one.told() for one in Own if hasattr(one, "told")]
    told += [Own(one.value) is one for one in Own]
    return told, list(Own.__members__), [name for name in Own.__members__ if Own[name].name != name]
def same(members):
    return [Own[name] is member for name, member in members.items()], members
"""
    with contextlib.closing(NotebookModule("drawn")) as notebook:
        drawn = run_cell(notebook, text)
        assert there.call(drawn["look"]) == drawn["look"]()
        members_here = dict(drawn["Own"].__members__)
        same, back = there.call(drawn["same"], members_here)
        assert all(same)
        assert all(back[name] is member for name, member in members_here.items())


def check(there: SecondInterpreter, cell: str) -> None:
    """What can be defined here gives there what it gives here; what comes back is of the class."""
    with contextlib.closing(NotebookModule("drawn")) as notebook:
        try:
            drawn: dict[str, Any] = run_cell(notebook, cell)
        except (TypeError, ValueError):  # the library does not take it
            return
        run_cell(notebook, LOOKING, "cell 2")
        expected = drawn["outcome"](drawn["look"])
        assert there.call(drawn["outcome"], drawn["look"]) == expected
        one = drawn["outcome"](drawn["Own"], 1)
        if drawn["outcome"](copy.copy, one) == "AttributeError":  # it has fields that nothing has set
            return
        assert type(there.call(list, [one])[0]) is type(one)
