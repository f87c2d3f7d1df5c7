"""The table of keys that holds: that of the chosen map, and in it the user's own keys.

A map has rows of its own for the editor. Where one of them takes a key that works anywhere else, the editor's meaning
wins while a cell is edited, and outside of the editor the key stays what it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from textual.keys import _character_to_key

from notebook_tui.ui.keys.emacs import EMACS
from notebook_tui.ui.keys.key import Key, Mode, pretty
from notebook_tui.ui.keys.table import DEFAULT, KeyTable
from notebook_tui.ui.keys.vim import VIM

_ROWS: Final[dict[str, tuple[Key, ...]]] = {"vim": VIM, "emacs": EMACS}
_NO_KEY: Final = "f35"
_FUNCTION_KEYS: Final = frozenset(f"f{number}" for number in range(1, 25))


def all_rows() -> tuple[Key, ...]:
    """Those of every map."""
    return (*DEFAULT.rows, *VIM, *EMACS)


def table_of(keymap: str, own: Mapping[str, tuple[str, ...]] | None = None) -> KeyTable:
    """The table of the map, with the user's own keys in the place of its own.

    >>> table_of("emacs").anywhere.get("ctrl+e"), table_of("emacs").named("run", "anywhere")
    (None, 'F5')
    """
    rows = _with_map(DEFAULT.rows, _ROWS.get(keymap, ()))
    return KeyTable(tuple(_with_own(rows, own or {})), keymap)


def bound(table: KeyTable) -> dict[str, str]:
    """What Textual is to bind instead, by the ids of its bindings: the screen's are the actions, the editor's begin
    with `insert.`.

    >>> bound(table_of("emacs"))["run_and_next"], bound(table_of("vim"))["insert.undo"]
    ('shift+enter', 'ctrl+z')
    """
    keys: dict[str, list[str]] = {}
    for row in DEFAULT.of("anywhere", "insert"):
        keys.setdefault(("" if row.mode == "anywhere" else "insert.") + row.action, [])
    for row in table.of("anywhere", "insert"):
        bound_to = keys.get(("" if row.mode == "anywhere" else "insert.") + row.action)
        if bound_to is not None:
            bound_to += [key for key in row.keys if " " not in key]
    # Textual keeps its own where there is none: this is a key that nobody has.
    return {id: ",".join(found) or _NO_KEY for id, found in keys.items()}


def problems_of(own: Mapping[str, tuple[str, ...]], table: KeyTable) -> tuple[str, ...]:
    """What is wrong with the user's own keys: actions that there are not, keys that do something else already.

    >>> problems_of({"fly": ("f9",)}, DEFAULT)
    ("[keys]: there is no action 'fly'. The help (?) names them all.",)
    """
    actions = {key.action for key in table.rows}
    found = [
        f"[keys]: there is no action {name!r}. The help (?) names them all." for name in own if name not in actions
    ]
    for action, keys in own.items():
        for key in map(canonical, keys):
            if action in actions and not any(key in row.keys for row in table.rows if row.action == action):
                found.append(f"[keys]: {pretty(key)} cannot be {action!r}: a letter is text while a cell is edited.")
            lost = [row.title for row in DEFAULT.rows if key in row.keys and row.action != action]
            found += [
                f"[keys]: {pretty(key)} is {action!r} now, and no more “{title}”." for title in dict.fromkeys(lost)
            ]
    return tuple(found)


def canonical(keys: str) -> str:
    """A key or a sequence as the user writes it, in Textual's names.

    >>> canonical("?"), canonical("Ctrl+W"), canonical("s ,"), canonical("G")
    ('question_mark', 'ctrl+w', 's comma', 'G')
    """
    return " ".join(map(_canonical_key, keys.split()))


def _canonical_key(key: str) -> str:
    *modifiers, last = key.split("+") if len(key) > 1 else [key]
    if len(last) == 1 and not last.isalnum():
        last = _character_to_key(last)
    elif len(last) > 1 or modifiers:
        last = last.lower()
    return "+".join([*(modifier.lower() for modifier in modifiers), last])


def _with_map(rows: tuple[Key, ...], added: tuple[Key, ...]) -> Iterator[Key]:
    taken = {name.split()[0] for key in added if key.mode in ("insert", "normal") for name in key.keys}
    replaced = {(key.action, key.mode) for key in added if key.mode == "navigation"}
    for key in rows:
        kept = tuple(name for name in key.keys if name not in taken)
        if (key.action, key.mode) in replaced or (key.mode == "insert" and key.keys and not kept):
            continue
        if key.mode not in ("insert", "anywhere") or kept == key.keys:
            yield key
        elif key.mode == "insert":
            yield replace(key, keys=kept)
        else:
            yield replace(key, keys=kept)
            lost = tuple(name for name in key.keys if name in taken)
            yield replace(key, keys=lost, mode="navigation", title=f"{key.title} (not in the editor)")
    yield from added


def _with_own(rows: Iterator[Key], own: Mapping[str, tuple[str, ...]]) -> Iterator[Key]:
    wanted = {action: tuple(map(canonical, keys)) for action, keys in own.items()}
    claimed = {key for keys in wanted.values() for key in keys}
    for row in rows:
        mine = tuple(key for key in wanted.get(row.action, ()) if _may_be(key, row.mode))
        if mine and row.mode != "normal":
            yield replace(row, keys=mine)
        else:
            yield replace(row, keys=tuple(key for key in row.keys if key not in claimed))


def _may_be(key: str, mode: Mode) -> bool:
    """Whether it can be pressed in that mode without being text, or the beginning of something else."""
    modified = "+" in key.split()[0] or key in _FUNCTION_KEYS
    return " " not in key and modified if mode in ("anywhere", "insert") else not modified
