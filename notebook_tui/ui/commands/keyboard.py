"""All keys for the notebook's code, while the user wants that: games, pianos, whatever listens to a keyboard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from textual import events

from notebook_tui.ui.desk import Desk
from notebook_tui.widgets.messages import Key

HINTS: Final = (("Ctrl+K", "takes the keys back"), ("Esc Esc", "too"))
_TWICE: Final = 0.5
"""Seconds within which a second Esc takes the keys back."""


class KeysAway:
    def __init__(self, desk: Desk, clock: Callable[[], float]) -> None:
        self._desk = desk
        self._clock = clock
        self._escaped_at = float("-inf")

    @property
    def are_away(self) -> bool:
        return bool(self._desk.view.looks.keyboard)

    def send(self, event: events.Key) -> None:
        """The key goes to the notebook, but for those that take the keys back."""
        now = self._clock()
        if event.key == "ctrl+k" or (event.key == "escape" and now - self._escaped_at <= _TWICE):
            self._escaped_at = float("-inf")
            self._desk.view.look(replace(self._desk.view.looks, keyboard=""))
            return
        if event.key == "escape":
            self._escaped_at = now
        self._desk.client.act(self._desk.view.looks.keyboard, Key(name_of(event)))


def name_of(event: events.Key) -> str:
    """As terminals name it: the character itself, where it is one that can be seen.

    >>> name_of(events.Key("question_mark", "?")), name_of(events.Key("ctrl+s", None))
    ('?', 'ctrl+s')
    """
    visible = event.character is not None and event.character.isprintable() and event.character != " "
    return event.character if visible and event.character is not None else event.key
