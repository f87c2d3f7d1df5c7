"""Widgets: handles on views. A handle may be pickled, and works on every node."""

from __future__ import annotations

from collections.abc import AsyncIterator
from secrets import token_hex
from typing import Any, Generic, Self, TypeVar, cast

import beamlike as bl
from notebook_tui.widgets.changes import Change, changed
from notebook_tui.widgets.messages import Event, Heard, Servers, Subscribe, Unsubscribe
from notebook_tui.widgets.place import TERMINAL, place_here
from notebook_tui.widgets.view_text import content_text
from notebook_tui.widgets.views import View

V = TypeVar("V", bound=View)


def new_ref() -> str:
    return token_hex(8)


class Widget(Generic[V]):
    """The common part. As the last expression of a cell it is shown; `show` does so at once."""

    def __init__(self, view: V, server: bl.Pid | None = None, inner: Servers = ()) -> None:
        self._first = self._view = view
        self._is_shown = False
        self._servers: Servers = (*inner, *(((view.ref, server),) if server is not None else ()))
        self._place = place_here()

    @property
    def ref(self) -> str:
        return self._view.ref

    @property
    def view(self) -> V:
        """As it is, as far as it was changed from here before it was first shown; in a script at any time."""
        return self._view

    @property
    def servers(self) -> Servers:
        return self._servers

    def served_by(self, server: bl.Pid) -> None:
        """That process stands behind it, and ends when nobody sees it any more."""
        self._servers = (*self._servers, (self.ref, server))

    def show(self) -> Self:
        """Shows it here: in the output of the cell whose code this is, after what it has printed."""
        text = content_text(self._view)
        place_here().show(*self.within(), text)
        return self

    def within(self) -> tuple[V, Servers]:
        """For what shows it inside itself. A notebook gets it as it was made, and the changes by their own way."""
        self._is_shown = True
        return self._view if self._place is TERMINAL else self._first, self._servers

    def _change(self, change: Change, servers: Servers = ()) -> None:
        # What is shown, the notebook knows better: it hears of changes from other nodes, too.
        if self._place is TERMINAL or not self._is_shown:
            self._view = cast(V, changed(self._view, change))
        if self._place is not TERMINAL or self._is_shown:
            self._place.change(self._first, self._view, change, (*self._servers, *servers))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.ref}>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """For Jupyter and the like, which can show text of it."""
        return {"text/plain": content_text(self._view)}


class Listened(Widget[V]):
    """A widget with which a viewer does something: iterate over it to hear what.

        button = nb.button("Again").show()
        async for click in button:
            ...

    In a script without a notebook nobody can do anything with it: then the iteration ends at once.
    """

    def subscribe(self, listener: bl.Pid) -> None:
        """That process gets each Event from now on, in its mailbox; it iterates to take them."""
        server = dict(self._servers).get(self.ref)
        if server is not None:
            bl.send(server, Subscribe(listener))

    async def __aiter__(self) -> AsyncIterator[Event]:
        server = dict(self._servers).get(self.ref)
        if server is None:
            return
        gone = bl.monitor(server)
        bl.send(server, Subscribe(bl.self()))
        try:
            while True:
                message = await bl.receive(
                    lambda each: (
                        (isinstance(each, Event) and each.ref == self.ref)
                        or (isinstance(each, bl.Down) and each.ref == gone)
                    )
                )
                if isinstance(message, bl.Down):
                    return
                yield message
                bl.send(server, Heard(bl.self()))
        finally:
            bl.demonitor(gone, flush=True)
            bl.send(server, Unsubscribe(bl.self()))
