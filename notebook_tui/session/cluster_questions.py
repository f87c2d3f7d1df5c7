"""What viewers ask of the runtime's cluster by their session, whose node reaches the runtime's."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import beamlike as bl
from beamlike.kernel.question import Client
from beamlike.kernel.record import frozen

if TYPE_CHECKING:
    from notebook_tui.runtime.cluster_view import ToRunner
    from notebook_tui.session.runtime import Connection

SECONDS = 5.0


@frozen
class ClusterOf:
    """A call: the answer is a `Cluster`."""


@frozen
class TellRunner:
    """A call: drain, cordon or uncordon the runner of that pool on that node. The answer is None."""

    pool: str
    node: str
    what: ToRunner


@frozen
class DropNode:
    """A call: the runtime drops its connection to that node; the answer is whether there was one."""

    node: str


ClusterQuestion: TypeAlias = ClusterOf | TellRunner | DropNode


@frozen
class Failed:
    """An answer: why there is none, in words; `absent` if what was asked for is not there. Words travel to any node,
    which not every exception does."""

    why: str
    absent: bool = False

    def error(self) -> Exception:
        return LookupError(self.why) if self.absent else bl.BeamlikeError(self.why)


async def answer(client: Client, connection: Connection, question: ClusterQuestion) -> None:
    """Beside the session, which goes on meanwhile."""
    try:
        found = await _answer(connection.server.node, (bl.self().node, *connection.apart), question)
    except LookupError as error:
        found = Failed(str(error.args[0] if error.args else error), absent=True)
    except (bl.BeamlikeError, TimeoutError) as error:
        found = Failed(str(error))
    bl.GenServer.reply(client, found)


async def _answer(runtime: str, apart: tuple[str, ...], question: ClusterQuestion) -> object:
    from notebook_tui.runtime.cluster_view import DRAIN_SECONDS, look, tell_runner

    match question:
        case ClusterOf():
            return await bl.rpc.call(runtime, look, *apart, timeout=SECONDS)
        case TellRunner(pool, node, what):
            return await bl.rpc.call(runtime, tell_runner, pool, node, what, timeout=DRAIN_SECONDS)
        case DropNode(node):
            return await bl.rpc.call(runtime, bl.disconnect, node, timeout=SECONDS)
