"""The terms that the kernel itself makes: who (Pid, Ref, Alias), what happened (Down, Exit, ...), why (reasons).

They are hashable and picklable, nobody changes them, and they need nothing else of ours. An id is unique among all
nodes: its high half is the *creation* of the node that drew it, a number that every start of a node draws anew. So a
pid of a node that has since restarted under the same name never reaches a process of the new incarnation, as on the
BEAM, and a node may name a process of another node before that process exists (remote spawn need not wait for an
answer).
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, TypeAlias

from beamlike.kernel.record import frozen, record

if TYPE_CHECKING:
    from beamlike.kernel.process import Process

CREATION_SHIFT = 32
CREATION_BITS = 28
"""So few that an id takes two of the digits of which Python makes its integers."""


class Pid:
    """The address of a process, on this node or another.

    >>> Pid("app@127.0.0.1", (7 << 32) + 3)
    Pid<app@127.0.0.1 7.3>
    """

    __slots__ = ("id", "node", "process")

    node: str
    id: int
    process: Process | None
    """The live process, where the pid was handed out by its own node: a short cut for `send`, no part of the value."""

    def __init__(self, node: str, id: int, process: Process | None = None) -> None:
        self.node = node
        self.id = id
        self.process = process

    def __eq__(self, other: object) -> bool:
        return self is other or (type(other) is Pid and other.id == self.id and other.node == self.node)

    def __hash__(self) -> int:
        return hash(self.id)

    def __reduce__(self) -> tuple[type[Pid], tuple[str, int]]:
        return Pid, (self.node, self.id)

    def __deepcopy__(self, memo: object) -> Pid:
        return self  # a copy would lose the short cut, the only way to another node of this interpreter

    def __repr__(self) -> str:
        return f"Pid<{self.node} {_short(self.id)}>"


class Ref:
    """A reference, unique among all nodes: of a monitor, a request, a reply.

    >>> Ref("app@127.0.0.1", (7 << 32) + 4)
    Ref<app@127.0.0.1 7.4>
    """

    __slots__ = ("id", "node")

    node: str
    id: int

    def __init__(self, node: str, id: int) -> None:
        self.node = node
        self.id = id

    def __eq__(self, other: object) -> bool:
        return self is other or (type(other) is Ref and other.id == self.id and other.node == self.node)

    def __hash__(self) -> int:
        return hash(self.id)

    def __reduce__(self) -> tuple[type[Ref], tuple[str, int]]:
        return Ref, (self.node, self.id)

    def __repr__(self) -> str:
        return f"Ref<{self.node} {_short(self.id)}>"


def _short(id: int) -> str:
    return f"{id >> CREATION_SHIFT:x}.{id & (1 << CREATION_SHIFT) - 1}"


class Alias:
    """A second address of a process that it may take back: what is sent to it afterwards vanishes (OTP 24).

    It is a reference, too: `ref` is the one that the reply to a request carries.
    """

    __slots__ = ("id", "pid")
    __match_args__ = ("pid", "ref")

    pid: Pid
    id: int

    def __init__(self, pid: Pid, id: int) -> None:
        self.pid = pid
        self.id = id

    @property
    def ref(self) -> Ref:
        return Ref(self.pid.node, self.id)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Alias) and other.id == self.id and other.pid == self.pid)

    def __hash__(self) -> int:
        return hash(self.id)

    def __reduce__(self) -> tuple[type[Alias], tuple[Any, ...]]:
        return Alias, (self.pid, self.id)

    def __repr__(self) -> str:
        return f"Alias<{self.pid.node} {_short(self.id)}>"


RemoteName: TypeAlias = tuple[str, str]
"""(registered name, node)"""

Address: TypeAlias = Pid | Alias | RemoteName | str
"""Whatever `send` takes; a bare string is a name registered on the current node."""

Reason: TypeAlias = Any
"""Why a process ended: a string such as "normal", an ExceptionInfo, or any term that was given to `exit`."""

NORMAL = "normal"
SHUTDOWN = "shutdown"
KILL = "kill"
KILLED = "killed"
NOPROC = "noproc"
NOCONNECTION = "noconnection"
UNDECODABLE = "a term cannot be decoded"
"""What the reason begins with, if a message or its answer could not be made there."""


def is_quiet(reason: Reason) -> bool:
    """Whether an end for this reason is no crash: "normal", "shutdown" or ("shutdown", anything).

    >>> is_quiet("normal"), is_quiet(("shutdown", "idle")), is_quiet("killed")
    (True, True, False)
    """
    if isinstance(reason, tuple):
        return len(reason) == 2 and is_word(reason[0], SHUTDOWN)
    return is_word(reason, NORMAL) or is_word(reason, SHUTDOWN)


def is_word(reason: Reason, word: str) -> bool:
    """Whether a reason is that word. A reason is any term, and some (arrays) cannot be compared with one."""
    return isinstance(reason, str) and reason == word


def text_of(term: object) -> str:
    """`str(term)`, or words that say why there is none: whatever that does, others must hear of an end."""
    try:
        return str(term)
    except BaseException as broken:
        return f"<no message: str() of it raised {type(broken).__name__}>"


@record
class Down:
    """The monitored `pid` (or the (name, node) that was given) ended or cannot be reached. Sent once per monitor."""

    ref: Ref
    pid: Pid | RemoteName
    reason: Reason


@record
class Exit:
    """An exit signal, as a process that traps exits receives it."""

    pid: Pid
    reason: Reason


@frozen
class NodeUp:
    node: str


@frozen
class NodeDown:
    node: str
    reason: str


@record
class Reply:
    """The answer to the request `ref`: what `receive(ref=...)` finds in constant time, as it does a Down."""

    ref: Ref
    value: Any


@frozen
class SpawnReply:
    """The answer to `spawn_request`: whether a process was started, and its pid or what was in the way."""

    tag: Any
    ref: Ref
    ok: bool
    pid_or_reason: Any


@frozen
class ExceptionInfo:
    """An exception as an exit reason: it says what was raised where, and can be raised again elsewhere.

    `traceback` is the text as the raising interpreter would print it, source lines included. `exception` is the
    exception itself where it could travel, else None; two infos are equal if their texts are.
    """

    type: str
    message: str
    traceback: str
    node: str
    pid: Pid
    exception: BaseException | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.type}: {self.message}" if self.message else self.type

    def __deepcopy__(self, memo: object) -> ExceptionInfo:
        return self  # many exceptions are not themselves when copied: `__init__` gets the text in place of what it took
