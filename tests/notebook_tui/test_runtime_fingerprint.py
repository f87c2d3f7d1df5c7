"""Fingerprints: the same for equal values, and no code of the user's is run for one."""

from __future__ import annotations

import datetime
import decimal
import functools
import json
import math
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamlike.code.notebook_module import NotebookModule
from notebook_tui.runtime.fingerprint import LIMIT, PARTS, fingerprint, fingerprints
from tests.support.chains import Chains

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.complex_numbers(),
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(plain)
def test_a_plain_value_and_a_copy_of_it_have_the_same(value: object) -> None:
    copied = eval(repr(value), {"inf": math.inf, "nan": math.nan, "nanj": complex(0, math.nan), "infj": 1j * math.inf})
    if repr(copied) == repr(value):
        assert fingerprint(copied) == fingerprint(value) != ""


@given(plain, plain)
def test_values_of_other_content_have_others(one: object, other: object) -> None:
    assert (fingerprint(one) == fingerprint(other)) == (repr(one) == repr(other))


@given(st.lists(st.integers() | st.text(max_size=2), max_size=8))
def test_a_sets_fingerprint_knows_no_order(items: list[object]) -> None:
    assert fingerprint(set(items)) == fingerprint({*reversed(items)})
    assert (fingerprint(set(items)) == fingerprint(set(items[1:]))) == (set(items) == set(items[1:]))


@pytest.mark.parametrize(
    "value",
    [
        datetime.date(2026, 1, 2),
        datetime.timedelta(1),
        decimal.Decimal("1.50"),
        Path("a/b"),
        re.compile("a+", re.I),
        functools.partial(json.dumps, indent=2),
        json,
        math.floor,
        json.dumps,
        dict,
        Path,
        range(5),
    ],
)
def test_what_the_library_makes_has_one(value: object) -> None:
    assert fingerprint(value) != ""


@pytest.mark.parametrize("value", [object(), iter([]), "x" * (LIMIT + 1), list(range(PARTS + 1)), [object()]])
def test_what_is_large_or_unknown_has_none(value: object) -> None:
    assert fingerprint(value) == ""


def test_a_container_that_holds_itself_has_one() -> None:
    def ring() -> list[object]:
        ring: list[object] = [1]
        ring.append(ring)
        return ring

    assert fingerprint(ring()) == fingerprint(ring()) != ""
    assert fingerprint(ring()) != fingerprint([1, [1]])


def defined(text: str, name: str = "f", **given: object) -> Any:
    module = ModuleType("notebook_x")  # where a dataclass looks for it
    vars(module).update(given)
    sys.modules[module.__name__] = module
    try:
        exec(compile(dedent(text), "cell", "exec", dont_inherit=True), vars(module))
    finally:
        del sys.modules[module.__name__]
    return getattr(module, name)


@pytest.mark.parametrize(
    ("text", "edited", "same"),
    [
        ("def f(): return 1", "# a comment\n\ndef f(): return 1  # and another", True),
        ("def f(): return 1", "def f(): return 2", False),
        ("def f(): return 1", "def f(): return 1.0", False),
        ("def f(): return True", "def f(): return 1", False),
        ("def f(n=1): return n", "def f(n=2): return n", False),
        ("def f(*, n=1): return n", "def f(*, n=2): return n", False),
        ("def f(): return g()", "def f(): return h()", False),
        ("def f(): return lambda: 1", "def f(): return lambda: 2", False),
        ("def g(n): return lambda: n\nf = g(1)", "def g(n): return lambda: n\nf = g(2)", False),
        ("def g(n): return lambda: n\nf = g([1])", "def g(n): return lambda: n\nf = g([1])", True),
        ("async def f(): pass", "def f(): pass", False),
        ("class f:\n    a = 1", "class f:\n\n    a = 1", True),
        ("class f:\n    a = 1", "class f:\n    a = 2", False),
        ("class f:\n    def m(self): return super().m()", "class f:\n    def m(self): return super().m()", True),
        ("class f:\n    def m(self): return 1", "class f:\n    def m(self): return 2", False),
        ("class f:\n    @property\n    def m(self): return 1", "class f:\n    def m(self): return 1", False),
        ("class f(A): pass", "class f(B): pass", False),
        ("@dataclass\nclass f:\n    a: int = 1", "@dataclass\nclass f:\n    a: int = 1", True),
        ("@dataclass\nclass f:\n    a: int = 1", "@dataclass\nclass f:\n    a: int = 2", False),
        ("@dataclass\nclass f:\n    a: int", "@dataclass(frozen=True)\nclass f:\n    a: int", False),
        (
            "@dataclass(slots=True)\nclass f:\n    a: list = field(default_factory=list)",
            "@dataclass(slots=True)\nclass f:\n    a: list = field(default_factory=list)",
            True,
        ),
        ("@cache\ndef f(): return 1", "@cache\ndef f(): return 1", True),
        ("@cache\ndef f(): return 1", "@cache\ndef f(): return 2", False),
    ],
)
def test_ac32_a_definition_keeps_it_as_long_as_its_code_is_the_same(text: str, edited: str, same: bool) -> None:
    from dataclasses import dataclass, field

    given = {"dataclass": dataclass, "field": field, "cache": functools.cache, "A": list, "B": dict}
    one, other = fingerprint(defined(text, **given)), fingerprint(defined(edited, **given))
    assert "" not in (one, other)
    assert (one == other) == same


