"""What viewers on other nodes ask of a runtime, which is connected to the session's node alone: it goes by here.

viewer ── Complete, ListVariables, … ──► passage ──► runtime's server
       ── Ask(a table's page) ──► session ── the same, for an address here ──► widget's server
"""

from __future__ import annotations

from dataclasses import replace

import beamlike as bl
from beamlike.kernel.question import Call
from beamlike.kernel.terms import Alias
from notebook_tui.runtime.typing_questions import FORMAT_SECONDS
from notebook_tui.widgets.messages import Ask

LONGEST_SECONDS = max(60.0, FORMAT_SECONDS)
"""The viewer has given up long before."""


async def passage(server: bl.Pid) -> None:
    """Takes calls for the runtime's server, as if it were that, and ends with it."""
    end = bl.monitor(server)
    while True:
        match await bl.receive():
            case bl.Down(ref) if ref == end:
                return
            case Call(client, request):
                bl.spawn(_pass_on, server, client, request)


async def _pass_on(server: bl.Pid, client: Alias, request: object) -> None:
    try:
        answer = await bl.GenServer.call(server, request, timeout=LONGEST_SECONDS)
    except (bl.CallFailed, bl.CallTimeout):
        return  # it has ended, and so does the passage; or the viewer waits no longer
    bl.GenServer.reply(client, answer)


def is_far(asker: Alias) -> bool:
    """Whether what runs elsewhere cannot answer it, for that knows this node alone."""
    return asker.pid.node != bl.self().node


async def ask_for(session: bl.Pid, ask: Ask) -> None:
    """Asks for a viewer on another node, and hands it the answer."""
    here = bl.alias(once=True)
    bl.GenServer.cast(session, replace(ask, client=here))
    try:
        reply: bl.Reply = await bl.receive(ref=here.ref, timeout=LONGEST_SECONDS)
    except TimeoutError:
        return  # so does the viewer
    bl.send(ask.client, bl.Reply(ask.client.ref, reply.value))
