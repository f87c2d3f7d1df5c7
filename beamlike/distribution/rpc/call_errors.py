"""Why a call has no outcome of its function: erpc's {signal, R}, {erpc, timeout} and {erpc, noconnection}."""

from __future__ import annotations

from beamlike.kernel import functions as kernel
from beamlike.kernel.errors import BeamlikeError, NotConnected
from beamlike.kernel.exceptions import reraisable
from beamlike.kernel.terms import NOCONNECTION, ExceptionInfo, Reason, is_word
from beamlike.kernel.unconnected import why_unconnected


class CallEnded(BeamlikeError):
    """The process that ran the call was ended before it had an outcome: by an exit signal, by `sys.exit`, or since its
    value could not be made an object here. `reason` says which; an exception, as KeyboardInterrupt, is the cause."""

    def __init__(self, function: str, node: str, reason: Reason) -> None:
        super().__init__(f"{function} on {node} ended without a result: {reason}")
        self.function = function
        self.node = node
        self.reason = reason
        if isinstance(reason, ExceptionInfo):
            self.__cause__ = reraisable(reason)


class CallTimedOut(BeamlikeError, TimeoutError):
    """There was no result in time. Unless the request is kept, the work on the node is ended."""

    def __init__(self, function: str, node: str, seconds: float | None) -> None:
        unconnected = "" if _is_connected(node) else f"; {node} is not connected, `await bl.connect({node!r})` says why"
        super().__init__(f"{function} on {node} gave no result within {seconds or 0} s{unconnected}")
        self.function = function
        self.node = node


class NodeLost(NotConnected):
    """The node cannot be reached, or the connection to it was lost: the function may or may not have run."""

    def __init__(self, function: str, node: str) -> None:
        super().__init__(
            f"{node} cannot be reached or was lost during {function}, which may or may not have run there: "
            f"{why_unconnected(node)}"
        )
        self.function = function
        self.node = node


class ResultTooLarge(BeamlikeError):
    """The result is larger than the caller will take. It stayed where it was made."""

    def __init__(self, function: str, node: str, limit: int, size: int) -> None:
        super().__init__(
            f"expected a result of at most {limit} bytes from {function} on {node}, got one of {size}: "
            "have it return a part, stream it, or keep it there in a process and return its pid"
        )
        self.function = function
        self.node = node
        self.limit = limit
        self.size = size

    def __reduce__(self) -> tuple[type[ResultTooLarge], tuple[str, str, int, int]]:
        return ResultTooLarge, (self.function, self.node, self.limit, self.size)


def of_end(function: str, node: str, reason: Reason) -> CallEnded | NodeLost:
    """The error of a call whose process ended for `reason`."""
    return NodeLost(function, node) if is_word(reason, NOCONNECTION) else CallEnded(function, node, reason)


def _is_connected(node: str) -> bool:
    return node == kernel.self().node or node in kernel.nodes(hidden=True)
