"""The way from the runtime to the processes behind the widgets that a cell's code made, on whatever node they are.

A viewer reaches the runtime alone, and so does a child that a pool booted: what is between the two goes by here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import beamlike as bl
from notebook_tui.widgets.messages import Answer, Ask, Event, Servers

ANSWER_SECONDS: Final = 30.0
GONE: Final = "the widget's program has ended: run its cell again"


class WidgetServers:
    """Of one cell. `hand_on` is to be called in a process of the runtime."""

    def __init__(self) -> None:
        self._servers: dict[str, bl.Pid] = {}

    def add(self, servers: Servers) -> None:
        self._servers.update(servers)

    def hand_on(self, message: Event | Ask) -> None:
        server = self._servers.get(message.ref)
        if isinstance(message, Ask):
            bl.spawn(_ask, server, message)
        elif server is not None:
            bl.send(server, message)


async def _ask(server: bl.Pid | None, ask: Ask) -> None:
    bl.send(ask.client, bl.Reply(ask.client.ref, await _answered(server, ask)))


async def _answered(server: bl.Pid | None, ask: Ask) -> Answer:
    if server is None:
        return Answer(None, GONE)
    gone, own = bl.monitor(server), bl.alias(once=True)
    bl.send(server, replace(ask, client=own))
    try:
        match await bl.receive(
            lambda message: getattr(message, "ref", None) in (gone, own.ref), timeout=ANSWER_SECONDS
        ):
            case bl.Reply(_, Answer() as answer):
                return answer
            case _:
                return Answer(None, GONE)
    except TimeoutError:
        return Answer(None, f"the widget has not answered within {ANSWER_SECONDS:g} s")
