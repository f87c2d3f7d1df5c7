"""One key, or a sequence of them, and what it does; how people write it."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from beamlike.kernel.record import frozen

Mode: TypeAlias = Literal["navigation", "places", "insert", "anywhere", "normal"]
"""`normal` is that of Vim; its rows say what the keys mean there, and `editing.keymaps.vim` knows it by itself."""


@frozen
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
    "backslash": "\\",
    "colon": ":",
    "semicolon": ";",
    "comma": ",",
    "full_stop": ".",
    "percent_sign": "%",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "tilde": "~",
    "circumflex_accent": "^",
    "dollar_sign": "$",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_parenthesis": "(",
    "right_parenthesis": ")",
    "equals_sign": "=",
    "quotation_mark": '"',
    "grave_accent": "`",
    "apostrophe": "'",
    "at": "@",
    "asterisk": "*",
    "number_sign": "#",
}


def pretty(keys: str) -> str:
    """A key or a sequence as people write it.

    >>> pretty("ctrl+e"), pretty("e e"), pretty("question_mark"), pretty("ctrl+@")
    ('Ctrl+E', 'ee', '?', 'Ctrl+Space')
    """
    names = [_pretty_key(key) for key in keys.split()]
    return (" " if any(len(name) > 1 for name in names) else "").join(names)


def _pretty_key(key: str) -> str:
    *modifiers, last = key.split("+")
    name = last.upper() if modifiers and last.isalpha() and len(last) == 1 else _name(last, bool(modifiers))
    return "+".join([*(modifier.capitalize() for modifier in modifiers), name])


def _name(part: str, modified: bool = False) -> str:
    if modified and part == "@":
        return "Space"
    return _NAMES.get(part, part.capitalize() if len(part) > 1 else part)
