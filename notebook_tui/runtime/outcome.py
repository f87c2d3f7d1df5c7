"""How the evaluation of a cell ended, as it travels from the runtime to whoever asked."""

from __future__ import annotations

from typing import Literal, TypeAlias

from beamlike.kernel.record import frozen

Status: TypeAlias = Literal["ok", "error", "interrupted"]


@frozen
class CellLine:
    """A line of a cell that was being run when an exception was raised: where a viewer can take its reader."""

    cell_id: str
    line: int


@frozen
class Failure:
    """The exception that ended a cell.

    `traceback` is all that is to be shown: the user's frames, causes, notes and the exception itself; for a
    SyntaxError of the cell its place and a caret.
    """

    type: str
    message: str
    traceback: str
    line: int | None
    """The line of the cell, from 1, that was running; None where none of its lines can be blamed."""
    places: tuple[CellLine, ...] = ()
    """The frames of cells, outermost first: this cell's own, and those of cells whose functions it called. Of many, the
    first and the last."""


@frozen
class Usage:
    """What the runtime's process used while the cell ran: with cells of other branches, if some ran beside it."""

    seconds: float
    cpu_seconds: float
    memory: int
    """Bytes that the process held when it ended."""
    grown: int
    """By how many that is more than when it began; less than nothing if it set memory free."""


@frozen
class Doctest:
    """The examples of one function, class or method that the cell defines."""

    name: str
    line: int
    """The cell's line, from 1, of the docstring, or of the first example that is wrong."""
    examples: int
    trouble: str = ""
    """What is wrong with that example, in words; empty if all are right."""


@frozen
class Outcome:
    status: Status
    result: str | None = None
    """The value of the last expression as text; None if there is nothing to show."""
    failure: Failure | None = None
    """What ended the cell; None if it is "ok", or was interrupted before its first statement."""
    versions: tuple[tuple[str, str], ...] = ()
    """The names that the run bound, each with a fingerprint of its value: as long as that is the same, nothing that
    reads the name need run again. Empty where nobody can tell cheaply: then each run is a version of its own."""
    forms: tuple[tuple[str, str | bytes], ...] = ()
    """The result's other forms, by media type, the richest first."""
    usage: Usage | None = None
    """None for what was never measured, as a run that its process did not survive."""
    doctests: tuple[Doctest, ...] = ()
    """Of what the cell defines, in the order of its text."""
