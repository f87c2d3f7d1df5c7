"""The way from the runtime to the processes behind the widgets that a cell's code made, on whatever node they are.

A viewer reaches the runtime alone, and so does a child that a pool booted: what is between the two goes by here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import beamlike as bl
from notebook_tui.widgets.cell_run import LATEST
from notebook_tui.widgets.changes import refs_in
from notebook_tui.widgets.messages import Answer, Ask, Event, GiveUp, Servers

ANSWER_SECONDS: Final = 30.0
UNTOLD: Final = 200
GONE: Final = "the widget's program has ended: run its cell again"


class WidgetServers:
    """Of one cell. To be used in one process of the runtime, which gets a Down when one of them ends."""

    def __init__(self) -> None:
        self._servers: dict[str, bl.Pid] = {}
        self._refs: dict[bl.Ref, str] = {}
        """Of the views, by the monitors of their servers."""
        self._untold: dict[str, None] = {}
        """The views of which the owner of the notebook knows nothing, the oldest first."""

    def add(self, servers: Servers) -> None:
        for ref, server in servers:
            if self._servers.get(ref) != server:
                self._servers[ref] = server
                self._refs[bl.monitor(server)] = ref
                self._untold[ref] = None

    def told(self, content: object) -> None:
        """The owner knows this, and says when it has shown it no more for long. What took each other's place in a frame
        before it was told of any is given up here, but for the newest."""
        if self._untold:
            for ref in refs_in(content):
                self._untold.pop(ref, None)
            for ref in list(self._untold)[:-UNTOLD]:
                del self._untold[ref]
                self.hand_on(GiveUp(ref))

    def ended(self, gone: bl.Ref) -> list[str]:
        """The views that nobody stands behind any more."""
        ref = self._refs.pop(gone, None)
        if ref is None or ref in self._refs.values():  # another has taken its place
            return []
        del self._servers[ref]
        self._untold.pop(ref, None)
        return [ref]

    def end_all(self) -> None:
        """Those on this node end with the run, as all its processes do; those on others do not."""
        for server in self._servers.values():
            bl.exit(server, "shutdown")

    def hand_on(self, message: Event | Ask | GiveUp) -> None:
        server = self._servers.get(message.ref)
        match message:
            case Ask():
                bl.spawn(_ask, server, message)
            case Event(ref, value) if server is not None:
                if ref in LATEST:  # here, so that a callback of what is done next sees it
                    LATEST[ref] = value if isinstance(value, str | int | float) else None
                bl.send(server, message)
            case GiveUp() if server is not None:
                bl.exit(server, "shutdown")


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
