"""Changes of a text: what holds for any two or three of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.document.delta import (
    Delta,
    apply,
    between,
    compose,
    normal,
    span,
    transform,
    transform_position,
)

texts = st.text(st.sampled_from("ab\n😀é"), max_size=12)


@st.composite
def deltas(draw: st.DrawFn, text: str) -> Delta:
    parts: list[int | str] = []
    left = len(text)
    for _ in range(draw(st.integers(0, 5))):
        match draw(st.sampled_from(["keep", "take", "put"])):
            case "put":
                parts.append(draw(texts))
            case kind:
                count = draw(st.integers(0, left))
                parts.append(count if kind == "keep" else -count)
                left -= count
    return tuple(parts)


@given(texts, st.data())
def test_ac27_two_who_change_a_text_at_once_end_with_the_same_text(text: str, data: st.DataObject) -> None:
    one, other = data.draw(deltas(text)), data.draw(deltas(text))
    here = apply(apply(text, one), transform(one, other))
    there = apply(apply(text, other), transform(other, one, first=True))
    assert here == there


@given(texts, st.data())
def test_a_composed_delta_does_what_its_two_do(text: str, data: st.DataObject) -> None:
    one = data.draw(deltas(text))
    two = data.draw(deltas(apply(text, one)))
    assert apply(text, compose(one, two)) == apply(apply(text, one), two)


@given(texts, st.data())
def test_to_transform_past_two_is_to_transform_past_both_composed(text: str, data: st.DataObject) -> None:
    """In the text that comes out; where insertions meet a deletion, their order is decided one by one."""
    one = data.draw(deltas(text))
    after_one = apply(text, one)
    two = data.draw(deltas(after_one))
    mine = data.draw(deltas(text))
    by_steps = transform(two, transform(one, mine))
    at_once = transform(compose(one, two), mine)
    after = apply(after_one, two)
    assert sorted(apply(after, by_steps)) == sorted(apply(after, at_once))


@given(texts, texts)
def test_the_change_between_two_texts_makes_one_of_the_other(old: str, new: str) -> None:
    delta = between(old, new)
    assert apply(old, delta) == new
    assert delta == normal(delta)
    assert (delta == ()) == (old == new)


@given(texts, st.data())
def test_the_normal_form_does_the_same(text: str, data: st.DataObject) -> None:
    delta = data.draw(deltas(text))
    assert apply(text, normal(delta)) == apply(text, delta)
    assert normal(normal(delta)) == normal(delta)
    assert span(normal(delta)) <= span(delta)


@given(texts, st.data())
def test_a_caret_stays_within_the_text_and_keeps_to_what_stands_around_it(text: str, data: st.DataObject) -> None:
    delta = data.draw(deltas(text))
    position = data.draw(st.integers(0, len(text)))
    after = apply(text, delta)
    moved = transform_position(delta, position)
    assert 0 <= transform_position(delta, position, stays=True) <= moved <= len(after)
    # A mark that is put in where the caret is, by somebody else at the same time, stands where the caret goes.
    mark = transform(delta, (position, "|"))
    assert apply(after, mark).index("|") == moved


@pytest.mark.parametrize(
    ("delta", "position", "stays", "expected"),
    [
        (("tea",), 0, False, 3),
        (("tea",), 0, True, 0),
        ((2, "tea"), 1, False, 1),
        ((1, -3), 2, False, 1),
        ((1, -3), 5, False, 2),
    ],
)
def test_where_a_caret_goes(delta: Delta, position: int, stays: bool, expected: int) -> None:
    assert transform_position(delta, position, stays=stays) == expected


def test_a_delta_for_a_longer_text_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a text of at least 5 characters, got one of 3"):
        apply("abc", (4, -1))
