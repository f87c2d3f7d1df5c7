"""What the keys inside an output do: the way from place to place, and presses."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace

from notebook_tui.ui.commands.touching import Touching
from notebook_tui.ui.desk import Desk
from notebook_tui.ui.outputs.place_words import words_of
from notebook_tui.ui.outputs.places import Place, above_or_below, beside, distinct, place_of, step
from notebook_tui.ui.outputs.spots import Fill, Touch
from notebook_tui.widgets.views import Gallery


class PlaceCommands:
    """Which place the keyboard is at stands in the looks of the view; the place lives on when what it does changes."""

    def __init__(self, desk: Desk, touching: Touching, leave_list: Callable[[int], None]) -> None:
        """`leave_list` gives the focus to what stands before or after the list."""
        self._desk = desk
        self._touching = touching
        self._leave_list = leave_list
        self._index = 0

    @property
    def is_at_place(self) -> bool:
        """Whether the keyboard is inside an output."""
        return self._desk.view.looks.at is not None

    @property
    def hints(self) -> tuple[tuple[str, str], ...]:
        """What can be done at the place, for the status bar."""
        at = self._desk.view.looks.at
        return () if at is None else words_of(at, self._touching.view_of(at))

    def settle(self) -> None:
        """To be called when a new state is shown: what the keyboard was at may do something else now, or be gone."""
        at = self._desk.view.looks.at
        if at is None:
            return
        order = distinct(self._desk.view.places)
        found = next((index for index, place in enumerate(order) if place.touch == at), None)
        if found is not None:
            self._index = found
        elif self._desk.view.line is None:
            self._go(order[min(self._index, len(order) - 1)] if order else None)

    def touch(self, item_id: str, touch: Touch) -> Coroutine[None, None, None] | None:
        """A press of the mouse: the keyboard goes there too."""
        view = self._desk.view
        view.leave()
        view.focus_item(item_id)
        view.take_focus()
        self._go(place_of(view.places, touch))
        return self._touching.touch(touch)

    def enter_places(self) -> None:
        self._enter(1)

    def enter_places_last(self) -> None:
        self._enter(-1)

    def leave_places(self) -> None:
        self._go(None)

    def press_place(self) -> Coroutine[None, None, None] | None:
        at = self._desk.view.looks.at
        return None if at is None else self._touching.touch(at)

    def next_place(self) -> None:
        self._walk(step(self._desk.view.places, self._at, 1))

    def previous_place(self) -> None:
        self._walk(step(self._desk.view.places, self._at, -1))

    def place_left(self) -> None:
        if not self._move_number(-1):
            self._walk(beside(self._desk.view.places, self._at, -1))

    def place_right(self) -> None:
        if not self._move_number(1):
            self._walk(beside(self._desk.view.places, self._at, 1))

    def place_below(self) -> None:
        """Below the last one the next cell gets the focus."""
        below = above_or_below(self._desk.view.places, self._at, 1)
        if below is None:
            self._desk.view.focus_by(1)
        else:
            self._go(below)

    def place_above(self) -> None:
        """Above the first one the keyboard leaves the output."""
        self._go(above_or_below(self._desk.view.places, self._at, -1))

    def more(self) -> None:
        self._touching.change_by(self._at, 1)

    def less(self) -> None:
        self._touching.change_by(self._at, -1)

    def columns_right(self) -> None:
        self._touching.shift_columns(self._at, 1)

    def columns_left(self) -> None:
        self._touching.shift_columns(self._at, -1)

    def open_table(self) -> bool:
        """The table that the keyboard is at, or that is all that the cell shows, in a screen of its own; whether there
        is one."""
        table = self._touching.table_at(self._at)
        if table is None:
            return False
        # What is used seldom is imported when it is.
        from notebook_tui.ui.commands.taking import Taking
        from notebook_tui.ui.outputs.table_screen import TableScreen

        screen = TableScreen(table, self._desk.client.rows, self._desk.say, Taking(self._desk).copy)
        self._desk.view.app.push_screen(screen)
        return True

    def give_keys(self) -> None:
        self._touching.give_keys()

    @property
    def gallery(self) -> Gallery | None:
        """The one that the keyboard is at, with the page of it that is seen."""
        return self._touching.gallery_at(self._at)

    @property
    def _at(self) -> Touch | None:
        return self._desk.view.looks.at

    def _enter(self, by: int) -> None:
        places = self._desk.view.places
        if places:
            self._go(step(places, None, by))
        else:
            self._leave_list(by)

    def _walk(self, place: Place | None) -> None:
        """There; beyond the ends the keyboard stays where it is."""
        if place is not None:
            self._go(place)

    def _go(self, place: Place | None) -> None:
        view = self._desk.view
        touch = None if place is None else place.touch
        if place is not None:
            self._index = next(index for index, each in enumerate(distinct(view.places)) if each.touch == touch)
        view.look(replace(view.looks, at=touch))

    def _move_number(self, by: int) -> bool:
        """Of a range the arrows move the knob."""
        return isinstance(self._at, Fill) and self._touching.slides(self._at) and self._touching.change_by(self._at, by)
