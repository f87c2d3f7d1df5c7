"""Who looks at a session: each is told every operation, and one that does not keep up costs the session nothing.

A viewer says how far it has come. So much may be on its way to it; what is too much is left out, and once it has caught
up it gets the whole state instead.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import beamlike as bl
from notebook_tui.document.operations import Operation, OutputAdded, OutputChanged
from notebook_tui.document.outputs import output_size
from notebook_tui.document.state import State
from notebook_tui.session.messages import Applied, Behind, Resync
from notebook_tui.session.people import STRANGER, Person
from notebook_tui.widgets.changes import change_size

OPERATIONS = 1_024
CHARACTERS = 8_000_000
"""The most that may be on its way to a viewer."""
NODE_CHARACTERS = 24_000_000
"""The most that may be on its way to all viewers of another node: they share a link, and whoever fills one is held."""
SEEN_CHARACTERS = 256_000
"""After so much a viewer says how far it has come, if it has not before."""
REMEMBERED = 256
"""Clients that have left, and may come back over another link."""
_RECORD = 100


@dataclass
class _Viewer:
    pid: bl.Pid
    person: Person
    seen: int
    seen_size: int
    sent_size: int
    """What was told by the time of the last that was sent to it."""
    behind: bool = False
    client_id: str = ""
    """As which it types, if it does."""
    handled: int = 0
    """So many operations that it asked for."""


class Viewers:
    def __init__(self) -> None:
        self._viewers: dict[bl.Ref, _Viewer] = {}
        self._sizes: dict[int, int] = {}
        """How much was told by the time of each of the last operations."""
        self._told = 0
        self._gone: OrderedDict[str, int] = OrderedDict()
        """How many operations were handled of those who typed, and left."""

    def again(self, pid: bl.Pid) -> bl.Ref | None:
        """Where that viewer has joined before, as one that did not hear the answer in time, or lost the way: what is to
        be taken for its leaving, of which nothing will come."""
        ref = next((ref for ref, viewer in self._viewers.items() if viewer.pid == pid), None)
        if ref is not None:
            bl.demonitor(ref, flush=True)
        return ref

    def add(self, pid: bl.Pid, person: Person, applied: int) -> None:
        self._viewers[bl.monitor(pid)] = _Viewer(pid, person, applied, self._told, self._told)

    def __contains__(self, pid: bl.Pid) -> bool:
        return any(viewer.pid == pid for viewer in self._viewers.values())

    @property
    def people(self) -> tuple[Person, ...]:
        """Each as often as they look."""
        return tuple(viewer.person for viewer in self._viewers.values())

    def person(self, pid: bl.Pid) -> Person:
        """Who joined under that pid."""
        return next((viewer.person for viewer in self._viewers.values() if viewer.pid == pid), STRANGER)

    def client_id(self, pid: bl.Pid) -> str:
        """As which that viewer types; empty if it does not."""
        return next((viewer.client_id for viewer in self._viewers.values() if viewer.pid == pid), "")

    def types(self, pid: bl.Pid, client_id: str) -> None:
        """That viewer does so from now on."""
        for viewer in self._viewers.values():
            if viewer.pid == pid:
                viewer.client_id = client_id

    def handles(self, pid: bl.Pid) -> None:
        """An operation that it asked for is applied now, or refused."""
        for viewer in self._viewers.values():
            if viewer.pid == pid:
                viewer.handled += 1

    def handled(self, client_id: str) -> int | None:
        """How many of those of that client were; None if it is not known, or known no more."""
        if not client_id:
            return None
        there = (viewer.handled for viewer in self._viewers.values() if viewer.client_id == client_id)
        return next(there, self._gone.get(client_id))

    def left(self, ref: bl.Ref) -> tuple[bl.Pid, str] | None:
        """The viewer that it was, if it was one, and the client as which it typed."""
        viewer = self._viewers.pop(ref, None)
        if viewer is None:
            return None
        if viewer.client_id:
            self._gone[viewer.client_id] = viewer.handled
            while len(self._gone) > REMEMBERED:
                self._gone.popitem(last=False)
        return viewer.pid, viewer.client_id

    def applied(self, operation: Operation, number: int) -> None:
        self._told += size_of(operation)
        self._sizes[number] = self._told
        self._sizes.pop(number - 2 * OPERATIONS, None)
        for viewer in self._viewers.values():
            if not viewer.behind:
                bl.send(viewer.pid, Applied(operation, number))
                viewer.sent_size = self._told
                viewer.behind = (
                    number - viewer.seen > OPERATIONS
                    or self._told - viewer.seen_size > CHARACTERS
                    or self._is_full(viewer.pid.node)
                )
                if viewer.behind:
                    bl.send(viewer.pid, Behind())

    def _is_full(self, node: str) -> bool:
        if node == bl.self().node:
            return False
        there = (viewer for viewer in self._viewers.values() if viewer.pid.node == node)
        return sum(viewer.sent_size - viewer.seen_size for viewer in there) > NODE_CHARACTERS

    def tell(self, message: object) -> None:
        for viewer in self._viewers.values():
            bl.send(viewer.pid, message)

    def saw(self, pid: bl.Pid, number: int, state: Callable[[], State], applied: int) -> None:
        """The viewer has come so far; what it missed is made up for, once what was sent to it is done with."""
        for viewer in self._viewers.values():
            if viewer.pid == pid:
                viewer.seen, viewer.seen_size = number, self._sizes.get(number, viewer.seen_size)
                if viewer.behind:
                    viewer.behind = False
                    viewer.seen, viewer.seen_size, viewer.sent_size = applied, self._told, self._told
                    bl.send(pid, Resync(state(), applied, viewer.handled))


def size_of(operation: Operation) -> int:
    """About how many characters it is on its way."""
    match operation:
        case OutputAdded(_, output):
            return max(_RECORD, output_size(output))
        case OutputChanged(_, _, change):
            return change_size(change)
        case _:
            return _RECORD
