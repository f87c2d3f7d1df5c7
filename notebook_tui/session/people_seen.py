"""The people at a notebook as one viewer sees them, and where it says that it is itself (`presence`)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import copy_context

import beamlike as bl
from notebook_tui.document.operations import ApplyDelta
from notebook_tui.document.state import State
from notebook_tui.session.presence import PACE, Here, PeopleHere, Present, SawPeople, Whereabouts, moved


class PeopleSeen:
    """`cast` tells the session, unless that is out of reach, which `is_away` says."""

    def __init__(self, viewer: bl.Pid, cast: Callable[[Here | SawPeople], None], is_away: Callable[[], bool]) -> None:
        self._viewer = viewer
        self._cast = cast
        self._is_away = is_away
        self.people: tuple[Present, ...] = ()
        """All who look at the notebook, this viewer too, by their numbers."""
        self.you = 0
        """The number of this viewer among them."""
        self._on_people: list[Callable[[], None]] = []
        self._where: Whereabouts | None = None
        self._told_where: Whereabouts | None = None
        self._is_alone = False
        """The session said that nobody else is here; it tells of all who come."""
        self._rests = False
        """The session was told just now where this viewer is."""

    def on_people(self, listener: Callable[[], None]) -> None:
        """Is called when people have come, gone or moved."""
        context = copy_context()
        self._on_people.append(lambda: context.run(listener))

    def here(self, where: Whereabouts) -> None:
        """This viewer is there now. Told at once, and then ten times a second at most; while nobody else is here, when
        somebody comes."""
        if where != self._where:
            self._where = where
            if not self._rests and not self._is_alone:
                self._tell_where()

    def _tell_where(self) -> None:
        where = self._where
        is_news = where is not None and where != self._told_where and not self._is_alone
        self._rests = is_news and not self._is_away()
        if where is not None and self._rests:
            self._told_where = where
            self._cast(Here(where, self._viewer))
            asyncio.get_running_loop().call_later(PACE, self._tell_where)

    def told(self, news: PeopleHere) -> None:
        """By the session."""
        self.people, self.you = news.people, news.you
        self._is_alone = len(news.people) == 1
        self._cast(SawPeople(self._viewer))
        if not self._rests:
            self._tell_where()
        for on_people in self._on_people:
            on_people()

    def typed(self, operation: ApplyDelta, state: State) -> None:
        """Somebody did, and this is what came of it: the carets of the others are with the text where they were."""
        known = state.texts.get(operation.cell_id)
        if known is not None and known.deltas and len(self.people) > 1:
            self.people = moved(self.people, operation.cell_id, known.deltas[-1], operation.client_id)

    def rejoined(self) -> None:
        """The session is back, and knows nothing of this viewer."""
        self._told_where, self._is_alone = None, False
        if not self._rests:
            self._tell_where()
