"""What cells ask the people at a notebook: put to all viewers that take questions, and answered by whoever is first.

No question and no answer is part of the document: an answer may be a password.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

import beamlike as bl
from notebook_tui.runtime.messages import Answer, InputWanted
from notebook_tui.session.messages import Asked, Settled

NO_KEYBOARD = "a cell has no keyboard to read from here; assign the value in the cell instead, as in name = 'Ada'"
REMEMBERED: Final = 200
"""So many questions are known to be over: who was out of reach is told."""


class Questions:
    """`to_runtime` sends the runtime's server a message. With `waits` people come and go: what one of them was asked,
    and what is asked again, waits for the next; so does what that run of the cell asks after it."""

    def __init__(self, to_runtime: Callable[[object], None], *, waits: bool = False) -> None:
        self._to_runtime = to_runtime
        self._waits = waits
        self._takers: dict[bl.Pid, bool] = {}
        """Each with whether they may come again."""
        self._open: dict[str, InputWanted] = {}
        self._lasting: set[str] = set()
        """Cells of whose runs people were asked something: their questions wait while nobody is there."""
        self._over: deque[str] = deque(maxlen=REMEMBERED)

    def taken_by(self, viewer: bl.Pid, has: Iterable[str] = (), *, comes_again: bool = True) -> None:
        """From now on that viewer is asked, also what is open already; of what it was asked, it hears what is over."""
        for question in set(has).intersection(self._over):
            bl.send(viewer, Settled(question))
        is_new = viewer not in self._takers
        self._takers[viewer] = comes_again or self._takers.get(viewer, False)
        if comes_again and self._waits:
            self._lasting.update(wanted.cell_id for wanted in self._open.values())
        if is_new:
            for wanted in self._open.values():
                bl.send(viewer, Asked(wanted))

    def viewer_left(self, viewer: bl.Pid) -> None:
        if self._takers.pop(viewer, None) is not None:
            self._answer_what_nobody_takes()

    def runs(self, cell_id: str) -> None:
        """The cell begins anew, or is gone."""
        self._lasting.discard(cell_id)

    def ask(self, wanted: InputWanted) -> None:
        if wanted.question in self._open:
            return
        self._open[wanted.question] = wanted
        if self._waits and (wanted.again or any(self._takers.values())):
            self._lasting.add(wanted.cell_id)
        self._tell(Asked(wanted))
        self._answer_what_nobody_takes()

    def answer(self, question: str, text: str | None, trouble: str = "") -> None:
        """Nothing if somebody else was first."""
        if self._open.pop(question, None) is not None:
            self._to_runtime(Answer(question, text, trouble))
            self._is_over(question)

    def settled(self, question: str) -> None:
        """Nobody waits for the answer any more."""
        if self._open.pop(question, None) is not None or question not in self._over:
            self._is_over(question)

    def settle_all(self) -> None:
        """The runtime is gone."""
        for question in list(self._open):
            self.settled(question)

    def _answer_what_nobody_takes(self) -> None:
        if not self._takers:
            for wanted in [each for each in self._open.values() if each.cell_id not in self._lasting]:
                self.answer(wanted.question, None, NO_KEYBOARD)

    def _is_over(self, question: str) -> None:
        self._over.append(question)
        self._tell(Settled(question))

    def _tell(self, message: object) -> None:
        for viewer in self._takers:
            bl.send(viewer, message)
