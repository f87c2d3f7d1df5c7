"""Which parts of a result go and which stay, and how large they are taken for."""

from __future__ import annotations

import array
import collections
import dataclasses
import pickle
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flame.tracking.measured import TooLarge, measured
from flame.tracking.sizes import estimated_size, known_size
from flame.tracking.splitting import split
from flame.tracking.stays import Stays

LIMIT = 10_000


@dataclasses.dataclass(frozen=True)
class Kept(Stays):
    value: Any

    def __reduce__(self) -> Any:
        raise AssertionError("a reference was pickled to find out about something else")


def split_at_limit(value: Any) -> Any:
    return split(value, LIMIT, Kept)


@dataclasses.dataclass
class Row:
    name: str
    data: Any


Point = collections.namedtuple("Point", "x y")


@pytest.mark.parametrize(
    "value",
    [
        None,
        42,
        "text",
        [1, 2.0, b"three"],
        {"a": (1, {2, 3}), "b": []},
        Row("x", [1]),
        Point(1, [2]),
        range(3),
        ValueError("an exception"),
        lambda: 1,
        Row,
    ],
)
def test_what_can_travel_and_is_small_goes_as_it_is(value: Any) -> None:
    assert split_at_limit(value) is value


@pytest.mark.parametrize(
    "value",
    [
        threading.Lock(),
        b"x" * 20_000,
        [0] * 10_000,
        (item for item in []),
        Row("x", b"x" * 20_000),
        Row("x", threading.Lock()),
    ],
)
def test_what_cannot_or_is_too_large_stays(value: Any) -> None:
    assert split_at_limit(value) == Kept(value)


def test_parts_stay_one_by_one_and_the_value_is_not_changed() -> None:
    lock, large = threading.Lock(), b"x" * 20_000
    value = {"lock": lock, "rest": [1, (large, Point(large, 2))]}
    went = split_at_limit(value)
    assert went == {"lock": Kept(lock), "rest": [1, (Kept(large), Point(Kept(large), 2))]}
    assert went["rest"][1][0] is went["rest"][1][1].x, "one value, one reference"
    assert value == {"lock": lock, "rest": [1, (large, Point(large, 2))]}


def test_parts_that_are_too_large_together_stay_beginning_with_the_largest() -> None:
    value = {"a": b"a" * 6000, "b": b"b" * 7000, "c": 1}
    assert split_at_limit(value) == {"a": b"a" * 6000, "b": Kept(b"b" * 7000), "c": 1}


def test_many_small_parts_that_are_too_large_together_stay_as_a_whole() -> None:
    value = [[b"x" * 500] for _ in range(100)]
    assert split_at_limit(value) == Kept(value)


def test_references_go_wherever_they_stand_and_are_not_pickled_meanwhile() -> None:
    for value in [
        Kept(1),
        [Kept(1)],
        Row("x", Kept(1)),
        {"a": collections.Counter(), "b": {Kept(1)}},
        collections.deque([Kept(1)]),
    ]:
        assert split_at_limit(value) is value


def test_a_value_that_holds_itself_goes_or_stays_as_a_whole() -> None:
    ring: list[Any] = [1]
    ring.append(ring)
    assert split_at_limit(ring) is ring
    ring.append(threading.Lock())
    assert split_at_limit(ring).value is ring


def test_a_deep_value_goes_or_stays_as_a_whole() -> None:
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    assert split(deep, 1 << 20, Kept) is deep or isinstance(split(deep, 1 << 20, Kept), Kept)


def test_a_value_of_very_many_parts_is_not_looked_through() -> None:
    value = [[number] for number in range(20_000)]
    assert split(value, 1 << 24, Kept) is value


plain = st.recursive(
    st.none() | st.integers() | st.text() | st.binary(max_size=1000),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
)


@given(plain)
def test_what_goes_with_what_stays_is_the_value_and_fits(value: Any) -> None:
    went = split(value, 2000, Kept)
    assert put_together(went) == value
    size = estimated_size(went)
    assert size is not None
    assert size <= 2000 or isinstance(went, Kept), "it does not fit"


def put_together(value: Any) -> Any:
    if isinstance(value, Kept):
        return value.value
    if isinstance(value, dict):
        return {key: put_together(part) for key, part in value.items()}
    return type(value)(map(put_together, value)) if isinstance(value, list | tuple) else value


# Sizes.


class Tensor:
    """Stands for an array of a library."""

    __module__ = "torch"

    def __init__(self, nbytes: int) -> None:
        self.nbytes = nbytes


class PolarsFrame:
    __module__ = "polars.dataframe.frame"

    def estimated_size(self) -> int:
        return 1234


class Sum:
    def sum(self) -> int:
        return 4321


class PandasFrame:
    __module__ = "pandas.core.frame"

    def memory_usage(self, *, deep: bool) -> Sum:
        assert deep
        return Sum()


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (Tensor(5000), 5000),
        (PolarsFrame(), 1234),
        (PandasFrame(), 4321),
        (array.array("d", [1.0] * 10), 80),
        (pickle.PickleBuffer(b"abc"), 3),
        (1 << 8000, 1000),
        (threading.Lock(), None),
    ],
)
def test_data_is_known_by_what_it_says_of_itself(value: Any, size: int | None) -> None:
    assert known_size(value) == size


@given(st.lists(st.integers(-(1 << 60), 1 << 60) | st.text(st.characters(max_codepoint=127)) | st.binary()))
def test_an_estimate_is_near_what_pickle_makes(value: list[Any]) -> None:
    estimate = estimated_size(value)
    assert estimate is not None
    assert len(pickle.dumps(value)) <= estimate + 100


def test_measuring_gives_up_at_the_limit() -> None:
    made = 0

    class Endless:
        def __reduce__(self) -> Any:
            nonlocal made
            made += 1
            return Endless, (b"x" * 10_000, Endless())

    with pytest.raises(TooLarge):
        measured(Endless(), 1_000_000)
    assert made <= 110


def test_large_buffers_count_and_are_not_copied() -> None:
    with pytest.raises(TooLarge):
        measured([pickle.PickleBuffer(bytearray(200_000))], 100_000)
    size = measured([pickle.PickleBuffer(bytearray(200_000))], 1_000_000)
    assert size is not None
    assert 200_000 < size < 201_000
