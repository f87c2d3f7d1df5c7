"""What a session knows of views: however code puts them into each other, and however many it makes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.session.shown_views import DEEPEST, INSIDE_ITSELF, ShownViews
from notebook_tui.widgets.changes import Appended, Rendered, TextAppended, changed_within
from notebook_tui.widgets.views import Content, Frame, Text, TextStream


def depth(content: Content) -> int:
    return 1 + max(map(depth, content.contents), default=0) if isinstance(content, Frame) else 1


class Shown:
    """As a session: frames are shown in one cell each, and what changes is changed there."""

    def __init__(self) -> None:
        self.views = ShownViews()
        self.outputs: dict[str, Content] = {}

    def show(self, ref: str) -> None:
        self.outputs[ref] = self.views.show(ref, Frame(ref))

    def append(self, ref: str, content: Content) -> None:
        cells, change = self.views.change("home", ref, Frame(ref), Appended((content,)))
        for cell_id in cells:
            self.outputs[cell_id] = changed_within(self.outputs[cell_id], ref, change)


def test_a_frame_that_is_put_into_itself_shows_a_mark_there() -> None:
    shown = Shown()
    shown.show("f")
    for _ in range(3):
        shown.append("f", Frame("f"))
    assert shown.outputs["f"] == Frame("f", (Text("stderr", 3 * INSIDE_ITSELF.text),))


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), max_size=30))
def test_no_view_stands_in_itself_whatever_is_put_into_what(steps: list[tuple[str, str]]) -> None:
    shown = Shown()
    for ref in "abcd":
        shown.show(ref)
    for outer, inner in steps:
        shown.append(outer, Frame(inner))
    for output in shown.outputs.values():
        assert depth(output) <= 5


def test_views_stand_inside_each_other_only_so_deep() -> None:
    shown = Shown()
    shown.show("0")
    for number in range(1_500):
        shown.append(str(number), Frame(str(number + 1)))
    assert depth(shown.outputs["0"]) == DEEPEST + 2
    for number in reversed(range(1_500)):  # from the innermost to the outermost
        shown.append(f"up {number}", Frame(f"up {number + 1}"))
    shown.show("up 0")
    assert depth(shown.outputs["up 0"]) == DEEPEST + 2


def test_a_view_that_was_taken_out_of_a_frame_comes_back_as_it_is_by_then() -> None:
    views = ShownViews()
    views.show("c", Frame("f", (TextStream("s"),)))
    views.change("c", "f", Frame("f"), Rendered(()))
    views.change("c", "s", TextStream("s"), TextAppended("meanwhile"))
    assert views.show("c", Frame("g", (TextStream("s"),))) == Frame("g", (TextStream("s", "meanwhile"),))