def test_no_code_of_the_users_is_run_for_it() -> None:
    hostile = """
        class Meta(type):
            def __getattribute__(cls, name): raise AssertionError
            def __eq__(cls, other): raise AssertionError
            def __hash__(cls): raise AssertionError
        class f(metaclass=Meta):
            pass
    """
    assert fingerprint(defined(hostile)) == ""
    values = """
        class Value:
            def __getattribute__(self, name): raise AssertionError
            def __repr__(self): raise AssertionError
            def __eq__(self, other): raise AssertionError
            def __len__(self): raise AssertionError
            def __iter__(self): raise AssertionError
        class Text(str):
            def encode(self, *_): raise AssertionError
        f = [Value(), [Value()], {1: Value()}, Text("x"), lambda v=Value(): v]
    """
    assert [fingerprint(value) for value in defined(values)] == [""] * 5


def test_a_small_array_has_one_by_its_content() -> None:
    numpy = pytest.importorskip("numpy")
    assert fingerprint(numpy.arange(5)) == fingerprint(numpy.arange(5)) != ""
    assert fingerprint(numpy.arange(5)) != fingerprint(numpy.arange(5.0))
    assert fingerprint(numpy.zeros(LIMIT)) == fingerprint(numpy.array([object()])) == ""


def test_many_values_share_a_budget() -> None:
    found = fingerprints([(str(number), [1] * 100) for number in range(50)], parts=1_000)
    assert sum(print != "" for print in found.values()) == 9


# What an outcome tells of them.


@pytest.fixture
def cells() -> Iterator[Chains]:
    notebook = NotebookModule("versions")
    yield Chains(notebook)
    notebook.close()


def test_ac13_an_equal_value_keeps_its_version_and_another_does_not(cells: Chains) -> None:
    first, again, other = (dict(cells.run("c1", f"a = [1, {n}]\nb = object()").versions) for n in (2, 2, 3))
    assert first["a"] == again["a"] != other["a"]
    assert first["b"] == again["b"] == ""


def test_ac31_a_failed_run_has_bound_nothing_and_tells_what_it_changed_in_place(cells: Chains) -> None:
    before = dict(cells.run("c1", "changed, same, text = [1], [2], 'x'").versions)
    outcome = cells.run("c2", "y = 1; changed.append(2); text = 'y'; 1 / 0", "c1")
    assert outcome.status == "error"
    versions = dict(outcome.versions)
    assert list(versions) == ["changed"]
    assert versions["changed"] == fingerprint([1, 2]) != before["changed"]


def test_what_a_run_changed_in_place_through_another_name_is_told_too(cells: Chains) -> None:
    cells.run("c1", "a = [1]\nb = {'a': a}\nc = []")
    assert set(dict(cells.run("c2", "a.append(2)", "c1").versions)) == {"a", "b"}


def test_a_value_that_grew_beyond_all_bounds_is_a_version_of_its_own(cells: Chains) -> None:
    cells.run("c1", "a = [1]")
    assert dict(cells.run("c2", "a.extend(range(100_000))", "c1").versions) == {"a": ""}


def test_an_interrupted_run_tells_of_what_it_bound(cells: Chains) -> None:
    assert dict(cells.run("c1", "a = 1\nraise KeyboardInterrupt").versions) == {"a": fingerprint(1)}
