"""Vim's command line: `:w`, `:q`, `:s/a/b/g` and a few more. From the words to what they ask for."""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from beamlike.kernel.record import frozen

_ACTIONS: Final = {
    "w": ("save",),
    "write": ("save",),
    "q": ("app.quit",),
    "quit": ("app.quit",),
    "q!": ("app.quit",),
    "wq": ("app.save_and_quit",),
    "x": ("app.save_and_quit",),
    "h": ("help",),
    "help": ("help",),
}
_RANGE: Final = re.compile(r"(%|'<,'>|(\d+|\.|\$)(?:,(\d+|\.|\$))?)?")


@frozen
class Do:
    actions: tuple[str, ...]


@frozen
class Substitute:
    """On the rows from `first` to `last`, counted from 0; None is the caret's."""

    pattern: str
    replacement: str
    first: int | None
    last: int | None
    all_in_line: bool = False
    ignore_case: bool = False


@frozen
class GoToLine:
    row: int


@frozen
class Forget:
    """No more highlighting."""


@frozen
class Reload:
    pass


@frozen
class Wrong:
    why: str


Asked: TypeAlias = Do | Substitute | GoToLine | Forget | Reload | Wrong


def asked(line: str, row: int, rows: int, selected: tuple[int, int] | None = None) -> Asked:
    """What the line, without its colon, asks for; `row` is the caret's, `selected` the rows that were selected last.

    >>> asked("wq", 0, 1), asked("12", 0, 20)
    (Do(actions=('app.save_and_quit',)), GoToLine(row=11))
    >>> asked("%s/a/b/g", 0, 3)
    Substitute(pattern='a', replacement='b', first=0, last=2, all_in_line=True, ignore_case=False)
    """
    line = line.strip()
    match = _RANGE.match(line)
    assert match is not None
    command = line[match.end() :].strip()
    first, last = _range(match, row, rows, selected)
    if not command:
        return GoToLine(last) if match[0] else Wrong("")
    if match[0] == "" and command in _ACTIONS:
        return Do(_ACTIONS[command])
    if command in ("noh", "nohl", "nohlsearch"):
        return Forget()
    if command == "e!":
        return Reload()
    if command[0] == "s" and len(command) > 1 and not command[1].isalnum() and not command[1].isspace():
        return _substitute(command[1:], first, last)
    known = ", ".join(f":{each}" for each in ("w", "q", "wq", "x", "e!", "s/a/b/g", "%s/a/b/g", "noh", "12"))
    return Wrong(f"There is no :{command} here; there are {known}")


def _range(match: re.Match[str], row: int, rows: int, selected: tuple[int, int] | None) -> tuple[int, int]:
    if match[1] == "%":
        return 0, rows - 1
    if match[1] == "'<,'>":
        return selected or (row, row)
    first = _row(match[2], row, rows)
    return first, first if match[3] is None else _row(match[3], row, rows)


def _row(said: str | None, row: int, rows: int) -> int:
    if said is None or said == ".":
        return row
    # A line that there is not is the last; a number of a thousand digits is no number.
    return rows - 1 if said == "$" or len(said) > 9 else max(0, min(int(said), rows) - 1)


def _substitute(rest: str, first: int, last: int) -> Asked:
    delimiter = rest[0]
    parts = re.split(rf"(?<!\\){re.escape(delimiter)}", rest[1:])
    pattern, replacement, flags, *_ = (*parts, "", "")
    if not pattern:
        return Wrong(f"Expected :s{delimiter}what{delimiter}by what{delimiter}g")
    if wrong := set(flags) - set("gi"):
        return Wrong(f"Expected the flags g and i, found {''.join(sorted(wrong))}")
    unescaped = (each.replace("\\" + delimiter, delimiter) for each in (pattern, replacement))
    pattern, replacement = unescaped
    return Substitute(pattern, in_python(replacement), min(first, last), max(first, last), "g" in flags, "i" in flags)


def in_python(replacement: str) -> str:
    """Vim's `&` as Python says it.

    >>> in_python(r"<&> \\&")
    '<\\\\g<0>> &'
    """
    return re.sub(r"\\&|&", lambda match: "&" if match[0] == "\\&" else r"\g<0>", replacement)
