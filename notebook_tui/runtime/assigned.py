"""What a text that has not run assigns to a name, where that is plain to see: a literal, or what a live class makes.

jedi tells more, and later.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from notebook_tui.runtime import typed_text
from notebook_tui.runtime.live import Member, members, members_of_instance, resolve

MOST_LINES = 30
"""Of a statement."""

_MADE_BY: dict[type[ast.expr], type] = {
    ast.List: list,
    ast.ListComp: list,
    ast.Tuple: tuple,
    ast.Set: set,
    ast.SetComp: set,
    ast.Dict: dict,
    ast.DictComp: dict,
    ast.JoinedStr: str,
}


def members_of_assigned(source: str, start: int, namespace: Mapping[str, object]) -> dict[str, Member]:
    """The attributes of what the statement assigns that begins at `start` with the name; none if it is not plain.

    >>> "append" in members_of_assigned("x = [1,\\n  2]", 0, {})
    True
    >>> members_of_assigned("x = f()", 0, {"f": len})
    {}
    """
    value = _assigned_value(source[start:].splitlines()[:MOST_LINES])
    if isinstance(value, ast.Constant):
        return members(value.value)
    made_by: object = _MADE_BY.get(type(value)) if value is not None else None
    if isinstance(value, ast.Call):
        called = resolve(ast.unparse(value.func), namespace)
        made_by = called.value if called is not None else None
    return members_of_instance(made_by) if issubclass(type(made_by), type) else {}


def _assigned_value(lines: list[str]) -> ast.expr | None:
    """Of the first statement, as many lines as it takes."""
    for count in range(1, len(lines) + 1):
        try:
            found = typed_text.statements("\n".join(lines[:count]))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        match found:
            case [ast.Assign([ast.Name()], value) | ast.AnnAssign(ast.Name(), value=value), *_]:
                return value
        return None
    return None
