"""What viewers and a session say to each other."""

from __future__ import annotations

from dataclasses import dataclass

import beamlike as bl
from notebook_tui.document.operations import Operation


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
class Applied:
    """Every viewer applies the same operations, in the same order, to its own copy of the state."""

    operation: Operation


@dataclass(frozen=True, slots=True)
class Notice:
    """Words for the user."""

    text: str
