"""Rows that all views of a program share: drawn once, and few of them kept, whatever somebody types."""

from __future__ import annotations

import asyncio

from textual.strip import Strip

from notebook_tui.document.operations import SetCellSource
from notebook_tui.ui.cells.shared_rows import MOST_ROWS, SharedRows
from notebook_tui.ui.cells.source_strips import SHARED, source_rows
from notebook_tui.ui.drawing.frame import frame_for
from notebook_tui.ui.drawing.palette import Palette
from tests.support.fake_session import code, notebook_of
from tests.support.screen import terminal

LONG = "\n".join(f"value_{number} = compute(data[{number}])" for number in range(400))


def rows(count: int) -> tuple[Strip, ...]:
    return tuple(Strip([]) for _ in range(count))


def test_who_looks_at_the_same_cell_gets_the_same_rows() -> None:
    frame, palette = frame_for(80, 1), Palette()
    (one,) = source_rows(code("a", "shared = 1"), frame, palette, None)
    (other,) = source_rows(code("b", "shared = 1"), frame, palette, None)
    assert one is other


def test_what_was_seen_last_is_kept_and_a_cell_too_long_for_all_together_is_not() -> None:
    shared = SharedRows(most=10)
    for key in ("a", "b", "a", "c"):
        shared.rows_of(key, lambda: rows(4))
    assert shared.count == 8
    assert shared.rows_of("a", tuple)
    assert not shared.rows_of("b", tuple)
    shared.rows_of("long", lambda: rows(11))
    assert not shared.rows_of("long", tuple)
    assert shared.rows_of("c", tuple)


def test_what_somebody_else_types_in_a_long_cell_is_not_kept_key_by_key() -> None:
    async def main() -> None:
        async with terminal(notebook_of(code("a", LONG))) as shown:
            await shown.press("j", "j", "j")
            for typed in range(1, 12):
                shown.session.send(SetCellSource("a", LONG + "x" * typed))
                await shown.press("k", "j")
                assert 400 <= SHARED.count <= MOST_ROWS

    asyncio.run(main())
