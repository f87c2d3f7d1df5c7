"""Where output goes: the group leader of a piece of code, as on the BEAM.

A group leader is a process that receives `Output(stream, text)`. Who it is stands in a context variable, so child
tasks, threads started through asyncio, spawned processes and, by the Spawn signal, processes on other nodes inherit
it. Code without a context of its own, as in a plain thread, has none: its output goes to the fallback leader, if the
interpreter has one, as that of a notebook does, and else to the interpreter's own streams.

`install_router` puts one router in place of sys.stdout and sys.stderr, once per interpreter, at the latest when code of
another node comes to run that has a leader; nothing else ever replaces them. What is written within one turn of the
node's output scheduler travels as one message; `flush` sends what is pending now, before a result that must not
overtake it.

Code may also have a way: what its output passes before it goes to the leader, so that it can be marked and bounded.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterable
from contextvars import Context, ContextVar
from dataclasses import field
from threading import RLock
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, TextIO

from beamlike.kernel.current import node_towards, running_nodes
from beamlike.kernel.errors import AmbiguousNode, NoNode
from beamlike.kernel.record import frozen
from beamlike.kernel.signals import Send
from beamlike.kernel.terms import Alias, Pid

if TYPE_CHECKING:
    from beamlike.kernel.node import LocalNode


class Way(Protocol):
    """What the output of some code passes on its way to its leader. It puts what is to arrive into the `outbox`."""

    def write(self, stream: str, text: str) -> None: ...

    def flush(self) -> None:
        """Puts there what it holds back."""
        ...


_leader: ContextVar[Pid | None] = ContextVar("beamlike_group_leader", default=None)
_way: ContextVar[Way | None] = ContextVar("beamlike_output_way", default=None)
_fallback: Pid | None = None
_fallback_way: Way | None = None
_forked = False


@frozen
class Origin:
    """Who wrote, where several write at once: texts of one `writer` may continue each other's lines, `tag` is what
    each of its lines starts with. What is `fleeting` is written over by what follows: it tells nothing in a file."""

    writer: Any
    tag: str
    fleeting: bool = False


@frozen
class Output:
    """What a process wrote, as its group leader receives it; `stream` is "stdout" or "stderr"."""

    stream: str
    text: str
    origin: Origin | None = field(default=None, compare=False, repr=False)


def leader() -> Pid | None:
    """The group leader of the code that asks; None means the fallback leader or the interpreter's own streams."""
    return _leader.get()


def leader_in(context: Context) -> Pid | None:
    """The group leader of code that runs in `context`."""
    return context.get(_leader)


def set_leader(pid: Pid | None, way: Way | None = None) -> None:
    """From now on, output of the current context goes to `pid`, by that way if one is given."""
    _leader.set(pid)
    _way.set(way)


def set_fallback_leader(pid: Pid | None, way: Way | None = None) -> None:
    """From now on, output of all code of this interpreter that has no leader goes to `pid`; None: to the interpreter's
    own streams."""
    global _fallback, _fallback_way
    _fallback, _fallback_way = pid, way


def way() -> Way | None:
    """By which way the output of the code that asks goes to its leader; None: straight."""
    return _way.get()


def fallback_way() -> Way | None:
    """The way of code that has no leader of its own."""
    return _fallback_way


def _leader_or_fallback() -> Pid | None:
    return leader() or _fallback


def _way_or_fallback() -> Way | None:
    return _way.get() if leader() is not None else _fallback_way


def reachable_leader() -> tuple[LocalNode, Pid] | None:
    """The leader and the node that can reach it; None where output goes to the real streams, as it does when the node
    has stopped under code that still runs, and in a forked process, which has no thread that could send."""
    pid = _leader_or_fallback()
    if pid is None or _forked:
        return None
    try:
        node = node_towards(pid)
    except (NoNode, AmbiguousNode):
        return None
    return None if node.output_scheduler.loop.is_closed() else (node, pid)


PIECE = 1 << 13
"""Characters of text that go to another node at once. A long message may be overtaken on the way by a short one of
another sender, and so output by the value of the code that wrote it."""


def _pieces(text: str, short: bool) -> Iterable[str]:
    return (text[at : at + PIECE] for at in range(0, len(text), PIECE)) if short else (text,)


class _Text:
    """What was written to one stream without a break."""

    __slots__ = ("origin", "stream", "texts")

    def __init__(self, stream: str, origin: Origin | None) -> None:
        self.stream = stream
        self.origin = origin
        self.texts: list[str] = []

    def outputs(self, short: bool) -> Iterable[Output]:
        return (Output(self.stream, text, self.origin) for text in _pieces("".join(self.texts), short))


