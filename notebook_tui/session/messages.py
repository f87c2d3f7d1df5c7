"""What viewers and a session say to each other."""

from __future__ import annotations

from dataclasses import dataclass

import beamlike as bl
from notebook_tui.document.operations import Operation
from notebook_tui.runtime.messages import InputWanted


@dataclass(frozen=True, slots=True)
class Join:
    """A call: from now on the caller gets `Applied` and `Notice`; the answer is the State as it is before them."""


@dataclass(frozen=True, slots=True)
class Perform:
    """A cast: apply this operation. If it is refused, its sender alone gets a `Notice`."""

    operation: Operation
    viewer: bl.Pid


@dataclass(frozen=True, slots=True)
class Save:
    """A call: the answer is the path, or the OSError that was in the way."""


@dataclass(frozen=True, slots=True)
class Restart:
    """A call: a fresh runtime in place of the one there is."""


@dataclass(frozen=True, slots=True)
class RuntimeServerOf:
    """A call: the pid of the runtime's server, or None while there is none."""


@dataclass(frozen=True, slots=True)
class TakeQuestions:
    """A cast: from now on this viewer gets `Asked` and `Settled`. While there is none that does, a cell that reads is
    told that there is no keyboard."""

    viewer: bl.Pid


@dataclass(frozen=True, slots=True)
class GiveAnswer:
    """A cast: the line that somebody typed, without its end; None for the end of all input."""

    question: str
    text: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    wanted: InputWanted


@dataclass(frozen=True, slots=True)
class Settled:
    """That question needs no answer any more: it has one, or the cell waits no longer."""

    question: str


@dataclass(frozen=True, slots=True)
class Applied:
    """Every viewer applies the same operations, in the same order, to its own copy of the state."""

    operation: Operation


@dataclass(frozen=True, slots=True)
class Notice:
    """Words for the user."""

    text: str
