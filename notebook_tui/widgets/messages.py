"""What widgets, the notebook that shows them, and its viewers say to each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import beamlike as bl
from beamlike.kernel.group_leader import Output
from beamlike.kernel.record import frozen
from notebook_tui.widgets.changes import Change
from notebook_tui.widgets.views import Content, Scalar, Sort, View

Servers: TypeAlias = tuple[tuple[str, bl.Pid], ...]
"""Who takes events and questions for a view, by its ref."""


@frozen
class Shown(Output):
    """To a group leader: show this where text would go. One that shows only text has the text."""

    content: Content | None = None
    servers: Servers = ()


@frozen
class Changed:
    """To the group leader of the code that made the widget. `first` is the view as it was made: this may arrive before
    the view is shown anywhere."""

    ref: str
    change: Change
    first: View
    servers: Servers = ()


@frozen
class InputRead:
    """To the group leader of a cell: its run has read this input."""

    ref: str


@frozen
class Event:
    """To the server of a widget, and on to whoever listens: what a viewer did.

    Of a button the value is None, of an input its value, of a form its values by name, of a keyboard a Key.
    """

    ref: str
    value: EventValue
    viewer: str = ""
    """Which viewer: several people may have the notebook open."""


@frozen
class Key:
    """`key` as terminals name it, such as `a`, `up` or `ctrl+s`."""

    key: str


@frozen
class Toggle:
    """Open or close a branch of a tree."""

    path: str


@frozen
class Page:
    """So many rows of a table, in that order."""

    offset: int = 0
    limit: int = 10
    sort: Sort | None = None


@frozen
class Ask:
    """To the server of a widget: answered by a Reply to `client`, with an Answer."""

    ref: str
    request: Page
    client: bl.Alias


@frozen
class Answer:
    """`trouble` says in words why there is no `view`."""

    view: View | None
    trouble: str = ""


@frozen
class Subscribe:
    listener: bl.Pid


@frozen
class Unsubscribe:
    listener: bl.Pid


@frozen
class GiveUp:
    """To the runtime: no cell has shown this widget for long, so its program may end."""

    ref: str


@frozen
class Heard:
    """To the server of a widget: the listener is done with one event."""

    listener: bl.Pid


EventValue: TypeAlias = Scalar | Key | Toggle | Mapping[str, Scalar]
