"""What one viewer asks the session to do, on its way there.

It goes at once; from when somebody types here on, in its turn (`typist`). While the session is out of reach it is done
to the notebook here, and what was made of that goes to the session when it is back (`rejoining`). A view that has
failed hears nothing any more, so nothing can be fitted to what others do: its texts go whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import beamlike as bl
from notebook_tui.document.delta import Delta
from notebook_tui.document.operations import ClientJoined, Operation, SetCellSource
from notebook_tui.document.state import State
from notebook_tui.session.messages import Joined, Perform, Type
from notebook_tui.session.people import Person
from notebook_tui.session.rejoining import LOST, Carried, Offline, Sent
from notebook_tui.session.typist import Typist


class Outbox:
    """`cast` tells the session. `wrote` is told what the notebook here is while the session is out of reach, with words
    for the user, if there are any."""

    def __init__(
        self,
        person: Person,
        viewer: bl.Pid,
        cast: Callable[[Perform | Type], None],
        state: Callable[[], State],
        wrote: Callable[[State, str], None],
    ) -> None:
        self._person = person
        self._viewer = viewer
        self._cast = cast
        self._state = state
        self._wrote = wrote
        self.client_id = ""
        """As which this viewer types."""
        self._count = 0
        """So many operations were sent since the session was joined, which counts them as it handles them."""
        self._sent = Sent()
        self._typist: Typist | None = None
        """Of whoever may write, once they are about to."""
        self._offline: Offline | None = None
        """While the session is out of reach."""
        self._is_blind = False
        """The view has failed."""
        self.all_sent = asyncio.Event()
        """Set as long as nothing waits for its turn."""
        self.all_sent.set()

    @property
    def is_away(self) -> bool:
        """Whether the session is out of reach."""
        return self._offline is not None

    @property
    def _takes_turns(self) -> bool:
        """Whether what is asked for goes to the session as somebody types it."""
        return self._typist is not None and self._offline is None and not self._is_blind

    def send(self, operation: Operation) -> None:
        """Ask for it. While the session is out of reach, do it to the text here."""
        if self._offline is not None:
            words = self._offline.write(operation)
            if self._typist is not None:
                self._typist.written(self._offline.state)
            self._wrote(self._offline.state, words)
        elif self._takes_turns:
            self._typing.ask(operation)
            self._note_sent()
        else:
            self._emit(operation)

    def _emit(self, operation: Operation) -> None:
        self._sent.add(operation)
        self._count += 1
        self._cast(Perform(operation, self._viewer))

    def _note_sent(self) -> None:
        if self._takes_turns and self._typing.waits:
            self.all_sent.clear()
        else:
            self.all_sent.set()

    # Typing: what this viewer types and what others do to the same text become one.

    def type_here(self) -> None:
        """From now on texts can be opened, and whole texts are sent as the changes that make them."""
        if self._typist is None and self._person.may("edit"):
            self._typist = Typist(self._state(), self._emit, lambda: self._count)
            self._cast(Type(self._viewer))

    @property
    def _typing(self) -> Typist:
        assert self._typist is not None, "nobody types here: `type_here` comes first, and takes the role edit"
        return self._typist

    def open_text(self, cell_id: str) -> str:
        """The text of that cell for an editor that exchanges changes from now on, with all that was typed here."""
        return self._typing.open(cell_id)

    def has_news(self, cell_id: str) -> bool:
        """Whether others have changed an open text since the last exchange."""
        return self._typist is not None and self._typist.has_news(cell_id)

    def exchange(self, cell_id: str, typed: Delta, at: float) -> Delta:
        """Send what was typed in an open text since the last exchange; what is to be changed in the editor."""
        news = self._typing.exchange(cell_id, typed, at)
        source = self._typing.source(cell_id)
        if typed and source is not None and not self._takes_turns:
            self.send(SetCellSource(cell_id, source, at))
        self._note_sent()
        return news

    def close_text(self, cell_id: str) -> None:
        self._typing.close(cell_id)

    # What the session does.

    def applied(self, operation: Operation, state: State) -> None:
        """It has applied that, and this is its state now."""
        self._sent.applied(operation)
        if self._typist is not None:
            self._typist.applied(operation, state)
            if operation == ClientJoined(self.client_id):
                self._typist.go_on(self.client_id)
            self._note_sent()

    def resynced(self, state: State, handled: int) -> None:
        """Its state after operations that were not told, when it had handled so many of what was sent from here."""
        if self._typist is not None:
            self._typist.resynced(state, handled)
            if self.client_id in state.clients:
                self._typist.go_on(self.client_id)
            self._note_sent()

    def refused(self, operation: Operation) -> None:
        """It does not do that."""
        if self._typist is not None:
            self._typist.refused(operation)
            self._note_sent()

    # Whether there is a way to the session, and back.

    def lost(self) -> None:
        """The session is out of reach. What was on its way is done here, until it is known what came of it."""
        texts, asked = self._texts(), self._sent.take()
        paused = self._typist.pause() if self._typist is not None else ()
        self._offline = Offline(self._state(), (*texts, *asked, *paused))
        if self._typist is not None:
            self._typist.written(self._offline.state)
        self._note_sent()
        self._wrote(self._offline.state, LOST)

    def rejoined(self, joined: Joined) -> Carried:
        """The session is back, and is to be sent what is carried over."""
        assert self._offline is not None
        offline, self._offline = self._offline, None
        # Of these texts it is known, to the character, what the session has of them and what not.
        typed = self._typist.unsettled if self._typist is not None else {}
        carried = offline.carried_over(joined.state.notebook, but=typed.keys())
        self._count = 0
        if self._typist is not None:
            self._typist.rejoined(joined.state, joined.handled)
            self._cast(Type(self._viewer))
        return carried

    def go_blind(self) -> None:
        """The view has failed."""
        self._is_blind = True
        if self._typist is not None:
            for operation in (*self._texts(), *self._typist.pause()):
                self._emit(operation)
        self._note_sent()

    def _texts(self) -> tuple[Operation, ...]:
        """Those that the session may not have as they are here."""
        if self._typist is None:
            return ()
        return tuple(SetCellSource(cell_id, source) for cell_id, source in self._typist.unsettled.items())
