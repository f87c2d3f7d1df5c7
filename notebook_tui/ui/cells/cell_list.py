"""The list of everything in a notebook: one scrolling widget on the Line API, never a widget per cell.

A `Scene` knows the rows; this widget scrolls a window over them, paints what is seen, and keeps the focused item in
view. It is given items and a focus, and answers with `Clicked` and with `Shifted` when rows have moved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from notebook_tui.ui.cells.cell_strips import Look, Numbers, Painter, frame_of
from notebook_tui.ui.cells.items import CellItem, Item
from notebook_tui.ui.cells.scene import Scene, Window
from notebook_tui.ui.drawing.others import Other
from notebook_tui.ui.drawing.palette import Palette, palette_of
from notebook_tui.ui.driver.picture_app import PictureApp
from notebook_tui.ui.finding.pattern import Pattern
from notebook_tui.ui.outputs.looks import Looks
from notebook_tui.ui.outputs.places import Place, Places, place_of, place_under
from notebook_tui.ui.outputs.spots import Touch
from notebook_tui.ui.pictures.gallery import Pictures
from notebook_tui.ui.pictures.overlay import Placed, placed_in

MakePainter = Callable[[Palette], Painter]


class CellList(ScrollView, can_focus=True, inherit_bindings=False):
    ALLOW_SELECT: ClassVar[bool] = False

    @dataclass
    class Clicked(Message):
        """The mouse was pressed on an item, so many times in a row."""

        item_id: str
        times: int

    @dataclass
    class Touched(Message):
        """The mouse was pressed on a place of an item that answers to it."""

        item_id: str
        touch: Touch

    class Shifted(Message):
        """Rows have moved on the screen; what floats above the list must follow."""

    def __init__(self, clock: Callable[[], float], make_painter: MakePainter = Painter) -> None:
        super().__init__()
        self._make_painter = make_painter
        self._scene = Scene(make_painter(Palette()), clock)
        self._moving = False
        self._painted: list[Strip] = []
        self._ink = Style.null()
        self._height = 0
        self._lies: tuple[int, Size] | None = None
        """Where the window was, on a page of what size, when that was told last."""
        self._items: Sequence[Item] = ()
        self._people: Mapping[str, tuple[tuple[int, str], ...]] = {}

    @property
    def focused_id(self) -> str:
        """The id of the focused item; empty before there is one."""
        return self._scene.focused

    def show_people(self, others: Sequence[Other]) -> None:
        """Mark the cells at which others are."""
        found: dict[str, tuple[tuple[int, str], ...]] = {}
        for other in others:
            found[other.cell_id] = (*found.get(other.cell_id, ()), (other.number, other.label))
        if found != self._people:
            self._people = found
            self.show(self._items)

    def show(self, items: Sequence[Item], caret: int | None = None) -> None:
        """Show these items. What the user looks at stays where it is, and the end of the focused cell stays in view
        if it was: so the output of a cell that has just been run is followed, as far as the row of the caret in a text
        that is edited stays in view."""
        self._items = items
        items = [self._with_people(item) for item in items] if self._people else items
        before = self._scene.item(self.focused_id)
        follows = self._scene.editing is None or caret is not None
        at_end = follows and self._scene.is_seen_to_end(self.focused_id, self._window)
        with self._kept_in_place():
            self._scene.show(items)
        now = self._scene.item(self.focused_id)
        if at_end and now is not None and now != before:
            self._go_to(self._scene.top_to_follow(self._window, caret))

    def _with_people(self, item: Item) -> Item:
        people = self._people.get(item.id)
        return replace(item, people=people) if people and isinstance(item, CellItem) else item

    def focus_item(self, id: str) -> None:
        """Mark the item and bring it into view."""
        self.mark_item(id)
        self._go_to(self._scene.top_to_reveal(id, self._window))

    def mark_item(self, id: str) -> None:
        """Mark the item and move nothing."""
        with self._kept_in_place():
            self._scene.redraw(self.focused_id, id)
            if id != self.focused_id:
                self._scene.looks = self._scene.looks.unfocused()
            self._scene.focused = id

    def first_seen(self, ids: Sequence[str]) -> str:
        """Of these items the first that begins in the window, or else the one that fills it."""
        seen = [id for id in ids if self._scene.is_seen(id, self._window)]
        return next((id for id in seen if self._scene.top(id) >= self._window.top), seen[0])

    def mark_wrong(self, line: int | None) -> None:
        """A cross beside that line of the text that is edited, or none."""
        if line != self._scene.wrong:
            self._scene.wrong = line
            with self._kept_in_place():
                self._scene.redraw(self.focused_id)

    def set_editing(self, numbers: Numbers | None) -> None:
        """Make room for the editor over the source of the focused cell, or none."""
        if numbers == self._scene.editing:
            return
        self._scene.editing = numbers
        self._scene.looks = self._scene.looks.unfocused()
        with self._kept_in_place():
            self._scene.redraw(self.focused_id)

    @property
    def folded(self) -> frozenset[str]:
        """The cells whose outputs are one row."""
        return self._scene.looks.folded

    def fold(self, ids: frozenset[str]) -> None:
        """Make the outputs of these cells one row each, and show those of all others."""
        changed = ids ^ self.folded
        with self._kept_in_place():
            self._scene.looks = replace(self._scene.looks, folded=ids)
            self._scene.redraw(*changed)

    def editor_region(self) -> Region:
        """Where the editor lies, seen from the top left of the list."""
        item = self._scene.item(self.focused_id)
        numbers = self._scene.editing
        if not isinstance(item, CellItem) or numbers is None:
            return Region()
        frame = frame_of(item, Look(self.size.width, editing=numbers))
        return Region(frame.text_left, self._scene.top(item.id) - self._window.top, frame.text_width, len(numbers))

    @property
    def looks(self) -> Looks:
        """What the viewer has chosen to see of views."""
        return self._scene.looks

    def look(self, looks: Looks) -> None:
        """Show views as the viewer has chosen, and the place that the keyboard is at."""
        if looks == self.looks:
            return
        moved = looks.at is not None and looks.at != self.looks.at
        with self._kept_in_place():
            self._scene.look(looks)
        if moved and (place := place_of(self.places(), looks.at)) is not None:
            self.reveal_row(place.row)

    def places(self) -> Places:
        """What in the focused item answers to a press."""
        return self._scene.places(self.focused_id) if self._scene.item(self.focused_id) is not None else ()

    def region_of(self, place: Place) -> Region:
        """Where a place of the focused item lies, seen from the top left of the list."""
        row = self._scene.top(self.focused_id) + place.row - self._window.top
        return Region(place.start, row, place.end - place.start, 1)

    def reveal_row(self, row: int) -> None:
        """Bring a row of the focused item into view."""
        window = self._window
        top = self._scene.top_to_reveal_row(self.focused_id, row, window)
        if top != window.top or self._scene.editing is None:  # of a text that is edited most keys leave the row in view
            self._go_to(top)

    def highlight(self, found: Pattern | None) -> None:
        """Mark what is looked for, or nothing any more."""
        with self._kept_in_place():
            self._scene.highlight(found)

    def number_lines(self, numbered: bool) -> None:
        with self._kept_in_place():
            self._scene.number_lines(numbered)

    def reveal_match(self, pattern: Pattern, nth: int) -> None:
        """Bring that match in the focused item into view."""
        row = self._scene.row_of_match(self.focused_id, pattern, nth)
        if row is not None:
            self.reveal_row(row)

    def tick(self) -> None:
        """Draw the time of the cells that run, as far as they are seen."""
        if not self._scene.has_running:
            return
        running = list(self._scene.running_between(self._window.top, self._window.end))
        if running:
            self._scene.redraw(*running)
            self._refresh_changed_rows()

    def repaint(self) -> None:
        """Draw everything anew in the ink of the current theme."""
        with self._kept_in_place():
            self._scene.repaint(self._make_painter(palette_of(self.app.theme_variables)))

    def show_pictures(self, pictures: Pictures) -> None:
        """Draw cells with pictures anew: some have been drawn meanwhile, or all are drawn in another way."""
        self._scene.looks = replace(self._scene.looks, pictures=pictures)
        # Where there is none, nothing may move: not the list, nor what floats above it.
        if with_pictures := self._scene.drawn_with_pictures():
            with self._kept_in_place():
                self._scene.redraw(*with_pictures)

    def placed_pictures(self) -> Iterator[Placed]:
        """The pictures that are wholly in view, where they are to be painted over."""
        return placed_in(self._painted)

    def scroll_page(self, direction: int) -> bool:
        """Move the window by most of its height; False if it is at that end already."""
        before = self._window.top
        self._go_to(before + direction * max(1, self.size.height - 3))
        return self._window.top != before

    def render_lines(self, crop: Region) -> list[Strip]:
        # To ask for it for every row takes a quarter of a frame.
        self._ink = self.rich_style
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        strip = self._scene.strip(y + self.scroll_offset.y)
        return strip.adjust_cell_length(self.size.width).apply_style(self._ink)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if not self._moving and round(old_value) != round(new_value):
            self._go_to(round(new_value))

    def on_mount(self) -> None:
        self._refresh_scrollbars()
        self.app.theme_changed_signal.subscribe(self, lambda _: self.repaint())
        self.repaint()
        if isinstance(self.app, PictureApp):
            self.show_pictures(self.app.pictures)

    def on_resize(self, event: events.Resize) -> None:
        was_seen = self._scene.is_seen(self.focused_id, Window(self.scroll_offset.y, self._height))
        self._height = self.size.height
        with self._kept_in_place():
            self._scene.resize(*self.size)
        if was_seen:
            self._go_to(self._scene.top_to_reveal(self.focused_id, self._window))

    def on_click(self, event: events.Click) -> None:
        row = event.y + self.scroll_offset.y
        item = self._scene.item_at(row)
        if item is None:
            return
        place = place_under(self._scene.places(item.id), row - self._scene.top(item.id), event.x)
        if place is not None:
            self.post_message(self.Touched(item.id, place.touch))
        else:
            self.post_message(self.Clicked(item.id, event.chain))

    @property
    def _window(self) -> Window:
        return Window(self.scroll_offset.y, self.size.height)

    @contextmanager
    def _kept_in_place(self) -> Iterator[None]:
        """Around a change of heights: what is looked at stays on its row of the screen."""
        window = self._window
        anchors = self._scene.anchors(window)
        yield
        self._scroll_silently(self._scene.settle(window, anchors))

    def _go_to(self, top: int) -> None:
        """Scroll there. What comes into view for the first time may be taller than was guessed: it is `top` that
        stays."""
        height = self.size.height
        lowest = self._scene.height - height
        if self._scene.editing is not None:
            lowest = max(lowest, self._window.top)
        window = Window(max(0, min(top, lowest)), height)
        self._scroll_silently(self._scene.settle(window, self._scene.anchors(window)))

    def _scroll_silently(self, top: int) -> None:
        size = self.size
        virtual = Size(size.width, max(self._scene.height, top + size.height))
        if virtual != self.virtual_size or not top == self.scroll_y == self.scroll_target_y:
            self._moving = True
            try:
                self.virtual_size = virtual
                self.scroll_to(y=top, animate=False, force=True)
            finally:
                self._moving = False
        lies = (top, virtual)
        if self._refresh_changed_rows() or lies != self._lies:
            self._lies = lies
            self.post_message(self.Shifted())

    def _refresh_changed_rows(self) -> bool:
        """Repaint only the rows that differ from what was painted last: over a slow line every row counts. Whether
        there are any."""
        rows = [self._scene.strip(row) for row in range(self._window.top, self._window.end)]
        changed = [y for y, (old, new) in enumerate(zip_longest(self._painted, rows)) if old is not new and old != new]
        self._painted = rows
        for y in changed:
            self.refresh(Region(0, y, self.size.width, 1))
        return bool(changed)
