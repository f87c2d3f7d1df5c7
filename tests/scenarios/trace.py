"""The trace that a scenario leaves, in the grammar of the traces that were recorded on the BEAM.

A line is `actor: event term ...`. A term is written so that it tells no language apart:

    a str of ours     boom           an atom, which is what a plain string stands for in a twin
    Text("from p")    "from p"       text, where the BEAM sent a string or a binary
    tuple, list, dict (a, b) [a] {k: v}
    True, None, 3     true nil 3
    bytes             "abc", or <1000 bytes> if long or not printable
    pid, ref, node    <label> #label @label, unlabelled <pid> #ref
    Down, Exit, ...   the tuples of the BEAM: (DOWN, #m, process, <p>, boom), (EXIT, <p>, boom), (nodedown, @n)
    ExceptionInfo     (word, <stack>), where `words` says which exception of ours stands for which word of Erlang's

Lines whose event is `recv*` form a group without order. Anything else has no written form, and says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import beamlike as bl
from tests.support.local_nodes import PATIENCE, settled

T = TypeVar("T")

LONGEST_BYTES = 200


class Text(str):
    """Text, where a plain string would stand for an atom."""


class Error(Exception):
    """Erlang's error(term), and with Throw its throw(term): an exception that carries a term."""

    def __init__(self, term: Any) -> None:
        super().__init__(term)
        self.term = term


class Throw(Error):
    """Erlang's throw(term). Uncaught, it is the error (nocatch, term)."""


WORDS: dict[type[BaseException], Any] = {
    ZeroDivisionError: "badarith",
    TypeError: "badarg",
    ValueError: "badarg",
    bl.NameTaken: "badarg",
    bl.UnknownName: "badarg",
    bl.NoProcess: "noproc",
}
"""Erlang's word for an exception of ours, unless the twin declares another with `Trace.means`. A subclass is another
exception: that we raise exactly these is part of what a twin shows."""


