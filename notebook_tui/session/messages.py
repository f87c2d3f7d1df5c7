"""What viewers and a session say to each other.

Each request takes a role (`roles`). Of a call the caller's own pid says whose it is, of a cast its field `viewer`; what
joined under that pid says who they are. A call that is refused is answered with `NotAllowed`, a cast with `Notice`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Final, Literal, TypeAlias

import beamlike as bl
from beamlike.kernel.record import frozen
from notebook_tui.document.operations import Operation
from notebook_tui.document.state import State
from notebook_tui.runtime.messages import InputWanted
from notebook_tui.session.people import OWNER, Person
from notebook_tui.widgets.messages import EventValue


@frozen
class Join:
    """A call: from now on the caller gets `Applied`, `Behind`, `Resync`, `Journaled` and `Notice`; the
    answer is `Joined`."""

    person: Person = OWNER
    before: str = ""
    """As which client the caller typed before its way to the session was lost."""


@frozen
class Joined:
    state: State
    applied: int
    """So many operations have led to it."""
    journaled: int
    served: bool = False
    """Whether the session goes on when nobody looks."""
    handled: int | None = None
    """So many operations of the client that the caller was; None: nothing is known of that."""


@frozen
class Type:
    """A cast: this viewer types from now on. The answer is `Types`; the `ClientJoined` of that client follows."""

    viewer: bl.Pid


@frozen
class Types:
    client_id: str


@frozen
class Perform:
    """A cast: apply this operation. If it is refused, its sender alone gets `NotDone`."""

    operation: Operation
    viewer: bl.Pid


@frozen
class Make:
    """A call: as `Perform`, but the answer says what came of it: `Made`, or `Refused`. Without an operation it only
    says how far the session is."""

    operation: Operation | None = None


@frozen
class Made:
    applied: int
    """So many operations has the session applied, this one and what followed of it among them."""


@frozen
class Refused:
    why: str


@frozen
class Save:
    """A call: the answer is the path, or the OSError that was in the way."""


@frozen
class SaveAs:
    """A call: the notebook is in the file at `path` from now on; answered as `Save`."""

    path: str


@frozen
class Discard:
    """A call: what is not saved is not wanted. The session is about to be ended."""


@frozen
class GiveSecrets:
    """A call: the notebook's cells have these values, by name, until the session ends."""

    values: Mapping[str, str] = field(repr=False)


@frozen
class GiveStoredSecrets:
    """A call: the notebook's cells have these of the user's secrets, this time and the next."""

    names: tuple[str, ...]


@frozen
class RevokeSecrets:
    """A call: cells that run from now on do not find them any more."""

    names: tuple[str, ...]


@frozen
class SecretsOf:
    """A call: the answer is `SecretNames`."""


@frozen
class SecretNames:
    given: tuple[str, ...]
    """What the notebook has now."""
    stored: tuple[str, ...]
    """What it will have the next time."""


@frozen
class Seen:
    """A cast: the viewer has come so far; said now and then, and as the answer to `Behind`."""

    viewer: bl.Pid
    applied: int


@frozen
class Restart:
    """A call: a fresh runtime in place of the one there is."""


@frozen
class Disconnect:
    """A call: no runtime, and none that is being connected. The text stays, all values are lost."""


@frozen
class UseRuntime:
    """A call: cells run there from now on, in a fresh runtime; the answer is None, or why not."""

    spec: str


@frozen
class RuntimePrice:
    """A call: what the machine of the runtime costs for an hour, in dollars; None if that is not known."""


@frozen
class ChosenRuntime:
    """A call: the spec of where cells run, or would."""


Purpose: TypeAlias = Literal["facts", "help", "values", "manage"]
"""What the runtime's server is asked: about its process, by a typist, about variables; or to do something."""


@frozen
class RuntimeServerOf:
    """A call: the pid of the runtime's server, or None while there is none."""

    purpose: Purpose = "facts"


@frozen
class RunsOf:
    """A call: who ran what lately, a tuple of `Ran`, the newest last."""


@frozen
class InputsRead:
    """A call: the refs of the inputs that cells have read, also of those that no cell shows."""


@frozen
class TakeQuestions:
    """A cast: from now on this viewer gets `Asked` and `Settled`. While there is none that does, a cell that reads is
    told that there is no keyboard. `has`: it was asked these already, and hears which of them are over."""

    viewer: bl.Pid
    has: tuple[str, ...] = ()
    comes_again: bool = True
    """As a person does, by another terminal: in a session of a server, what they were asked waits for that."""


@frozen
class GiveAnswer:
    """A cast: the line that somebody typed, without its end; None for the end of all input."""

    question: str
    text: str | None = field(repr=False)
    viewer: bl.Pid


@frozen
class Act:
    """A cast: this viewer did something with a widget. As a call, the answer says why it cannot; else it is empty."""

    ref: str
    value: EventValue = field(repr=False)
    viewer: bl.Pid


@frozen
class SetSecretInput:
    """A cast, or a call as `Act` is: the value of an input of the kind that nobody may read, or None to have none."""

    ref: str
    value: str | None = field(repr=False)
    viewer: bl.Pid


@frozen
class Asked:
    wanted: InputWanted


@frozen
class Settled:
    """That question needs no answer any more: it has one, or the cell waits no longer."""

    question: str


@frozen
class Applied:
    """Every viewer applies the same operations, in the same order, to its own copy of the state."""

    operation: Operation
    number: int
    """Of all that the session has applied, from 1."""


@frozen
class Behind:
    """To a viewer that does not keep up: no operation is told any more until it says `Seen`."""


@frozen
class Resync:
    """To a viewer that did not keep up: the state after all that it was not told."""

    state: State
    applied: int
    handled: int = 0
    """So many operations that the viewer asked for were applied or refused by then."""


@frozen
class NotDone:
    """To the viewer that asked for it: why the operation was refused."""

    operation: Operation
    why: str


@frozen
class Journaled:
    """The first `applied` operations are on the disk: no crash loses them any more."""

    applied: int


@frozen
class Notice:
    """Words for the user."""

    text: str


LEFT: Final = "its server ends, and the next one goes on with it"
"""Why a session has ended that was told to `Leave`: its reason is ("shutdown", LEFT)."""


SESSIONS: Final = "sessions"
"""Under which the process that holds the sessions of a server is registered on its node."""


@frozen
class Moved:
    """To that process: the notebook of this session has another file now."""

    session: bl.Pid
    path: str


@frozen
class Leave:
    """A cast: the session is about to be stopped, and another program is to go on with what it has."""


@frozen
class EndSession:
    """A cast: the session ends, and its runtime, for all who look at it."""

    viewer: bl.Pid


@frozen
class TellAbout:
    """A call: the answer is `SessionFacts`."""


@frozen
class SessionFacts:
    """What a list of sessions says of one."""

    title: str
    people: tuple[Person, ...]
    """Who looks at it, each as often as they have it open."""
    evaluating: tuple[str, ...]
    """The labels of the cells that run."""
    queued: int
    runtime: str
    """Where cells run, or would."""
    connected: bool
    dirty: bool
