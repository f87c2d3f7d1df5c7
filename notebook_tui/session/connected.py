"""The runtime that a session is connected to, also while it cannot be reached and is looked for."""

from __future__ import annotations

import beamlike as bl
from beamlike.kernel.question import Client
from notebook_tui.session.far_viewers import is_far, passage
from notebook_tui.session.incoming import Incoming
from notebook_tui.session.reattach import reattach
from notebook_tui.session.runtime import Connection


class Connected:
    """Until `close`; of the process that makes it."""

    def __init__(self, connection: Connection, incoming: Incoming) -> None:
        self.connection = connection
        self.incoming = incoming
        self._monitor: bl.Ref | None = None
        self._passage: bl.Pid | None = None
        """For viewers on other nodes."""
        self._search: bl.Pid | None = None
        self._unsent: list[object] = []
        """What it is told once it is found."""

    def watch(self) -> None:
        """It is in reach."""
        self._monitor = bl.monitor(self.connection.server)

    def is_down(self, ref: bl.Ref) -> bool:
        """Whether that is the monitor of it, which has done its work."""
        if ref != self._monitor:
            return False
        self._monitor = None
        return True

    def look_for(self) -> None:
        """It cannot be reached; `Reattached` or `Lost` will say what has come of it."""
        self._search = bl.spawn(reattach, bl.self(), self.connection, self.incoming.seen)

    def found(self) -> None:
        self._search = None
        self.watch()
        unsent, self._unsent = self._unsent, []
        for message in unsent:
            self.tell(message)

    def tell(self, message: object) -> None:
        """As soon as it is found, if it is looked for."""
        if self._search is not None:
            self._unsent.append(message)
        else:
            bl.send(self.connection.server, message)

    def server_for(self, client: Client) -> bl.Pid:
        """What takes a viewer's questions to it."""
        if not is_far(client):
            return self.connection.server
        if self._passage is None or not bl.is_alive(self._passage):
            self._passage = bl.spawn(passage, self.connection.server)
        return self._passage

    def close(self) -> None:
        """The session has nothing to do with it any more."""
        if self._search is not None:
            bl.exit(self._search, "shutdown")
        if self._monitor is not None:
            bl.demonitor(self._monitor, flush=True)
