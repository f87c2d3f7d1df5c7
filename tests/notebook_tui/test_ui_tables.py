"""Tables: turned and sorted where they stand, and whole in a screen of their own, fetched as far as somebody looks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from notebook_tui.document.operations import DeleteCell, OutputChanged, QueueCells
from notebook_tui.ui.outputs.table_blocks import TableBlocks
from notebook_tui.widgets.changes import Became
from notebook_tui.widgets.messages import Page
from notebook_tui.widgets.views import Column, Sort, Table
from tests.support.fake_session import code
from tests.support.screen import Terminal, in_terminal

COLUMNS = (Column("name"), Column("age", "number"))
COUNT = 1204


def page_of(page: Page, count: int | None = COUNT, rows: int = COUNT) -> Table:
    numbers = range(rows)
    order = reversed(numbers) if page.sort is not None and page.sort.descending else numbers
    shown = list(order)[page.offset : page.offset + page.limit]
    cells = tuple((f"person {n}", str(n)) for n in shown)
    return Table("t", COLUMNS, cells, page.offset, count, page.sort, title="People")


FIRST = page_of(Page())
WIDE = Table("w", tuple(Column(f"column {n}") for n in range(30)), (tuple(f"v{n}" for n in range(30)),), count=1)


def serve(shown: Terminal, answer: Callable[[Page], Table] = page_of) -> list[Page]:
    """The table gives its pages, and what it was asked for is written down."""
    asked: list[Page] = []

    def rows(page: Page) -> Table:
        asked.append(page)
        return answer(page)

    shown.session.tables["t"] = rows
    return asked


@in_terminal(code("a", "x", FIRST))
async def test_pages_are_turned_and_the_keyboard_stays_at_the_way_it_went(shown: Terminal) -> None:
    serve(shown)
    await shown.press("j", "j", "j", "shift+tab")
    await shown.press("enter")
    await shown.shows("rows 11-20 of 1,204")
    assert "▸next ›◂" in shown.text
    await shown.press("enter")
    await shown.shows("rows 21-30 of 1,204")
    await shown.press("left", "enter")
    await shown.shows("rows 11-20 of 1,204")
    assert "▸‹ previous◂" in shown.text


@in_terminal(code("a", "x", FIRST))
async def test_a_heading_sorts_up_and_down_and_not_at_all(shown: Terminal) -> None:
    asked = serve(shown)
    await shown.press("j", "j", "j", "tab", "right", "enter")
    await shown.shows("age ▲")
    await shown.press("enter")
    await shown.shows("age ▼")
    await shown.shows("person 1203")
    await shown.press("enter")
    await shown.hides("age ▼")
    assert [page.sort for page in asked] == [Sort("age"), Sort("age", True), None]


@in_terminal(code("a", "x", FIRST))
async def test_rows_that_do_not_come_are_told(shown: Terminal) -> None:
    await shown.press("j", "j", "j", "shift+tab", "enter")
    await shown.shows("The rows could not be fetched")
    assert "rows 1-10 of 1,204" in shown.text


@in_terminal(code("a", "x", FIRST), code("b", "y"))
async def test_a_page_is_forgotten_when_its_table_is_another(shown: Terminal) -> None:
    serve(shown)
    await shown.press("j", "j", "j", "shift+tab", "enter")
    await shown.shows("rows 11-20")
    looks = shown.app.screen._view.looks  # type: ignore[attr-defined]
    assert set(looks.pages) == {"t"}
    shown.session.apply(DeleteCell("a"))
    await shown.hides("rows 11-20")
    assert not shown.app.screen._view.looks.pages  # type: ignore[attr-defined]


@in_terminal(code("a", "x"))
async def test_a_table_that_changes_under_a_page_is_shown_as_it_is_now(shown: Terminal) -> None:
    serve(shown)
    shown.session.send(QueueCells(("a",), True))
    shown.session.output("a", FIRST)
    await shown.press("j", "j", "j", "shift+tab", "enter")
    await shown.shows("rows 11-20")
    serve(shown, lambda page: replace(page_of(page), rows=(("grown", "1"),) * 10))
    shown.session.apply(OutputChanged("a", "t", Became(replace(FIRST, rows=(("first", "1"),) * 10))))
    await shown.shows("grown")
    assert "rows 11-20" in shown.text
    serve(shown, lambda page: Table("t", COLUMNS, (), page.offset, 1))
    shown.session.apply(OutputChanged("a", "t", Became(Table("t", COLUMNS, (("alone", "1"),), count=1))))
    await shown.shows("alone")
    assert "1 row" in shown.text


def test_rows_that_come_in_an_order_that_is_not_wanted_any_more_are_dropped() -> None:
    blocks = TableBlocks(None, None)
    page = blocks.wanted(0, 10)
    assert page is not None
    blocks.sort_by(Sort("age"))
    blocks.put(page, FIRST)
    assert blocks.row(0) is None


@in_terminal(code("a", "x", WIDE))
async def test_a_wide_table_is_looked_at_column_by_column(shown: Terminal) -> None:
    await shown.press("j", "j", "j", "shift+tab", "enter")
    await shown.shows("column 7")
    assert "23 of 30 columns hidden" in shown.text
    await shown.press("h", "h")
    await shown.shows("column 5")
    await shown.press("l")
    assert "column 5" not in shown.text


@in_terminal(code("a", "x", FIRST))
async def test_o_opens_the_whole_table_and_fetches_no_more_than_is_seen(shown: Terminal) -> None:
    asked = serve(shown)
    await shown.press("j", "j", "j", "o")
    await shown.shows("row 1 of 1,204 · column 1 of")
    await shown.until(lambda: shown.lines[-1].rstrip().endswith("Esc back"), "the way out, whatever else has room")
    await shown.shows("person 15")
    assert asked == [Page(0, 100)]
    await shown.press("G")
    await shown.shows("person 1203")
    assert "row 1,204 of 1,204" in shown.text
    assert asked == [Page(0, 100), Page(1100, 100), Page(1200, 100)]
    await shown.press("g")
    await shown.shows("person 0")
    assert len(asked) == 3
    await shown.press("escape")
    await shown.shows("NAV")


@in_terminal(code("a", "x", FIRST))
async def test_the_whole_table_is_sorted_and_a_row_is_gone_to_and_copied(shown: Terminal) -> None:
    serve(shown)
    await shown.press("j", "j", "j", "o")
    await shown.shows("person 15")
    await shown.press("l", "s", "s")
    await shown.shows("age ▼")
    await shown.shows("person 1203")
    await shown.press(":")
    await shown.shows("Go to row")
    await shown.type("1000")
    await shown.press("enter")
    await shown.shows("row 1,000 of 1,204")
    await shown.shows("person 204")
    await shown.press("y")
    await shown.until(lambda: shown.app.clipboard == "204")
    await shown.press("Y")
    await shown.until(lambda: shown.app.clipboard == "person 204\t204")


@in_terminal(code("a", "x", FIRST))
async def test_a_row_that_is_none_is_told(shown: Terminal) -> None:
    serve(shown)
    await shown.press("j", "j", "j", "o", ":")
    await shown.type("x")
    await shown.press("enter")
    await shown.shows("Expected the number of a row")


@in_terminal(code("a", "x", FIRST))
async def test_a_column_is_made_wider_and_narrower_and_the_mouse_sorts(shown: Terminal) -> None:
    asked = serve(shown)
    await shown.press("j", "j", "j", "o")
    await shown.shows("person 15")
    before = shown.lines[0].index("age")
    await shown.press("plus")
    assert shown.lines[0].index("age") == before + 4
    await shown.press("minus", "minus")
    assert shown.lines[0].index("age") == before - 4
    await shown.pilot.click(offset=(shown.lines[0].index("age"), 0))
    await shown.until(lambda: asked[-1].sort == Sort("age"))


@in_terminal(code("a", "x", page_of(Page(), None)))
async def test_the_end_of_a_table_of_unknown_length_is_found_by_looking(shown: Terminal) -> None:
    serve(shown, lambda page: page_of(page, None, 250))
    await shown.press("j", "j", "j", "o")
    await shown.shows("person 15")
    await shown.press("G")
    await shown.shows("row 250 of 250")
    await shown.shows("person 249")


@in_terminal(code("a", "x", FIRST))
async def test_a_screen_whose_rows_do_not_come_says_so_and_closes(shown: Terminal) -> None:
    await shown.press("j", "j", "j", "o")
    await shown.shows("The rows could not be fetched")
    await shown.press("escape")
    await shown.shows("NAV")


@in_terminal(code("a", "x", FIRST))
async def test_r_fetches_a_table_again_that_has_changed(shown: Terminal) -> None:
    serve(shown)
    await shown.press("j", "j", "j", "o")
    await shown.shows("person 15")
    serve(shown, lambda page: replace(page_of(page), rows=(("grown", "1"),) * page.limit))
    await shown.press("r")
    await shown.shows("grown")
