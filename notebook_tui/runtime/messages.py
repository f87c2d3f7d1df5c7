"""What a session and a runtime say to each other."""

from __future__ import annotations

from dataclasses import field

from beamlike import Pid
from beamlike.kernel.record import frozen
from notebook_tui.runtime.outcome import Outcome
from notebook_tui.runtime.versions import CellVersions
from notebook_tui.widgets.messages import Ask, Changed, Event, GiveUp
from notebook_tui.widgets.views import Content, Scalar


@frozen
class Evaluate:
    """Run the cell; `label` is what tracebacks call it."""

    cell_id: str
    label: str
    source: str
    container: str = ""
    """Where: the id of a branching section, or nothing for the main flow. One cell at a time runs in each."""
    above: tuple[str, ...] = ()
    """The ids of the cells whose names it sees, in the order of the document; what a later one binds wins."""
    node: str = ""
    """The node on which its code runs: a name, with or without its host, or "all"; nothing for the runtime's own."""
    inputs: tuple[tuple[str, Scalar], ...] = field(default=(), repr=False)
    """What the notebook's inputs hold now, by their refs."""
    presets: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """What inputs begin with in place of their defaults, by their labels or variables."""


@frozen
class Drop:
    """End this container with all its values, also while it runs; answered by `Dropped`."""

    container: str


@frozen
class Dropped:
    container: str
    trouble: str = ""
    """What could not be ended, and what to do about it, in words."""


@frozen
class Interrupt:
    """Stop the evaluation of this cell; nothing if it has ended meanwhile."""

    cell_id: str


@frozen
class Forget:
    """The cell is gone: what it still prints goes nowhere."""

    cell_id: str


@frozen
class Started:
    cell_id: str


@frozen
class Printed:
    """What code of the cell printed since the last one, here and on other nodes, also after it finished. To be
    answered by `Taken` to `output`."""

    cell_id: str
    stream: str
    text: str
    output: Pid


@frozen
class Displayed:
    """A value or a widget that code of the cell displays. In order with what is `Printed`, and answered as that is."""

    cell_id: str
    content: Content
    output: Pid


@frozen
class ViewsChanged:
    """Views have changed that code of the cell made, wherever they are shown. Answered as `Printed` is."""

    cell_id: str
    changes: tuple[Changed, ...]
    output: Pid


@frozen
class InputRead:
    """The run of the cell has read an input. Comes before its `Finished`, after all that it had shown by then."""

    cell_id: str
    ref: str


@frozen
class ToWidget:
    """Something that a viewer did with, or asks of, a widget that code of the cell made."""

    cell_id: str
    message: Event | Ask | GiveUp


@frozen
class WidgetEnded:
    """The program of a widget that the cell showed is over: nobody hears any more what viewers do with it."""

    cell_id: str
    ref: str


@frozen
class RunOver:
    """To the output of a run: its cell runs again or is gone, so the programs of its widgets end on all nodes."""


@frozen
class Taken:
    """The owner has taken one `Printed`, `Displayed` or `ViewsChanged` and is ready for another."""


@frozen
class InputWanted:
    """Code of the cell waits for a line from whoever sits at the notebook; `hidden`: what is typed must show nowhere.
    To be answered by `Answer` to the server, or by nobody, if `InputSettled` comes."""

    cell_id: str
    question: str
    prompt: str
    hidden: bool
    again: bool = False
    """It was open when the owner before was gone: it waits for whoever comes to the notebook next."""


@frozen
class Answer:
    """The line without its end; None for the end of all input, with what is in the way if something is."""

    question: str
    text: str | None = field(repr=False)
    trouble: str = ""


@frozen
class InputSettled:
    """Nobody waits for an answer to that any more."""

    cell_id: str
    question: str


@frozen
class Finished:
    """Comes after all that the cell had printed by then. It ran for `seconds`, by the runtime's own clock."""

    cell_id: str
    outcome: Outcome
    seconds: float


@frozen
class Nodes:
    """The nodes that the runtime is connected to, its session's left out."""

    names: tuple[str, ...]


@frozen
class Versions:
    """Which nodes run which version of a cell, of all cells that run on other nodes, too."""

    cells: tuple[CellVersions, ...]
