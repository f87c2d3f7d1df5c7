"""Why a caller got no answer: each error names the server, the request and the reason."""

from __future__ import annotations

from typing import Any

from beamlike.kernel import deadlock, terms
from beamlike.kernel.errors import BeamlikeError
from beamlike.kernel.exceptions import reraisable
from beamlike.kernel.failed import Failed
from beamlike.kernel.server_names import Server
from beamlike.kernel.terms import Down, ExceptionInfo, Pid, Reason, Reply
from beamlike.kernel.unconnected import why_unconnected

CALLING_SELF = "calling_self"
CALLER_ENDED = "caller ended"
LONGEST = 80


class CallFailed(BeamlikeError):
    """There is no server, it ended before it answered, or its answer could not be sent: `reason` says why."""

    def __init__(self, server: Server, request: Any, reason: Reason, *, server_lives: bool = False) -> None:
        why = f"its answer failed: {reason}" if server_lives else _words(reason, server)
        super().__init__(f"{server} did not answer {shortened(request)}: {why}")
        self.why = why
        """The reason in words, for who need not know which server was asked what."""
        self.server = server
        self.request = request
        self.reason = reason
        self.server_lives = server_lives
        if isinstance(reason, ExceptionInfo):
            self.__cause__ = reraisable(reason)


class CallTimeout(BeamlikeError, TimeoutError):
    """The server did not answer in time. It may still do what was asked; its late reply vanishes.

    Where the server itself waited for the caller, `circle` holds who waits for whom: the caller, the server, and so on
    up to the caller again.
    """

    def __init__(self, server: Server, request: Any, timeout: float | None, circle: tuple[Pid, ...] = ()) -> None:
        why = f": {deadlock.in_words(circle)}" if circle else ""
        super().__init__(f"{server} did not answer {shortened(request)} within {timeout or 0} s{why}")
        self.circle = circle
        self.server = server
        self.request = request
        self.timeout = timeout


def value_of(answer: Reply | Down, server: Server, request: Any) -> Any:
    """The value of the answer to a request; CallFailed if it has none."""
    if isinstance(answer, Down):
        raise CallFailed(server, request, answer.reason)
    if isinstance(answer.value, Failed):
        raise CallFailed(server, request, answer.value.reason, server_lives=True)
    return answer.value


def shortened(request: Any) -> str:
    text = repr(request)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _words(reason: Reason, server: Server) -> str:
    if isinstance(reason, str):
        if reason == terms.NOPROC:
            return "no such process (noproc)"
        if reason == terms.NOCONNECTION:
            node = _node_of(server)
            why = why_unconnected(node) if node else "`await bl.connect(...)` to it says why"
            return f"{node or 'its node'} cannot be reached, or was lost (noconnection): {why}"
        if reason == CALLING_SELF:
            return (
                "a server that calls itself waits for itself (calling_self); use cast, call the method, or raise Stop"
            )
        if reason == CALLER_ENDED:
            return "the process that asks has ended, and nobody hears it any more"
        if reason.startswith(terms.UNDECODABLE):  # the request, or the answer; and the server lives
            return reason
    return f"it ended: {reason}"


def _node_of(server: Server) -> str | None:
    if isinstance(server, Pid):
        return server.node
    return server[1] if isinstance(server, tuple) else None
