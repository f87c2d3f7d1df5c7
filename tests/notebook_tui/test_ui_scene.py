"""The page and the window on it: what is looked at stays where it is, whatever happens above and below."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.document.notebook import Cell
from notebook_tui.document.outputs import Text
from notebook_tui.ui.cells.cell_strips import Painter
from notebook_tui.ui.cells.items import CellItem, Item
from notebook_tui.ui.cells.layout import Layout
from notebook_tui.ui.cells.scene import Scene, Window
from notebook_tui.ui.cells.stamp import Stamp
from notebook_tui.ui.drawing.palette import Palette

HEIGHT = 12


def item(n: int, source_lines: int, output_lines: int, kind: str = "code") -> Item:
    outputs = (Text("stdout", "x\n" * output_lines),) if output_lines else ()
    source = "\n".join(["word " * 12] * source_lines)
    return CellItem(Cell(f"c{n}", "code" if kind == "code" else "markdown", source, outputs=outputs), Stamp("ok"))


cells = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 9), st.sampled_from(["code", "markdown"])), min_size=1, max_size=12
)


def scene_of(items: list[Item]) -> Scene:
    scene = Scene(Painter(Palette()), lambda: 0.0)
    scene.resize(40, HEIGHT)
    scene.show(items)
    return scene


@given(cells, st.data())
def test_the_focused_item_keeps_its_row_while_all_others_change(
    shapes: list[tuple[int, int, str]], data: st.DataObject
) -> None:
    items = [item(n, *shape) for n, shape in enumerate(shapes)]
    scene = scene_of(items)
    scene.focused = data.draw(st.sampled_from(items)).id
    window = Window(scene.top_to_reveal(scene.focused, Window(0, HEIGHT)), HEIGHT)
    window = Window(scene.settle(window, scene.anchors(window)), HEIGHT)
    row, anchors = scene.top(scene.focused) - window.top, scene.anchors(window)
    grown = [item(n, a, b + data.draw(st.integers(0, 5)), kind) for n, (a, b, kind) in enumerate(shapes)]
    scene.show(grown)
    top = scene.settle(window, anchors)
    assert 0 <= top <= max(0, scene.height - HEIGHT)
    if 0 < top < scene.height - HEIGHT:
        assert scene.top(scene.focused) - top == row


@given(cells, st.integers(0, 100))
def test_after_settling_every_row_of_the_window_is_there(shapes: list[tuple[int, int, str]], top: int) -> None:
    scene = scene_of([item(n, *shape) for n, shape in enumerate(shapes)])
    window = Window(top, HEIGHT)
    top = scene.settle(window, scene.anchors(window))
    for row in range(top, min(top + HEIGHT, scene.height)):
        owner = scene.item_at(row)
        assert owner is not None
        last = row == scene.height - 1 or scene.item_at(row + 1) is not owner
        assert (scene.strip(row).text == "") == last or scene.strip(row).text.strip() == ""


@given(cells, st.data())
def test_what_is_revealed_is_seen(shapes: list[tuple[int, int, str]], data: st.DataObject) -> None:
    items = [item(n, *shape) for n, shape in enumerate(shapes)]
    scene = scene_of(items)
    id = data.draw(st.sampled_from(items)).id
    window = Window(scene.top_to_reveal(id, Window(data.draw(st.integers(0, 60)), HEIGHT)), HEIGHT)
    assert scene.is_seen(id, window)
    assert scene.is_seen_to_end(id, window) or scene.top(id) <= window.top


@given(st.lists(st.integers(1, 9), min_size=1), st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9)), max_size=9))
def test_a_layout_finds_every_row_again_after_any_change(heights: list[int], changes: list[tuple[int, int]]) -> None:
    layout = Layout(heights)
    for index, height in changes:
        heights[index % len(heights)] = height
        layout.set_height(index % len(heights), height)
    assert layout.total == sum(heights)
    rows = [index for index, height in enumerate(heights) for _ in range(height)]
    assert [layout.index_at(row) for row in range(layout.total)] == rows
