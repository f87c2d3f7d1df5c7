"""Every key and what it does: one table, from which bindings, help, hints and the command palette are drawn.

Three modes. In *navigation* single letters and short sequences act on the focused cell, as in Livebook. In *insert*
letters are text. *Anywhere* keys work in both, and each of those actions has a key that reaches a program even in a
terminal that cannot tell Ctrl+Enter from Enter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Mode: TypeAlias = Literal["navigation", "insert", "anywhere"]


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


KEYS: Final[tuple[Key, ...]] = (
    Key("Run", "Run the cell, and what is outdated above it", "run", ("e e",), hint="run"),
    Key("Run", "Run the cell, and what is outdated above it", "run", ("ctrl+e", "f5", "ctrl+enter"), "anywhere", "run"),
    Key("Run", "Run the cell and go to the next", "run_and_next", ("ctrl+r", "shift+enter"), "anywhere", "run, next"),
    Key("Run", "Run the cell and all outdated ones", "run_with_outdated", ("f6", "ctrl+shift+enter"), "anywhere"),
    Key("Run", "Run only this cell", "run_only", ("e o",), hint="only this"),
    Key("Run", "Run the section", "run_section", ("e s",), hint="section"),
    Key("Run", "Run all outdated cells", "run_outdated", ("e a",), hint="all outdated"),
    Key("Run", "Stop the cell, or take it out of the queue", "cancel", ("e x",), hint="stop"),
    Key("Run", "Interrupt what runs", "interrupt", ("ctrl+c",)),
    Key("Run", "Restart the runtime", "restart", ("0 0",), hint="restart the runtime"),
    Key("Run", "Erase all outputs", "erase_outputs"),
    Key("Move", "Next cell", "focus_next", ("j", "down"), hint="move"),
    Key("Move", "Previous cell", "focus_previous", ("k", "up")),
    Key("Move", "First cell", "focus_first", ("g g", "home"), hint="first cell"),
    Key("Move", "Last cell", "focus_last", ("G", "end")),
    Key("Move", "Scroll down", "page_down", ("pagedown", "space")),
    Key("Move", "Scroll up", "page_up", ("pageup",)),
    Key("Write", "Edit the cell", "edit", ("i", "enter"), hint="edit"),
    Key("Write", "New code cell below", "insert_code_below", ("n",), hint="new cell"),
    Key("Write", "New code cell above", "insert_code_above", ("N",)),
    Key("Write", "New Markdown cell below", "insert_markdown_below", ("m",)),
    Key("Write", "New Markdown cell above", "insert_markdown_above", ("M",)),
    Key("Write", "New section below", "insert_section", ("S",)),
    Key("Write", "Move the cell down", "move_down", ("J",)),
    Key("Write", "Move the cell up", "move_up", ("K",)),
    Key("Write", "Delete the cell or section", "delete", ("d d",), hint="delete"),
    Key("Write", "Put back what was deleted last", "put_back", ("u",)),
    Key("Show", "Open the whole output", "open_output", ("o",), hint="output"),
    Key("Show", "Sections at the side", "toggle_outline", ("s o",), hint="sections"),
    Key("Show", "Messages so far", "show_messages", ("s m",), hint="messages"),
    Key("Show", "All keys", "help", ("question_mark",), hint="keys"),
    Key("Show", "All keys", "help", ("f1",), "anywhere"),
    Key("Show", "Commands", "app.command_palette", ("ctrl+p",), "anywhere"),
    Key("File", "Save", "save", ("ctrl+s",), "anywhere", "save"),
    Key("File", "Quit", "app.quit", ("ctrl+q",), "anywhere", "quit"),
    Key("While editing", "Leave the cell", "leave", ("escape",), "insert", "leave"),
    Key("While editing", "Complete the word, or indent", "complete_or_indent", ("tab",), "insert", "complete"),
    Key("While editing", "Complete the word", "complete", ("ctrl+@",), "insert"),
    Key("While editing", "Undo", "undo", ("ctrl+z",), "insert"),
    Key("While editing", "Redo", "redo", ("ctrl+y",), "insert"),
    Key("While editing", "Indent less", "dedent", ("shift+tab",), "insert"),
    Key("While editing", "Comment or uncomment", "toggle_comment", ("ctrl+underscore", "ctrl+slash"), "insert"),
)

_NAMES: Final = {
    "question_mark": "?",
    "escape": "Esc",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "down": "↓",
    "up": "↑",
    "@": "Space",
    "underscore": "/",
    "slash": "/",
}


def keys_of(mode: Mode) -> Iterator[Key]:
    return (key for key in KEYS if key.mode == mode and key.keys)


def sequences() -> dict[tuple[str, ...], Key]:
    """What acts on the focused cell, by the single keys that it is pressed with."""
    found = (*keys_of("navigation"), *keys_of("anywhere"))
    return {tuple(keys.split()): key for key in found for keys in key.keys}


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
