"""A cell's text in two places: in the editor, and in the session, which answers later.

What is typed goes to the session; what comes from there is either the echo of something sent, or the change of
somebody else. Only the latter may touch the editor, and only where nothing typed is still on its way.
"""

from __future__ import annotations

from collections import deque


class SourceSync:
    """
    >>> sync = SourceSync("a", shown="a")
    >>> sync.typed("ab")
    >>> sync.take_unsent(), sync.take_unsent()
    ('ab', None)
    >>> sync.received("ab"), sync.received("somebody else's")
    (None, "somebody else's")
    """

    def __init__(self, source: str, shown: str) -> None:
        """`shown` is what the editor makes of the source: it may know fewer kinds of line ends."""
        self._source, self._shown = source, shown
        self._came = source
        """What the session had last, as far as that was seen."""
        self._text = source
        self._sent = source
        self._underway: deque[str] = deque()

    def typed(self, text: str) -> None:
        """This is in the editor now; what it showed at first stands for the source, so looking changes nothing."""
        self._text = self._source if text == self._shown else text

    def take_unsent(self) -> str | None:
        """The text to send now, as sent from now on; None if the session has it or will."""
        if self._text == self._sent:
            return None
        self._sent = self._text
        self._underway.append(self._text)
        return self._text

    def expected(self, source: str) -> str:
        """What the session will have, if it has this now and nobody else changes it: what was sent may be on its way.

        >>> sync = SourceSync("a", shown="a")
        >>> sync.typed("ab"); sync.take_unsent()
        'ab'
        >>> sync.expected("a"), sync.expected("somebody else's")
        ('ab', "somebody else's")
        """
        return self._sent if self._underway and (source == self._came or source in self._underway) else source

    def waits_still(self, source: str | None) -> bool:
        """Whether something that was sent is still on its way, now that the session has this; None: no such cell."""
        if source is None or (source != self._came and source not in self._underway):
            return False
        self.received(source)
        return bool(self._underway)

    def received(self, source: str) -> str | None:
        """The session's text; returns it if the editor must show it instead of its own."""
        self._came = source
        if source in self._underway:
            while self._underway.popleft() != source:
                pass
            return None
        if self._underway or self._text != self._sent or source == self._text:
            return None
        self._text = self._sent = source
        return source
