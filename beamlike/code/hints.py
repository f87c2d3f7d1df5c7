"""What annotations name as text: `typing.get_type_hints` looks it up where it is called, so it travels as globals do.

    class Order:
        lines: "list[Line]"     needs `Line`, wherever somebody asks for the hints of Order

Only what a hint may consist of goes along: classes, modules, functions, what `typing` makes. What does not resolve yet,
or cannot travel, stays at home, and hinders nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import FunctionType, ModuleType
from typing import Any, Final, ForwardRef, Protocol, TypeGuard
from weakref import WeakSet

Hint = type | ModuleType | FunctionType

STAYING: Final[WeakSet[type]] = WeakSet()
"""Classes that only annotations have named so far, and that cannot travel."""


class Scope(Protocol):
    """Where names are looked up."""

    def get(self, name: str, default: Any, /) -> Any: ...


def may_hint(value: object) -> bool:
    """Whether it goes along because an annotation names it."""
    return isinstance(value, Hint) or type(value).__module__ in ("typing", "types")


def hints_in(annotations: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
    """What texts in the annotations name in that scope.

    >>> class Line: ...
    >>> hints_in({"lines": "list[Line]", "buyer": "Customer"}, {"Line": Line, "Order": 1}) == {"Line": Line}
    True
    """
    found = {name: scope.get(name, None) for name in named_as_text(annotations)}
    return {name: value for name, value in found.items() if may_hint(value) and not _stays(value)}


def named_as_text(annotations: Mapping[str, Any]) -> Iterator[str]:
    """The names in texts, also in those within other hints.

    >>> list(named_as_text({"first": "dict[Key, 'Value']", "rest": list["Item"], "mode": "Literal['all']"}))
    ['dict', 'Key', 'Value', 'Item', 'Literal']
    """
    for hint in annotations.values():
        yield from _names_in(hint)


def _names_in(hint: Any) -> Iterator[str]:
    if type(hint) is str:
        yield from _names_in_text(hint)
    elif type(hint) is ForwardRef:
        yield from _names_in_text(hint.__forward_arg__)
    elif not isinstance(hint, type):
        args = getattr(hint, "__args__", ())
        for part in args if type(args) is tuple else ():
            yield from _names_in(part)


@lru_cache(maxsize=4096)
def _names_in_text(text: str) -> tuple[str, ...]:
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # it is no hint
        return ()
    return tuple(dict.fromkeys(_names_in_tree(tree.body)))


def _names_in_tree(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name):
            yield name
        case ast.Constant(value=str(text)):
            yield from _names_in_text(text)
        case ast.Subscript(value=ast.Name(id="Literal") | ast.Attribute(attr="Literal") as literal):
            yield from _names_in_tree(literal)
        case _:
            for part in ast.iter_child_nodes(node):
                yield from _names_in_tree(part)


def _stays(value: object) -> TypeGuard[type]:
    return isinstance(value, type) and value in STAYING
