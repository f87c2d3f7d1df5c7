"""Who is at a notebook: viewers type and go, those who want it are told where each is, and who ran what is noted."""

from __future__ import annotations

import time
from dataclasses import replace
from secrets import token_hex
from typing import Protocol

import beamlike as bl
from notebook_tui.document import operations
from notebook_tui.document.operations import Operation
from notebook_tui.document.state import State
from notebook_tui.session.askers import AskedFor
from notebook_tui.session.messages import Types
from notebook_tui.session.people import Person
from notebook_tui.session.presence import PACE, PeopleDue, Presences, Whereabouts
from notebook_tui.session.run_log import Ran, RunLog
from notebook_tui.session.viewers import Viewers


class Host(Protocol):
    """The session."""

    @property
    def state(self) -> State: ...

    def do(self, operation: Operation) -> bool: ...


class Attendance:
    """One per session, of its viewers."""

    def __init__(self, host: Host, viewers: Viewers, log: RunLog) -> None:
        self._host = host
        self._viewers = viewers
        self._log = log
        self._presences = Presences()
        self._rests = False
        """All have been told who is where, just now."""

    @property
    def runs(self) -> tuple[Ran, ...]:
        """Who ran what lately, the newest last."""
        return tuple(self._log.newest)

    def joined(self, viewer: bl.Pid, person: Person) -> None:
        self._presences.joined(viewer, person)
        self._changed()

    def types(self, viewer: bl.Pid) -> None:
        """That viewer does from now on, as a client of its own."""
        if not self._viewers.client_id(viewer):
            client_id = token_hex(8)
            self._viewers.types(viewer, client_id)
            self._presences.types(viewer, client_id)
            bl.send(viewer, Types(client_id))
            self._host.do(operations.ClientJoined(client_id))

    def is_at(self, viewer: bl.Pid, where: Whereabouts) -> None:
        self._presences.is_at(viewer, where)
        self._changed()

    def saw(self, viewer: bl.Pid) -> None:
        """It may be told again."""
        self._presences.saw(viewer)
        self._changed()

    def left(self, viewer: bl.Pid, client_id: str) -> None:
        """It typed as that client, if it did."""
        self._presences.left(viewer)
        self._changed()
        if client_id:
            self._host.do(operations.ClientLeft(client_id))

    def recovered(self, asked: tuple[AskedFor, ...], cut_off: State | None, state: State) -> None:
        """What is known of an earlier program's end; `cut_off`: the state before its runtime ended with it."""
        self._log.recovered(asked)
        if cut_off is not None:
            self._log.cut_off(cut_off, state, time.time())

    @property
    def asked(self) -> tuple[AskedFor, ...]:
        """Who asked for the cells that wait or run."""
        return self._log.going(self._host.state)

    def ends(self) -> None:
        """The session does, and its runtime with it."""
        state = self._host.state
        self._log.cut_off(state, replace(state, running={}, queue=()), time.time())

    def applied(self, operation: Operation, viewer: bl.Pid | None, before: State) -> AskedFor | None:
        """The session has applied it, for that viewer if one asked for it. Returns what they asked for, if cells wait
        because of it."""
        state, asked = self._host.state, None
        match operation:
            case operations.QueueCells():
                self._log.cut_off(before, state, time.time())  # for the setup cell there is a fresh runtime
                person = None if viewer is None else self._viewers.person(viewer)
                asked = self._log.asked(viewer, person, before, state)
            case operations.EvaluationFinished(cell_id, at, ending):
                self._log.finished(cell_id, state, at, ending)
            case _ if before.running is not state.running and self._log.cut_off(before, state, time.time()):
                pass
            case _:
                return None
        self._changed()
        return asked

    def rested(self) -> None:
        """People are due."""
        self._rests = False
        self._changed()

    def _changed(self) -> None:
        """Tells now, if nobody was told just before; else as soon as that is long enough ago."""
        if self._rests:
            return
        due = self._presences.due(self._log.runners(self._host.state))
        for viewer, people in due.items():
            bl.send(viewer, people)
        if due:
            self._rests = True
            bl.send_after(bl.self(), PeopleDue(), PACE)
