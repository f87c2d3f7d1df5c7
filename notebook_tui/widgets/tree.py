"""A tree of a nested value, whose branches are made when somebody opens them."""

from __future__ import annotations

from functools import partial
from typing import Any

from notebook_tui.widgets import views
from notebook_tui.widgets.changes import Became
from notebook_tui.widgets.messages import Event, Toggle
from notebook_tui.widgets.place import Place
from notebook_tui.widgets.server import Behaviour, start_server
from notebook_tui.widgets.tree_branches import branches
from notebook_tui.widgets.widget import Widget, new_ref


class Tree(Widget[views.Tree]):
    """Of mappings, lists, sets, dataclasses and plain objects. It is open one level deep at first.

    >>> from notebook_tui.widgets.tree import Tree
    >>> tree = Tree({"model": {"layers": 2}, "seed": 1}).show()
    ▾ dict of 2
      ▸ 'model': dict of 1
      · 'seed': 1
    """

    def __init__(self, value: Any) -> None:
        opened = frozenset({"$"})
        view = views.Tree(new_ref(), branches(value, opened))
        super().__init__(view)
        server = start_server(partial(_Opening, view, value, opened, self._place))
        if server is not None:
            self.served_by(server)


class _Opening(Behaviour):
    def __init__(self, view: views.Tree, value: Any, opened: frozenset[str], place: Place) -> None:
        self._first = view
        self._value = value
        self._opened = opened
        self._place = place

    async def on_event(self, event: Event) -> None:
        if isinstance(event.value, Toggle):
            self._opened ^= {event.value.path}
            view = views.Tree(self._first.ref, branches(self._value, self._opened))
            self._place.change(self._first, view, Became(view), ())
