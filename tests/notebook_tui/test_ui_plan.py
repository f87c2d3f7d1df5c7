"""What would run is shown before it does, where that is more than was asked for; a stale cell says why it is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.document.notebook import SETUP_CELL_ID, Cell, Notebook, Section
from notebook_tui.document.operations import QueueCells, SetCellSource
from notebook_tui.document.plan import Plan
from notebook_tui.document.state import State
from notebook_tui.ui.cells.whys import Whys
from notebook_tui.ui.dialogs.plan_screen import deserves_a_look
from tests.support.fake_session import FakeSession, code
from tests.support.screen import Terminal, in_terminal

CHAIN = (code("a", "x = 1"), code("b", "y = x"), code("c", "z = y"), code("d", "w = z"))


def queued(session: FakeSession) -> list[QueueCells]:
    return [each for each in session.sent if isinstance(each, QueueCells)]


@in_terminal(*CHAIN)
async def test_ee_that_needs_many_cells_above_shows_them_first(shown: Terminal) -> None:
    await shown.press("G", "e", "e")
    await shown.shows("These 4 cells will run")
    assert "it has not run yet" in shown.text
    assert queued(shown.session) == []
    await shown.press("enter")
    assert queued(shown.session) == [QueueCells(("d",))]
    assert shown.session.state.evaluating == "a"


@in_terminal(*CHAIN)
async def test_the_plan_can_be_left_and_nothing_has_run(shown: Terminal) -> None:
    await shown.press("G", "e", "e")
    await shown.shows("will run")
    await shown.press("escape")
    await shown.hides("will run")
    assert queued(shown.session) == []


@in_terminal(*CHAIN)
async def test_who_leaves_the_plan_of_run_and_next_stays_at_the_cell(shown: Terminal) -> None:
    await shown.press("G", "ctrl+r")
    await shown.shows("will run")
    cells = len(list(shown.session.state.notebook.cells()))
    await shown.press("escape")
    await shown.hides("will run")
    assert len(list(shown.session.state.notebook.cells())) == cells
    await shown.press("ctrl+r")
    await shown.shows("will run")
    await shown.press("enter")
    await shown.until(lambda: len(list(shown.session.state.notebook.cells())) == cells + 1, "a new cell below")
    assert queued(shown.session) == [QueueCells(("d",))]


@in_terminal(*CHAIN)
async def test_from_the_plan_the_cell_alone_can_be_run(shown: Terminal) -> None:
    await shown.press("G", "e", "e")
    await shown.shows("will run")
    await shown.press("o")
    assert queued(shown.session) == [QueueCells(("d",), alone=True)]


@in_terminal(*CHAIN)
async def test_who_does_not_want_to_see_plans_sees_no_more(shown: Terminal) -> None:
    await shown.press("G", "e", "e")
    await shown.shows("will run")
    await shown.press("d", "0", "0")
    await shown.until(lambda: shown.session.state.evaluating is None, "a fresh runtime")
    await shown.press("e", "e")
    assert queued(shown.session) == [QueueCells(("d",)), QueueCells(("d",))]


@in_terminal(*CHAIN[:3])
async def test_a_cell_that_needs_few_others_runs_at_once(shown: Terminal) -> None:
    await shown.press("G", "e", "e")
    assert queued(shown.session) == [QueueCells(("c",))]


@in_terminal(*CHAIN)
async def test_ea_runs_at_once_for_all_is_what_was_asked_for(shown: Terminal) -> None:
    await shown.press("e", "a")
    assert queued(shown.session) == [QueueCells(("a", "b", "c", "d"))]


@in_terminal(*CHAIN)
async def test_ep_shows_what_would_run_and_runs_nothing(shown: Terminal) -> None:
    await shown.press("j", "j", "j", "j", "e", "p")
    await shown.shows("These 2 cells will run")
    await shown.press("escape")
    assert queued(shown.session) == []


@in_terminal(
    Notebook(setup=Cell(SETUP_CELL_ID, "code", "import a"), sections=(Section("s", "S", (code("a", "x = 1"),)),))
)
async def test_a_setup_that_would_take_all_values_is_shown_first(shown: Terminal) -> None:
    await shown.press("e", "a")
    shown.session.finish(SETUP_CELL_ID)
    shown.session.finish("a")
    await shown.press("j", "e", "e")
    await shown.shows("all values are lost first")
    assert len(queued(shown.session)) == 1


@in_terminal(code("a", "x = 1"), code("b", "y = x"))
async def test_a_stale_cell_says_why_below_its_source_and_ew_says_all(shown: Terminal) -> None:
    await shown.press("e", "a")
    shown.session.finish("a")
    shown.session.finish("b")
    shown.session.apply(SetCellSource("a", "x = 2"))
    await shown.shows("stale · ")
    assert "cell 1, which gives x, must run first" in shown.text
    await shown.press("G", "e", "w")
    await shown.shows("Not up to date: cell 1")


@in_terminal(code("a", "x = 1"))
async def test_ew_of_a_cell_that_is_up_to_date_says_so(shown: Terminal) -> None:
    await shown.press("e", "a")
    shown.session.finish("a")
    await shown.press("G", "e", "w")
    await shown.shows("This cell is up to date.")


@in_terminal(*CHAIN)
async def test_er_runs_again_what_ran_and_eb_runs_what_is_below(shown: Terminal) -> None:
    await shown.press("j", "j", "j", "e", "r")
    await shown.shows("Nothing has run yet")
    await shown.press("e", "e")
    shown.session.finish("a")
    await shown.press("e", "r")
    assert queued(shown.session)[-1] == QueueCells(("a",))
    shown.session.finish("a")
    await shown.press("j", "j", "e", "b")
    assert queued(shown.session)[-1] == QueueCells(("c", "d"))


def test_reasons_are_asked_once_until_something_happens_that_could_change_them() -> None:
    state = State(Notebook(sections=(Section("s", "S", (code("a", "x"),)),)))
    whys = Whys()
    assert whys.said(state, "a") is whys.said(state, "a")


@given(st.sets(st.sampled_from("abcdefgh")), st.sets(st.sampled_from("abcdefgh")))
def test_a_plan_of_nothing_but_what_was_asked_for_deserves_no_look(cells: set[str], more: set[str]) -> None:
    assert not deserves_a_look(Plan(tuple(sorted(cells))), cells | more, State())
    unasked = cells - more
    assert deserves_a_look(Plan(tuple(sorted(cells))), more, State()) == (len(unasked) >= 3)
