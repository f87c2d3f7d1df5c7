"""Many cells: only what is seen is drawn."""

from __future__ import annotations

import asyncio
from collections import Counter

from textual.strip import Strip

from notebook_tui.document.notebook import Notebook
from notebook_tui.ui.cells.cell_strips import Look, Painter
from notebook_tui.ui.cells.items import Item
from tests.support.fake_session import code, notebook_of, prose
from tests.support.screen import terminal

CELLS = 500


class CountingPainter(Painter):
    drawn: Counter[str]

    def rows(self, item: Item, look: Look) -> list[Strip]:
        self.drawn[item.id] += 1
        return super().rows(item, look)


def counting() -> tuple[Counter[str], type[CountingPainter]]:
    drawn: Counter[str] = Counter()
    return drawn, type("Counting", (CountingPainter,), {"drawn": drawn})


def big_notebook() -> Notebook:
    cells = [
        code(f"c{n}", f"value = {n}\nprint(value)") if n % 2 else prose(f"c{n}", f"# Part {n}\n\n- one\n- two")
        for n in range(CELLS)
    ]
    return notebook_of(*cells)


def test_the_first_paint_of_500_cells_draws_only_those_on_the_screen() -> None:
    drawn, painter = counting()

    async def main() -> None:
        async with terminal(big_notebook(), make_painter=painter) as shown:
            assert "Part 0" in shown.text
            assert 5 <= len(drawn) <= 12

    asyncio.run(main())


def test_a_key_in_500_cells_draws_only_what_it_changed() -> None:
    drawn, painter = counting()

    async def main() -> None:
        async with terminal(big_notebook(), make_painter=painter) as shown:
            await shown.press("j", "j", "j", "j", "i")
            drawn.clear()
            await shown.press("x")
            assert not drawn, "the editor lies over the only text that has changed"
            await shown.press("enter")
            assert set(drawn) == {"c1"}
            await shown.press("escape", "e", "e")
            drawn.clear()
            shown.session.print("c1", "hello\n")
            await shown.shows("hello")
            assert set(drawn) == {"c1"}

    asyncio.run(main())


def test_the_end_of_500_cells_is_one_key_away_and_guessed_heights_do_no_harm() -> None:
    drawn, painter = counting()

    async def main() -> None:
        async with terminal(big_notebook(), make_painter=painter) as shown:
            await shown.press("G")
            assert f"value = {CELLS - 1}" in shown.text
            assert len(drawn) < 40
            for n in range(CELLS - 2, CELLS - 40, -1):
                await shown.press("k")
                assert (f"value = {n}" if n % 2 else f"Part {n}") in shown.focused_line()

    asyncio.run(main())
