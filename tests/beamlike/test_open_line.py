"""Lines of several writers that are shown together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from beamlike.kernel.group_leader import Origin, Output
from beamlike.kernel.open_line import REMEMBERED, OpenLine

ORIGINS = {name: Origin(name, f"[{name}] ") for name in "ABC"}
WRITINGS = st.lists(
    st.tuples(st.sampled_from("ABC"), st.sampled_from(["stdout", "stderr"]), st.text("xy\n", min_size=1, max_size=5))
)


def written(writings: list[tuple[str, str, str]]) -> list[Output]:
    """Each writer tags its own lines, as a tagger on its node does."""
    middle: set[tuple[str, str]] = set()
    outputs = []
    for name, stream, text in writings:
        tag = ORIGINS[name].tag
        before = "" if (name, stream) in middle else tag
        tagged = before + text[:-1].replace("\n", f"\n{tag}") + text[-1]
        (middle.discard if text.endswith("\n") else middle.add)((name, stream))
        outputs.append(Output(stream, tagged, ORIGINS[name]))
    return outputs


@given(WRITINGS)
def test_a_line_is_of_one_writer_and_starts_with_its_tag(writings: list[tuple[str, str, str]]) -> None:
    line = OpenLine()
    screen = "".join(text for output in written(writings) for _, text in line.apart(output))
    for shown in screen.splitlines():
        assert shown[:4] in ("[A] ", "[B] ", "[C] ")
        assert "[" not in shown[4:]


@given(WRITINGS)
def test_each_writer_has_written_what_it_wrote_but_for_ends_of_lines(writings: list[tuple[str, str, str]]) -> None:
    line = OpenLine()
    screen = "".join(text for output in written(writings) for _, text in line.apart(output))
    for name in "ABC":
        shown = "".join(each[4:] for each in screen.splitlines() if each.startswith(f"[{name}]"))
        assert shown == "".join(text.replace("\n", "") for who, _, text in writings if who == name)


def test_texts_without_origin_are_shown_as_they_come() -> None:
    line = OpenLine()
    for stream, text in (("stdout", "a"), ("stderr", "b"), ("stdout", "c\n"), ("stdout", "")):
        assert line.apart(Output(stream, text)) == [(stream, text)]


def test_a_line_of_the_cell_itself_is_ended_too() -> None:
    line = OpenLine()
    line.apart(Output("stdout", "working ... "))
    assert line.apart(Output("stderr", "[A] x\n", ORIGINS["A"])) == [("stdout", "\n"), ("stderr", "[A] x\n")]
    assert line.apart(Output("stdout", "done\n")) == [("stdout", "done\n")]


def test_an_end_that_came_too_late_makes_no_empty_line() -> None:
    line = OpenLine()
    for end in ("\n", "\r\n"):
        line.apart(Output("stdout", "[A] x", ORIGINS["A"]))
        line.apart(Output("stdout", "[B] y\n", ORIGINS["B"]))
        assert line.apart(Output("stdout", end, ORIGINS["A"])) == []


def test_a_line_that_is_written_over_needs_no_tag_from_here() -> None:
    line = OpenLine()
    line.apart(Output("stderr", "\r[A] 10%", ORIGINS["A"]))
    line.apart(Output("stderr", "[B] y\n", ORIGINS["B"]))
    assert line.apart(Output("stderr", "\r[A] 20%", ORIGINS["A"])) == [("stderr", "\r[A] 20%")]


def test_writers_that_never_go_on_are_forgotten() -> None:
    line = OpenLine()
    for number in range(3 * REMEMBERED):
        line.apart(Output("stdout", "x", Origin(number, "")))
    assert len(line._ended) == REMEMBERED
