"""What can stand beside the cells: a look at one side of the notebook, such as its sections or its variables.

A panel is shown a state whenever there is a new one while it is open, and asks the desk for whatever it changes.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import ClassVar, Final, TypeAlias

from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.message import Message
from textual.widget import Widget
from textual.worker import Worker

from notebook_tui.document.state import State
from notebook_tui.ui.desk import Desk

NARROW: Final = 100
"""Columns of a screen below which there is no room for both."""

Act: TypeAlias = Callable[..., Coroutine[None, None, None]]


class Panel(Container):
    """Subclasses have a name, by which a key opens them, and a title; they show states and know what to focus."""

    NAME: ClassVar[str]
    TITLE: ClassVar[str]
    WIDTH: ClassVar[int] = 34
    """Columns that it would like to have; at most three fifths of the screen, until its user says so."""
    TICK: ClassVar[float] = 0.0
    """Seconds after which it is told that time has passed, while it is open; 0: it need not be."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", show=False),
        Binding("tab,shift+tab", "leave", show=False),
        Binding("greater_than_sign", "widen(8)", show=False),
        Binding("less_than_sign", "widen(-8)", show=False),
    ]
    DEFAULT_CSS = """
    Panel { width: 1fr; height: 1fr; }
    """

    class Closed(Message):
        """The user is done with the panel."""

    class Left(Message):
        """The user goes back to the cells, and the panel stays."""

    class Widened(Message):
        def __init__(self, by: int) -> None:
            super().__init__()
            self.by = by

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._troubles: dict[str, str] = {}
        self.focused_at_first = ""
        """The item of the list that has the focus when the panel is made."""

    def on_mount(self) -> None:
        if self.display:
            self.come_up(self.desk.state, self.focused_at_first)
        if self.TICK:
            self.set_interval(self.TICK, self._tick)

    def show(self, state: State) -> None:
        """The newest state; called while the panel is open."""
        raise NotImplementedError

    def opened(self) -> None:
        """It has just come up: what is asked of others is asked now."""

    def come_up(self, state: State, focused_id: str) -> None:
        """It is seen from now on, and has the keys."""
        self.opened()
        self.show(state)
        self.focus_moved(focused_id)
        self.take_focus()

    def focus_moved(self, item_id: str) -> None:
        """The focus in the list of cells is on that item now; called while the panel is open."""

    def time_passed(self) -> None:
        """Called each `TICK` seconds while the panel is open."""

    def _tick(self) -> None:
        if self.display:
            self.time_passed()

    def take_focus(self) -> None:
        """Its keys work from now on."""
        next(child for child in self.query(Widget) if child.can_focus).focus(scroll_visible=False)

    def go_to(self, item_id: str) -> None:
        """Give the focus to that item of the list; a panel that hides the list makes way."""
        self.desk.view.focus_item(item_id)
        self.action_leave()

    @property
    def is_over(self) -> bool:
        """Whether the screen is too narrow for panel and cells."""
        return self.app.size.width < NARROW

    def ask(self, what: str, act: Act, *arguments: object) -> None:
        """Have something done that takes a while. What goes wrong is told: it must not take the program with it."""
        # Not the coroutine, here and below: one of a worker that is given up before it began would never be awaited.
        _: Worker[None] = self.run_worker(partial(self._done, what, act, *arguments))

    def refresh_from(self, what: str, act: Act, *arguments: object) -> None:
        """As `ask`, of what only tells: asked again, the first is given up, and a trouble that lasts is told once."""
        work = partial(self._learned, what, act, *arguments)
        _: Worker[None] = self.run_worker(work, group=f"{self.NAME}: {what}", exclusive=True)

    async def _done(self, what: str, act: Act, *arguments: object) -> None:
        try:
            await act(*arguments)
        except Exception as error:  # of the session, whatever it is
            self.desk.say(_trouble(what, error), "error")

    async def _learned(self, what: str, act: Act, *arguments: object) -> None:
        try:
            await act(*arguments)
        except Exception as error:
            trouble = _trouble(what, error)
            if self._troubles.get(what) != trouble:
                self._troubles[what] = trouble
                self.desk.say(trouble, "error")
        else:
            self._troubles.pop(what, None)

    def action_close(self) -> None:
        self.post_message(self.Closed())

    def action_leave(self) -> None:
        # What hides the cells makes way: nobody works on what is not seen.
        self.post_message(self.Closed() if self.is_over else self.Left())

    def action_widen(self, by: int) -> None:
        self.post_message(self.Widened(by))


def _trouble(what: str, error: Exception) -> str:
    return f"{what} failed: {error or type(error).__name__}"
