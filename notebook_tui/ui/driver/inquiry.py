"""What a terminal is asked when a driver begins, and its answers, which are told and do not reach the keys."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Final

from notebook_tui.ui.driver.replies import Replies
from notebook_tui.ui.pictures.graphics import Answers

_PATIENCE: Final = 5.0
"""Seconds after which a lone Escape is not held back any more to see whether it begins an answer."""


class Inquiry:
    """
    >>> inquiry = Inquiry(lambda answers: print(answers.sixel))
    >>> inquiry.without_answers("a\\x1b[?62;4"), inquiry.without_answers("cb")
    True
    ('a', 'b')
    """

    def __init__(self, tell: Callable[[Answers], None]) -> None:
        self._tell = tell
        self._replies = Replies()
        self._asked_at = monotonic()

    def was_not_made(self) -> None:
        """Nothing is asked: so there is no answer to wait for."""
        self._replies.complete = True
        self._tell(Answers())

    def without_answers(self, text: str) -> str:
        """What of this was typed."""
        replies = self._replies
        before = replies.complete, replies.answers
        text = replies.feed(text)
        if replies.complete and (replies.complete, replies.answers) != before:
            self._tell(replies.answers)
        if not replies.complete and monotonic() - self._asked_at > _PATIENCE:
            text += replies.release()
        return text

    def release(self) -> str:
        """What was held back, for nothing has come after it."""
        return self._replies.release()
