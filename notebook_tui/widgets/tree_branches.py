"""Nested values as the branches of a tree, made only where it is open."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Set
from itertools import islice
from typing import Any, Final

from notebook_tui.widgets.views import Branch

CHILDREN: Final = 100
BRANCHES: Final = 1_000
LABEL: Final = 120


def branches(value: Any, opened: frozenset[str]) -> tuple[Branch, ...]:
    """Of the tree of `value` as far as the paths in `opened` are open; the root's is `$`. Cycles end where nobody
    opens them.

    >>> [(branch.depth, branch.label) for branch in branches({"a": [1, 2]}, frozenset({"$"}))]
    [(0, 'dict of 1'), (1, "'a': list of 2")]
    """
    return tuple(islice(_below(value, "", "$", 0, opened), BRANCHES))


def _below(value: Any, name: str, path: str, depth: int, opened: frozenset[str]) -> Iterator[Branch]:
    size = _size(value)
    label = f"{name}{_label(value, size)}"[:LABEL]
    if not size:
        yield Branch(path, depth, label)
    elif path not in opened:
        yield Branch(path, depth, label, "closed")
    else:
        yield Branch(path, depth, label, "open")
        for index, (key, child) in enumerate(islice(_children(value), CHILDREN)):
            yield from _below(child, key, f"{path}/{index}", depth + 1, opened)
        if size > CHILDREN:
            yield Branch(f"{path}/more", depth + 1, f"… {size - CHILDREN:,} more")


def _size(value: Any) -> int:
    if isinstance(value, Mapping | list | tuple | Set):
        return len(value)
    return len(_fields(value))


def _children(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return ((f"{_short(key)}: ", child) for key, child in value.items())
    if isinstance(value, list | tuple):
        return ((f"{index}: ", child) for index, child in enumerate(value))
    if isinstance(value, Set):
        return (("", child) for child in value)
    return ((f"{name} = ", getattr(value, name, None)) for name in _fields(value))


def _fields(value: Any) -> list[str]:
    if isinstance(value, type):
        return []
    if dataclasses.is_dataclass(value):
        return [field.name for field in dataclasses.fields(value)]
    own = getattr(value, "__dict__", None)
    is_plain = own is not None and not callable(value) and type(value).__module__ not in ("builtins", "types")
    return list(own) if own is not None and is_plain else []


def _label(value: Any, size: int) -> str:
    if isinstance(value, Mapping | list | tuple | Set):
        return f"{type(value).__name__} of {size:,}"
    return type(value).__name__ if size else _short(value)


def _short(value: Any) -> str:
    try:
        return repr(value[:LABEL] if isinstance(value, str | bytes) else value)[:LABEL]
    except Exception as error:  # the user's own class; the rest of the tree is worth showing
        return f"<{type(value).__name__}: its repr raised {type(error).__name__}>"
