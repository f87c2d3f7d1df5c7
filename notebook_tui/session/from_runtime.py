"""What a session hears of a runtime: these messages, and nothing else that its user's code may send by its way."""

from __future__ import annotations

from typing import Final

from notebook_tui.runtime import messages
from notebook_tui.runtime.limits import EndsSoon
from notebook_tui.runtime.sound import Unsound, sound

_HEARD: Final = (
    messages.Started,
    messages.Printed,
    messages.Displayed,
    messages.ViewsChanged,
    messages.WidgetEnded,
    messages.InputRead,
    messages.InputWanted,
    messages.InputSettled,
    messages.Finished,
    messages.Dropped,
    messages.Nodes,
    messages.Versions,
    EndsSoon,
)


def checked(message: object) -> object:
    """The message with plain values in it. `Unsound` in words if it is none, or holds what its fields do not say.

    >>> checked(messages.Started("c1"))
    Started(cell_id='c1')
    >>> checked("hello")
    Traceback (most recent call last):
    notebook_tui.runtime.sound.Unsound: expected a message of a runtime, got str
    """
    if type(message) not in _HEARD:
        raise Unsound(f"expected a message of a runtime, got {type(message).__name__}")
    return sound(message)
