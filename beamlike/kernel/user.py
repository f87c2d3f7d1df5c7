"""The leader of those who have none: what others run for this node is printed here, as by the BEAM's `user`.

It never waits for a terminal or a pipe that takes nothing: the loop has other guests. What comes meanwhile waits here,
and of more than can wait the oldest is left out, in words. What others log for this node is logged here.
"""

from __future__ import annotations

import contextlib
import logging
import select
import sys
from collections import deque
from contextvars import Context
from typing import TYPE_CHECKING, TextIO

from beamlike.kernel import group_leader
from beamlike.kernel.group_leader import Output
from beamlike.kernel.logged import Logged
from beamlike.kernel.open_line import OpenLine
from beamlike.kernel.receive import receive

if TYPE_CHECKING:
    from beamlike.kernel.node import LocalNode
    from beamlike.kernel.terms import Pid

logger = logging.getLogger("beamlike.user")

LOOK_AGAIN_SECONDS = 0.02
"""How often a stream is looked at that takes nothing."""
PIECE = 1024
"""Characters that are written at once: as many as surely fit into a pipe that takes anything (4096 bytes)."""
WAITING_LIMIT = 4_000_000
"""Characters that may wait here."""


def leader_elsewhere(node: LocalNode) -> Pid:
    """Who leads what this code has run on other nodes: its own leader, else the node's user, made when first asked
    for."""
    leader = group_leader.leader()
    if leader is not None:
        return leader
    if node.user is None or node.process(node.user) is None:
        process = node.start_process(user, (), scheduler=node.output_scheduler, context=Context())
        node.user = process.pid
        process.scheduler.call(process.scheduler.ready, process)
    return node.user


async def user() -> None:
    """Writes what it gets to this interpreter's own streams."""
    line, waiting = OpenLine(), Waiting()
    while True:
        try:
            message = await receive(timeout=LOOK_AGAIN_SECONDS if waiting else None)
        except TimeoutError:
            message = None
        match message:
            case Output() if _is_worth_showing(message):
                for stream, text in line.apart(_last_only(message)):
                    waiting.add(stream, text)
            case Logged():
                for output in _logged(message):
                    for stream, text in line.apart(output):
                        waiting.add(stream, text)
            case _:
                pass  # nobody is told who it is, but by being led
        while waiting and _takes_text(_stream(waiting.next_stream)):
            _write(*waiting.take(PIECE))


class Waiting:
    """Texts that wait to be written. Pure."""

    def __init__(self, limit: int = WAITING_LIMIT) -> None:
        self._texts: deque[tuple[str, str]] = deque()
        self._limit = limit
        self._size = 0
        self._left_out = 0

    def __bool__(self) -> bool:
        return bool(self._texts)

    @property
    def next_stream(self) -> str:
        return "stderr" if self._left_out else self._texts[0][0]

    def add(self, stream: str, text: str) -> None:
        self._texts.append((stream, text))
        self._size += len(text)
        while self._size > self._limit and len(self._texts) > 1:
            _, oldest = self._texts.popleft()
            self._size -= len(oldest)
            self._left_out += len(oldest)

    def take(self, most: int) -> tuple[str, str]:
        """A stream, and the next text for it, of at most so many characters."""
        if self._left_out:
            words = f"\n… {self._left_out:,} characters left out: they came faster than they could be shown …\n"
            self._left_out = 0
            return "stderr", words
        stream, text = self._texts.popleft()
        if len(text) > most:
            self._texts.appendleft((stream, text[most:]))
        self._size -= min(len(text), most)
        return stream, text[:most]


def _stream(name: str) -> TextIO | None:
    return sys.stderr if name == "stderr" else sys.stdout


def _is_worth_showing(output: Output) -> bool:
    """What will be written over says nothing in a file; its last state is a line of its own."""
    if output.origin is None or not output.origin.fleeting or output.text.endswith("\n"):
        return True
    return _is_terminal(_stream(output.stream))


def _last_only(output: Output) -> Output:
    if output.origin is not None and output.origin.fleeting and not _is_terminal(_stream(output.stream)):
        last_states = "\n".join(line.rpartition("\r")[2] for line in output.text.split("\n"))
        return Output(output.stream, last_states, output.origin)
    return output


def _is_terminal(out: TextIO | None) -> bool:
    return out is not None and not out.closed and out.isatty()


def _takes_text(out: TextIO | None) -> bool:
    """Whether it does not make the writer wait, as far as can be known."""
    if out is None:
        return True
    try:
        number = out.fileno()
    except (OSError, ValueError):
        return True
    poll = select.poll()
    poll.register(number, select.POLLOUT)
    return bool(poll.poll(0))


def _write(stream: str, text: str) -> None:
    out = _stream(stream)
    if out is None:  # as in a daemon, where `print` says nothing either
        return
    with contextlib.suppress(OSError, ValueError):  # whoever read it has gone, or it is closed
        try:
            out.write(text)
        except UnicodeEncodeError as error:
            out.write(text.encode(error.encoding, "backslashreplace").decode(error.encoding))
        out.flush()


def _logged(message: Logged) -> list[Output]:
    """Has it handled as if it had been logged here. Where nobody handles it: what is to be shown instead."""
    log = logging.getLogger(message.name)
    if not log.isEnabledFor(message.level):
        return []
    if not log.hasHandlers():
        last = logging.lastResort
        return [Output("stderr", message.text())] if last is not None and message.level >= last.level else []
    try:
        log.handle(message.record())
    except Exception:  # of a filter, or a handler, of the user's
        logger.exception("a handler or filter failed at a record of %s", message.name)
    return []
