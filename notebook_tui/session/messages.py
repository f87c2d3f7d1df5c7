"""What viewers and a session say to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import beamlike as bl
from notebook_tui.document.operations import Operation
from notebook_tui.document.state import State
from notebook_tui.runtime.messages import InputWanted
from notebook_tui.widgets.messages import EventValue


@dataclass(frozen=True, slots=True)
class Join:
    """A call: from now on the caller gets `Applied`, `Behind`, `Resync`, `Journaled` and `Notice`; the
    answer is `Joined`."""


@dataclass(frozen=True, slots=True)
class Joined:
    state: State
    applied: int
    """So many operations have led to it."""
    journaled: int


@dataclass(frozen=True, slots=True)
class Perform:
    """A cast: apply this operation. If it is refused, its sender alone gets a `Notice`."""

    operation: Operation
    viewer: bl.Pid


@dataclass(frozen=True, slots=True)
class Save:
    """A call: the answer is the path, or the OSError that was in the way."""


@dataclass(frozen=True, slots=True)
class SaveAs:
    """A call: the notebook is in the file at `path` from now on; answered as `Save`."""

    path: str


@dataclass(frozen=True, slots=True)
class Discard:
    """A call: what is not saved is not wanted. The session is about to be ended."""


@dataclass(frozen=True, slots=True)
class GiveSecrets:
    """A call: the notebook's cells have these values, by name, until the session ends."""

    values: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class GiveStoredSecrets:
    """A call: the notebook's cells have these of the user's secrets, this time and the next."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RevokeSecrets:
    """A call: cells that run from now on do not find them any more."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SecretsOf:
    """A call: the answer is `SecretNames`."""


@dataclass(frozen=True, slots=True)
class SecretNames:
    given: tuple[str, ...]
    """What the notebook has now."""
    stored: tuple[str, ...]
    """What it will have the next time."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A cast: the viewer has come so far; said now and then, and as the answer to `Behind`."""

    viewer: bl.Pid
    applied: int


@dataclass(frozen=True, slots=True)
class Restart:
    """A call: a fresh runtime in place of the one there is."""


@dataclass(frozen=True, slots=True)
class Disconnect:
    """A call: no runtime, and none that is being connected. The text stays, all values are lost."""


@dataclass(frozen=True, slots=True)
class UseRuntime:
    """A call: cells run there from now on, in a fresh runtime; the answer is None, or why not."""

    spec: str


@dataclass(frozen=True, slots=True)
class ChosenRuntime:
    """A call: the spec of where cells run, or would."""


@dataclass(frozen=True, slots=True)
class RuntimeServerOf:
    """A call: the pid of the runtime's server, or None while there is none."""


@dataclass(frozen=True, slots=True)
class InputsRead:
    """A call: the refs of the inputs that cells have read, also of those that no cell shows."""


@dataclass(frozen=True, slots=True)
class TakeQuestions:
    """A cast: from now on this viewer gets `Asked` and `Settled`. While there is none that does, a cell that reads is
    told that there is no keyboard."""

    viewer: bl.Pid


@dataclass(frozen=True, slots=True)
class GiveAnswer:
    """A cast: the line that somebody typed, without its end; None for the end of all input."""

    question: str
    text: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Act:
    """A cast: this viewer did something with a widget."""

    ref: str
    value: EventValue = field(repr=False)
    viewer: bl.Pid


@dataclass(frozen=True, slots=True)
class SetSecretInput:
    """A cast: the value of an input of the kind that nobody may read, or None to have none."""

    ref: str
    value: str | None = field(repr=False)
    viewer: bl.Pid


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
    number: int
    """Of all that the session has applied, from 1."""


@dataclass(frozen=True, slots=True)
class Behind:
    """To a viewer that does not keep up: no operation is told any more until it says `Seen`."""


@dataclass(frozen=True, slots=True)
class Resync:
    """To a viewer that did not keep up: the state after all that it was not told."""

    state: State
    applied: int


@dataclass(frozen=True, slots=True)
class Journaled:
    """The first `applied` operations are on the disk: no crash loses them any more."""

    applied: int


@dataclass(frozen=True, slots=True)
class Notice:
    """Words for the user."""

    text: str
