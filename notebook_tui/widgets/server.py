"""The process behind a widget with which something can be done: it takes what viewers do and ask.

It runs beside user code, on the distribution's loop, so it answers while a cell is busy; and it belongs to the run of
the cell that made it, by its group leader, so it ends before that cell runs again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import beamlike as bl
from beamlike.kernel.current import current_node
from beamlike.kernel.errors import AmbiguousNode, NoNode
from notebook_tui.widgets.messages import Answer, Ask, Event, Heard, Page, Subscribe, Unsubscribe

logger = logging.getLogger("notebook_tui.widgets")

BEHIND: Final = 1_000
"""Events that a listener may be behind; what comes meanwhile it does not hear of."""


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


@dataclass(slots=True)
class _Listener:
    gone: bl.Ref
    behind: int = 0
    was_told_of: bool = False

    def heard(self) -> None:
        self.behind -= 1
        self.was_told_of = self.was_told_of and self.behind > 0


async def _serve(make: Callable[[], Behaviour]) -> None:
    behaviour = make()
    listeners: dict[bl.Pid, _Listener] = {}
    while True:
        message = await bl.receive()
        try:
            match message:
                case Event():
                    for pid, listener in listeners.items():
                        _tell(pid, listener, message)
                    await behaviour.on_event(message)
                case Ask(_, page, client):
                    bl.send(client, bl.Reply(client.ref, await behaviour.page(page)))
                case Subscribe(pid):
                    if pid not in listeners:
                        listeners[pid] = _Listener(bl.monitor(pid))
                case Heard(pid):
                    if pid in listeners:
                        listeners[pid].heard()
                case Unsubscribe(pid):
                    if pid in listeners:
                        bl.demonitor(listeners.pop(pid).gone, flush=True)
                case bl.Down(ref):
                    for pid in [pid for pid, each in listeners.items() if each.gone == ref]:
                        del listeners[pid]
                case _:
                    await behaviour.on_message(message)
        except Exception:
            # Of the user's data, mostly: the widget stands, and the next question may do.
            logger.exception("a widget failed at %r", type(message).__name__)
            if isinstance(message, Ask):
                bl.send(message.client, bl.Reply(message.client.ref, Answer(None, "its data could not be read")))


def _tell(pid: bl.Pid, listener: _Listener, event: Event) -> None:
    if listener.behind < BEHIND:
        listener.behind += 1
        bl.send(pid, event)
    elif not listener.was_told_of:
        listener.was_told_of = True
        logger.warning("%s is %s events behind, and does not hear of more until it is not", pid, f"{BEHIND:,}")
