"""What the view asks of a node, and the real thing that answers: `bl.inspect` from a hidden node of its own.

The view knows only the protocol, so a test may stand in for a node; and a node may be lost and come back under it.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Final, Protocol

import beamlike as bl
from beamlike.distribution.addresses import split_port
from beamlike.distribution.observers import WORDS
from beamlike.distribution.refusal import Status
from beamlike.distribution.secret import load_observe_secret
from beamlike.inspect.facts import LogLine, Snapshot
from beamlike.inspect.profiling.profile import Profile
from beamlike.inspect.tracing.events import Traced
from beamlike.inspect.tracing.shown import shown
from beamlike.kernel.errors import BeamlikeError
from beamlike.kernel.record import frozen
from beamlike.kernel.terms import Pid

if TYPE_CHECKING:
    from beamlike.inspect.asking import Part

FAILURES: Final = (BeamlikeError, OSError, TimeoutError, ValueError)
"""What a node that cannot be asked is told by."""
_END_SECONDS: Final = 3.0
_CONNECT_SECONDS: Final = 5.0


@frozen
class Look:
    """What is to be looked at."""

    parts: tuple[Part, ...]
    sort: str = "queue"
    limit: int = 100
    only: str = ""
    pids: tuple[Pid, ...] = ()
    stacks: bool = False


@frozen
class Wanted:
    """What is to be traced."""

    calls: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    processes: tuple[Pid, ...] = ()
    limit: int = 1000
    rate: int = 50
    seconds: float = 60.0


class Source(Protocol):
    @property
    def node(self) -> str:
        """Who is looked at."""

    async def snapshot(self, look: Look) -> Snapshot: ...

    def logs(self) -> AsyncIterator[LogLine]: ...

    def trace(self, wanted: Wanted) -> AsyncIterator[Traced]: ...

    async def profile(self, seconds: float) -> Profile: ...

    async def messages(self, pid: Pid) -> tuple[str, ...]:
        """The first messages in its mailbox, as short texts."""

    async def end(self, pid: Pid, reason: str) -> str:
        """Sends an exit signal; what came of it, in words. PermissionError for whoever may only look."""

    async def others(self) -> list[str]:
        """Nodes that may be looked at as well."""

    async def turn_to(self, node: str) -> None:
        """Looks at another node from now on. Raises what keeps it from being reached."""

    async def reconnect(self) -> None:
        """To the same, after it was lost."""

    async def close(self) -> None: ...


class LiveSource:
    """Looks at real nodes. `options` are those of the `bl.Node` from which it does."""

    def __init__(self, node: str, **options: Any) -> None:
        """`node` is "word@host", or "word@host:port". ValueError for what is neither."""
        self._node, self._address = split_port(node)
        self._options = options
        self._stack = AsyncExitStack()
        self._here: bl.Node | None = None

    @property
    def node(self) -> str:
        return self._node

    async def open(self) -> None:
        """Raises what keeps the node from being reached."""
        host = self._node.rpartition("@")[2]
        name = f"observer-top-{secrets.token_hex(4)}@{host}"
        # Nobody is to write over the screen that a frame took long.
        options = {"stall_threshold": None, **self._options}
        self._here = await self._stack.enter_async_context(bl.Node(name, listen=False, hidden=True, **options))
        await self.reconnect()

    async def close(self) -> None:
        await self._stack.aclose()

    @property
    def _own(self) -> bl.Node:
        assert self._here is not None, "expected an open source"
        return self._here

    async def reconnect(self) -> None:
        async with asyncio.timeout(_CONNECT_SECONDS):
            try:
                await self._own.connect(self._node, self._address)
            except bl.HandshakeRefused as refused:
                # Whoever holds only the secret of observers may look all the same.
                observers = load_observe_secret() if refused.status is Status.WRONG_SECRET else None
                if observers is None:
                    raise
                await self._own.connect(self._node, self._address, secret=observers)

    async def turn_to(self, node: str) -> None:
        before = self._node, self._address
        self._node, self._address = split_port(node)
        try:
            await self.reconnect()
        except BaseException:
            self._node, self._address = before
            raise

    async def snapshot(self, look: Look) -> Snapshot:
        from beamlike.inspect import asking

        return await asking.snapshot(
            self._node,
            look.parts,
            sort=look.sort,  # type: ignore[arg-type]  # of a column, which is one of them
            limit=look.limit,
            only=look.only,
            pids=look.pids,
            stacks=look.stacks,
            # A look at one process would begin the counting of all anew.
            rates="processes" in look.parts and not look.pids,
        )

    def logs(self) -> AsyncIterator[LogLine]:
        from beamlike.inspect import asking

        return asking.logs(self._node)

    def trace(self, wanted: Wanted) -> AsyncIterator[Traced]:
        from beamlike.inspect.tracing.trace import trace

        return trace(
            self._node,
            *wanted.calls,
            messages=wanted.messages,
            processes=wanted.processes,
            limit=wanted.limit,
            rate=wanted.rate,
            seconds=wanted.seconds,
        )

    async def profile(self, seconds: float) -> Profile:
        from beamlike.inspect.profiling.take import profile

        return await profile(self._node, seconds=seconds)

    async def messages(self, pid: Pid) -> tuple[str, ...]:
        from beamlike.inspect.tracing.mailbox import first_messages

        return await first_messages(self._node, pid)

    async def end(self, pid: Pid, reason: str) -> str:
        ref = bl.monitor(pid)
        bl.exit(pid, reason)
        try:
            down = await bl.receive(ref=ref, timeout=_END_SECONDS)
        except TimeoutError:
            return (
                f"it has not ended within {_END_SECONDS:g} s: it traps exits, or does not come to it; kill would end it"
            )
        finally:
            bl.demonitor(ref, flush=True)
        if type(down.reason) is str and WORDS in down.reason:
            raise PermissionError(down.reason)
        return f"ended: {shown(down.reason)}"

    async def others(self) -> list[str]:
        from beamlike.distribution.directory import Directory

        return sorted({self._node, *bl.nodes(hidden=True), *(entry.name for entry in Directory().nodes())})
