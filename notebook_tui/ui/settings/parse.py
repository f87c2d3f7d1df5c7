"""The text of a file of settings to settings. What makes no sense is told with its line and left at its default: a
slip in a file must not keep anybody from a notebook."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from notebook_tui.ui.settings.values import SETTINGS, Setting, Settings, Value, default_of

_KEYS: Final = "keys"


def parsed(text: str, file: str = "settings.toml") -> tuple[Settings, tuple[str, ...]]:
    """The settings that the text holds, and what is wrong with it.

    >>> parsed('keymap = "vim"')[0].keymap
    'vim'
    >>> parsed('theme = "day"\\nkeymap = "vi"')[1]
    ("settings.toml, line 2: expected keymap to be 'default', 'vim' or 'emacs', found 'vi'",)
    """
    import tomllib  # by whoever has settings

    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return Settings(), (f'{file}: expected TOML, such as keymap = "vim"; {error}. No setting of it is used.',)
    known = {setting.name: setting for setting in SETTINGS}
    good: dict[str, Any] = {}
    problems: list[str] = []
    for name, value in said.items():
        where = f"{file}, line {line_of(text, name)}"
        if name == _KEYS:
            good[_KEYS], wrong = _own_keys(value, text, file)
            problems += wrong
        elif name not in known:
            problems.append(f"{where}: there is no setting {name!r}; there are {', '.join((*known, _KEYS))}")
        elif not fits(known[name], value):
            problems.append(f"{where}: expected {name} to be {expected(known[name])}, found {value!r}")
        else:
            good[name] = value
    return replace(Settings(), **good), tuple(problems)


def fits(setting: Setting, value: object) -> bool:
    """Whether the setting may have this value."""
    default = default_of(setting.name)
    if isinstance(default, float) and isinstance(value, int | float) and not isinstance(value, bool):
        return value >= 0
    if type(value) is not type(default):
        return False
    return setting.open or not setting.choices or value in setting.choices


def expected(setting: Setting) -> str:
    """What the setting may be, in words.

    >>> expected(SETTINGS[0]), expected(SETTINGS[2])
    ("'default', 'vim' or 'emacs'", 'true or false')
    """
    default = default_of(setting.name)
    if isinstance(default, bool):
        return "true or false"
    if isinstance(default, float):
        return "a number of seconds"
    *most, last = (repr(choice) for choice in setting.choices)
    return f"{', '.join(most)}, {last} or a theme's name" if setting.open else f"{', '.join(most)} or {last}"


def line_of(text: str, name: str, table: str = "") -> int:
    """The line, from 1, on which the key of that name stands in the table; that of the table if it is not found.

    >>> line_of('a = 1\\n[keys]\\nrun = "f9"', "run", table="keys")
    3
    """
    here, found = "", 1
    for number, line in enumerate(text.split("\n"), 1):
        if header := re.match(r"\s*\[\s*\"?([\w.-]+)\"?\s*\]", line):
            here = header[1]
            found = number if here in (table, name) else found
        elif here == table and re.match(rf"\s*[\"']?{re.escape(name)}[\"']?\s*[=.]", line):
            return number
    return found


def _own_keys(table: object, text: str, file: str) -> tuple[Mapping[str, tuple[str, ...]], list[str]]:
    if not isinstance(table, dict):
        line = line_of(text, _KEYS)
        return {}, [f'{file}, line {line}: expected a table [keys] with lines such as save = "ctrl+w", found {table!r}']
    good: dict[str, tuple[str, ...]] = {}
    problems: list[str] = []
    for action, value in table.items():
        keys = [value] if isinstance(value, str) else value
        if isinstance(keys, list) and keys and all(isinstance(key, str) and key.strip() for key in keys):
            good[action] = tuple(" ".join(key.split()) for key in keys)
        else:
            where = f"{file}, line {line_of(text, action, _KEYS)}"
            problems.append(
                f'{where}: expected a key such as "ctrl+w", or a list of them, for {action}; found {value!r}'
            )
    return good, problems


def value_from(setting: Setting, typed: str) -> Value | None:
    """What a user typed as a value of the setting; None if it is none.

    >>> named = {setting.name: setting for setting in SETTINGS}
    >>> value_from(named["keymap"], "vim"), value_from(named["keymap"], "vi")
    ('vim', None)
    >>> value_from(named["notify_after_seconds"], "2.5")
    2.5
    """
    default = default_of(setting.name)
    value: Value = typed.strip()
    if isinstance(default, bool):
        value = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}.get(
            typed.strip().lower(), typed
        )
    elif isinstance(default, float):
        try:
            value = float(typed)
        except ValueError:
            return None
    return value if fits(setting, value) else None
