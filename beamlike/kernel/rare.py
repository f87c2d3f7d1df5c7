"""What most processes lack."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from beamlike.kernel import signals, terms
from beamlike.kernel.inspected import Inspected
from beamlike.kernel.terms import Pid, Reason, Ref, RemoteName

if TYPE_CHECKING:
    from beamlike.kernel.process import Process
    from beamlike.kernel.requested_spawn import RequestedSpawn

# Until when an alias is on, in OTP's words.
UNALIAS: Final = "explicit_unalias"
FIRST_REPLY: Final = "reply"
REPLY_DEMONITOR: Final = "reply_demonitor"


Waiters: TypeAlias = dict[int | None, list[asyncio.Future[None]]]
"""Tasks that wait for a message, by the id of the reference that it is to carry; None: any."""


class Rare:
    """What a process rarely has, so that those that lack it pay nothing: made when it first has any of it.

    What goes by a reference goes by its id, which is as unique and hashes faster.
    """

    __slots__ = (
        "aliases",
        "backlog",
        "blocking",
        "callbacks",
        "cancel_message",
        "cancel_requests",
        "careful",
        "deadline",
        "error",
        "failed_guards",
        "inspected",
        "links",
        "lives_for",
        "monitored_by",
        "monitors",
        "must_cancel",
        "name",
        "reason",
        "registered",
        "requests",
        "spawns",
        "thrown",
        "trap_exit",
        "unlinking",
        "waiters",
        "watches_nodes",
    )

    def __init__(self) -> None:
        self.name: str | None = None
        self.trap_exit = False
        self.reason: Reason = terms.NORMAL
        # Each with a number that this node drew when the link was made: see `lose_node`.
        self.links: dict[Pid, int] | None = None
        self.unlinking: dict[Pid, int] | None = None
        self.monitors: dict[int, tuple[Ref, Pid | RemoteName]] | None = None
        self.monitored_by: dict[int, signals.Monitor | signals.Ask] | None = None
        # The one of these monitors with which it ends.
        self.lives_for: int | None = None
        # Who waits in `call` for a reply of this process.
        self.requests: dict[Process, None] | None = None
        self.aliases: dict[int, str] | None = None
        # What it has asked for by `spawn_request` and was not answered.
        self.spawns: dict[int, RequestedSpawn] | None = None
        self.waiters: Waiters | None = None
        # Whether the node has it among those who hear of other nodes.
        self.watches_nodes = False
        # What it is to wait for at its next receive, since it has sent more than can leave.
        self.backlog: Backlog | None = None
        # How many messages had another shape than a guard looked for.
        self.failed_guards = 0
        # Whether its steps are to take care.
        self.careful = False
        self.inspected: Inspected | None = None
        self.deadline: UnwindLimit | None = None
        # What asyncio knows of a task.
        self.registered = False
        self.blocking = False
        self.callbacks: list[tuple[Callable[[Any], object], Context]] | None = None
        self.must_cancel = False
        self.cancel_message: Any = None
        self.cancel_requests = 0
        self.thrown: BaseException | None = None
        self.error: BaseException | None = None


class Backlog(Protocol):
    """What waits to leave for another node."""

    async def room(self) -> None:
        """Returns when there is room for more."""


class UnwindLimit:
    """How long the code of a process that is dead already may go on."""

    __slots__ = ("_process",)

    def __init__(self, process: Process) -> None:
        self._process = process

    def expire(self) -> None:
        self._process.abandon()


NOTHING_RARE: Final = Rare()
"""Read instead of what a process does not have; nobody writes it."""
