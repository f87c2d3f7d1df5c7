"""Pictures side by side with their words below them, and the ways to other pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from rich.cells import cell_len
from rich.text import Text

from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.printable import printable_row
from notebook_tui.ui.drawing.rows import wrap_words
from notebook_tui.ui.outputs.display_rows import picture_of
from notebook_tui.ui.outputs.inked import inked
from notebook_tui.ui.outputs.looks import Looks
from notebook_tui.ui.outputs.moved_rows import beside, text_row
from notebook_tui.ui.outputs.row import OutputRow
from notebook_tui.ui.outputs.spots import Spot, TurnPage
from notebook_tui.ui.outputs.table_pages import NEWEST, pages_beside
from notebook_tui.ui.pictures.fitting import columns_and_rows
from notebook_tui.ui.pictures.gallery import Pictures
from notebook_tui.ui.pictures.graphics import Graphics
from notebook_tui.ui.pictures.header import size_of
from notebook_tui.widgets.view_text import pictures_said
from notebook_tui.widgets.views import Card, Gallery

_GAP: Final = "  "
_LEAST_COLUMN: Final = 16
_LOWEST: Final = 6
_HIGHEST: Final = 18
_CAPTION_ROWS: Final = 2


def gallery_rows(shown: Gallery, width: int, height: int, palette: Palette, looks: Looks) -> list[OutputRow]:
    """
    >>> from notebook_tui.widgets.views import Display
    >>> cards = tuple(Card(number, Display((("text/plain", "?"),)), f"still {number}") for number in range(2))
    >>> for row in gallery_rows(Gallery("g", cards, 2), 40, 14, Palette(), Looks()):
    ...     print(row.text.plain.rstrip())
    (no picture)      (no picture)
    still 0           still 1
    2 pictures
    """
    page = looks.pages.get(shown.ref)
    gallery = replace(page, count=shown.count, first=shown.first) if isinstance(page, Gallery) else shown
    return list(_rows(gallery, width, height, palette, looks.pictures))


def _rows(gallery: Gallery, width: int, height: int, palette: Palette, pictures: Pictures) -> Iterator[OutputRow]:
    if gallery.title:
        title = inked(printable_row(gallery.title), palette.strong)
        title.truncate(width, overflow="ellipsis")
        yield text_row(title)
    columns = max(1, min(gallery.columns, (width + len(_GAP)) // (_LEAST_COLUMN + len(_GAP))))
    room = (width - len(_GAP) * (columns - 1)) // columns
    # As if the page were full, so that nothing grows or shrinks while it fills.
    lines = -(-gallery.page_size // columns)
    high = max(_LOWEST, min(_HIGHEST, (height - 1 - bool(gallery.title)) // lines - 1))
    room = min(room, max((_wanted(card, room, high, pictures) for card in gallery.cards), default=room))
    captions = [_words(card, room) for card in gallery.cards]
    below = max(map(len, captions), default=1)
    high = max(_LOWEST, high + 1 - below)
    cells = [
        [*_picture(gallery, card, room, high, palette, pictures), *map(text_row, words)]
        for card, words in zip(gallery.cards, captions, strict=True)
    ]
    for start in range(0, len(cells), columns):
        line = cells[start : start + columns]
        yield from beside(line, [room] * len(line), _GAP)
    yield _footer(gallery, width, palette)


def _wanted(card: Card, room: int, high: int, pictures: Pictures) -> int:
    """The columns that the card has a use for."""
    picture = picture_of(card.picture)
    size = size_of(picture[0]) if picture else None
    cell = (pictures.gallery.graphics or Graphics("off")).cell
    wide = columns_and_rows(size, cell, room, high, enlarged=True)[0] if size else 0
    return max(wide, cell_len(printable_row(card.caption)), _LEAST_COLUMN)


def _picture(
    gallery: Gallery, card: Card, room: int, high: int, palette: Palette, pictures: Pictures
) -> list[OutputRow]:
    """Where pictures come faster than they are drawn, one that was there before stays until then: less flickers."""
    found = picture_of(card.picture)
    if found is None:
        return [text_row(inked("(no picture)", palette.muted))]
    data, name = found
    place = f"{gallery.ref}/{card.number % gallery.page_size}"
    # What it shows stands below it, and need not be said twice where it is not drawn.
    said = "picture" if card.caption else name
    return [text_row(row) for row in pictures.rows(data, said, room, high, palette, enlarged=True, place=place)]


def _words(card: Card, room: int) -> list[Text]:
    """What is said below it, in two rows at most."""
    text = Text(printable_row(" ".join(card.caption.split())), end="")
    rows = list(wrap_words(text, room))
    if len(rows) > _CAPTION_ROWS:
        rest = text[len(" ".join(row.plain for row in rows[: _CAPTION_ROWS - 1])) + 1 :]
        rest.truncate(room, overflow="ellipsis")
        rows[_CAPTION_ROWS - 1 :] = [rest]
    return rows


def _footer(gallery: Gallery, width: int, palette: Palette) -> OutputRow:
    """Which of how many, and the ways to the others."""
    text, spots = inked(pictures_said(gallery), palette.muted), list[Spot]()
    back, on = pages_beside(gallery, gallery.page_size)
    ways = [("‹ earlier", back), ("later ›", on), ("newest »", None if on is None else NEWEST)]
    for label, offset in ways:
        if offset is not None and text.cell_len + len(_GAP) + len(label) <= width:
            text.append(_GAP)
            spots.append(Spot(text.cell_len, text.cell_len + len(label), TurnPage(gallery.ref, offset)))
            text.append(label, palette.focus)
    return text_row(text, spots)
