"""The class of what a text that has not run assigns to a name, where that is plain to see: a literal, or a live class
that is called.

jedi tells more, and later.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Mapping
from typing import cast

from notebook_tui.runtime import typed_text
from notebook_tui.runtime.live import resolve

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


def class_of_assigned(source: str, start: int, namespace: Mapping[str, object]) -> type | None:
    """Of what the statement assigns that begins at `start` with the name; None if it is not plain.

    >>> class_of_assigned("x = [1, 2]", 0, {}), class_of_assigned("x = f()", 0, {"f": len})
    (<class 'list'>, None)
    """
    value = _assigned_value(source[start:].splitlines()[:MOST_LINES])
    if isinstance(value, ast.Constant):
        return type(value.value)
    made_by: object = _MADE_BY.get(type(value)) if value is not None else None
    if isinstance(value, ast.Call):
        called = resolve(ast.unparse(value.func), namespace)
        made_by = called.value if called is not None else None
    return cast("type", made_by) if issubclass(type(made_by), type) else None


def is_builtin(kind: type) -> bool:
    """Whether its objects have no attributes but those of the class."""
    return any(kind is one for one in vars(builtins).values())


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
