"""Items of the list to rows of the screen.

Pure but for a cache: `Painter.rows` maps an item and the way it is looked at to strips, and keeps the strips of each
part while what it was drawn from is the same. An output that grows colours no source anew, and a focus that moves
folds no text anew.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from typing import Final, Literal, NamedTuple, TypeAlias, assert_never

from rich.segment import Segment
from rich.text import Text
from textual.strip import Strip

from beamlike.kernel.record import frozen
from notebook_tui.document.notebook import Cell
from notebook_tui.document.outputs import Error
from notebook_tui.ui.cells.heading_strips import hint_rows, section_rows, title_rows
from notebook_tui.ui.cells.items import CellItem, HintItem, Item, SectionItem, TitleItem
from notebook_tui.ui.cells.source_strips import editing_rows, folded_row, source_rows, stamp_row
from notebook_tui.ui.drawing.frame import LEFT, Frame, frame_for, gutter_row, with_rail
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.rows import strip_of
from notebook_tui.ui.finding.highlight import highlighted
from notebook_tui.ui.finding.pattern import Pattern
from notebook_tui.ui.markdown.blocks import markdown_rows
from notebook_tui.ui.outputs.looks import Looks
from notebook_tui.ui.outputs.marked_row import marked_row
from notebook_tui.ui.outputs.output_strips import inline_view
from notebook_tui.ui.outputs.places import Place, Places
from notebook_tui.ui.outputs.question_row import with_question
from notebook_tui.ui.outputs.row import OutputRow
from notebook_tui.ui.outputs.spots import OpenWhole, Spot
from notebook_tui.ui.pictures.gallery import NO_PICTURES

Part: TypeAlias = Literal["source", "prose", "outputs"]
Numbers: TypeAlias = tuple[int | None, ...]
# Strips are heavy: the parts of the items drawn last are kept, not those of a whole notebook.
_KEPT_ITEMS: Final = 128
_BLANK: Final = Strip([])


@frozen
class Look:
    """What the rows of an item depend on beside the item."""

    width: int
    output_rows: int = 24
    """How many rows of output a cell shows at most."""
    now: float = 0.0
    """Seconds since the epoch, for the time of a running cell."""
    focused: bool = False
    editing: Numbers | None = None
    """While the editor lies over the source: the line number that each of its rows begins, None within a line."""
    looks: Looks = field(default_factory=Looks)
    found: Pattern | None = None
    """What is looked for, and marked where it is."""
    numbered: bool = True
    """Whether lines of code have their numbers beside them."""
    wrong: int | None = None
    """The line of the text that is edited which keeps it from being compiled."""


class Kept(NamedTuple):
    """A part as it was drawn last, and what it was drawn from."""

    key: object
    strips: list[Strip]
    places: Places = ()
    """Rows are counted from the first of the part."""


class Painter:
    """Rows of items in one palette.

    >>> rows = Painter(Palette()).rows(TitleItem("Tour"), Look(width=40, focused=True))
    >>> [row.text for row in rows]
    ['▌ Tour', '']
    """

    def __init__(self, palette: Palette) -> None:
        self.palette = palette
        self._parts: OrderedDict[tuple[str, Part], Kept] = OrderedDict()

    def rows(self, item: Item, look: Look) -> list[Strip]:
        """All rows of the item, and a blank one below it."""
        rows = [with_rail(row, look.focused, self.palette) for row in self._body(item, look)]
        return [*rows, _BLANK]

    def places(self, item: Item, look: Look, height: int) -> Places:
        """What in these rows of the item, so many as `rows` has drawn, answers to a press."""
        if not isinstance(item, CellItem) or item.cell.kind == "markdown" or is_folded(item):
            return ()
        kept = self._outputs(item.cell, frame_of(item, look), look)
        first = height - 1 - len(kept.strips)
        return tuple(Place(first + each.row, each.start, each.end, each.touch) for each in kept.places)

    def _body(self, item: Item, look: Look) -> Iterable[Strip]:
        match item:
            case TitleItem():
                return title_rows(item, look.width, self.palette)
            case SectionItem():
                return section_rows(item, look.width, self.palette)
            case HintItem():
                return hint_rows(item, self.palette)
            case CellItem(cell=Cell(kind="markdown")) if look.editing is None:
                return self._prose(item.cell, Frame(look.width), look)
            case CellItem():
                return self._code(item, look)
            case _:
                assert_never(item)

    def _prose(self, cell: Cell, frame: Frame, look: Look) -> list[Strip]:
        def draw() -> Iterable[Strip]:
            indent = Segment(" " * (frame.text_left - LEFT))
            nothing = [Text("Empty Markdown cell · i to write", self.palette.muted, end="")]
            rows = markdown_rows(cell.source, frame.prose_width, self.palette, pictures, look.output_rows) or nothing
            return _marked((Strip([indent, *strip_of(row)]) for row in rows), look.found, 0)

        pictures = look.looks.pictures if "![" in cell.source else NO_PICTURES
        return self._part(cell.id, "prose", (cell.source, frame, pictures, look.output_rows, look.found), draw)

    def _code(self, item: CellItem, look: Look) -> Iterable[Strip]:
        frame = frame_of(item, look)
        if look.editing is not None:
            yield from editing_rows(look.editing, frame, self.palette, look.wrong, numbered=look.numbered)
        elif is_folded(item):
            yield folded_row(item, frame, self.palette)
            return
        else:
            yield from self._source(item, frame, look)
        waits = any(question.name and question.cell_id == item.id for question in look.looks.questions)
        yield stamp_row(item, frame, self.palette, look.now, waits=waits)
        yield from self._outputs(item.cell, frame, look).strips

    def _source(self, item: CellItem, frame: Frame, look: Look) -> list[Strip]:
        cell, failed = item.cell, failed_line(item)
        key = (cell.source, cell.language, frame, failed, look.found, look.numbered)

        def draw() -> Iterable[Strip]:
            rows = source_rows(cell, frame, self.palette, failed, numbered=look.numbered)
            return _marked(rows, look.found, frame.text_left - LEFT)

        return self._part(cell.id, "source", key, draw)

    def _outputs(self, cell: Cell, frame: Frame, look: Look) -> Kept:
        looks = look.looks if look.focused else look.looks.unfocused()

        def draw() -> tuple[OutputRow, ...]:
            view = inline_view(cell.outputs, frame.text_width, look.output_rows, self.palette, looks, cell.id)
            muted = self.palette.muted
            rows = view.rows
            if view.hidden_lines:
                noun = "line" if view.hidden_lines == 1 else "lines"
                note = Text(f"{view.hidden_lines:,} more {noun} · o opens all", muted, end="")
                rows = (OutputRow("…", muted, note, (Spot(0, note.cell_len, OpenWhole(cell.id)),)), *rows)
            rows = with_question(rows, looks.questions, cell.id, frame.text_width, self.palette)
            return tuple(marked_row(row, looks.at, self.palette) for row in rows)

        key = (cell.outputs, frame, look.output_rows, looks, look.found)
        kept = self._parts.get((cell.id, "outputs"))
        if kept is None or kept.key != key:
            rows = draw()
            muted = self.palette.muted
            strips = [gutter_row(frame, "", row.mark, row.text, muted, row.mark_style) for row in rows]
            marked = list(_marked(strips, look.found, frame.text_left - LEFT))
            kept = Kept(key, marked, tuple(_places(rows, frame)))
        return self._keep(cell.id, "outputs", kept)

    def _part(self, id: str, part: Part, key: object, draw: Callable[[], Iterable[Strip]]) -> list[Strip]:
        kept = self._parts.get((id, part))
        if kept is None or kept.key != key:
            kept = Kept(key, list(draw()))
        return self._keep(id, part, kept).strips

    def _keep(self, id: str, part: Part, kept: Kept) -> Kept:
        self._parts[id, part] = kept
        self._parts.move_to_end((id, part))
        while len(self._parts) > 2 * _KEPT_ITEMS:
            self._parts.popitem(last=False)
        return kept


def _places(rows: Iterable[OutputRow], frame: Frame) -> Iterator[Place]:
    for index, row in enumerate(rows):
        for spot in row.spots:
            yield Place(index, frame.text_left + spot.start, frame.text_left + spot.end, spot.touch)


def _marked(rows: Iterable[Strip], found: Pattern | None, left: int) -> Iterable[Strip]:
    return rows if found is None else highlighted(rows, found, left)


def frame_of(item: CellItem, look: Look) -> Frame:
    """Where the columns of a cell stand."""
    if look.editing is None:
        return frame_for(look.width, item.cell.source.count("\n") + 1)
    return frame_for(look.width, max((number or 1 for number in look.editing), default=1))


def text_left(item: Item, width: int) -> int:
    """The column in which the text of an item begins."""
    if isinstance(item, CellItem) and item.cell.kind != "markdown":
        return frame_of(item, Look(width)).text_left
    return LEFT


def is_folded(item: CellItem) -> bool:
    """A setup cell without text is one row: it is in every notebook, and most leave it empty."""
    return bool(item.role) and not item.cell.source and not item.cell.outputs


def failed_line(item: CellItem) -> int | None:
    """The line whose error is shown below, unless the text has changed since and lines may have moved."""
    if item.stamp.edited:
        return None
    return next((output.line for output in item.cell.outputs if isinstance(output, Error)), None)
