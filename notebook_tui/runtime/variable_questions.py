"""What a viewer may ask of the variables of a notebook: calls to the runtime's server, answered while cells run."""

from __future__ import annotations

from beamlike.kernel.record import frozen
from notebook_tui.runtime.live import Kind


@frozen
class ListVariables:
    """Of these cells, in the order of the document, in that container. The answer is `Variables`."""

    cells: tuple[str, ...]
    container: str = ""


@frozen
class ShowVariable:
    """More of one of them. The answer is a `VariableDetail`, or None if there is none of that name."""

    name: str
    cells: tuple[str, ...]
    container: str = ""


@frozen
class Variable:
    name: str
    kind: Kind
    type: str
    size: str = ""
    """A shape, or a count with its noun; empty where it is not known without running anything."""
    bytes: int | None = None
    """Where that is cheap to tell."""
    cell_id: str = ""
    """The cell whose run bound it."""
    preview: str = ""


@frozen
class Variables:
    shown: tuple[Variable, ...] = ()
    """By name."""
    more: int = 0
    """So many more there are."""


@frozen
class VariableDetail:
    variable: Variable
    module: str
    """Of its type."""
    text: str
    """As much of the value as can be told without running anything of its own."""
    columns: tuple[tuple[str, str], ...] = ()
    """Of a frame, each with what it holds."""
    rows: tuple[tuple[str, ...], ...] = ()
    """The first of a frame, as texts."""
