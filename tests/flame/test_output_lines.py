"""Text that was cut anywhere, as tagged lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flame.output_lines import LONGEST, Lines
from tests.support.shown_text import shown

TAG = "[t] "
CUTS = st.lists(st.tuples(st.text("ab\r\n", max_size=8), st.booleans()), max_size=12)


def passed(pieces: list[tuple[str, bool]], tag: str = TAG) -> str:
    """What leaves in all, if what is held is released after each piece that says so."""
    lines, out = Lines(tag), ""
    for text, release in pieces:
        out += lines.feed(text)
        if release:
            out += lines.release()
    return out + lines.release()


def tagged(text: str) -> list[str]:
    """The lines of `text` as a terminal shows them, each with the tag; the last one if there is anything on it."""
    *lines, last = shown(text)
    return [*(TAG + line for line in lines), TAG + last if last else ""]


@given(CUTS)
def test_however_text_is_cut_the_same_lines_are_shown(pieces: list[tuple[str, bool]]) -> None:
    assert shown(passed(pieces)) == tagged("".join(text for text, _ in pieces))


@given(CUTS)
def test_without_returns_the_same_text_leaves_however_it_is_cut(pieces: list[tuple[str, bool]]) -> None:
    pieces = [(text.replace("\r", ""), release) for text, release in pieces]
    text = "".join(text for text, _ in pieces)
    assert passed(pieces) == "".join(TAG + line for line in text.splitlines(keepends=True))


@given(CUTS)
def test_without_a_tag_text_stays_as_it_is(pieces: list[tuple[str, bool]]) -> None:
    assert shown(passed(pieces, "")) == shown("".join(text for text, _ in pieces))


@given(CUTS)
def test_nothing_but_whole_lines_leaves_unless_it_is_released(pieces: list[tuple[str, bool]]) -> None:
    lines = Lines(TAG)
    for text, _ in pieces:
        assert lines.feed(text)[-1:] in ("", "\n")


def test_a_bar_that_is_drawn_many_times_leaves_as_it_is_at_last() -> None:
    lines = Lines(TAG)
    assert [lines.feed(f"\r{number:5} of 99999") for number in range(99_999)] == [""] * 99_999
    assert lines.release() == "\r[t] 99998 of 99999"


def test_a_line_without_end_leaves_in_long_parts() -> None:
    lines = Lines(TAG)
    out = [lines.feed("x" * 100) for _ in range(1000)]
    assert max(map(len, out)) <= LONGEST + 100 + len(TAG)
    assert "".join(out) + lines.release() == TAG + "x" * 100_000


def test_what_is_forgotten_leaves_no_half_line() -> None:
    lines = Lines(TAG)
    lines.feed("one ")
    lines.release()
    lines.feed("and")
    assert lines.forget() == "and"
    assert lines.feed("more\n") == "[t] more\n"
