"""What a function prints, logs and reports on a child arrives at its caller, live, marked with the child, bounded.

The caller's side says by `sink_for_caller` who gets it; on the child, each call has a CallOutput. Nothing is made there
until the function says something. Text comes line by line with the tag, an incomplete line after a twentieth of a
second, at `flush` or at the end; all that was said before the function returned is on its way before the result.

What is in the call's context says it for the call: tasks, processes that it spawns on the child, asyncio.to_thread.
A thread that it starts itself (threading, concurrent.futures) has no context: what such a thread prints and logs goes
to the only call that runs on the child. While several run, or none, it goes to whom the pool belongs, tagged with the
runner. What a forked process, a subprocess or C code writes goes to the child's log. A call from within a call, on a
pool or by rpc, says it to the same caller, with the tag of the runner that it runs on.
"""

from __future__ import annotations

import logging
import re
from threading import RLock
from typing import Any

from beamlike.kernel import group_leader
from beamlike.kernel.current import current_node, node_towards
from beamlike.kernel.logged import logged
from flame.output_bound import LIMITS, Limits
from flame.output_progress import Progress
from flame.output_sender import Sender
from flame.output_sink import Sink, sink_for_caller

__all__ = ["LIMITS", "CallOutput", "Limits", "Progress", "Sink", "current", "sink_for_caller"]

_UNIQUE = re.compile("-[0-9a-f]{6}$")
# Re-entrant: while it is made, a finalizer may print.
_making = RLock()
_running: set[CallOutput] = set()
_rest: CallOutput | None = None
"""Who gets what belongs to no call in particular."""


class CallOutput:
    """The output of one call on a child.

    `enter` is called in the context that the function is to run in, `end` before its result is sent. `tag` is the
    runner's short name; None: lines are not marked.
    """

    __slots__ = ("_call", "_limits", "_sender", "_sink", "_tag")

    def __init__(self, sink: Sink, *, tag: str | None, call: Any, limits: Limits = LIMITS) -> None:
        self._sink = sink
        self._tag = tag
        self._call = call
        self._limits = limits
        self._sender: Sender | None = None

    def enter(self) -> None:
        """Has the output of the current context go to the caller."""
        group_leader.set_leader(self._sink.leader, self)
        _running.add(self)
        _lead_those_without_context()

    def next(self) -> CallOutput:
        """For the call with the next number, in the same context, when this one's has ended. As long as nothing is
        said, one will do."""
        if self._sender is None:
            self._call += 1
            return self
        self.end()
        output = CallOutput(self._sink, tag=self._tag, call=self._call + 1, limits=self._limits)
        output.enter()
        return output

    def end(self) -> None:
        """Sends what was said and has not left yet, and says what was left out."""
        _running.discard(self)
        _lead_those_without_context()
        if self._sender is not None:
            self._sender.end()

    def write(self, stream: str, text: str) -> None:
        self._made().write(stream, text)

    def flush(self) -> None:
        if self._sender is not None:
            self._sender.flush()

    def log(self, record: logging.LogRecord) -> None:
        """Has `record` logged at the caller."""
        sender = self._made()
        sender.log(logged(record, sender.tag, flame_node=sender.node_name, flame_call=self._call))

    def report(self, done: float, total: float | None, note: str) -> None:
        self._made().report(done, total, note)

    def _made(self) -> Sender:
        if self._sender is None:
            with _making:
                self._sender = self._sender or self._make()
        return self._sender

    def _make(self) -> Sender:
        tag = "" if self._tag is None else f"[{self._tag}] "
        return Sender(node_towards(self._sink.leader), self._sink, tag, self._call, self._limits)


def hear(sink: Sink | None, limits: Limits = LIMITS) -> CallOutput | None:
    """Has the output of the current context, on a runner, go to `sink`, marked with the runner's name."""
    if sink is None:
        return None
    output = CallOutput(sink, tag=short_name(current_node().name), call=None, limits=limits)
    output.enter()
    return output


def short_name(node: str) -> str:
    """How a runner's output is marked: its node's name, without what makes that unique.

    >>> short_name("cpu-1-3fa2b1@127.0.0.1")
    'cpu-1'
    """
    return _UNIQUE.sub("", node.partition("@")[0])


def _lead_those_without_context() -> None:
    for only in _running if len(_running) == 1 else ():
        group_leader.set_fallback_leader(only._sink.leader, only)
        return
    group_leader.set_fallback_leader(None if _rest is None else _rest._sink.leader, _rest)


def hear_rest(output: CallOutput | None) -> None:
    """Has what belongs to no call in particular go there from now on; None: to this interpreter's own streams."""
    global _rest
    before, _rest = _rest, output
    _lead_those_without_context()
    if before is not None:
        before.end()


def is_rest(output: CallOutput) -> bool:
    return output is _rest


def is_in_call() -> bool:
    """Whether the code that asks has the context of a call."""
    return isinstance(group_leader.way(), CallOutput)


def current() -> CallOutput | None:
    """The output of the call that the code which asks runs for, or of what belongs to none in particular; None where
    nobody can be told."""
    way = group_leader.way()
    if way is None and group_leader.leader() is None:
        way = group_leader.fallback_way()
    return way if isinstance(way, CallOutput) and group_leader.reachable_leader() is not None else None
