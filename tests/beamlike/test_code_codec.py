"""Terms without code: the cheap way writes what the full way would, and never a name that is unknown over there."""

from __future__ import annotations

import array
import contextlib
import datetime
import decimal
import sys
import types
from collections import OrderedDict, deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beamlike.code.by_value import goes_by_value, module_goes_by_value
from beamlike.code.codec import CodeCodec
from beamlike.code.notebook_module import NotebookModule
from beamlike.kernel.terms import Pid, Ref
from tests.support.cells import run_cell
from tests.support.codecs import in_one, out_of_one, there_and_back

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.builds(Pid, st.text(), st.integers(0, 2**64 - 1))
    | st.builds(Ref, st.text(), st.integers(0, 2**64 - 1))
    | st.datetimes()
    | st.decimals(allow_nan=False),
    lambda terms: st.lists(terms) | st.tuples(terms, terms) | st.dictionaries(st.text(), terms),
    max_leaves=20,
)


@settings(max_examples=100, deadline=None)
@given(st.lists(plain, max_size=4))
def test_plain_terms_come_back_equal_and_of_the_same_types(terms: list[Any]) -> None:
    codec = CodeCodec()
    for term in terms:
        back = there_and_back(codec, term)
        assert back == term
        assert repr(back) == repr(term)


@pytest.mark.parametrize(
    "term",
    [
        deque([1], maxlen=2),
        OrderedDict(a=1),
        {1, 2},
        Path("/tmp"),
        datetime.timedelta(1),
        decimal.Decimal("1.5"),
        array.array("d", [1.0]),
        bytearray(b"x"),
        print,
        str.upper,
        Pid,
        type(None),
        [None, ...],
    ],
    ids=repr,
)
def test_importable_things_come_back(term: object) -> None:
    codec = CodeCodec()
    assert there_and_back(codec, term) == term


def test_a_string_that_looks_like_a_module_is_plain() -> None:
    codec = CodeCodec()
    assert there_and_back(codec, "__main__") == "__main__"


@pytest.fixture
def registered() -> Iterator[types.ModuleType]:
    package, module = types.ModuleType("by_value_package"), types.ModuleType("by_value_package.inner")
    for made in (package, module):
        sys.modules[made.__name__] = made
    cloudpickle.register_pickle_by_value(package)
    yield module
    cloudpickle.unregister_pickle_by_value(package)
    for made in (package, module):
        del sys.modules[made.__name__]


def test_a_module_registered_by_its_package_never_goes_by_name(registered: types.ModuleType) -> None:
    exec("class Inside: ...\ndef f(): return Inside()", registered.__dict__)
    codec = CodeCodec()
    for term in (registered.f, registered.Inside(), registered.Inside):
        encoded = in_one(codec.encode(term))
        del sys.modules[registered.__name__]  # as it is over there
        assert out_of_one(codec, encoded) is not None
        sys.modules[registered.__name__] = registered
    assert module_goes_by_value(registered.__name__)


def test_by_value_goes_what_its_module_does_not_show() -> None:
    def local() -> None: ...

    assert goes_by_value(local)
    assert not goes_by_value(goes_by_value)
    assert goes_by_value(types.FunctionType(local.__code__, {}))


def test_classes_of_one_notebook_are_one_class_over_many_terms() -> None:
    codec = CodeCodec()
    with contextlib.closing(NotebookModule("codec")) as notebook:
        names = run_cell(notebook, "class Thing: ...")
        first, second = (there_and_back(codec, names["Thing"]()) for _ in range(2))
        assert type(first) is type(second) is names["Thing"]
