"""The leader of those who have none: what others run for this node is printed here, as by the BEAM's `user`."""

from __future__ import annotations

import contextlib
import sys
from contextvars import Context
from typing import TYPE_CHECKING, TextIO

from beamlike.kernel import group_leader
from beamlike.kernel.group_leader import Output
from beamlike.kernel.receive import receive

if TYPE_CHECKING:
    from beamlike.kernel.node import LocalNode
    from beamlike.kernel.terms import Pid


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
    while True:
        match await receive():
            case Output(stream, text):
                out = sys.stderr if stream == "stderr" else sys.stdout
                if out is not None:  # as in a daemon, where `print` says nothing either
                    with contextlib.suppress(OSError, ValueError):  # whoever read it has gone, or it is closed
                        _write(out, text)
            case _:
                pass  # nobody is told who it is, but by being led


def _write(out: TextIO, text: str) -> None:
    try:
        out.write(text)
    except UnicodeEncodeError as error:
        out.write(text.encode(error.encoding, "backslashreplace").decode(error.encoding))
    out.flush()
