"""What a reference shows of its value, made where the value is, so that nobody fetches it to look at it.

Tables are known by what they can do (`shape`, `head`, and `schema` or `dtypes`), arrays by `shape` and `dtype`: none of
their libraries is imported. Of both only a corner is looked at, so that it takes no longer for large ones.
"""

from __future__ import annotations

import reprlib
import sys
from typing import Any, Final

LONGEST: Final = 2000
"""In characters."""
ROWS: Final = 5
COLUMNS: Final = 20
"""Of a table: so many are named with their types, more are counted."""

_PLAIN: Final = frozenset({type(None), bool, int, float, complex, str, bytes, bytearray, list, tuple, dict, set})

_short: Final = reprlib.Repr()
_short.maxstring = _short.maxother = 100


def preview(value: Any) -> str:
    """A text of at most LONGEST characters, empty if there is nothing to show. Never raises.

    >>> preview(list(range(1000)))
    '[0, 1, 2, 3, 4, 5, ...]'
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
    if type(value) in _PLAIN:
        return _short.repr(value)
    shape = getattr(value, "shape", None)
    if not isinstance(shape, tuple):
        return ""
    if callable(getattr(value, "head", None)):
        return _of_table(value, shape)
    if hasattr(value, "dtype"):
        return _of_array(value, shape)
    return ""


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
