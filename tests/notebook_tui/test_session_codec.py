"""Every operation and every state comes back from its bytes as it was, and what is newer is refused in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notebook_tui.document import operations
from notebook_tui.document.notebook import Cell, Notebook
from notebook_tui.document.operations import InsertCell, Operation, OutputAdded, SetCellSource
from notebook_tui.document.outputs import Display
from notebook_tui.document.state import State
from notebook_tui.session.operation_codec import Codec, Unreadable, pack
from tests.support.notebooks import json_values, notebooks

OPERATIONS = Codec(Operation)
STATES = Codec(State)


PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=5),
    int: st.integers(),
    float: st.floats(allow_nan=False),
    bool: st.booleans(),
    bytes: st.binary(max_size=5),
    type(None): st.none(),
    Any: json_values,
    object: json_values,
}


def drawn(kind: Any) -> st.SearchStrategy[Any]:
    """Values of that type, by its hints."""
    arguments = get_args(kind)
    match get_origin(kind):
        case None if kind in PLAIN:
            return PLAIN[kind]
        case None:
            hints = get_type_hints(kind)
            kept = [field.name for field in fields(kind) if field.init and field.compare]
            return st.deferred(lambda: st.builds(kind, **{name: drawn(hints[name]) for name in kept}))
        case origin if origin is Literal:
            return st.sampled_from(arguments)
        case origin if origin is tuple and arguments[1:] != (Ellipsis,):
            return st.tuples(*map(drawn, arguments))
        case origin if origin is tuple:
            return st.lists(drawn(arguments[0]), max_size=2).map(tuple)
        case origin if origin is frozenset:
            return st.frozensets(drawn(arguments[0]), max_size=2)
        case origin if isinstance(origin, type) and issubclass(origin, Mapping):
            return st.dictionaries(drawn(arguments[0]), drawn(arguments[1]), max_size=2)
        case _:
            return st.one_of(*map(drawn, arguments))


def test_every_operation_there_is_is_known() -> None:
    there = {
        kind for kind in vars(operations).values() if is_dataclass(kind) and kind.__module__ == operations.__name__
    }
    assert there <= set(get_args(Operation))


@given(st.sampled_from(get_args(Operation)).flatmap(drawn))
def test_an_operation_comes_back_as_it_was(operation: Operation) -> None:
    assert OPERATIONS.decode(OPERATIONS.encode(operation)) == operation


@settings(max_examples=25)
@given(notebooks(), st.data())
def test_a_state_comes_back_as_it_was(notebook: Notebook, data: st.DataObject) -> None:
    state = data.draw(drawn(State))
    for each in (State(notebook), state):
        assert STATES.decode(STATES.encode(each)) == each


@pytest.mark.parametrize(
    "operation",
    [
        SetCellSource("a", "half a character: \ud83d"),
        InsertCell("s", 0, Cell("a", "code", metadata={"big": 10**40, "deep": [1, {"a": None}]})),
        InsertCell(
            "s", 0, Cell("a", "code", metadata={"range": (1, (2, "b")), "when": [date(2026, 3, 1), time(14, 5)]})
        ),
        InsertCell("s", 0, Cell("a", "code", metadata={"when": datetime(2026, 3, 1, 14, 5, 9, 7, tzinfo=UTC)})),
        OutputAdded("a", Display((("image/png", b"\x89PNG"), ("text/plain", "a picture")))),
    ],
    ids=str,
)
def test_odd_values_come_back_as_they_were(operation: Operation) -> None:
    assert OPERATIONS.decode(OPERATIONS.encode(operation)) == operation


def test_what_cannot_be_kept_is_refused_in_words() -> None:
    with pytest.raises(TypeError, match="expected plain values, got complex"):
        pack({"value": 1j})


def test_what_has_its_default_takes_no_room() -> None:
    assert len(STATES.encode(State())) < 30


def test_a_field_that_a_newer_version_added_with_a_default_is_not_needed() -> None:
    assert Codec(Newer).decode(Codec(Older).encode(Older("a"))) == Newer("a", 7)


@pytest.mark.parametrize(
    ("plain", "words"),
    [
        ({"": "Teleport", "cell_id": "a"}, "Teleport is unknown to this version"),
        ({"": "SetTitle", "title": "a", "colour": "red"}, "SetTitle has a field 'colour' that is unknown"),
        ({"": "SetTitle"}, "expected what this program writes"),
        (
            {"": "EvaluationFinished", "cell_id": "a", "at": 1.0, "ending": "evaporated"},
            "expected one of 'ok', 'error'",
        ),
        ({"title": "a"}, "expected what this program writes"),
    ],
)
def test_what_a_newer_version_wrote_is_refused_in_words(plain: object, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        OPERATIONS.decode(pack(plain))


@given(st.builds(lambda *parts: Odd(parts), drawn(str | tuple[str, int | None]), drawn(str | tuple[str, int | None])))
def test_a_union_may_hold_one_kind_of_tuple(odd: Odd) -> None:
    assert Codec(Odd).decode(Codec(Odd).encode(odd)) == odd


def test_what_is_not_compared_is_not_kept() -> None:
    assert Codec(Odd).encode(Odd((), index={1: 2})) == Codec(Odd).encode(Odd(()))


def test_a_word_that_is_unknown_is_refused_also_where_there_may_be_none() -> None:
    codec = Codec(Literal["good", "bad"] | None)
    assert [codec.decode(codec.encode(mood)) for mood in ("good", None)] == ["good", None]
    with pytest.raises(Unreadable, match="expected one of 'good', 'bad', found 'so-so'"):
        codec.decode(pack("so-so"))


def test_bytes_that_are_nothing_are_refused_in_words() -> None:
    with pytest.raises(Unreadable, match="found bytes that are none"):
        OPERATIONS.decode(b"\xc1")


@pytest.mark.parametrize("kind", [complex, set[str], tuple[str] | tuple[int], tuple[str] | object])
def test_a_type_that_cannot_be_kept_is_refused_when_the_codec_is_made(kind: Any) -> None:
    with pytest.raises(TypeError, match="expected"):
        Codec(kind)


@dataclass(frozen=True)
class Odd:
    parts: tuple[str | tuple[str, int | None], ...]
    index: dict[int, int] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Older:
    name: str
    mood: Literal["good", "bad"] = "good"


@dataclass(frozen=True)
class Newer:
    name: str
    number: int = 7
    mood: Literal["good", "bad"] = "good"
