"""Tracing: what a process sends, receives and does with other processes, as messages of another process.

As `erlang:trace/3`, without tracing of calls. A process that is traced takes its steps with care, off the fast paths;
all others, and a node where nothing is traced, pay nothing. Only while "send" is traced are the sends of the other
processes of the same scheduler looked at, too: child tasks act for the process, and whoever sends might be one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from beamlike.kernel import current, signals
from beamlike.kernel.terms import Address, Pid
from beamlike.kernel.trace_events import Received, Sent, TraceEvent, WaitedInVain

if TYPE_CHECKING:
    from beamlike.kernel.process import Process

SEND: Final = "send"
RECEIVE: Final = "receive"
PROCS: Final = "procs"
FLAGS: Final = (SEND, RECEIVE, PROCS)

Hears: TypeAlias = Callable[[TraceEvent], None]
"""Called with each event, in the thread of the process that is traced and in the middle of what it does."""


class Tracing:
    """What is traced of one process, and who hears of it. All but the construction happens in the process's thread."""

    __slots__ = ("_flags", "_hears", "_process", "tracer")

    def __init__(self, process: Process, tracer: Pid, hears: Hears | None = None) -> None:
        self._process = process
        self._flags: frozenset[str] = frozenset()
        self._hears = hears
        self.tracer = tracer

    @property
    def goes_on(self) -> bool:
        """Whether there is still somebody who hears of it."""
        return self.tracer.process is not None

    # What happens.

    def sent(self, to: Address, message: Any) -> None:
        self._tell(SEND, Sent(self._process.pid, to, message))

    def arrived(self, message: Any) -> None:
        if not isinstance(message, TraceEvent):  # or two that trace each other would never have done
            self._tell(RECEIVE, Received(self._process.pid, message))

    def waited_in_vain(self) -> None:
        self._tell(RECEIVE, WaitedInVain(self._process.pid))

    def happened(self, event: TraceEvent) -> None:
        self._tell(PROCS, event)

    def _tell(self, flag: str, event: TraceEvent) -> None:
        if not self.goes_on:
            self._process.scheduler.call(self.end)
        elif flag in self._flags:
            if self._hears is not None:
                self._hears(event)
            else:
                self._process.node.route(signals.Send(None, self.tracer, event))

    # On and off.

    def add(self, flags: frozenset[str]) -> None:
        process = self._process
        if process.ended:
            _claims.pop(process.pid, None)
            return
        self._set_flags(self._flags | flags)
        inspected = process.own_inspected()
        inspected.tracing = self
        process.watch_arrivals()
        process.stay_careful()

    def end(self) -> None:
        self.remove(self._flags)

    def remove(self, flags: frozenset[str]) -> None:
        self._set_flags(self._flags - flags)
        if not self._flags:
            if _claims.get(self._process.pid) is self:
                del _claims[self._process.pid]
            inspected = self._process.own_inspected()
            if inspected.tracing is self:
                inspected.tracing = None
                self._process.watch_arrivals()

    def _set_flags(self, flags: frozenset[str]) -> None:
        self._process.scheduler.overhear((SEND in flags) - (SEND in self._flags))
        self._flags = flags


_claims: dict[Pid, Tracing] = {}
"""Who is traced. An entry is made in one step, whatever thread asks, so a process never has two tracers."""


def trace(pid: Pid, *flags: str, tracer: Pid | None = None) -> None:
    """Events of the process `pid` of this node become messages of the current process, or of `tracer`.

    Flags: "send" (Sent), "receive" (Received, as a message comes into the mailbox, and WaitedInVain), "procs" (Spawned,
    Linked, LinkedBy, Unlinked, UnlinkedBy, Registered, Unregistered, Exited); none means all. More may be added later.
    The events of one process come in the order in which they happened. Replies to its own calls are messages, too.
    It ends with either process, and by `untrace`.

    ValueError for an unknown flag, a pid of another node, a process that is to trace itself or has another tracer;
    NoProcess for one that has ended.

    >>> import asyncio, beamlike as bl
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         pid = bl.spawn(bl.receive)
    ...         trace(pid, "receive")
    ...         bl.send(pid, "hello")
    ...         return (await bl.receive(timeout=5)).message
    >>> asyncio.run(main())
    'hello'
    """
    wanted = _checked(flags)
    process = current.live_process(pid, "trace")
    # Its own pid, not the one that was given: that may have come from another node, and so know no process.
    by = current.live_process(tracer, "be the tracer").pid if tracer is not None else current.current_process().pid
    if by == pid:
        raise ValueError(f"expected another process than {pid} to trace it: a process cannot trace itself")
    process.scheduler.call(_claim(process, by).add, wanted)


def untrace(pid: Pid, *flags: str) -> None:
    """Ends what `trace` began, or the given flags of it, whoever began it. Events that were sent still come. Nothing
    happens where nothing is traced."""
    wanted = _checked(flags)
    tracing = _claims.get(pid)
    if tracing is not None:
        current.live_process(pid, "trace no more").scheduler.call(tracing.remove, wanted)


def tracer_of(pid: Pid) -> Pid | None:
    """Who traces the process `pid`."""
    tracing = _claims.get(pid)
    return tracing.tracer if tracing is not None and tracing.goes_on else None


def overhear(process: Process, flags: frozenset[str], tracer: Pid, hears: Hears) -> bool:
    """As `trace`, but `hears` is called with each event, for whoever traces many and takes few. It goes on for as long
    as `tracer` lives, and until `untrace`. False if somebody else traces the process."""
    try:
        tracing = _claim(process, tracer, hears)
    except ValueError:
        return False
    process.scheduler.call(tracing.add, flags)
    return True


def _claim(process: Process, tracer: Pid, hears: Hears | None = None) -> Tracing:
    mine = Tracing(process, tracer, hears)
    while (tracing := _claims.setdefault(process.pid, mine)).tracer != tracer:
        if tracing.goes_on:
            raise ValueError(
                f"expected a process that nobody traces, got {process.pid}, which {tracing.tracer} traces: "
                "a process has one tracer, so `untrace` it first"
            )
        process.scheduler.call(tracing.end)
        _claims.pop(process.pid, None)
    return tracing


def _checked(flags: tuple[str, ...]) -> frozenset[str]:
    for flag in flags:
        if flag not in FLAGS:
            raise ValueError(f"expected {', '.join(map(repr, FLAGS))} to trace, got {flag!r}")
    return frozenset(flags or FLAGS)
