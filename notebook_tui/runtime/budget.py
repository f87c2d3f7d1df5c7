"""Questions to an analysis that may take seconds and answers one at a time: within a budget, or not at all."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import Generic, TypeVar

T = TypeVar("T")

SECONDS = 0.5
BRIEF_SECONDS = 0.02


class _Question(Generic[T]):
    def __init__(self, text: tuple[str, int]) -> None:
        self.text = text
        self.answered = Event()
        self.answer: T | None = None


class WithinBudget(Generic[T]):
    """Asks `analyse` in a thread and waits `seconds` for the answer; one that comes later, or raises, is `nothing`.

    The last answer is kept, also one that came too late: who types on asks the same question again. While a question
    is being answered, no other is asked; those with the same `busy` take turns within their budgets.

    >>> WithinBudget(lambda source, offset: {source: "variable"}, {}, seconds=60)("x", 0)
    {'x': 'variable'}
    """

    def __init__(
        self, analyse: Callable[[str, int], T], nothing: T, seconds: float = SECONDS, busy: Lock | None = None
    ) -> None:
        self._analyse = analyse
        self._nothing = nothing
        self._seconds = seconds
        self._busy = busy or Lock()
        self._last: _Question[T] | None = None

    def __call__(self, source: str, offset: int) -> T:
        return self._ask((source, offset), self._seconds)

    def briefly(self, source: str, offset: int) -> T:
        """Waits hardly longer than an answer takes that is at hand."""
        return self._ask((source, offset), min(BRIEF_SECONDS, self._seconds))

    def _ask(self, text: tuple[str, int], seconds: float) -> T:
        question = self._last
        if question is None or question.text != text:
            deadline = time.monotonic() + seconds
            if not self._busy.acquire(timeout=seconds):
                return self._nothing
            seconds = deadline - time.monotonic()
            question = self._last = _Question(text)
            Thread(target=self._work, args=(question,), name="static analysis", daemon=True).start()
        question.answered.wait(seconds)
        return self._nothing if question.answer is None else question.answer

    def _work(self, question: _Question[T]) -> None:
        try:
            question.answer = self._analyse(*question.text)
        finally:
            self._busy.release()
            question.answered.set()
