"""Galleries: pictures that come by the thousand, of which few are kept, fewer are shown, and each where it belongs."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from notebook_tui.document.operations import DeleteCell, OutputChanged
from notebook_tui.document.outputs import Text
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.outputs.looks import Looks
from notebook_tui.ui.outputs.view_rows import view_rows
from notebook_tui.widgets.changes import CARDS, CardsHung, changed
from notebook_tui.widgets.gallery import LARGE, ROOM, SIDES, Hung, thumbnail
from notebook_tui.widgets.gallery import Gallery as Widget
from notebook_tui.widgets.messages import Page
from notebook_tui.widgets.views import Card, Display, Gallery
from tests.support.fake_session import code
from tests.support.pictures import png
from tests.support.screen import Terminal, in_terminal

PICTURE = Display((("image/png", png("rg", "bw", scale=40)), ("text/plain", "[red: png, 99 bytes]")))


def page_of(page: Page, count: int) -> Gallery:
    numbers = range(page.offset, min(page.offset + page.limit, count))
    return Gallery("g", tuple(Card(n, PICTURE, f"still {n}") for n in numbers), count, page_size=4)


# What is kept, and which of it is shown.


@given(st.lists(st.one_of(st.none(), st.integers(0, 5)), max_size=40), st.integers(1, 10))
def test_what_comes_under_a_name_takes_its_place_and_the_oldest_go(keys: list[int | None], keep: int) -> None:
    hung, expected = Hung(keep), list[tuple[int | None, str]]()
    gone = 0
    for word, name in enumerate(keys):
        hung.hang(PICTURE, f"{word}", name)
        at = next((n for n, each in enumerate(expected) if name is not None and each[0] == name and n >= gone), None)
        if at is None:
            expected.append((name, f"{word}"))
        else:
            expected[at] = name, f"{word}"
        gone = max(gone, len(expected) - keep)
    assert (hung.count, hung.first) == (len(expected), gone)
    assert [card.caption for card in hung.page(0, keep)] == [word for _, word in expected[gone:]]
    assert [card.number for card in hung.page(0, keep)] == list(range(gone, len(expected)))


def test_the_newest_are_shown_in_whole_lines_that_move_up() -> None:
    view = Gallery("g", page_size=8, columns=4)
    hung = Hung(100)
    for number in range(1_000):
        after = changed(view, hung.hang(PICTURE, str(number)))
        assert isinstance(after, Gallery)
        view = after
        assert len(view.cards) <= 8
        assert view.offset % 4 == 0
        assert view.cards[-1].number == number
    assert view.offset == 992
    assert view.first == 900


def test_a_large_gallery_keeps_no_more_bytes_than_it_may() -> None:
    hung = Hung(10_000)
    large = Display((("image/jpeg", bytes(LARGE)), ("text/plain", "")))
    for number in range(2_000):
        hung.hang(large, str(number))
    assert hung.count == 2_000
    assert CARDS <= hung.count - hung.first <= ROOM / LARGE


def test_a_large_picture_is_made_small_where_it_is_added() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (1200, 900, 3), dtype=np.uint8)
    data = thumbnail(noise, "noise").form("image/jpeg")
    assert isinstance(data, bytes)
    small = Image.open(io.BytesIO(data))
    assert small.height == SIDES[1]
    assert abs(small.width / small.height - 900 / 1200) < 0.01
    assert thumbnail(PICTURE) is PICTURE


def test_what_is_no_picture_or_no_caption_is_refused() -> None:
    gallery = Widget()
    with pytest.raises(TypeError, match="expected a picture"):
        gallery.add(Display((("text/plain", "cat"),)))
    with pytest.raises(ValueError, match="expected a PNG"):
        gallery.add(b"cat")
    with pytest.raises(TypeError, match="words to stand below"):
        gallery.add(PICTURE, 7)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=f"expected 1 to {CARDS} pictures a page, got 1000"):
        Widget(page_size=1000)


# How it looks.


@pytest.mark.parametrize(("width", "height", "columns"), [(74, 14, 4), (190, 38, 4), (40, 14, 2), (16, 14, 1)])
def test_pictures_stand_side_by_side_as_far_as_there_is_room(width: int, height: int, columns: int) -> None:
    view = replace(page_of(Page(0, 8), 8), page_size=8)
    rows = [row.text.plain.rstrip() for row in view_rows(view, width, Palette(), Looks(), height=height)]
    words = [row for row in rows if row.startswith("still") or "  still" in row]
    assert [row.count("still ") for row in words] == [columns] * (8 // columns)
    assert rows[-1] == "8 pictures"
    assert all(len(row) <= width for row in rows)
    if columns == 4:
        assert len(rows) <= max(height, 18)


def test_the_height_is_the_same_whether_the_page_is_full_or_not() -> None:
    def rows(count: int) -> int:
        view = replace(page_of(Page(0, 8), count), page_size=8)
        return len(view_rows(view, 74, Palette(), Looks(), height=14))

    assert rows(5) == rows(8)
    assert rows(1) < rows(5)


def test_a_long_caption_takes_two_rows_and_no_more() -> None:
    view = Gallery("g", (Card(0, PICTURE, "a purple triangle that goes to the left and then on"),), 1)
    rows = [row.text.plain.rstrip() for row in view_rows(view, 16, Palette(), Looks(), height=14)]
    assert rows[-3:] == ["a purple", "triangle that g…", "1 picture"]


# How it is used.


@in_terminal(code("a", "x", page_of(Page(0, 4), 4)))
async def test_its_pictures_are_seen_as_soon_as_they_are_drawn(shown: Terminal) -> None:
    await shown.shows("still 3")
    await shown.shows("▀▀▀▀")  # though nobody presses a key, and nothing else comes


def serve(shown: Terminal, count: int) -> list[Page]:
    asked: list[Page] = []

    def page(page: Page) -> Gallery:
        asked.append(page)
        return page_of(page, count)

    shown.session.galleries["g"] = page
    return asked


@in_terminal(code("a", "x", page_of(Page(8, 4), 12)))
async def test_pages_are_turned_by_keys_and_the_newest_are_followed_again(shown: Terminal) -> None:
    asked = serve(shown, 12)
    await shown.press("j", "j", "j", "shift+tab", "enter")
    await shown.shows("pictures 5-8 of 12")
    assert "▸‹ earlier◂" in shown.text
    await shown.press("enter")
    await shown.shows("pictures 1-4 of 12")
    assert "still 0" in shown.text
    shown.session.apply(OutputChanged("a", "g", CardsHung((Card(12, PICTURE, "the last"),), 13, 0)))
    await shown.shows("pictures 1-4 of 13")  # what comes meanwhile is counted, and does not turn the page
    assert "▸later ›◂" in shown.text
    await shown.press("right", "enter")
    await shown.shows("the last")
    assert [page.offset for page in asked] == [4, 0]


@in_terminal(code("a", "x", page_of(Page(8, 4), 12)))
async def test_pictures_that_do_not_come_are_told(shown: Terminal) -> None:
    await shown.press("j", "j", "j", "shift+tab", "enter")
    await shown.shows("The pictures could not be fetched")
    assert "pictures 9-12 of 12" in shown.text


@in_terminal(code("a", "x", page_of(Page(8, 4), 12)), code("b", "y"))
async def test_a_page_is_forgotten_with_its_gallery(shown: Terminal) -> None:
    serve(shown, 12)
    await shown.press("j", "j", "j", "shift+tab", "enter")
    await shown.shows("pictures 5-8")
    shown.session.apply(DeleteCell("a"))
    await shown.hides("pictures 5-8")
    assert not shown.app.screen._view.looks.pages  # type: ignore[attr-defined]


@in_terminal(code("a", "x", page_of(Page(0, 4), 4)))
async def test_its_pictures_open_one_by_one(shown: Terminal) -> None:
    await shown.press("j", "j", "j", "o")
    await shown.shows("1 of 4")
    await shown.press("right")
    await shown.shows("2 of 4")


@in_terminal(code("a", "x", page_of(Page(8, 4), 12)))
async def test_the_page_that_was_turned_to_is_the_one_that_opens(shown: Terminal) -> None:
    serve(shown, 12)
    await shown.press("j", "j", "j", "shift+tab", "enter")
    await shown.shows("pictures 5-8 of 12")
    await shown.press("o")  # the keyboard is at the gallery
    await shown.shows("still 4  80 × 80")
    await shown.press("left")
    await shown.shows("still 7  80 × 80")
    await shown.press("escape", "escape", "o")  # and at the cell, which shows nothing else
    await shown.shows("still 4  80 × 80")


OTHER = replace(page_of(Page(0, 1), 1), ref="other", cards=(Card(0, PICTURE, "of the other"),))


@in_terminal(code("a", "x", Text("stdout", "printed\n"), OTHER, page_of(Page(8, 4), 12)))
async def test_of_several_galleries_the_one_opens_that_the_keyboard_is_at(shown: Terminal) -> None:
    serve(shown, 12)
    await shown.press("j", "j", "j", "shift+tab", "enter")
    await shown.shows("pictures 5-8 of 12")
    await shown.press("o")
    await shown.shows("1 of 4")
    await shown.shows("still 4  80 × 80")
