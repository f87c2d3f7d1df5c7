"""What cells ask whoever sits at this viewer, and the answers; the session's side of it is `questions`."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context

import beamlike as bl
from notebook_tui.runtime.messages import InputWanted
from notebook_tui.session.messages import Asked, GiveAnswer, Settled, TakeQuestions
from notebook_tui.session.people import Person


class QuestionsTaken:
    """`cast` tells the session."""

    def __init__(self, person: Person, viewer: bl.Pid, cast: Callable[[GiveAnswer | TakeQuestions], None]) -> None:
        self._person = person
        self._viewer = viewer
        self._cast = cast
        self._on_question: list[Callable[[InputWanted], None]] = []
        self._on_settled: list[Callable[[str], None]] = []
        self._comes_again = False
        self._open: set[str] = set()
        """Those that are put to whoever sits here."""

    def take_questions(
        self,
        on_question: Callable[[InputWanted], None],
        on_settled: Callable[[str], None],
        *,
        comes_again: bool = True,
    ) -> None:
        """What a cell asks whoever sits here, and may run cells, goes to `on_question`; its name goes to `on_settled`
        when it needs no answer any more. As long as nobody takes questions, a cell that reads is told that there is no
        keyboard. In a session of a server, what somebody was asked who `comes_again` waits for that when they leave."""
        context = copy_context()
        self._on_question.append(lambda wanted: context.run(on_question, wanted))
        self._on_settled.append(lambda question: context.run(on_settled, question))
        self._comes_again = self._comes_again or comes_again
        self._take()

    def _take(self) -> None:
        if self._person.may("run"):
            self._cast(TakeQuestions(self._viewer, tuple(self._open), self._comes_again))

    def answer(self, question: str, text: str | None) -> None:
        """With the line without its end, or None for the end of all input."""
        self._open.discard(question)
        self._cast(GiveAnswer(question, text, self._viewer))

    def told(self, news: Asked | Settled) -> None:
        """By the session."""
        match news:
            case Asked(wanted):
                if wanted.question in self._open:  # the session was away, and the line may be half typed
                    return
                self._open.add(wanted.question)
                for on_question in self._on_question:
                    on_question(wanted)
            case Settled(question):
                self._open.discard(question)
                for on_settled in self._on_settled:
                    on_settled(question)

    def rejoined(self) -> None:
        """The session is back, and knows nothing of this viewer."""
        if self._on_question:
            self._take()
