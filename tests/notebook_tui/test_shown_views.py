"""Whatever way what is shown and what changes take, a notebook shows what the changes in their order make."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.session.shown_views import INSIDE_ITSELF, ShownViews
from notebook_tui.widgets.changes import (
    Appended,
    Became,
    Change,
    PointsAppended,
    Rendered,
    TextAppended,
    changed,
    changed_within,
)
from notebook_tui.widgets.messages import Changed
from notebook_tui.widgets.pending_changes import PendingChanges
from notebook_tui.widgets.views import (
    Content,
    Frame,
    Grid,
    Input,
    Plot,
    Progress,
    Series,
    Text,
    TextStream,
    View,
)

FIRST: dict[str, View] = {
    "outer": Frame("outer"),
    "inner": Frame("inner", (Text("stdout", "a"),)),
    "text": TextStream("text"),
    "plot": Plot("plot"),
    "bar": Progress("bar", 0, 3),
}
HOME = {"outer": "c1", "inner": "c2", "text": "c1", "plot": "c2", "bar": "c3"}
CELLS = ("c1", "c2", "c3")
HOLDS = {"outer": ("inner", "text", "plot"), "inner": ("text", "plot", "bar")}


def contents_of(frame: str) -> st.SearchStrategy[tuple[Content, ...]]:
    inside = [FIRST[ref] for ref in HOLDS[frame]]
    return st.lists(st.sampled_from([Text("stdout", "b"), Text("stderr", "c"), *inside]), max_size=3).map(tuple)


def change_of(ref: str) -> st.SearchStrategy[tuple[str, Change]]:
    point = Series("loss", "line", (1.0,), (2.0,))
    changes: dict[str, st.SearchStrategy[Any]] = {
        "text": st.text("xy\n\r", max_size=4).map(TextAppended) | st.just(Became(FIRST["text"])),
        "plot": st.just(PointsAppended((point,))) | st.just(Became(FIRST["plot"])),
        "bar": st.integers(0, 3).map(lambda done: Became(Progress("bar", done, 3))),
    }
    if ref in HOLDS:
        changes[ref] = st.builds(Rendered, contents_of(ref)) | st.builds(Appended, contents_of(ref))
    return st.tuples(st.just(ref), changes[ref])


SHOWN = st.tuples(st.sampled_from(CELLS), st.sampled_from(sorted(FIRST)))
ARRIVED = st.tuples(st.sampled_from(CELLS), st.none())
STEPS = st.lists(st.one_of(*map(change_of, FIRST), SHOWN, ARRIVED), max_size=30)


class Notebook:
    """Three cells, each with the way that changes of its widgets take, and the session that shows them."""

    def __init__(self) -> None:
        self.shown = ShownViews()
        self.outputs: dict[str, list[Content]] = {cell: [] for cell in CELLS}
        self._waiting = {cell: PendingChanges() for cell in CELLS}

    def change(self, ref: str, change: Change) -> None:
        self._waiting[HOME[ref]].add(Changed(ref, change, FIRST[ref]))

    def show(self, cell: str, ref: str) -> None:
        self.arrive(cell)
        self.outputs[cell].append(self.shown.show(cell, FIRST[ref]))

    def arrive(self, cell: str) -> None:
        for each in self._waiting[cell].take():
            cells, change = self.shown.change(cell, each.ref, each.first, each.change)
            for other in cells:
                self.outputs[other] = [changed_within(output, each.ref, change) for output in self.outputs[other]]


def as_it_is(views: dict[str, View], ref: str) -> View:
    view = views[ref]
    if not isinstance(view, Frame):
        return view
    return replace(
        view, contents=tuple(as_it_is(views, each.ref) if isinstance(each, View) else each for each in view.contents)
    )


@given(STEPS)
def test_ac29_any_interleaving_of_shows_and_changes_leads_to_what_the_changes_in_order_make(
    steps: list[tuple[str, Any]],
) -> None:
    notebook, views = Notebook(), dict(FIRST)
    placed: dict[str, list[str]] = {cell: [] for cell in CELLS}
    for where, what in steps:
        if what is None:
            notebook.arrive(where)
        elif where in CELLS:
            notebook.show(where, what)
            placed[where].append(what)
        else:
            notebook.change(where, what)
            views[where] = changed(views[where], what)
    for cell in CELLS:
        notebook.arrive(cell)
    for cell in CELLS:
        assert notebook.outputs[cell] == [as_it_is(views, ref) for ref in placed[cell]]
    for ref in FIRST:
        assert notebook.shown.show("later", FIRST[ref]) == as_it_is(views, ref)


def test_a_frame_that_comes_to_hold_itself_shows_that_in_words() -> None:
    shown = ShownViews()
    shown.change("c", "f", Frame("f"), Appended((Frame("g"),)))
    shown.change("c", "g", Frame("g"), Appended((Frame("f"),)))
    _, change = shown.change("c", "g", Frame("g"), Rendered((Grid("x", (Frame("g"),), 1),)))
    assert change == Rendered((Grid("x", (INSIDE_ITSELF,), 1),))
    found = shown.show("c", Frame("f"))
    assert found == Frame("f", (Frame("g", (Grid("x", (INSIDE_ITSELF,), 1),)),))


def test_of_views_that_no_cell_shows_any_more_the_oldest_are_given_up_and_what_is_shown_is_kept() -> None:
    shown = ShownViews(unseen=5)
    shown.show("c", Frame("frame", (TextStream("kept"),)))
    shown.show("c", Frame("moving"))
    gone: list[tuple[str, str]] = []
    for number in range(100):
        shown.change("c", "moving", Frame("moving"), Rendered((TextStream(f"s{number}"),)))
        gone += shown.surplus()
    assert ("c", "s0") in gone
    assert len(gone) > 80
    assert {ref for _, ref in gone}.isdisjoint({"frame", "kept", "moving", "s99"})
    assert shown.home("kept") == "c"
    assert shown.home("s0") is None


def test_what_another_cell_shows_stays_when_its_cell_runs_again_and_has_ended() -> None:
    shown = ShownViews()
    shown.change("c1", "s", TextStream("s"), TextAppended("so far"))
    shown.show("c2", TextStream("s"))
    shown.forget("c1")
    assert shown.has_ended("s")
    assert shown.view("s") == TextStream("s", "so far")
    shown.forget("c2")
    assert shown.home("s") is None


def test_ac23_an_input_that_is_made_anew_changes_where_other_cells_show_it() -> None:
    before, after = (Input("i", "select", "Size", options=tuple((o, o) for o in options)) for options in ("ab", "abc"))
    shown = ShownViews()
    shown.show("c1", before)
    shown.show("c2", Grid("g", (before,), 1))
    shown.forget("c1")
    assert shown.show("c1", after) == after
    assert shown.renewed() == [("c2", after)]
    assert not shown.has_ended("i")
    # What stands in another view as it was does not bring the old one back.
    assert shown.show("c3", Grid("g", (before,), 1)) == Grid("g", (after,), 1)
    assert shown.renewed() == []
