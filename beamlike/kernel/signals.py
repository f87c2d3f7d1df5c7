"""The closed union of signals: all that passes between processes, on one node and between nodes.

Signals of any kind from one process to another arrive in the order sent. On this node `Process.handle` acts on
them; between nodes the wire carries these same records. `Send` from a process to a local one skips the record.

Links between nodes follow the protocol of OTP 24 (distribution protocol, "link protocol"): an `Unlink` carries an
id, the other side acknowledges it before anything else to that process, and whoever waits for an acknowledgement
ignores a `Link` or linked `Exit` of that pair, so both ends always agree whether the link exists.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Any, TypeAlias

from beamlike.kernel.record import record
from beamlike.kernel.terms import Alias, Pid, Reason, Ref, RemoteName


@record
class Send:
    source: Pid | None
    target: Pid | Alias | RemoteName
    message: Any


@record
class Ask:
    """A request: a Monitor and a Send in one, by the reference of `question`, which is the message."""

    source: Pid
    target: Pid | RemoteName
    question: Alias

    @property
    def ref(self) -> Ref:
        return self.question.ref


@record
class Answer:
    """The reply to an Ask by the process that was asked, which ends the monitor: a Send and a Demonitor in one."""

    source: Pid
    target: Alias
    value: Any


@record
class Link:
    source: Pid
    target: Pid


@record
class Unlink:
    source: Pid
    target: Pid
    id: int


@record
class UnlinkAck:
    source: Pid
    target: Pid
    id: int


@record
class Exit:
    """An exit signal: `linked` if a link carries it, else sent by `exit(pid, reason)`.

    `name` is what a source of this node was registered as, for whoever reads of the end; it does not travel.
    """

    source: Pid
    target: Pid
    reason: Reason
    linked: bool
    name: str | None = field(default=None, compare=False)


@record
class Monitor:
    source: Pid
    target: Pid | RemoteName
    ref: Ref


@record
class Demonitor:
    source: Pid
    target: Pid | RemoteName
    ref: Ref


@record
class Down:
    source: Pid | RemoteName
    target: Pid
    ref: Ref
    reason: Reason


@record
class Spawn:
    """Start a process on the node of `pid`, under that very pid, linked to and monitored by `source` as asked."""

    source: Pid
    pid: Pid
    function: Callable[..., Any]
    args: tuple[Any, ...]
    link: bool
    monitor: Ref | None
    group_leader: Pid | None


@record
class Apply(Spawn):
    """A Spawn, with a monitor, of one who only does what its parent waits for: it lives as long as that monitor, and
    what the function gives is an Answer to the monitor's reference, which ends it."""


Signal: TypeAlias = Send | Ask | Answer | Link | Unlink | UnlinkAck | Exit | Monitor | Demonitor | Down | Spawn | Apply
