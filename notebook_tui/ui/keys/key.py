"""One key, or a sequence of them, and what it does; how people write it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Mode: TypeAlias = Literal["navigation", "places", "insert", "anywhere"]


@dataclass(frozen=True, slots=True)
class Key:
    group: str
    title: str
    """What it does, in the imperative; help and palette show it."""
    action: str
    keys: tuple[str, ...] = ()
    """Textual's names; a sequence has spaces between its keys. None: only the palette has it."""
    mode: Mode = "navigation"
    hint: str = ""
    """A word for the hint line; empty where it is not worth the room."""


_NAMES: Final = {
    "question_mark": "?",
    "escape": "Esc",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "down": "↓",
    "up": "↑",
    "left": "←",
    "right": "→",
    "plus": "+",
    "minus": "-",
    "@": "Space",
    "underscore": "/",
    "slash": "/",
}


def pretty(keys: str) -> str:
    """A key or a sequence as people write it.

    >>> pretty("ctrl+e"), pretty("e e"), pretty("question_mark"), pretty("ctrl+@")
    ('Ctrl+E', 'ee', '?', 'Ctrl+Space')
    """
    return "".join(_pretty_key(key) for key in keys.split())


def _pretty_key(key: str) -> str:
    *modifiers, last = key.split("+")
    name = last.upper() if modifiers and last.isalpha() and len(last) == 1 else _name(last)
    return "+".join([*(modifier.capitalize() for modifier in modifiers), name])


def _name(part: str) -> str:
    return _NAMES.get(part, part.capitalize() if len(part) > 1 else part)
