"""Lines that cells wait for: `input()`, passwords, the prompt of a debugger.

A cell that asks one line after the other, as a debugger does, is answered as in a terminal: after Enter the line stays
open for a moment, so that what is typed next is the next answer and no key of navigation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from notebook_tui.runtime.messages import InputWanted
from notebook_tui.ui.desk import Desk
from notebook_tui.ui.outputs.line_editor import Ending, Line
from notebook_tui.ui.outputs.questions import Question
from notebook_tui.ui.outputs.spots import Reply

_GRACE: Final = 1.0
"""Seconds that a line stays open for the next question."""
_REMEMBERED: Final = 100


class AnswerCommands:
    def __init__(self, desk: Desk, edit: Callable[[], None], clock: Callable[[], float]) -> None:
        """`edit` is what the key does on a cell that waits for nothing."""
        self._desk = desk
        self._edit = edit
        self._clock = clock
        self._questions: tuple[Question, ...] = ()
        self._expecting: Question | None = None
        self._expected_at = 0.0
        self._ahead: list[str] = []
        self._drafts: dict[str, str] = {}
        self._typed: list[str] = []
        self._recalled = 0

    @property
    def count(self) -> int:
        """How many lines cells wait for."""
        return len(self._questions)

    @property
    def is_answering(self) -> bool:
        """Whether such a line is being typed."""
        line = self._desk.view.line
        return line is not None and isinstance(line.touch, Reply)

    def asked(self, wanted: InputWanted) -> None:
        """A cell waits for a line."""
        question = Question(wanted.cell_id, wanted.question, wanted.prompt, wanted.hidden)
        self._questions += (question,)
        expected = self._expecting is not None and self._expecting.cell_id == question.cell_id
        if expected and self._ahead and not question.hidden:
            self._give(question, self._ahead.pop(0), begun=self._desk.view.typed_line)
            return
        line = self._desk.view.line
        begun = line is not None and expected
        text = self._desk.view.typed_line if begun else ""
        self._expecting = None if expected else self._expecting
        self._show()
        if begun or (line is None and self._is_looked_at(question)):
            self._open(question, text)
        elif not self._is_looked_at(question):
            prompt = " ".join(question.prompt.split())
            self._desk.say(f"A cell waits for input: {prompt or 'a line'} · gi goes there", "information")

    def settled(self, name: str) -> None:
        """That needs no answer any more."""
        self._drafts.pop(name, None)
        if all(question.name != name for question in self._questions):
            return
        self._questions = tuple(question for question in self._questions if question.name != name)
        line = self._desk.view.line
        if line is not None and line.touch == Reply(name):
            self._leave()
        self._show()

    def settle(self) -> None:
        """To be called when a new state is shown: of a cell that has ended no question is expected."""
        expected = self._expecting
        if expected is not None and expected.cell_id not in self._desk.state.running.values():
            self._stop_expecting()

    def tick(self) -> None:
        """Time passes: a cell that asks no more gives the keys back."""
        waits = self._expecting is not None and not self._ahead and not self._desk.view.typed_line
        if waits and self._clock() - self._expected_at > _GRACE:
            self._stop_expecting()

    def edit(self) -> None:
        """On a cell that waits for a line, that line; else what the key does on any cell."""
        if not self.answer():
            self._edit()

    def answer(self) -> bool:
        """Type the line that the focused cell waits for; whether it waits for one."""
        question = next((each for each in self._questions if each.cell_id == self._desk.focused_id), None)
        if question is not None:
            self._open(question, self._drafts.get(question.name, ""))
        return question is not None

    def go_to_question(self) -> None:
        """The oldest one."""
        if not self._questions:
            self._desk.say("No cell waits for input.", "information")
        else:
            self._desk.view.focus_item(self._questions[0].cell_id)
            self._desk.view.take_focus()
            self.answer()

    def _is_looked_at(self, question: Question) -> bool:
        view = self._desk.view
        return view.focused_id == question.cell_id and view.has_list_focus

    def _open(self, question: Question, text: str) -> None:
        self._recalled = len(self._typed)

        def done(ending: Ending, typed: str) -> None:
            self._done(question, ending, typed)

        self._desk.view.open_line(Line(Reply(question.name), text, done, question.hidden))

    def _done(self, question: Question, ending: Ending, text: str) -> None:
        match ending:
            case "enter":
                self._entered(question, text)
            case "end" if question.name:
                self._questions = tuple(each for each in self._questions if each != question)
                self._desk.client.answer(question.name, None)
                self._leave()
                self._show()
            case "leave" | "end" | "away":
                if question.name and not question.hidden:
                    self._drafts[question.name] = text
                self._stop_expecting()
                self._leave()
            case "more" | "less":
                self._recall(question, -1 if ending == "more" else 1)
            case "next" | "previous":
                pass

    def _entered(self, question: Question, text: str) -> None:
        if text and not question.hidden:
            self._typed = [*self._typed[-_REMEMBERED:], text]
        if not question.name:
            self._ahead.append(text)
            self._open(question, "")
        else:
            self._give(question, text)

    def _give(self, question: Question, text: str, begun: str = "") -> None:
        """`begun` is what is typed of the next answer."""
        self._drafts.pop(question.name, None)
        self._questions = tuple(each for each in self._questions if each != question)
        self._desk.client.answer(question.name, text)
        following = next((each for each in self._questions if each.cell_id == question.cell_id), None)
        if following is not None:
            self._show()
            self._open(following, begun)
            return
        self._expecting = Question(question.cell_id, "", hidden=question.hidden)
        self._expected_at = self._clock()
        self._show()
        self._open(self._expecting, begun)

    def _recall(self, question: Question, by: int) -> None:
        """A line that was typed before, as in a terminal."""
        place = self._recalled + by
        if not question.hidden and 0 <= place <= len(self._typed):
            self._open(question, self._typed[place] if place < len(self._typed) else "")
            self._recalled = place

    def _stop_expecting(self) -> None:
        if self._expecting is None:
            return
        self._expecting = None
        self._ahead.clear()
        line = self._desk.view.line
        if line is not None and line.touch == Reply(""):
            self._leave()
        self._show()

    def _leave(self) -> None:
        view = self._desk.view
        view.close_line()
        view.look(replace(view.looks, at=None))

    def _show(self) -> None:
        view = self._desk.view
        expected = () if self._expecting is None else (self._expecting,)
        view.look(replace(view.looks, questions=(*self._questions, *expected)))
