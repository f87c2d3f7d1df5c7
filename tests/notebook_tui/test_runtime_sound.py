"""Records of a cell's code hold what their fields say, or are refused: nobody further on meets anything else."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, IntEnum
from typing import Any, get_args

import pytest
from hypothesis import given

from notebook_tui.document.outputs import Output
from notebook_tui.runtime.messages import Displayed, Finished
from notebook_tui.runtime.outcome import Outcome
from notebook_tui.runtime.sound import DEEPEST, Unsound, sound
from notebook_tui.session.operation_codec import Codec
from notebook_tui.widgets.changes import Change
from notebook_tui.widgets.messages import Changed
from notebook_tui.widgets.views import Button, Content, Frame, Grid, Input, Plot, Progress, Series, Tabs, Text
from tests.notebook_tui.test_kept_views import CONTENTS


class Word(str):
    def __str__(self) -> str:
        raise AssertionError("code of the user's")

    __eq__ = str.__eq__
    __hash__ = str.__hash__


class Size(IntEnum):
    SMALL = 1


class Colour(Enum):
    RED = "red"


@given(CONTENTS)
def test_what_is_sound_is_left_as_it_is(content: Content) -> None:
    assert sound(content) is content


def test_values_of_subclasses_become_the_plain_values_that_they_stand_for() -> None:
    options = ((Word("one"), Size.SMALL),)
    found = sound(Frame("f", (Input("i", "select", Word("n"), Size.SMALL, options), Text("stdout", Word("x")))))
    field = found.contents[0]
    assert isinstance(field, Input)
    values = [field.label, field.default, *field.options[0], found.contents[1].text]  # type: ignore[union-attr]
    assert [type(value) for value in values] == [str, int, str, int, str]
    Codec(Output).encode(found)


UNSOUND = [
    (Button("b", 5), "expected str for Button.label, got int: 5"),  # type: ignore[arg-type]
    (Input("i", "number", "n", low="a"), "expected float or None for Input.low, got str: 'a'"),  # type: ignore[arg-type]
    (Input("i", "select", "n", Colour.RED), "got Colour"),  # type: ignore[arg-type]
    (Input("i", "select", "n", 1, ((1, 1),)), "expected str"),  # type: ignore[arg-type]
    (Input("i", "else", "n"), "expected 'text' or"),  # type: ignore[arg-type]
    (Frame("f", ("text",)), "for Frame.contents, got str: 'text'"),  # type: ignore[arg-type]
    (Grid("g", [Text("stdout", "x")], 2), "expected tuple for Grid.contents, got list"),  # type: ignore[arg-type]
    (Tabs("t", (("a",),)), "expected tuple of 2 for Tabs.tabs, got tuple"),  # type: ignore[arg-type]
    (Plot("p", (Series("s", "line", (1.0, "2")),)), "for Series.x, got str: '2'"),  # type: ignore[arg-type]
    (Progress("p", True), "expected float for Progress.done, got bool: True"),
    (Displayed("c", "text", None), "expected"),  # type: ignore[arg-type]
    (Changed("f", Text("stdout", "x"), Frame("f")), "for Changed.change, got Text"),  # type: ignore[arg-type]
    (Finished("c", Outcome("else"), 0.0), "for Outcome.status"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("record", "words"), UNSOUND, ids=[words for _, words in UNSOUND])
def test_a_field_that_is_not_what_it_says_is_refused_in_words(record: object, words: str) -> None:
    with pytest.raises(Unsound) as caught:
        sound(record)
    assert words in str(caught.value)


def test_a_record_whose_fields_were_never_set_is_refused() -> None:
    with pytest.raises(Unsound, match=r"for Button.ref, got "):
        sound(object.__new__(Button))


def test_views_too_deep_inside_each_other_are_refused() -> None:
    content: Content = Text("stdout", "x")
    for _ in range(DEEPEST):
        content = Frame("f", (content,))
    assert sound(content) is content
    for _ in range(2_000):
        content = Frame("f", (content,))
    with pytest.raises(Unsound, match="deep inside each other"):
        sound(content)


@pytest.mark.parametrize("kind", [*get_args(Output), *get_args(Change), Finished])
def test_there_is_a_way_for_each_kind_of_record(kind: Callable[..., Any]) -> None:
    with pytest.raises(Unsound):
        sound(object.__new__(kind))  # type: ignore[arg-type]
