"""Where widgets are shown: in the notebook whose cell made them, or on the terminal of a script.

The group leader says which, as for what code prints. It is inherited by tasks, threads, processes and calls on other
nodes: so a function that a cell has run on a child shows its plot in the cell.
"""

from __future__ import annotations

import sys
from threading import Lock
from typing import Protocol
from weakref import WeakValueDictionary

import beamlike as bl
from beamlike.kernel import group_leader
from beamlike.kernel.current import node_towards
from beamlike.kernel.errors import AmbiguousNode, NoNode
from beamlike.kernel.record import frozen
from notebook_tui.widgets.changes import (
    Appended,
    Became,
    CardsHung,
    Change,
    PointsAppended,
    Rendered,
    TextAppended,
)
from notebook_tui.widgets.messages import Changed, InputRead, Servers, Shown
from notebook_tui.widgets.pending_changes import Changes
from notebook_tui.widgets.view_text import content_text, progress_text
from notebook_tui.widgets.views import Content, Progress, TextStream, View


class Place(Protocol):
    def show(self, content: Content, servers: Servers, text: str) -> None:
        """Shows the content, or where only text can be shown, the text."""
        ...

    def change(self, first: View, now: View, change: Change, servers: Servers) -> None:
        """The view, which was `first` when it was made, has changed, and is `now` as far as is known here."""
        ...

    def read(self, ref: str) -> None:
        """The cell's run has read that input."""
        ...


_lock = Lock()
_waiting: WeakValueDictionary[bl.Pid, Changes] = WeakValueDictionary()
"""What was sent last to each leader, and may not have arrived: it takes more until it has."""


def place_here() -> Place:
    """Where the code that asks shows its widgets."""
    leader = group_leader.leader()
    return TERMINAL if leader is None else Led(leader)


@frozen
class Led:
    """At the place of that group leader."""

    leader: bl.Pid

    def show(self, content: Content, servers: Servers, text: str) -> None:
        self._send(Shown("stdout", f"{text}\n", content=content, servers=servers))

    def change(self, first: View, now: View, change: Change, servers: Servers) -> None:
        changed = Changed(first.ref, change, first, servers)
        with _lock:
            waiting = _waiting.get(self.leader)
            if waiting is None or not waiting.add(changed):
                waiting = _waiting[self.leader] = Changes()
                waiting.add(changed)
                self._send(waiting)

    def read(self, ref: str) -> None:
        self._send(InputRead(ref))

    def _send(self, message: object) -> None:
        try:
            node = node_towards(self.leader)
        except (NoNode, AmbiguousNode):
            return  # the node has stopped under code that still runs: there is nobody left to show it
        group_leader.outbox.put_message(node, self.leader, message)


@frozen
class Terminal:
    """Of a plain script: views are printed, and of their changes what a terminal can show.

    A progress bar stands on stderr, in one line; where that is no terminal, only its end is written.
    """

    def show(self, content: Content, servers: Servers, text: str) -> None:
        match content:
            case Progress():
                _write_progress(content)
            case TextStream(text=so_far):
                _write(so_far)  # it goes on behind that
            case _:
                print(text)

    def change(self, first: View, now: View, change: Change, servers: Servers) -> None:
        match change:
            case Became(Progress() as progress):
                _write_progress(progress)
            case Rendered(contents) | Appended(contents):
                for content in contents:
                    print(content_text(content))
            case TextAppended(text):
                _write(text)
            case CardsHung(cards):
                for card in cards:
                    print(f"▦ {card.caption}")
            case Became() | PointsAppended():
                pass  # of a table or a plot: it is shown again by whoever wants to see it

    def read(self, ref: str) -> None:
        return


TERMINAL = Terminal()


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _write_progress(progress: Progress) -> None:
    over = progress.state != "going"
    if sys.stderr is None or not (over or sys.stderr.isatty()):
        return
    start = "\r\x1b[K" if sys.stderr.isatty() else ""
    sys.stderr.write(f"{start}{progress_text(progress)}{chr(10) if over else ''}")
    sys.stderr.flush()
