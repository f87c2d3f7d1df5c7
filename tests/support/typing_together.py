"""Several who type in one notebook, with links that delay and break, without a process: the session is the reducer."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from notebook_tui.document import delta as deltas
from notebook_tui.document.apply import apply
from notebook_tui.document.delta import Delta
from notebook_tui.document.operations import ClientJoined, ClientLeft, Operation
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.state import State
from notebook_tui.session.typist import Typist


@dataclass
class Refused:
    operation: Operation


@dataclass
class Applied:
    operation: Operation


@dataclass
class Resync:
    state: State
    handled: int


@dataclass
class Link:
    """Of one client: what is on its way in both directions, and what the session knows of it."""

    id: str
    up: deque[Operation] = field(default_factory=deque)
    down: deque[Applied | Refused | Resync] = field(default_factory=deque)
    handled: int = 0
    is_behind: bool = False

    @property
    def sent(self) -> int:
        return self.handled + len(self.up)


class Session:
    def __init__(self, state: State) -> None:
        self.state = state
        self.links: list[Link] = []
        self.log: list[Operation] = []
        self._ids = 0

    def join(self) -> Link:
        self._ids += 1
        link = Link(f"client-{self._ids}")
        self.do(ClientJoined(link.id))
        self.links.append(link)
        return link

    def leave(self, link: Link) -> None:
        self.links.remove(link)
        self.do(ClientLeft(link.id))

    def do(self, operation: Operation) -> None:
        self.state, _ = apply(self.state, operation)
        self.log.append(operation)
        for link in self.links:
            if not link.is_behind:
                link.down.append(Applied(operation))

    def arrive(self, link: Link) -> None:
        """The next of what the client has sent."""
        operation = link.up.popleft()
        link.handled += 1
        try:
            self.do(operation)
        except Rejected:
            link.down.append(Refused(operation))

    def catch_up(self, link: Link) -> None:
        link.is_behind = False
        link.down.append(Resync(self.state, link.handled))


class Person:
    """With an editor on one cell, and a client that keeps a replica."""

    def __init__(self, session: Session, cell_id: str = "c") -> None:
        self._session = session
        self.cell_id = cell_id
        self.link = session.join()
        self.state = session.state
        self.typist = Typist(self.state, lambda operation: self.link.up.append(operation), lambda: self.link.sent)
        self.typist.go_on(self.link.id)
        self.editor = self.typist.open(cell_id)
        self._typed: Delta = ()

    def type(self, change: Delta) -> None:
        self.editor = deltas.apply(self.editor, change)
        self._typed = deltas.compose(self._typed, change)

    def exchange(self) -> None:
        """As a view does now and then, and before anything else is asked for."""
        typed, self._typed = self._typed, ()
        self.editor = deltas.apply(self.editor, self.typist.exchange(self.cell_id, typed, 0.0))

    def hear(self) -> None:
        match self.link.down.popleft():
            case Applied(operation):
                self.state, _ = apply(self.state, operation)
                self.typist.applied(operation, self.state)
            case Refused(operation):
                self.typist.refused(operation)
            case Resync(state, handled):
                self.state = state
                self.typist.resynced(state, handled)

    def lose_link(self, *, session_forgets: bool = False) -> None:
        """What is on its way in either direction is lost; then the session is joined anew."""
        old = self.link
        self._session.leave(old)
        self.link = self._session.join()
        self.state = self._session.state
        asked = self.typist.pause()
        self.typist.rejoined(self.state, None if session_forgets else old.handled)
        self.typist.go_on(self.link.id)
        self.handed_back = asked
