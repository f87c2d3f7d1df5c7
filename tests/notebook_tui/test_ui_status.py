"""The two lines at the foot and the stamps of cells, as pure functions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.document.evaluations import Evaluation
from notebook_tui.document.notebook import Cell
from notebook_tui.document.plan import full_evaluation
from notebook_tui.document.state import RuntimeStatus, State
from notebook_tui.document.versions import Versions
from notebook_tui.ui.cells.running import Tally, tally
from notebook_tui.ui.cells.stamp import Stamp, glyph, stamp_of, words
from notebook_tui.ui.cells.whys import Whys
from notebook_tui.ui.dialogs.messages import Note
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.keys.table import sequences
from notebook_tui.ui.status.bar import Status, hint_line, status_line
from tests.support.fake_session import code, notebook_of, prose

CELL = code("a", "x = 1")


def state_of(evaluation: Evaluation | None = None, **fields: object) -> State:
    evaluations = {"a": evaluation} if evaluation else {}
    return State(notebook_of(CELL), "/somewhere/tour.livemd", evaluations, **fields)  # type: ignore[arg-type]


RAN = Evaluation("evaluated", source="x = 1", took=0.25)


def skewed(*behind: str) -> RuntimeStatus:
    """Seven nodes run the cell as it ran last, and these an older version."""
    names = tuple(f"{name}@host" for name in behind)
    versions = Versions(tuple(f"n{number}@host" for number in range(7)), tuple((name, 0.0) for name in names))
    return RuntimeStatus("connected", "local", nodes=(*versions.current, *names), versions={"a": versions})


def said(state: State, now: float = 100.0) -> str:
    stamp = stamp_of(state, CELL, frozenset(state.queue), Whys(), {})
    return f"{glyph(stamp, now)} {words(stamp, CELL, now)}"


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (state_of(), "○ not run"),
        (state_of(queue=("a",)), "… queued"),
        (state_of(Evaluation("evaluated", source="x = 1", took=0.25)), "✓ 0.2 s"),
        (state_of(Evaluation("evaluated", source="y = 1", took=0.25)), "✓ 0.2 s · edited since"),
        (state_of(Evaluation("evaluated", errored=True, source="x = 1", took=61.0)), "✗ failed after 1 min 01 s"),
        (state_of(Evaluation("stale", source="x = 1", took=0.05)), "~ stale · 50 ms"),
        (state_of(RAN, runtime=skewed("b")), "✓ 0.2 s · 7 of 8 nodes run this version, not b"),
        (state_of(RAN, runtime=skewed("b", "c")), "✓ 0.2 s · 7 of 9 nodes run this version"),
        (state_of(RAN, runtime=skewed()), "✓ 0.2 s"),
        (state_of(Evaluation("stale", errored=True, source="x = 1")), "~ stale · failed"),
        (state_of(Evaluation("aborted", interrupted=True, source="x = 1")), "■ interrupted"),
        (state_of(Evaluation("aborted", source="x = 1")), "■ aborted"),
        (state_of(Evaluation(source="x = 1"), running={"": "a"}), "⠋ starting"),
        (state_of(Evaluation(source="x = 1", started_at=97.5), running={"": "a"}), "⠋ running 2.5 s"),
    ],
)
def test_every_state_of_a_cell_has_its_glyph_and_words(state: State, expected: str) -> None:
    assert said(state) == expected


def test_no_two_states_share_glyph_and_words() -> None:
    kinds = ("foreign", "fresh", "queued", "ok", "failed", "stale", "interrupted", "aborted")
    shown = {(glyph(Stamp(kind), 0), words(Stamp(kind), CELL, 0)) for kind in kinds}
    assert len(shown) == len(kinds)


def test_a_clock_that_runs_behind_shows_no_negative_time() -> None:
    assert said(state_of(Evaluation(source="x", started_at=200.0), running={"": "a"})) == "⠋ running 0.0 s"


@given(
    st.integers(20, 220),
    st.booleans(),
    st.sampled_from(
        [
            RuntimeStatus(),
            RuntimeStatus("connecting"),
            RuntimeStatus("connected", "local", nodes=("a@b",) * 9),
            skewed("b", "c"),
            RuntimeStatus(lost="the process was killed by signal 9"),
        ]
    ),
)
def test_the_lines_at_the_foot_keep_to_the_width_and_always_say_the_mode(
    width: int, editing: bool, runtime: RuntimeStatus
) -> None:
    status = Status(state_of(queue=("a",), running={"": "a"}, runtime=runtime, revision=1), editing)
    line = status_line(status, width, Palette())
    assert line.cell_len <= width
    assert line.plain.strip().startswith("EDIT" if editing else "NAV")
    assert hint_line(status, width, Palette()).cell_len <= width


def test_a_wide_terminal_says_everything() -> None:
    runtime = RuntimeStatus("connected", "local", nodes=("cpu-1@host",))
    state = state_of(runtime=runtime, revision=1)
    line = status_line(Status(state), 120, Palette()).plain
    for part in ("NAV", "tour.livemd unsaved", "◆ 1 node", "● local", "cpu-1", "0/1 done"):
        assert part in line


@pytest.mark.parametrize("width", [80, 120])
def test_a_runtime_that_says_more_than_fits_is_shortened_and_not_left_out(width: int) -> None:
    runtime = RuntimeStatus("connected", "attached to web@127.0.0.1" + ", and so on" * 20)
    line = status_line(Status(state_of(runtime=runtime)), width, Palette()).plain
    assert "● attached to web@127.0.0.1, and so on" in line
    assert "…  0/1 done " in line
    assert len(line) == width


@pytest.mark.parametrize(("behind", "part"), [((), "◆ 7 nodes  "), (("b", "c"), "◆ 9 nodes · 2 behind  ")])
def test_at_80_columns_the_line_says_how_many_nodes_are_behind(behind: tuple[str, ...], part: str) -> None:
    line = status_line(Status(state_of(RAN, runtime=skewed(*behind))), 80, Palette()).plain
    assert part in line
    assert "● local" in line
    assert line.endswith("1/1 done ")


def test_the_hint_line_prefers_a_begun_sequence_to_a_message_to_the_keys() -> None:
    note = Note("something\nwent wrong", "error", 0.0)
    continuation = (("e", sequences()[("e", "e")]),)
    status = Status(state_of(), pressed=("e",), continuations=continuation, note=note)
    assert hint_line(status, 80, Palette()).plain == " e…  e run"
    assert hint_line(Status(state_of(), note=note), 80, Palette()).plain.startswith(" ✗ something went wrong  sm")
    assert "i edit" in hint_line(Status(state_of()), 80, Palette()).plain


def test_a_narrow_hint_line_keeps_the_way_out() -> None:
    hints = (("Enter", "turn the page"), ("o", "whole table"), ("Tab", "next"), ("Esc", "back to the cell"))
    status = Status(state_of(), chip="OUTPUT", hints=hints)
    assert hint_line(status, 80, Palette()).plain.endswith("o whole table   Tab next   Esc back to the cell")
    assert hint_line(status, 64, Palette()).plain.endswith("o whole table   Esc back to the cell")
    assert hint_line(status, 45, Palette()).plain == " Enter turn the page   Esc back to the cell"


def test_outdated_is_what_did_not_run_as_it_stands_now() -> None:
    cells = [
        code("a", "1"),
        code("b", "2"),
        code("c", "3"),
        code("d", ""),
        prose("e", "x"),
        Cell("f", "code", "IO", language="elixir"),
        code("g", "7"),
    ]
    runs = {
        "a": Evaluation("evaluated", source="1"),
        "b": Evaluation("evaluated", source="0"),
        "c": Evaluation("stale", source="3"),
        "g": Evaluation("evaluated", errored=True, source="7"),
    }
    state = State(notebook_of(*cells), evaluations=runs)
    assert full_evaluation(state) == ("b", "c", "g")
    assert tally(state) == Tally(done=1, all=4, failed=1)