class Trace:
    """The lines of one run, and the labels and words to write its terms with."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.labels: dict[object, str] = {}
        self.words = dict(WORDS)

    def label(self, term: T, name: str) -> T:
        """Has a pid, a ref, an alias or the name of a node written as `name`; returns it."""
        self.labels[term.ref if isinstance(term, bl.Alias) else term] = name
        return term

    def means(self, error: type[BaseException], word: Any) -> None:
        """In this scenario `error` stands for Erlang's `word`."""
        self.words[error] = word

    def __call__(self, actor: str, event: str, *terms: Any) -> None:
        """Adds a line."""
        self.lines.append(f"{actor}: " + " ".join([event, *map(self.written, terms)]))

    # What happens to the process that runs the scenario.

    async def recv(self, actor: str, seconds: float = PATIENCE) -> Any:
        """The next message, as the line `actor: recv message`."""
        try:
            message = await bl.receive(timeout=seconds)
        except TimeoutError:
            message = "timeout"
        self(actor, "recv", message)
        return message

    async def recv_sorted(self, actor: str, count: int) -> list[Any]:
        """The next `count` messages, whose order is open."""
        messages = [await bl.receive(timeout=PATIENCE) for _ in range(count)]
        for term in sorted(map(self.written, messages)):
            self.lines.append(f"{actor}: recv* {term}")
        return messages

    async def nothing(self, actor: str, seconds: float = 0.0) -> None:
        """`recv nothing`, if no message comes before all that is ready has run, or within `seconds`."""
        await quiet()
        try:
            message = await bl.receive(timeout=seconds)
        except TimeoutError:
            self(actor, "recv nothing")
        else:
            self(actor, "UNEXPECTED", message)

    def attempt(self, actor: str, event: str, function: Callable[..., Any], *args: Any) -> Any:
        """What a call does: `(returned, value)` or `(raised, class, reason)`."""
        result = self.outcome(function, *args)
        self(actor, event, result)
        return result

    def outcome(self, function: Callable[..., Any], *args: Any) -> tuple[Any, ...]:
        """What `attempt` writes, as a term."""
        try:
            return "returned", function(*args)
        except Exception as error:
            return "raised", *self._raised(error)

    async def attempt_awaited(self, actor: str, event: str, awaitable: Awaitable[Any]) -> Any:
        """`attempt`, of what may wait."""
        try:
            result: tuple[Any, ...] = "returned", await awaitable
        except Exception as error:
            result = "raised", *self._raised(error)
        self(actor, event, result)
        return result

    def _raised(self, error: Exception) -> tuple[str, Any]:
        if isinstance(error, bl.ProcessExit):
            return "exit", error.reason
        return "throw" if isinstance(error, Throw) else "error", self.word(error)

    async def leftover(self, actor: str = "main") -> None:
        """What still stands in the mailbox, a line for each message."""
        while True:
            try:
                self(actor, "leftover", await bl.receive(timeout=0))
            except TimeoutError:
                return

    # How terms are written.

    def word(self, error: BaseException) -> Any:
        """The term that Erlang has for `error`."""
        if isinstance(error, Error):
            return error.term
        return self.words.get(type(error), type(error).__name__)

    def written(self, term: Any) -> str:
        match term:
            case bool():
                return "true" if term else "false"
            case None:
                return "nil"
            case Text():
                return _quoted(term)
            case str():
                return f"@{self.labels[term]}" if term in self.labels else term
            case int() | float():
                return repr(term)
            case bytes() | bytearray():
                return _written_bytes(bytes(term))
            case tuple():
                return f"({', '.join(map(self.written, term))})"
            case list():
                return f"[{', '.join(map(self.written, term))}]"
            case dict():
                pairs = sorted((self.written(key), self.written(value)) for key, value in term.items())
                return "{" + ", ".join(f"{key}: {value}" for key, value in pairs) + "}"
            case _:
                return self._written_of_ours(term)

    def _written_of_ours(self, term: Any) -> str:
        match term:
            case bl.Pid():
                return f"<{self.labels.get(term, 'pid')}>"
            case bl.Ref():
                return f"#{self.labels.get(term, 'ref')}"
            case bl.Alias(ref=ref):
                return self.written(ref)
            case bl.Down(ref, pid, reason):
                return self.written(("DOWN", ref, "process", pid, reason))
            case bl.Exit(pid, reason):
                return self.written(("EXIT", pid, reason))
            case bl.Reply(ref, value):
                return self.written((ref, value))
            case bl.SpawnReply(tag, ref, ok, pid_or_reason):
                return self.written((tag, ref, "ok" if ok else "error", pid_or_reason))
            case bl.NodeUp(node):
                return self.written(("nodeup", node))
            case bl.NodeDown(node, _):
                return self.written(("nodedown", node))
            case bl.ExceptionInfo(exception=error) if error is not None:
                word = self.word(error)
                return f"({self.written(('nocatch', word) if isinstance(error, Throw) else word)}, <stack>)"
            case _:
                raise TypeError(
                    f"expected a term that a trace can write, got {term!r}; send what stands for it instead"
                )


def _quoted(text: str) -> str:
    return '"' + text.replace("\n", "\\n") + '"'


def _written_bytes(data: bytes) -> str:
    printable = all(32 <= byte < 127 or byte == 10 for byte in data)
    return _quoted(data.decode()) if printable and len(data) < LONGEST_BYTES else f"<{len(data)} bytes>"


async def quiet() -> None:
    """Returns when all that is ready has run, processes as well as callbacks of the loop, with what it made ready."""
    loop = asyncio.get_running_loop()
    for _ in range(3):
        await settled()
        turned = loop.create_future()
        loop.call_soon(turned.set_result, None)
        await turned


async def ends(pid: bl.Pid) -> Any:
    """Waits for the end of a process, and returns its reason."""
    async with asyncio.timeout(PATIENCE):
        return (await bl.receive(ref=bl.monitor(pid))).reason


async def dies(pid: bl.Pid, act: Callable[[], Any]) -> Any:
    """The reason for which `pid` ends when `act` was done; the monitor is there before."""
    ref = bl.monitor(pid)
    act()
    return (await bl.receive(ref=ref, timeout=PATIENCE)).reason


async def reason_of(function: Callable[..., Any], *args: Any) -> Any:
    """The reason for which a process ends that runs `function`."""
    _, ref = bl.spawn_monitor(function, *args)
    return (await bl.receive(ref=ref, timeout=PATIENCE)).reason
