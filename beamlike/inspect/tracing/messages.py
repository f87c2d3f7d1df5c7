"""Watches what the processes of a node send, get, and do with each other, while there is room for it.

It stands on the kernel's tracing of a process. Those who are spawned by one that is watched are watched from their
first step; others are found a moment later. A process that somebody traces by `bl.trace` is left to them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from beamlike.inspect.tracing.recorder import Recorder
from beamlike.inspect.tracing.shown import shown
from beamlike.kernel.inspection.tracing import FLAGS, overhear, tracer_of, untrace
from beamlike.kernel.node import LocalNode
from beamlike.kernel.process import Process
from beamlike.kernel.question import Question
from beamlike.kernel.terms import Address, Alias, ExceptionInfo, Pid, Reply
from beamlike.kernel.trace_events import (
    Exited,
    Linked,
    LinkedBy,
    Received,
    Registered,
    Sent,
    Spawned,
    TraceEvent,
    Unlinked,
    UnlinkedBy,
    Unregistered,
    WaitedInVain,
)

MOST_PROCESSES: Final = 2000
SLICE: Final = 50
"""Processes that are taken up, or let go, in one go: some 0.3 ms."""
_OWN: Final = "inspect"
"""The name, or the label, of processes that look: they would see themselves."""


class MessageWatch:
    """`chosen`: only these processes; else all, up to MOST_PROCESSES, of whom those with a name come first."""

    def __init__(
        self,
        node: LocalNode,
        tracer: Pid,
        flags: frozenset[str],
        chosen: frozenset[Pid],
        recorder: Recorder,
        client: Pid,
    ) -> None:
        self._node = node
        self._tracer = tracer
        self._unseen = (tracer, client)
        self._flags = flags
        self._chosen = chosen
        self._recorder = recorder
        self._watched: dict[int, Pid] = {}

    @property
    def left_alone(self) -> int:
        """How many are not watched since there are too many."""
        return 0 if self._chosen else max(0, len(self._node.processes()) - MOST_PROCESSES)

    def take_up(self) -> Iterator[None]:
        """Watches those that are not watched yet, some at each step."""
        if len(self._watched) >= MOST_PROCESSES:
            return
        missing = [pid for pid in self._chosen or self._node.processes() if pid.id not in self._watched]
        if len(missing) > MOST_PROCESSES:
            missing.sort(key=lambda pid: pid.process is None or pid.process.name is None)
        pids = iter(missing)
        while len(self._watched) < MOST_PROCESSES and (some := list(islice(pids, SLICE))):
            for pid in some:
                self._watch(self._node.process(pid))
            yield

    def let_go(self) -> Iterator[None]:
        while self._watched:
            for id in list(islice(self._watched, SLICE)):
                self._leave(self._watched.pop(id))
            yield

    def _watch(self, process: Process | None) -> None:
        if process is None or process.pid in self._unseen or len(self._watched) >= MOST_PROCESSES:
            return
        if (process.name or "").startswith(_OWN) or _label_of(process) == _OWN:
            return
        if tracer_of(process.pid) is None and overhear(process, self._flags, self._tracer, self._hear):
            self._watched[process.pid.id] = process.pid

    def _leave(self, pid: Pid) -> None:
        if self._node.process(pid) is not None and tracer_of(pid) == self._tracer:
            untrace(pid)

    def _hear(self, event: TraceEvent) -> None:
        if type(event) is Exited:
            self._watched.pop(event.pid.id, None)
        elif type(event) is Spawned and event.child.node == self._node.name and not self._chosen:
            self._watch(self._node.process(event.child))
        self._recorder.add(lambda: self._row(event))

    def _row(self, event: TraceEvent) -> tuple[Any, ...]:
        kind, other, text = self._told(event)
        return (kind, time.time(), self._name(event.pid), other, text, 0, None)

    def _told(self, event: TraceEvent) -> tuple[str, str, str]:
        match event:
            case Sent(_, to, message):
                return "sent", self._address(to), _message(to, message)
            case Received(_, message):
                return "received", "", _message(None, message)
            case WaitedInVain():
                return "waited in vain", "", ""
            case Spawned(_, child, function):
                return "spawned", self._name(child), shown(function)
            case Linked(_, other):
                return "linked", self._name(other), ""
            case Unlinked(_, other):
                return "unlinked", self._name(other), ""
            case LinkedBy(_, other):
                return "linked by", self._name(other), ""
            case UnlinkedBy(_, other):
                return "unlinked by", self._name(other), ""
            case Registered(_, name):
                return "registered", name, ""
            case Unregistered(_, name):
                return "unregistered", name, ""
            case Exited(_, reason):
                return (
                    "exited",
                    "",
                    f"{reason.type}: {reason.message}" if type(reason) is ExceptionInfo else shown(reason),
                )
            case _:
                return "note", "", shown(event)

    def _address(self, to: Address) -> str:
        match to:
            case Pid():
                return self._name(to)
            case Alias():
                return self._name(to.pid)
            case str():
                return to
            case (name, node):
                return str(name) if node == self._node.name else f"{name} on {node}"

    def _name(self, pid: Pid) -> str:
        """By its registered name where it has one, else by its number, with the node if that is another."""
        process = self._node.process(pid)
        return (process.name if process is not None else None) or pid_text(pid, self._node.name)


def _label_of(process: Process) -> str | None:
    inspected = process.inspected
    return inspected.label if inspected is not None and type(inspected.label) is str else None


def pid_text(pid: Pid, home: str) -> str:
    """
    >>> pid_text(Pid("a@h", (1 << 32) + 5), "a@h"), pid_text(Pid("b@h", (1 << 32) + 5), "a@h")
    ('1.5', '1.5 on b@h')
    """
    short = repr(pid).rpartition(" ")[2].rstrip(">")
    return short if pid.node == home else f"{short} on {pid.node}"


def _message(to: Any, message: Any) -> str:
    if issubclass(type(message), Question):  # not isinstance, which asks the message for its class
        return f"{type(message).__name__.lower()} {shown(message.request)}"
    if type(message) is Reply or isinstance(to, Alias):
        return f"reply {shown(message.value if type(message) is Reply else message)}"
    return shown(message)


def check_flags(flags: tuple[str, ...], calls: tuple[str, ...] = ()) -> frozenset[str]:
    """ValueError for an unknown one, and where nothing is to be traced."""
    for flag in flags:
        if flag not in FLAGS:
            raise ValueError(f"expected {', '.join(map(repr, FLAGS))} to trace, got {flag!r}")
    if not flags and not calls:
        raise ValueError("expected messages or functions to trace, got neither")
    return frozenset(flags)
