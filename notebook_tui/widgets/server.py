"""The process behind a widget with which something can be done: it takes what viewers do and ask.

It runs beside user code, on the distribution's loop, so it answers while a cell is busy; and it belongs to the run of
the cell that made it, by its group leader, so it ends before that cell runs again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

import beamlike as bl
from beamlike.kernel.current import current_node
from beamlike.kernel.errors import AmbiguousNode, NoNode
from notebook_tui.widgets.messages import Answer, Ask, Event, Page, Subscribe, Unsubscribe

logger = logging.getLogger("notebook_tui.widgets")

MAILBOX: Final = 1_000
"""Events that one listener may be behind; later ones are not handed to it until it has caught up."""


class Behaviour:
    """What a widget does with what its viewers do; by default it hands it on to those who listen."""

    async def on_event(self, event: Event) -> None:
        return

    async def page(self, page: Page) -> Answer:
        return Answer(None, "this widget has no rows")

    async def on_message(self, message: object) -> None:
        """Something of the widget's own."""
        logger.debug("a widget does not know %r", message)


def start_server(make: Callable[[], Behaviour]) -> bl.Pid | None:
    """Starts it on this node; None where no node runs, for then nobody can reach it."""
    try:
        node = current_node()
    except (NoNode, AmbiguousNode):
        return None
    return node.spawn_beside(_serve, make) if isinstance(node, bl.Node) else None


async def _serve(make: Callable[[], Behaviour]) -> None:
    behaviour = make()
    listeners: dict[bl.Ref, bl.Pid] = {}
    while True:
        message = await bl.receive()
        try:
            match message:
                case Event():
                    for listener in listeners.values():
                        bl.send(listener, message)
                    await behaviour.on_event(message)
                case Ask(_, page, client):
                    bl.send(client, bl.Reply(client.ref, await behaviour.page(page)))
                case Subscribe(listener):
                    listeners[bl.monitor(listener)] = listener
                case Unsubscribe(listener):
                    for ref in [ref for ref, pid in listeners.items() if pid == listener]:
                        del listeners[ref]
                        bl.demonitor(ref, flush=True)
                case bl.Down(ref):
                    listeners.pop(ref, None)
                case _:
                    await behaviour.on_message(message)
        except Exception:
            # Of the user's data, mostly: the widget stands, and the next question may do.
            logger.exception("a widget failed at %r", type(message).__name__)
            if isinstance(message, Ask):
                bl.send(message.client, bl.Reply(message.client.ref, Answer(None, "its data could not be read")))
