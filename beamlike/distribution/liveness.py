"""How it is with another node, asked of its heartbeat, which answers while its event loop is kept busy.

    bl.node_state(node)               what this node knows by itself: "up", "stalled", "unresponsive" or "down"
    await bl.who_is_blocking(node)    which process keeps the other node's loop from turning, where, and for how long
    await bl.interrupt(node)          ends what does

A node whose event loop is stalled is not down: its heartbeat has a thread and a connection of its own. C code that
holds the interpreter lock silences that thread as well; then the node is "unresponsive", and down only when nothing has
been heard of it for four times the tick time. A node that was killed is down at once, by its closed connection.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

from beamlike.distribution.heartbeat.heartbeat import Heartbeat, NodeState
from beamlike.distribution.heartbeat.lane import LaneQuestion
from beamlike.kernel import current
from beamlike.kernel.node import LocalNode
from beamlike.kernel.threads.stall import Stall

ANSWER_SECONDS = 5.0

heartbeats: WeakKeyDictionary[LocalNode, Heartbeat] = WeakKeyDictionary()
"""Of the nodes of this interpreter that have distribution."""


def node_state(node: str) -> NodeState:
    """What the current node knows of `node`, as of its last heartbeat, which comes each quarter of the tick time.

    "up", or "stalled" where its event loop does not turn, or "unresponsive" where nothing was heard of it for the tick
    time, or "down" where it is not connected.

    >>> import asyncio, beamlike as bl
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         return bl.node_state("doc@127.0.0.1"), bl.node_state("other@127.0.0.1")
    >>> asyncio.run(main())
    ('up', 'down')
    """
    return _heartbeat().state(node)


async def who_is_blocking(node: str, timeout: float = ANSWER_SECONDS) -> Stall | None:
    """The stall of an event loop of `node`: process, task, line and stack, and for how long. None if its loops turn.

    A stall is one after some tenths of a second (`stall_threshold` of `bl.Node`). TimeoutError if the node does not
    answer, as in C code that holds the interpreter lock; NotConnected if it is not connected.

    >>> import asyncio, beamlike as bl
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1") as node:
    ...         return await bl.who_is_blocking(node.name)
    >>> asyncio.run(main())
    """
    return await _heartbeat().ask(node, LaneQuestion.WHO_IS_BLOCKING, timeout)


async def interrupt(node: str, timeout: float = ANSWER_SECONDS) -> Stall | None:
    """Ends what keeps an event loop of `node` from turning, and returns what that was; None if there was nothing, or
    nothing that could be ended, such as code within asyncio.

    The process, or task, that ran there ends with `beamlike.kernel.threads.interruptible.Interrupted`, at its next
    line of Python: code that waits in C ends after that. A child is woken where it sleeps in C, as `time.sleep` does. A
    standalone runtime with a handler for SIGINT gets that signal instead. Errors as of `who_is_blocking`.
    """
    return await _heartbeat().ask(node, LaneQuestion.INTERRUPT, timeout)


def _heartbeat() -> Heartbeat:
    node = current.current_node()
    heartbeat = heartbeats.get(node)
    if heartbeat is None:
        raise TypeError(f"expected a node with distribution, {node.name} has none: start it with bl.Node")
    return heartbeat
