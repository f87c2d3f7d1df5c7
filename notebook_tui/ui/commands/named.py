"""From the names of actions in the table of keys to what performs them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Final, TypeAlias

from notebook_tui.ui.keys.maps import all_rows

_MODES: Final = ("navigation", "places", "anywhere")
Command: TypeAlias = Callable[[], Coroutine[None, None, None] | None]


def commands_of(groups: tuple[object, ...]) -> dict[str, Command]:
    """The method of each action in the table of keys, whatever map is chosen, but for what the editor does itself."""
    actions = {key.action for key in all_rows() if key.mode in _MODES and not key.action.startswith("app.")}
    editing = {key.action for key in all_rows() if key.mode == "insert"}
    both = (action for action in editing if any(hasattr(group, action) for group in groups))
    return {action: _command(groups, action) for action in (*actions, *both, "leave")}


def _command(groups: tuple[object, ...], action: str) -> Command:
    for group in groups:
        if command := getattr(group, action, None):
            found: Command = command
            return found
    raise LookupError(f"the table of keys names the action {action!r}, and no group of commands has it")