class _Outbox:
    """What was written and not sent yet, in order; shared by all threads."""

    def __init__(self) -> None:
        # Whoever sends may wait for a link, and whoever holds that link may be printing: so `put` needs the first lock
        # alone, and nothing is called under it. Both are re-entrant, since a finalizer may print anywhere.
        self._lock = RLock()
        self._sending = RLock()
        self._pending: dict[Pid | Alias, list[Any]] = {}
        # To whom something is on its way from another thread than the loop's.
        self._through_loop: set[Pid | Alias] = set()
        # How many are sending what they have taken out.
        self._senders = 0

    @property
    def is_empty(self) -> bool:
        """Whether all that was put in by now has been sent. What is taken out is counted first, so that it never seems
        to be in neither place."""
        return not self._pending and not self._senders

    def put(self, node: LocalNode, to: Pid, stream: str, text: str, origin: Origin | None = None) -> None:
        """Has `to` get the text at the next turn of the loop."""
        with self._lock:
            waiting = self._pending.get(to)
            first = waiting is None
            if waiting is None:
                waiting = self._pending[to] = []
            last = waiting[-1] if waiting else None
            # The same object, or none: an origin is made once for all that it wrote.
            if type(last) is not _Text or last.stream != stream or last.origin is not origin:
                last = _Text(stream, origin)
                waiting.append(last)
            last.texts.append(text)
        if first:
            self._send_soon(node, to)

    def put_message(self, node: LocalNode, to: Pid | Alias, message: object) -> None:
        """Has `to` get the message at the next turn of the loop, in order with the texts for it."""
        with self._lock:
            waiting = self._pending.setdefault(to, [])
            first = not waiting
            waiting.append(message)
        if first:
            self._send_soon(node, to)

    def _send_soon(self, node: LocalNode, to: Pid | Alias) -> None:
        scheduler = node.output_scheduler
        if scheduler.is_current_thread():
            scheduler.loop.call_soon(self._send_in_turn, node, to)
        else:
            scheduler.call(self._send_in_turn, node, to)

    def _send_in_turn(self, node: LocalNode, to: Pid | Alias) -> None:
        """In the loop, as was agreed when the first of what waits was put in."""
        with self._sending:
            if to not in self._through_loop:
                self.send(node, to)
            else:
                # What another thread has sent meanwhile is in the loop's queue, behind this very call.
                self._through_loop.discard(to)
                node.output_scheduler.loop.call_soon(self.send, node, to)

    def send(self, node: LocalNode, to: Pid | Alias) -> None:
        """Sends `to` all that waits for it, now."""
        # One thread at a time, so that what is taken later cannot overtake.
        with self._sending:
            self._senders += 1
            try:
                with self._lock:
                    waiting = self._pending.pop(to, ())
                if waiting and not node.output_scheduler.is_current_thread():
                    self._through_loop.add(to)
                for message in waiting:
                    if type(message) is not _Text:
                        node.route(Send(None, to, message))
                        continue
                    for output in message.outputs(short=_node_of(to) != node.name):
                        node.route(Send(None, to, output))
            finally:
                self._senders -= 1


def _node_of(to: Pid | Alias) -> str:
    return (to if isinstance(to, Pid) else to.pid).node


outbox = _Outbox()


def hand_over(stream: str, text: str) -> bool:
    """Has the leader get `text` at the next turn of the loop. False if there is none, and nothing was done."""
    reached = reachable_leader()
    if reached is None:
        return False
    if text:
        way = _way_or_fallback()
        if way is None:
            outbox.put(*reached, stream, text)
        else:
            way.write(stream, text)
    return True


def flush() -> None:
    """Sends what the current context wrote and what still waits for the next turn of the loop."""
    way = _way_or_fallback()
    if way is not None:
        way.flush()
    if outbox.is_empty:
        return
    reached = reachable_leader()
    if reached is not None:
        outbox.send(*reached)


class Router(io.TextIOBase):
    """Stands in place of a standard stream and asks, per write, who the group leader is. All else is the stream's."""

    def __init__(self, real: TextIO, stream: str) -> None:
        self.real = real
        self.stream = stream

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"expected a str to write to {self.stream}, got {type(text).__name__}")
        return len(text) if hand_over(self.stream, text) else self.real.write(text)

    def flush(self) -> None:
        """A leader gets what was written at the next turn of the loop anyway, but for what the way holds back."""
        if reachable_leader() is None:
            self.real.flush()
        elif (way := _way_or_fallback()) is not None:
            way.flush()

    def __getattr__(self, name: str) -> object:
        if name == "real":  # of one that is being copied
            raise AttributeError(name)
        return getattr(self.real, name)

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return _leader_or_fallback() is None and self.real.isatty()

    def fileno(self) -> int:
        return self.real.fileno()

    @property
    def buffer(self) -> BinaryIO:
        """Bytes go to the real stream: a group leader takes text."""
        return self.real.buffer

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self.real.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        return self.real.errors


def _note_fork() -> None:
    """A process that had no node when it was forked, as a child of a zygote, may have one of its own later."""
    global _forked
    _forked = _forked or bool(running_nodes())


os.register_at_fork(after_in_child=_note_fork)


_for_good = False
_borrowers = 0


def install_router() -> None:
    """Puts the router in place of sys.stdout and sys.stderr, where there are any; a second call does nothing."""
    global _for_good
    _for_good = True
    _put_router()


def borrow_router() -> Callable[[], None]:
    """As `install_router`, until what this returns is called: with the last who borrowed it the router goes, and the
    streams are those that they were. One that somebody has put another in place of meanwhile is left alone.

    >>> stdout = sys.stdout
    >>> give_back = borrow_router()
    >>> give_back()
    >>> sys.stdout is stdout
    True
    """
    global _borrowers
    with _borrowing:
        _borrowers += 1
        _put_router()
    return _once(_give_back_router)


_borrowing = RLock()


def _give_back_router() -> None:
    global _borrowers
    with _borrowing:
        _borrowers -= 1
        if _borrowers or _for_good:
            return
        if isinstance(sys.stdout, Router):
            sys.stdout = sys.stdout.real
        if isinstance(sys.stderr, Router):
            sys.stderr = sys.stderr.real


def _once(function: Callable[[], None]) -> Callable[[], None]:
    left = [function]
    return lambda: left.pop()() if left else None


def _put_router() -> None:
    if not isinstance(sys.stdout, Router | None):
        sys.stdout = Router(sys.stdout, "stdout")
    if not isinstance(sys.stderr, Router | None):
        sys.stderr = Router(sys.stderr, "stderr")
