"""What code of a cell asks whoever sits at the notebook, and waits for: a line for `input()`, a password.

The asking thread stands still meanwhile, and an interrupt ends its wait. What a cell has asked is settled at the latest
when it is interrupted, runs again or is deleted: then code that still waits, in a thread of its own say, meets the end
of its input.
"""

from __future__ import annotations

import secrets
import sys
import threading

from beamlike import Pid
from beamlike.kernel import group_leader
from beamlike.kernel.current import node_towards
from beamlike.kernel.errors import AmbiguousNode, NoNode
from beamlike.kernel.node import LocalNode
from beamlike.kernel.record import frozen

NO_CELL = "only code of a cell can ask for input, and only on the runtime itself; this code is of none"
GONE = "the cell was interrupted, has run again or is gone: nobody answers what it asked"
LOOK_UP_SECONDS = 0.05
"""So often a waiting thread lets an exception in that another thread raises in it."""


@frozen
class Asked:
    """To the cell's output: somebody waits for an answer to this."""

    question: str
    prompt: str
    hidden: bool


@frozen
class Settled:
    """To the cell's output: nobody waits for that any more."""

    question: str


class _Question:
    def __init__(self, node: LocalNode, leader: Pid) -> None:
        self.leader = leader
        self._node = node
        self.text: str | None = None
        self.trouble = ""
        self._unanswered = threading.Lock()
        self._unanswered.acquire()

    def answer(self, text: str | None, trouble: str) -> None:
        self.text, self.trouble = text, trouble
        self._unanswered.release()

    def wait(self) -> None:
        # The lock itself, not an Event: in Python code of the standard library no thread may be struck.
        while not self._unanswered.acquire(timeout=LOOK_UP_SECONDS):
            if self._node.process(self.leader) is None:
                self.trouble = GONE
                return


WAITING = _Question.wait.__code__
"""Here a thread waits in the name of the cell, and may be interrupted."""

_open: dict[str, _Question] = {}


def ask(prompt: str, *, hidden: bool = False) -> str | None:
    """The answer, without the end of its line; None for the end of all input. EOFError where nobody can answer."""
    node, leader = _cell()
    name = secrets.token_hex(8)
    question = _open[name] = _Question(node, leader)
    try:
        group_leader.outbox.put_message(node, leader, Asked(name, prompt, hidden))
        question.wait()
    except KeyboardInterrupt:
        if not _in_debugger():
            raise
        return None  # pdb takes an interrupt for a command that is given up, and asks for the next; this ends it
    finally:
        _open.pop(name, None)
        group_leader.outbox.put_message(node, leader, Settled(name))
    if question.trouble:
        raise EOFError(question.trouble)
    return question.text


def answer(question: str, text: str | None, trouble: str = "") -> None:
    """Lets the code go on that asked; nothing if it waits no more. From any thread."""
    asked = _open.pop(question, None)
    if asked is not None:
        asked.answer(text, trouble)


def withdraw(leader: Pid) -> list[str]:
    """Whatever code of that run still asks meets the end of its input; the answer says what that was. From any
    thread."""
    names = [name for name, question in list(_open.items()) if question.leader == leader]
    for name in names:
        answer(name, None, GONE)
    return names


def _cell() -> tuple[LocalNode, Pid]:
    leader = group_leader.leader()
    if leader is not None:
        try:
            node = node_towards(leader)
        except (NoNode, AmbiguousNode):
            raise EOFError(NO_CELL) from None
        if node.name == leader.node:
            return node, leader
    raise EOFError(NO_CELL)


def _in_debugger() -> bool:
    frame = sys._getframe(1)
    while frame.f_back is not None:
        frame = frame.f_back
        if frame.f_globals.get("__name__") == "pdb":
            return True
    return False
