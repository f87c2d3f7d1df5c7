"""What cells ask the people at a notebook: put to all viewers that take questions, and answered by whoever is first.

No question and no answer is part of the document: an answer may be a password.
"""

from __future__ import annotations

from collections.abc import Callable

import beamlike as bl
from notebook_tui.runtime.messages import Answer, InputWanted
from notebook_tui.session.messages import Asked, Settled

NO_KEYBOARD = "a cell has no keyboard to read from here; assign the value in the cell instead, as in name = 'Ada'"


class Questions:
    """`to_runtime` sends the runtime's server a message."""

    def __init__(self, to_runtime: Callable[[object], None]) -> None:
        self._to_runtime = to_runtime
        self._takers: list[bl.Pid] = []
        self._open: dict[str, InputWanted] = {}

    def taken_by(self, viewer: bl.Pid) -> None:
        """From now on that viewer is asked, also what is open already."""
        if viewer not in self._takers:
            self._takers.append(viewer)
            for wanted in self._open.values():
                bl.send(viewer, Asked(wanted))

    def viewer_left(self, viewer: bl.Pid) -> None:
        if viewer in self._takers:
            self._takers.remove(viewer)
            if not self._takers:
                for question in list(self._open):
                    self.answer(question, None, NO_KEYBOARD)

    def ask(self, wanted: InputWanted) -> None:
        self._open[wanted.question] = wanted
        if not self._takers:
            self.answer(wanted.question, None, NO_KEYBOARD)
        self._tell(Asked(wanted))

    def answer(self, question: str, text: str | None, trouble: str = "") -> None:
        """Nothing if somebody else was first."""
        if self._open.pop(question, None) is not None:
            self._to_runtime(Answer(question, text, trouble))
            self._tell(Settled(question))

    def settled(self, question: str) -> None:
        """Nobody waits for the answer any more."""
        if self._open.pop(question, None) is not None:
            self._tell(Settled(question))

    def settle_all(self) -> None:
        """The runtime is gone."""
        for question in list(self._open):
            self.settled(question)

    def _tell(self, message: object) -> None:
        for viewer in self._takers:
            bl.send(viewer, message)
