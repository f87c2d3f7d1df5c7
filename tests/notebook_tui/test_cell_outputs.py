"""AC29: how outputs of a cell merge, and that they stay within bounds."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.document import outputs as bounds
from notebook_tui.document.outputs import Display, Error, Exported, Output, Result, Stream, Text, merged


def shown(*outputs: Output) -> tuple[Output, ...]:
    """A cell's outputs after these came in."""
    held: tuple[Output, ...] = ()
    for output in outputs:
        held = merged(held, output)
    return held


def out(text: str) -> Text:
    return Text("stdout", text)


def test_AC29_adjacent_text_of_one_stream_is_one_output() -> None:
    assert shown(out("a"), out("b\n"), Text("stderr", "c"), out("d")) == (out("ab\n"), Text("stderr", "c"), out("d"))


def test_AC29_a_result_stands_between_texts() -> None:
    assert shown(out("a"), Result("1"), Result("2"), out("b")) == (out("a"), Result("1"), Result("2"), out("b"))


@pytest.mark.parametrize(
    ("chunks", "text"),
    [
        (["hello\rbye"], "bye"),
        (["hello\r", "bye"], "bye"),
        (["hello", "\rbye"], "bye"),
        (["1 %\r2 %\r", "3 %\r"], "3 %\r"),
        (["a\nhello\rbye\nb"], "a\nbye\nb"),
        (["line\r\n", "next\r", "\n"], "line\nnext\n"),
        (["\r", "x"], "x"),
    ],
)
def test_AC29_a_carriage_return_starts_its_line_anew(chunks: list[str], text: str) -> None:
    assert shown(*map(out, chunks)) == (out(text),)


def test_AC29_a_text_keeps_its_last_lines_behind_an_ellipsis() -> None:
    lines = [f"{number}\n" for number in range(1_200)]
    expected = (out("…\n" + "".join(lines[200:])),)
    assert shown(out("".join(lines))) == expected
    assert shown(*map(out, lines)) == expected


def test_AC29_the_ellipsis_stays_though_the_next_chunk_cuts_nothing() -> None:
    held = shown(out("x\n" * 1_200), out("y"), out("z"))
    assert held == (out("…\n" + "x\n" * 999 + "yz"),)


def test_an_ellipsis_that_was_printed_is_a_character_like_any_other() -> None:
    assert shown(out("…"), out("a"), out("…\nb")) == (out("…a…\nb"),)


def test_AC29_a_text_of_just_so_many_lines_is_whole() -> None:
    text = "x\n" * bounds.LINES
    assert shown(out(text)) == (out(text),)
    assert shown(out(text + "y")) == (out("…\n" + "x\n" * (bounds.LINES - 1) + "y"),)


def test_a_line_without_end_keeps_its_end() -> None:
    (text,) = shown(*[out("x" * 100_000)] * 4, out("end"))
    assert isinstance(text, Text)
    assert text.text == "…\n" + "x" * (bounds.CHARACTERS - 3) + "end"


def test_a_result_without_end_keeps_its_beginning() -> None:
    (result,) = shown(Result("x" * 1_000_000))
    assert result == Result("x" * bounds.CHARACTERS + "…")


def test_AC29_empty_text_adds_nothing() -> None:
    assert shown(out("")) == ()


def test_the_oldest_outputs_make_room_and_leave_a_mark() -> None:
    many = [Text(("stdout", "stderr")[number % 2], str(number)) for number in range(bounds.OUTPUTS + 2)]
    held = shown(*many)
    assert held[0] == Text("stdout", "…\n2")
    assert held[1:] == tuple(many[3:])
    results = shown(*[Result(str(number)) for number in range(bounds.OUTPUTS + 1)])
    assert results[:2] == (out("…\n"), Result("1"))


def test_outputs_together_hold_only_so_many_characters() -> None:
    big = [Result(str(number) + "x" * (bounds.TOTAL // 5 - 1)) for number in range(6)]
    assert shown(*big) == (out("…\n"), *big[1:])


def test_a_text_that_is_cut_already_is_marked_once() -> None:
    cut = out("…\n" + "x\n" * bounds.LINES)
    results = [Result("1")] * (bounds.OUTPUTS - 1)
    assert shown(Text("stderr", "old"), out("x\n" * 1_200), *results) == (cut, *results)


streams: st.SearchStrategy[Stream] = st.sampled_from(["stdout", "stderr"])
pieces = st.text("ab\r\n…", max_size=6) | st.sampled_from(["x" * 40_000, "y\n" * 700, "\r" * 3])
texts = st.builds(Text, streams, pieces)
any_output = st.one_of(
    texts,
    st.builds(Result, pieces),
    st.builds(Exported, st.just("svg"), pieces),
    st.builds(Display, st.tuples(st.tuples(st.just("text/plain"), pieces))),
    st.builds(Display, st.tuples(st.tuples(st.just("image/png"), st.binary(max_size=50)))),
    st.builds(Error, st.just("E"), pieces, pieces, st.just(1)),
)


@given(st.lists(any_output, max_size=40))
def test_whatever_comes_stays_within_bounds(coming: list[Output]) -> None:
    held = shown(*coming)
    sizes = [len(getattr(output, "text", "")) for output in held]
    assert sum(sizes) <= bounds.TOTAL + bounds.CHARACTERS
    assert len(held) <= bounds.OUTPUTS + 1
    for output, following in pairwise(held):
        assert not (isinstance(output, Text) and isinstance(following, Text) and output.stream == following.stream)
    for output in held:
        if isinstance(output, Text):
            assert output.text.count("\n") <= bounds.LINES + 1
            assert "\r" not in output.text[:-1]


@given(st.text("ab\r\n", max_size=30), st.lists(st.integers(0, 30), max_size=4))
def test_how_a_text_was_cut_into_pieces_does_not_show(text: str, cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(text)]
    assert shown(*(out(text[start:end]) for start, end in pairwise(edges))) == shown(out(text))
