"""What can stand beside the cells: a look at one side of the notebook, such as its sections or its variables.

A panel is shown a state whenever there is a new one while it is open, and asks the desk for whatever it changes.
"""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.message import Message
from textual.widget import Widget

from notebook_tui.document.state import State


class Panel(Container):
    """Subclasses have a name, by which a key opens them, and a title; they show states and know what to focus."""

    NAME: ClassVar[str]
    TITLE: ClassVar[str]
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", show=False)]
    DEFAULT_CSS = """
    Panel { width: 1fr; height: 1fr; }
    """

    class Closed(Message):
        """The user is done with the panel."""

    def show(self, state: State) -> None:
        """The newest state; called while the panel is open."""
        raise NotImplementedError

    def opened(self) -> None:
        """It has just come up: what is asked of others is asked now."""

    def take_focus(self) -> None:
        """Its keys work from now on."""
        next(child for child in self.query(Widget) if child.can_focus).focus(scroll_visible=False)

    def action_close(self) -> None:
        self.post_message(self.Closed())
