"""A cell's text as one of those has it who type in it: shown at once, and sent change by change.

The text is what the session has, with what was sent and is not heard of again, with what waits to be sent:

    text = known · sent · waiting[0] · waiting[1] ...

One change is under way at a time, and is made for a text that the session had; so the session can transform it past
what it accepted meanwhile, and this side does the same with what comes. Whatever the session's text becomes, and
however that is told, the difference to what was known is somebody else's change, unless it is the echo of what was
sent: nothing that was typed is lost, and nothing is there twice.

An editor is one step further away. It shows the text as it was when it last exchanged changes (`exchange`), with what
was typed into it since.
"""

from __future__ import annotations

from notebook_tui.document import delta as deltas
from notebook_tui.document.delta import Delta
from notebook_tui.document.edits import clean_source


class TypedText:
    """
    >>> text = TypedText("cats")
    >>> text.exchange((4, "!"))  # typed in the editor, which has to change nothing
    ()
    >>> text.take(), text.text
    ((4, '!'), 'cats!')
    >>> text.heard("two cats", ("two ",))  # of somebody else
    >>> text.text, text.exchange(())
    ('two cats!', ('two ',))
    >>> text.echoed("two cats!"); text.is_settled
    True
    """

    def __init__(self, source: str) -> None:
        self.text = source
        self._known = source
        self._sent: Delta | None = None
        self._waiting: list[Delta] = []
        self._news: Delta = ()
        """What the editor does not show yet, for the text that it last exchanged."""

    @property
    def known(self) -> str:
        """What the session has, as far as that was told."""
        return self._known

    @property
    def is_under_way(self) -> bool:
        """Whether a change was sent that is not heard of again."""
        return self._sent is not None

    @property
    def is_settled(self) -> bool:
        """Whether the session has all that was typed."""
        return self._sent is None and not self._waiting

    @property
    def waits(self) -> int:
        """How many changes wait to be sent."""
        return len(self._waiting)

    @property
    def has_news(self) -> bool:
        """Whether an exchange would change the editor."""
        return bool(self._news)

    # The editor.

    def exchange(self, typed: Delta, *, apart: bool = True) -> Delta:
        """What was typed in the editor since the last exchange, for what others did meanwhile, as a change of what the
        editor shows now. `apart`: it is to be sent by itself, not with what waits already.
        """
        news, self._news = self._news, ()
        self._wait(deltas.transform(news, typed), apart=apart)
        return deltas.transform(typed, news, first=True)

    def replace(self, source: str, *, apart: bool = True) -> None:
        """Make it that text, past the editor, which hears of it as of somebody else's change."""
        change = deltas.between(self.text, clean_source(source))
        self._wait(change, apart=apart)
        self._news = deltas.compose(self._news, change)

    def _wait(self, change: Delta, *, apart: bool) -> None:
        if not change:
            return
        self.text = deltas.apply(self.text, change)
        if self._waiting and not apart:
            self._waiting[-1] = deltas.compose(self._waiting[-1], change)
        else:
            self._waiting.append(change)

    # The session.

    def take(self) -> Delta:
        """The next change to be sent, as sent from now on; it is for the text that the session was last heard to
        have, and none may be under way."""
        assert self._sent is None, "a change is under way already"
        self._sent = self._waiting.pop(0)
        return self._sent

    def heard(self, source: str, change: Delta | None = None) -> None:
        """The session has that text now, by a change that was not sent from here; None: whichever."""
        if change is None and source == self._known:
            return
        self._becomes(source, self._known, deltas.between(self._known, source) if change is None else change)

    def echoed(self, source: str) -> None:
        """The session has that text now, and has accepted what was sent by the time that it did."""
        expected = deltas.apply(self._known, self._sent or ())
        self._sent = None
        self._becomes(source, expected, deltas.between(expected, source))

    def refused(self) -> None:
        """The session does not take what was sent: it, and what stands on it, is taken back."""
        self._sent, self._waiting = None, []
        change = deltas.between(self.text, self._known)
        self.text = self._known
        self._news = deltas.compose(self._news, change)

    def unsent(self) -> None:
        """What was sent has not reached the session, and is the next to be sent."""
        if self._sent is not None:
            self._waiting.insert(0, self._sent)
            self._sent = None

    def looks_accepted(self, source: str) -> bool:
        """Whether a session that has this text, and knows nothing of who sent what, seems to have taken what was sent:
        it is nearer to its text with that than to its text without it."""
        if self._sent is None:
            return False
        with_it = deltas.apply(self._known, self._sent)
        return _size(deltas.between(with_it, source)) < _size(deltas.between(self._known, source))

    def _becomes(self, source: str, before: str, change: Delta) -> None:
        self._known = source
        if not change:
            return
        assert deltas.span(change) <= len(before)
        own = [self._sent, *self._waiting] if self._sent is not None else self._waiting
        passed: list[Delta] = []
        for each in own:
            passed.append(deltas.transform(change, each))
            change = deltas.transform(each, change, first=True)
        if self._sent is not None:
            self._sent, *self._waiting = passed
        else:
            self._waiting = passed
        self.text = deltas.apply(self.text, change)
        self._news = deltas.compose(self._news, change)


def _size(change: Delta) -> int:
    return sum(len(part) if isinstance(part, str) else -part if part < 0 else 0 for part in change)
