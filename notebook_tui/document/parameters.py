"""A notebook's parameters: the names that its cells assign, so that a run may start from other values.

No cell needs to be marked: whatever a cell sets by a plain `NAME = value` at its top level is one. The value stands in
the source of the cell that ran, and so in what a run writes.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Mapping

from beamlike.kernel.record import frozen
from notebook_tui.document.notebook import Cell, Notebook
from notebook_tui.document.rejected import Rejected


@frozen
class _Place:
    """Where a parameter's value stands in its cell, in characters."""

    cell: Cell
    start: int
    end: int


def parameters(notebook: Notebook) -> tuple[str, ...]:
    """The names that can be set, in the order of the document."""
    return tuple(_places(notebook))


def set_parameters(notebook: Notebook, values: Mapping[str, str]) -> Mapping[str, str]:
    """The new sources, by cell id, of the cells in which these names are first assigned. A value is a Python literal
    or, if it is none, the text itself. Rejected names what can be set, if one of the names is not assigned anywhere.

    >>> from notebook_tui.document.notebook import Section
    >>> cells = Cell("a", "code", "n = 10  # how many\\nprint(n)"), Cell("b", "code", "name: str = 'Ada'")
    >>> notebook = Notebook(sections=(Section("s", "S", cells),))
    >>> for source in set_parameters(notebook, {"name": "Grace", "n": "3"}).values():
    ...     print(source)
    name: str = 'Grace'
    n = 3  # how many
    print(n)
    """
    places = _places(notebook)
    unknown = [name for name in values if name not in places]
    if unknown:
        known = ", ".join(places) or "none"
        raise Rejected(
            f"expected a name that a cell assigns at its top level, as in {unknown[0]} = 1; these can be set: {known}"
        )
    sources: dict[str, str] = {}
    # From the end, so that the places before stay where they are.
    for name in sorted(values, key=lambda name: places[name].start, reverse=True):
        place = places[name]
        source = sources.get(place.cell.id, place.cell.source)
        sources[place.cell.id] = source[: place.start] + _literal(values[name]) + source[place.end :]
    return sources


def _places(notebook: Notebook) -> dict[str, _Place]:
    places: dict[str, _Place] = {}
    for cell in notebook.cells():
        if cell.runnable:
            for name, value in _assigned(cell.source):
                places.setdefault(name, _Place(cell, *_span(cell.source, value)))
    return places


def _assigned(source: str) -> Iterator[tuple[str, ast.expr]]:
    with warnings.catch_warnings():
        # Of "\d" and the like the run warns.
        warnings.simplefilter("ignore")
        try:
            statements = ast.parse(source).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
    for statement in statements:
        match statement:
            case ast.Assign([ast.Name(name)], value) | ast.AnnAssign(ast.Name(name), _, ast.expr() as value):
                yield name, value


def _span(source: str, value: ast.expr) -> tuple[int, int]:
    assert value.end_lineno is not None
    assert value.end_col_offset is not None
    return _offset(source, value.lineno, value.col_offset), _offset(source, value.end_lineno, value.end_col_offset)


def _offset(source: str, line: int, column: int) -> int:
    """In characters; the parser counts a line's bytes, and of line ends a cell has only the one kind."""
    lines = source.split("\n")
    before = sum(len(text) + 1 for text in lines[: line - 1])
    return before + len(lines[line - 1].encode()[:column].decode())


def _literal(value: str) -> str:
    try:
        return repr(ast.literal_eval(value.strip()))
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return repr(value)
