"""A frame costs what it paints: rows that nothing happened to are not asked for, and what is painted is the same."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from rich.style import Style
from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from notebook_tui.ui.drawing.compositor import RowsCompositor
from tests.support.fake_session import code, notebook_of
from tests.support.screen import Terminal, in_terminal, terminal

FIRST = ("j", "j", "j")
TYPED = "x = [n for n in range(9)]"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[tuple[str, int]]:
    """How often which widget was asked for how many rows."""
    counts: Counter[tuple[str, int]] = Counter()
    render_lines = Widget.render_lines

    def counted(widget: Widget, crop: Region) -> object:
        counts[type(widget).__name__, crop.height] += 1
        return render_lines(widget, crop)

    monkeypatch.setattr(Widget, "render_lines", counted)
    return counts


def test_a_key_in_the_editor_asks_the_editor_alone_for_its_row_alone(asked: Counter[tuple[str, int]]) -> None:
    async def main() -> None:
        async with terminal(notebook_of(code("a", "x"), code("b", "y"))) as shown:
            await shown.press(*FIRST, "i", "a")
            asked.clear()
            shown.post_key("b")
            await shown.until(lambda: asked["Editor", 1])
            assert asked.keys() == {("Editor", 1)}

    asyncio.run(main())


@in_terminal(code("a", "import os\n\nos.path"), code("b", "y = 1\n" * 20), size=(100, 24))
async def test_every_part_of_the_screen_is_painted_as_by_the_whole_compositor(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", "end", "s", *TYPED[:5])
    compositor = shown.app.screen._compositor
    assert isinstance(compositor, RowsCompositor)
    width, height = shown.app.size
    for region in (
        Region(8, 5, 30, 1),
        Region(0, 0, width, 3),
        Region(width - 1, 2, 1, height - 4),
        Region(3, height - 3, 40, 3),
        Region(0, 0, width, height - 1),
    ):
        assert painted(shown, region, RowsCompositor) == painted(shown, region, Compositor), region


def painted(shown: Terminal, region: Region, by: type[Compositor]) -> list[tuple[str, Style | None]]:
    """Character by character what that compositor paints there now."""
    compositor = shown.app.screen._compositor
    own = type(compositor)
    compositor.__class__ = by
    try:
        compositor._dirty_regions = {region}
        update = compositor.render_partial_update()
    finally:
        compositor.__class__ = own
    assert isinstance(update, ChopsUpdate)
    found: list[tuple[str, Style | None]] = []
    for y in range(region.y, region.bottom):
        strips = [strip for strip in update.chops[y].values() if strip is not None]
        x = min(start for start, strip in update.chops[y].items() if strip is not None)
        row = Strip.join(strips).crop(region.x - x, region.right - x)
        found += [(character, segment.style) for segment in row for character in segment.text]
    return found


@in_terminal(code("a", "\n".join(f"line_{n} = {n}" for n in range(12))), code("b", "y"), size=(100, 30))
async def test_the_terminals_cursor_is_at_the_caret_in_the_frame_that_shows_it(shown: Terminal) -> None:
    await shown.press(*FIRST, "i")
    for key in ("up", "up", "home", "right", "x", "enter", "down", "end"):
        await shown.press(key)
        screen = shown.app.notebook_screen
        assert screen is not None
        assert shown.app.cursor_position == screen._view.editor.cursor_screen_offset, key
