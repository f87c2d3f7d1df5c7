"""Errors below their cells: the user's own frames stand out, and their lines are places to go to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamlike.kernel.errors import RemoteTraceback
from notebook_tui.document.outputs import Error
from notebook_tui.runtime.outcome import Failure
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.outputs.output_strips import inline_view
from notebook_tui.ui.outputs.page_lines import page_lines
from notebook_tui.ui.outputs.spots import GoTo, OpenWhole
from tests.notebook_tui.test_runtime_failure import failed
from tests.support.fake_session import code
from tests.support.screen import Terminal, in_terminal


def shown(failure: Failure, cell_id: str = "here", width: int = 100, limit: int = 60) -> list[tuple[str, GoTo | None]]:
    """The rows of the error below the cell of that id, each with the place that its line of a cell leads to."""
    rows = inline_view([error_of(failure)], width, limit, Palette(), cell_id=cell_id).rows
    found = []
    for row in rows:
        places = [spot.touch for spot in row.spots if isinstance(spot.touch, GoTo)]
        found.append((row.text.plain.strip(" │|"), places[0] if places else None))
    return found


def error_of(failure: Failure) -> Error:
    places = tuple((place.cell_id, place.line) for place in failure.places)
    return Error(failure.type, failure.message, failure.traceback, failure.line, places)


def test_each_line_of_a_cell_is_a_place_to_go_to() -> None:
    rows = shown(failed("def f(x):\n    return 1 / x", "def g(x):\n    return f(x)", "x = 0\ng(x)"))
    assert rows[0] == ("ZeroDivisionError: division by zero", None)
    assert [row for row in rows if row[1]] == [
        ("cell 3, line 2", GoTo("3", 2)),
        ("cell 2, line 2, in g", GoTo("2", 2)),
        ("cell 1, line 2, in f", GoTo("1", 2)),
    ]


def test_carets_below_a_line_that_is_folded_are_left_out() -> None:
    failure = failed(f"print({'1 + ' * 20}1 / 0)")
    assert any("^" in text for text, _ in shown(failure, width=120))
    assert not any("^" in text for text, _ in shown(failure, width=60))


def test_the_place_lies_on_the_name_of_the_cell_and_its_line() -> None:
    row = next(row for row in inline_view([error_of(failed("1 / 0"))], 80, 20, Palette()).rows if row.spots)
    (spot,) = row.spots
    assert row.text.plain[spot.start : spot.end] == "cell 1, line 1"


def test_frames_of_a_library_are_counted_and_the_screen_of_the_whole_has_them() -> None:
    failure = failed("import json\njson.loads('{')")
    texts = [text for text, _ in shown(failure)]
    assert "⋯ 3 frames of Python · o shows them" in texts
    assert not any("decoder.py" in text for text in texts)
    rows = inline_view([error_of(failure)], 80, 20, Palette(), cell_id="a").rows
    assert [spot.touch for row in rows for spot in row.spots][-1] == OpenWhole("a")
    whole = page_lines([error_of(failure)], Palette())
    assert any("decoder.py" in whole.plain(number) for number in range(len(whole.lines)))


def test_a_text_that_does_not_compile_shows_its_place_with_a_caret() -> None:
    assert shown(failed("x = 1\ny = = 2"), cell_id="this") == [
        ("SyntaxError: invalid syntax", None),
        ("cell 1, line 2", GoTo("this", 2)),
        ("y = = 2", None),
        ("^", None),
    ]


def test_a_chain_tells_of_each_exception_with_its_notes() -> None:
    failure = failed(
        """
        try:
            {}['a']
        except KeyError as error:
            error.add_note('mind the a')
            raise ValueError('b') from error
        """
    )
    rows = shown(failure)
    texts = [text for text, _ in rows]
    assert texts[0] == "ValueError: b"
    assert texts.index("KeyError: 'a'") < texts.index("mind the a")
    assert [touch for _, touch in rows if touch] == [GoTo("1", 2), GoTo("1", 5)]


def test_the_parts_of_a_group_lead_to_their_lines() -> None:
    failure = failed(
        """
        import asyncio
        async def fail(text):
            raise ValueError(text)
        async with asyncio.TaskGroup() as group:
            group.create_task(fail("one"))
            group.create_task(fail("two"))
        """
    )
    assert [touch for _, touch in shown(failure) if touch] == [GoTo("1", 4), GoTo("1", 3), GoTo("1", 3)]


def test_an_error_of_another_node_shows_that_nodes_frames() -> None:
    there = (
        'Traceback (most recent call last):\n  File "cell 3", line 2, in <module>\n    work()\n'
        '  File "/x/site-packages/torch/nn.py", line 7, in one\n    y()\n'
        '  File "/x/site-packages/torch/nn.py", line 8, in two\n    y()\nValueError: over there'
    )

    def messenger() -> None:
        raise ValueError("over there") from RemoteTraceback(there)

    rows = shown(failed("call()", call=messenger), cell_id="far")
    texts = [text for text, _ in rows]
    assert "On the other node:" in texts
    assert '"""' not in texts
    assert "⋯ 2 frames of torch · o shows them" in texts
    assert ('File "cell 3", line 2, in <module>', GoTo("far", 2)) in rows


