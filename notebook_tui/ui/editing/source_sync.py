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

    def received(self, source: str) -> str | None:
        """The session's text; returns it if the editor must show it instead of its own."""
        if source in self._underway:
            while self._underway.popleft() != source:
                pass
            return None
        if self._underway or self._text != self._sent or source == self._text:
            return None
        self._text = self._sent = source
        return source
