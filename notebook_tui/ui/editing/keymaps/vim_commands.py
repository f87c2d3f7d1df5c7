"""What keys of Vim's normal and visual modes ask for: from those pressed so far to a command, if they are one yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from beamlike.kernel.record import frozen
from notebook_tui.ui.editing.keymaps.motions import MOTIONS
from notebook_tui.ui.editing.keymaps.objects import NAMES

OPERATORS: Final = frozenset(("d", "c", "y", ">", "<", "=", "g~", "gu", "gU"))
# Those besides MOTIONS that need a count, a character, or what was looked for before.
_MORE_MOTIONS: Final = frozenset((*MOTIONS, "G", ";", ",", "n", "N", "*", "#"))
_WITH_CHARACTER: Final = frozenset(("f", "F", "t", "T", "`", "'"))
_ACTIONS: Final = frozenset(
    (
        *(
            "i",
            "a",
            "I",
            "A",
            "o",
            "O",
            "x",
            "X",
            "D",
            "C",
            "Y",
            "s",
            "S",
            "J",
            "gJ",
            "p",
            "P",
            "u",
            "ctrl+r",
            ".",
            "~",
        ),
        *("v", "V", ":", "/", "?", "delete", "insert", "ZZ", "ZQ", "gv", "gi"),
    )
)
_ACTIONS_WITH_CHARACTER: Final = frozenset(("r", "m", "q", "@"))
_VISUAL_ACTIONS: Final = frozenset(
    ("x", "X", "s", "S", "r", "D", "C", "Y", "J", "gJ", "p", "P", "u", "U", "~", "o", "v", "V", ":", "/", "?", "I", "A")
) | {"delete", "backspace"}
_PREFIXES: Final = frozenset("gZ")
_DOUBLED: Final = {"g~": ("~", "g~"), "gu": ("u", "gu"), "gU": ("U", "gU")}


@frozen
class Command:
    name: str = ""
    """An operator or an action; empty for a motion alone."""
    motion: str = ""
    """A motion, an object with its `i` or `a`, or `line` for whole lines."""
    argument: str = ""
    """The character that `f`, `r`, `m` and the like were given."""
    count: int = 0
    """0 where none was given."""
    register: str = ""

    @property
    def times(self) -> int:
        return max(1, self.count)


class NoCommand(ValueError):
    """No command begins with these keys."""


class _Incomplete(Exception):
    pass


def command_of(keys: Sequence[str], *, visual: bool = False) -> Command | None:
    """The command that the keys are; None while more must come. `NoCommand` if nothing begins like this.

    >>> command_of(["2", "d", "3", "w"])
    Command(name='d', motion='w', argument='', count=6, register='')
    >>> command_of(['"', "a", "y", "i"]) is None
    True
    """
    try:
        return _Reader(keys).command(visual=visual)
    except _Incomplete:
        return None


class _Reader:
    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = list(keys)

    def command(self, *, visual: bool) -> Command:
        register, count = self._prefix()
        name = self._name()
        if name in OPERATORS:
            if visual:
                return Command(name, "selection", count=count, register=register)
            more_register, more = self._prefix()
            motion, argument = self._target(name)
            counts = count * more if count and more else count or more
            return Command(name, motion, argument, counts, register or more_register)
        if visual and name in ("i", "a"):
            return Command("", name + self._one_of(NAMES), count=count)
        if name in _ACTIONS_WITH_CHARACTER:
            return Command(name, argument=self._character(), count=count, register=register)
        if name in (_VISUAL_ACTIONS if visual else _ACTIONS):
            return Command(name, count=count, register=register)
        motion, argument = self._motion(name)
        return Command("", motion, argument, count)

    def _prefix(self) -> tuple[str, int]:
        register, digits = "", ""
        while self._keys and (self._keys[0] == '"' or self._keys[0].isdecimal()):
            if self._keys[0] == '"':
                self._next()
                register = self._next()
            elif self._keys[0] == "0" and not digits:
                break
            else:
                digits += self._next()
        # More would not fit any text, and counting to it would take for ever.
        return register, min(int(digits), 99_999) if digits else 0

    def _target(self, operator: str) -> tuple[str, str]:
        name = self._name()
        if name in _DOUBLED.get(operator, (operator,)):
            return "line", ""
        if name in ("i", "a"):
            return name + self._one_of(NAMES), ""
        return self._motion(name)

    def _motion(self, name: str) -> tuple[str, str]:
        if name in _WITH_CHARACTER:
            return name, self._character()
        if name in _MORE_MOTIONS:
            return name, ""
        raise NoCommand(name)

    def _name(self) -> str:
        name = self._next()
        return name + self._next() if name in _PREFIXES else name

    def _one_of(self, names: frozenset[str]) -> str:
        name = self._next()
        if name not in names:
            raise NoCommand(name)
        return name

    def _character(self) -> str:
        character = self._next()
        if character == "enter":
            return "\n"
        if character == "tab":
            return "\t"
        if len(character) > 1 and character != "space":
            raise NoCommand(character)
        return " " if character == "space" else character

    def _next(self) -> str:
        if not self._keys:
            raise _Incomplete
        return self._keys.pop(0)