def test_of_a_long_traceback_the_message_and_the_end_are_shown() -> None:
    failure = failed("def f(n):\n    if n == 0: raise ValueError('deep')\n    f(n - 1)", "f(2)")
    texts = [text for text, _ in shown(failure, limit=4)]
    assert len(texts) == 4
    assert texts[0] == "ValueError: deep"
    assert "cell 1, line 2, in f" in texts
    assert not any("f(2)" in text for text in texts)


@pytest.mark.parametrize("frames", [1, 2])
def test_one_frame_of_a_library_stays(frames: int) -> None:
    text = "Traceback (most recent call last):\n  cell 1, line 1\n    f()\n" + (
        '  File "/x/site-packages/lib/a.py", line 1, in f\n    g()\n' * frames
    )
    rows = shown(Failure("ValueError", "x", f"{text}ValueError: x\n", 1))
    assert any("frames of lib" in row for row, _ in rows) == (frames > 1)


tracebacks = st.lists(
    st.sampled_from(
        [
            "Traceback (most recent call last):",
            "  cell 1, line 2",
            "  cell 2, line 1, in f",
            "    x = \x1b[1m漢\t1",
            "     ~~^~~",
            '  File "/lib/python3.13/json.py", line 3, in loads',
            "  | cell 1, line 2",
            "  +-+---------------- 1 ----------------",
            "ValueError: x",
            "The above exception was the direct cause of the following exception:",
            '"""',
            "  cell 9999999999999999999999, line 99999999999999999999",
            "",
        ]
    )
    | st.text(max_size=20)
).map("\n".join)


@given(tracebacks, st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 3)), max_size=4), st.integers(8, 60))
def test_whatever_a_traceback_holds_its_places_lie_in_their_rows(
    traceback: str, places: list[tuple[str, int]], width: int
) -> None:
    error = Error("ValueError", "x", traceback, 1, tuple(places))
    for row in inline_view([error], width, 40, Palette(), cell_id="c").rows:
        assert row.text.cell_len <= width
        for spot in row.spots:
            assert 0 <= spot.start < spot.end <= width


RAISED = Error(
    "ZeroDivisionError",
    "division by zero",
    "Traceback (most recent call last):\n  cell 2, line 1\n    f(0)\n  cell 1, line 2, in f\n    return 1 / x\n",
    1,
    (("b", 1), ("a", 2)),
)


@in_terminal(code("a", "def f(x):\n    return 1 / x\n\n"), code("b", "f(0)", RAISED))
async def test_ge_puts_the_caret_on_the_line_that_raised(shown: Terminal) -> None:
    await shown.press("G", "g", "e")
    await shown.shows("EDIT")
    assert shown.app.screen.query_one("Editor").has_focus
    assert "return 1 / x" in shown.cursor_line()


@in_terminal(code("a", "x = 1\ny = = 2\nz = 3", Error("SyntaxError", "invalid syntax", "", 2)), code("b", "later"))
async def test_ge_goes_to_the_first_error_where_the_focused_cell_has_none(shown: Terminal) -> None:
    await shown.press("G", "g", "e")
    await shown.shows("EDIT")
    assert "y = = 2" in shown.cursor_line()


@in_terminal(code("b", "f(0)", RAISED))
async def test_ge_goes_to_the_cell_that_failed_where_the_one_that_raised_is_gone(shown: Terminal) -> None:
    await shown.press("G", "g", "e")
    await shown.shows("EDIT")
    assert "f(0)" in shown.cursor_line()


@in_terminal(code("a", "x = 1"))
async def test_ge_says_that_there_is_no_error(shown: Terminal) -> None:
    await shown.press("G", "g", "e")
    await shown.shows("No cell shows an error.")
