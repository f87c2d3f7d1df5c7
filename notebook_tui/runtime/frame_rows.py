"""What stands in a frame of pandas or polars, and in an array with named columns: the columns and the first rows."""

from __future__ import annotations

from typing import Any, Final

from notebook_tui.runtime.live import Member, members, type_name
from notebook_tui.runtime.measured import is_of, module_name, pandas_manager
from notebook_tui.runtime.preview import preview

MOST_COLUMNS: Final = 200
_SHOWN: Final = 20
"""Columns of a row, and rows."""
_CELL: Final = 40

Columns = tuple[tuple[str, str], ...]
Rows = tuple[tuple[str, ...], ...]


def frame_of(value: object) -> tuple[Columns, Rows]:
    """Nothing where it is none.

    >>> frame_of([1, 2])
    ((), ())
    """
    try:
        if is_of("pandas", "DataFrame", type(value)) and pandas_manager(value) is not None:
            return _of_pandas(value)
        if is_of("polars", "DataFrame", type(value)):
            return _of_polars(value)
    except Exception:  # a library of another version than the ones known here
        return (), ()
    return (), ()


def _of_pandas(frame: Any) -> tuple[Columns, Rows]:
    names = [_text(name) for name in frame.columns[:MOST_COLUMNS].tolist()]
    dtypes = [str(dtype)[:_CELL] for dtype in frame.dtypes.iloc[:MOST_COLUMNS].tolist()]
    top = frame.iloc[:_SHOWN, :_SHOWN]
    series = [top.iloc[:, number].tolist() for number in range(top.shape[1])]
    return tuple(zip(names, dtypes, strict=True)), _texts(series)


def _of_polars(frame: Any) -> tuple[Columns, Rows]:
    inner = members(frame).get("_df", Member(None)).value
    if type_name(inner) != "PyDataFrame":
        return (), ()
    names, dtypes = frame.columns[:MOST_COLUMNS], frame.dtypes[:MOST_COLUMNS]
    columns = tuple((str(name), str(dtype)[:_CELL]) for name, dtype in zip(names, dtypes, strict=True))
    top = frame[:_SHOWN, : min(_SHOWN, len(frame.columns))]
    return columns, _texts([column.to_list() for column in top.get_columns()])


def _texts(series: list[list[object]]) -> Rows:
    return tuple(tuple(map(_text, row)) for row in zip(*series, strict=True))


def _text(value: object) -> str:
    if type(value) is str:
        return value[:_CELL]
    if module_name(value).partition(".")[0] == "pandas":  # its own times and the like
        return str(value)[:_CELL]
    return preview(value, _CELL)
