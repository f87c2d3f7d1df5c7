"""The text of an editor and the same text as others have it: what was done here since, and what they do, in pieces."""

from __future__ import annotations

from notebook_tui.document import delta as deltas
from notebook_tui.document.delta import Delta


class Exchange:
    """
    >>> exchange = Exchange()
    >>> exchange.settled("cat")
    >>> exchange.did((3, "s"))
    >>> exchange.take("cats"), exchange.take("cats")
    ((3, 's'), ())
    """

    def __init__(self) -> None:
        self._theirs = ""
        self._done: Delta = ()
        self.is_settled = True
        """Nothing was done here that others do not have."""

    def settled(self, text: str) -> None:
        """Others have this text."""
        self._theirs, self._done, self.is_settled = text, (), True

    def did(self, change: Delta) -> None:
        """This was done to the text here."""
        self._done, self.is_settled = deltas.compose(self._done, change), False

    def take(self, text: str) -> Delta:
        """What was done since others had a text, so that it is this one; from now on they have it."""
        typed = self._done
        if text == self._theirs:
            typed = ()
        elif deltas.span(typed) > len(self._theirs) or deltas.apply(self._theirs, typed) != text:
            typed = deltas.between(self._theirs, text)
        self.settled(text)
        return typed


def pieces(change: Delta) -> list[tuple[int, int, str]]:
    """What becomes what, by places in the text before the change.

    >>> pieces((1, "ab", -2, 3, "c"))
    [(1, 3, 'ab'), (6, 6, 'c')]
    """
    found: list[tuple[int, int, str]] = []
    place = 0
    for part in deltas.normal(change):
        if not isinstance(part, str) and part > 0:
            place += part
            continue
        start, end, text = found.pop() if found and found[-1][1] == place else (place, place, "")
        place = end if isinstance(part, str) else end - part
        found.append((start, place, text + part if isinstance(part, str) else text))
    return found
