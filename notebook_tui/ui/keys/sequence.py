"""Keys pressed one after the other until they name an action, or nothing, or too long a time has passed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from beamlike.kernel.record import frozen
from notebook_tui.ui.keys.key import Key

PATIENCE: Final = 2.0
"""Seconds after which a begun sequence is forgotten."""


@frozen
class Matched:
    key: Key


@frozen
class Pending:
    pressed: tuple[str, ...]


@frozen
class Unknown:
    pressed: tuple[str, ...]


class KeySequence:
    """What has been pressed so far. Times are arguments, in seconds.

    >>> from notebook_tui.ui.keys.table import sequences
    >>> typed = KeySequence(sequences())
    >>> typed.press("e", at=0.0)
    Pending(pressed=('e',))
    >>> typed.press("e", at=1.0).key.action
    'run'
    """

    def __init__(self, table: Mapping[tuple[str, ...], Key]) -> None:
        self._table = table
        self._pressed: tuple[str, ...] = ()
        self._last = 0.0

    def press(self, key: str, at: float) -> Matched | Pending | Unknown:
        """The outcome of one more key; a key that ends no sequence begun before it may begin one."""
        begun = self._pressed if at - self._last <= PATIENCE else ()
        self._last = at
        pressed = (*begun, key)
        if found := self._table.get(pressed):
            self._pressed = ()
            return Matched(found)
        if any(self._begun_with(pressed)):
            self._pressed = pressed
            return Pending(pressed)
        self._pressed = ()
        return Unknown(pressed)

    def forget(self) -> None:
        self._pressed = ()

    def continues(self, at: float) -> bool:
        """Whether a sequence has been begun and can still be ended."""
        return bool(self._pressed) and at - self._last <= PATIENCE

    def continuations(self) -> list[tuple[str, Key]]:
        """What may follow now: the next key, and what it would do; of several that would do the same, the first."""
        if not self._pressed:
            return []
        place = len(self._pressed)
        found: dict[str, tuple[str, Key]] = {}
        for sequence in self._begun_with(self._pressed):
            entry = self._table[sequence]
            found.setdefault(entry.action, (sequence[place], entry))
        return list(found.values())

    def _begun_with(self, pressed: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        return (sequence for sequence in self._table if sequence[: len(pressed)] == pressed)
