"""What is answered about a place in a source, beside the proposals."""

from __future__ import annotations

from typing import Literal, TypeAlias

from beamlike.kernel.record import frozen
from notebook_tui.runtime.live import Kind

Where: TypeAlias = Literal["here", "above", "cell", "file"]


@frozen
class Location:
    """Where something is defined: in the asking text itself, in the text of the cells above that has not run, in a
    cell that ran, or in a file of the node that was asked."""

    where: Where
    line: int
    """From 1, in the text that is meant."""
    path: str = ""
    """Of a file; the id of a cell."""
    text: str = ""
    """What the cell or file held when its code was compiled, to be shown where the file is not at hand."""


@frozen
class Description:
    name: str
    kind: Kind
    signature: str
    """In brackets; empty for what is no function or class, or does not tell."""
    docs: str
    """As they were written; empty if there are none."""
    type: str = ""
    """The name of a variable's type."""
    value: str = ""
    """A variable's, if it is a short number or text."""
    start: int = 0
    end: int = 0
    """Where in the source the identifier stands that is described."""
    location: Location | None = None
    """Without its text."""


@frozen
class SignatureHelp:
    """The call around the caret; `active` is the place in `parameters` that the caret's argument fills, if one."""

    function: str
    parameters: tuple[str, ...]
    active: int | None
