"""What a reference shows of its value, made where the value is, so that nobody fetches it to look at it.

Tables are known by what they can do (`shape`, `head`, and `schema` or `dtypes`), arrays by `shape` and `dtype`: none of
their libraries is imported. Of both only a corner is looked at, so that it takes no longer for large ones.
"""

from __future__ import annotations

import sys
from itertools import islice
from typing import Any, Final

LONGEST: Final = 2000
"""In characters."""
ROWS: Final = 5
COLUMNS: Final = 20
"""Of a table: so many are named with their types, more are counted."""

ITEMS: Final = 6
"""Of a list, a dict and the like."""
TEXT: Final = 100
"""Of a text, in characters, or of bytes."""
DEPTH: Final = 3

_BRACKETS: Final[dict[type, tuple[str, str]]] = {list: ("[", "]"), tuple: ("(", ")"), set: ("{", "}"), dict: ("{", "}")}
_NUMBERS: Final = frozenset({type(None), bool, float, complex})
_TEXTS: Final = frozenset({str, bytes, bytearray})


def preview(value: Any) -> str:
    """A text of at most LONGEST characters, empty if there is nothing to show. Never raises.

    >>> preview(list(range(1000)))
    '[0, 1, 2, 3, 4, 5, ... 1000 in all]'
    """
    try:
        text = _preview(value)
    except Exception as error:  # of a library, or of what only looks like a table
        return f"<no preview: {type(error).__name__}>"
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def type_name(value: Any) -> str:
    """The qualified name of its class, by the package that shows it.

    >>> type_name([]), type_name(__import__("pathlib").PurePosixPath())
    ('list', 'pathlib.PurePosixPath')
    """
    kind = type(value)
    if kind.__module__ == "builtins":
        return kind.__qualname__
    package = kind.__module__.partition(".")[0]
    shown = getattr(sys.modules.get(package), kind.__qualname__, None)
    return f"{package if shown is kind else kind.__module__}.{kind.__qualname__}"


def _preview(value: Any) -> str:
    if type(value) is int or type(value) in _NUMBERS | _TEXTS | _BRACKETS.keys():
        return _short(value, DEPTH)
    shape = getattr(value, "shape", None)
    if not isinstance(shape, tuple):
        return ""
    if callable(getattr(value, "head", None)):
        return _of_table(value, shape)
    if hasattr(value, "dtype"):
        return _of_array(value, shape)
    return ""


def _short(value: Any, depth: int) -> str:
    """As `reprlib`, but no value is looked at as a whole, as that does to sort, and no other object is asked."""
    kind = type(value)
    if kind is int:
        return repr(value) if value.bit_length() < TEXT else f"<an int of {value.bit_length()} bits>"
    if kind in _NUMBERS:
        return repr(value)
    if kind in _TEXTS:
        return f"{value[:TEXT]!r}{'...' if len(value) > TEXT else ''}"
    if kind not in _BRACKETS:
        return f"<{type_name(value)}>"
    begin, end = _BRACKETS[kind]
    if depth == 0 and value:
        return f"{begin}...{end}"
    some = list(islice(value.items() if kind is dict else value, ITEMS))
    if kind is dict:
        items = [f"{_short(key, depth - 1)}: {_short(part, depth - 1)}" for key, part in some]
    else:
        items = [_short(part, depth - 1) for part in some]
    if len(value) > ITEMS:
        items.append(f"... {len(value)} in all")
    return f"{begin}{', '.join(items)}{end}"


def _of_table(table: Any, shape: tuple[Any, ...]) -> str:
    names = _types_of_columns(table)
    shown = ", ".join(f"{name}: {kind}" for name, kind in names[:COLUMNS])
    more = f" and {len(names) - COLUMNS} more" if len(names) > COLUMNS else ""
    return f"shape {_times(shape)}\n{shown}{more}\n{_corner_of_table(table, len(names))}"


def _corner_of_table(table: Any, columns: int) -> Any:
    rows = table.head(ROWS)
    if columns > COLUMNS:
        by_place = getattr(rows, "iloc", rows)  # pandas; polars takes places as they are
        rows = by_place[:, :COLUMNS]
    return rows


def _types_of_columns(table: Any) -> list[tuple[Any, Any]]:
    """Of polars, which has a `schema`, or of pandas, whose `dtypes` know the names as well."""
    types = getattr(table, "schema", None)
    if types is None:
        types = getattr(table, "dtypes", None)
    items = getattr(types, "items", None)
    if callable(items):
        return [(name, kind) for name, kind in items()]
    return [(getattr(table, "name", None) or "values", getattr(table, "dtype", types))]


def _of_array(array: Any, shape: tuple[Any, ...]) -> str:
    corner = array[tuple(slice(0, ROWS) for _ in shape)] if shape else array
    return f"shape {_times(shape)}, {array.dtype}\n{corner}"


def _times(shape: tuple[Any, ...]) -> str:
    return " × ".join(map(str, shape)) if shape else "()"
