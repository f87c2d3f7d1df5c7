"""Vim's registers: what was deleted or copied, by name; `+` and `*` are the clipboard of the system."""

from __future__ import annotations

from typing import Final

from beamlike.kernel.record import frozen
from notebook_tui.ui.editing.keymaps.effects import Copy, Effect

_SYSTEM: Final = ("+", "*")


@frozen
class Register:
    text: str
    lines: bool = False
    """Whether it is whole lines."""


class Registers:
    """
    >>> registers = Registers()
    >>> registers.put("a", Register("one"), deleted=False), registers.put("A", Register(" more"), deleted=False)
    ([], [])
    >>> registers.get("a").text
    'one more'
    """

    def __init__(self) -> None:
        self._kept: dict[str, Register] = {}

    def put(self, name: str, what: Register, *, deleted: bool) -> list[Effect]:
        """Keep it under that name, and as the newest; what is done outside of here."""
        if name == "_":
            return []
        if name.isupper() and (before := self._kept.get(name.lower())):
            between = "\n" if before.lines or what.lines else ""
            what = Register(before.text + between + what.text, before.lines or what.lines)
        self._kept['"'] = what
        if name in _SYSTEM:
            return [Copy(what.text + "\n" * what.lines)]
        if name:
            self._kept[name.lower()] = what
        elif deleted:
            for number in range(9, 1, -1):
                if older := self._kept.get(str(number - 1)):
                    self._kept[str(number)] = older
            self._kept["1"] = what
        else:
            self._kept["0"] = what
        return []

    def get(self, name: str, clipboard: str = "") -> Register | None:
        """What is under that name; the newest under none."""
        if name in _SYSTEM:
            return Register(clipboard.removesuffix("\n"), clipboard.endswith("\n")) if clipboard else None
        return self._kept.get(name.lower() or '"')

    def keep_macro(self, name: str, text: str) -> None:
        self._kept[name.lower()] = Register(text)
