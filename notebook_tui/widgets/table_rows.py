"""Tables of any kind as rows that are read page by page: nothing is read that nobody looks at.

records      dicts, dataclasses, tuples or single values in a list or the like
columns      a mapping of names to equally long lists
frames       pandas and polars, also a polars LazyFrame, which is sorted and cut before it is collected
arrays       of numpy or torch, of one or two dimensions
iterators    pulled as far as somebody looks, and remembered
"""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Mapping, Sequence, Set
from itertools import islice
from typing import Any, Final, Protocol, TypeAlias

from notebook_tui.widgets.views import Column, ColumnKind, Sort

CELL: Final = 200
"""Characters of one cell's text."""
LOOKED_AT: Final = 100
"""Rows by which the names and kinds of columns are known."""
PULLED: Final = 10
"""The same of an iterator, which may take its time for each."""
COLUMNS: Final = 200


class Rows(Protocol):
    """`count` is of all rows, None as long as nobody knows."""

    columns: tuple[Column, ...]
    sortable: bool

    @property
    def count(self) -> int | None: ...

    def page(self, offset: int, limit: int, sort: Sort | None) -> tuple[tuple[str, ...], ...]: ...


def rows_of(data: Any) -> Rows:
    """Raises TypeError for what is no table.

    >>> rows = rows_of([{"name": "Ada", "age": 36}, {"name": "Tu"}])
    >>> [column.name for column in rows.columns], rows.page(0, 5, Sort("age"))
    (['name', 'age'], (('Ada', '36'), ('Tu', '')))
    """
    kind = _root(data)
    if kind == "polars" and hasattr(data, "collect_schema") and hasattr(data, "collect"):
        return _LazyFrame(data)
    if kind == "polars" and hasattr(data, "columns"):
        return _PolarsFrame(data)
    if kind == "pandas" and hasattr(data, "iloc"):
        return _PandasFrame(data.to_frame() if data.ndim == 1 else data)
    if kind in ("numpy", "torch") and hasattr(data, "shape"):
        return _Array(data)
    _refuse_what_is_elsewhere(data)
    if isinstance(data, Mapping):
        return _Records(_by_columns(data), list(map(str, data)))
    if isinstance(data, str | bytes | bytearray):
        raise TypeError(f"expected a table, such as a list of dicts or a dataframe, got {type(data).__name__}")
    if isinstance(data, Sequence):
        return _Records(data)
    if isinstance(data, Iterator):
        return _Pulled(data)
    if hasattr(data, "__len__") and hasattr(data, "__getitem__") and not isinstance(data, Set):
        return _Records(data)
    if isinstance(data, Iterable):
        return _Records(list(data))
    raise TypeError(f"expected a table, such as a list of dicts or a dataframe, got {type(data).__name__}")


def _refuse_what_is_elsewhere(data: object) -> None:
    if isinstance(data, AsyncIterable):
        raise TypeError(
            "expected rows that are there, got an async iterator: take as many as you want to see, as in "
            "nb.table([row async for row in rows])"
        )
    if (_root(data), type(data).__name__) == ("flame", "RemoteRef"):
        raise TypeError(
            f"expected rows that are here, got a reference to a value on {getattr(data, 'node', 'another node')}: "
            "make the table there, as in await flame.call(pool, nb.table, data)"
        )


def _root(data: object) -> str:
    return type(data).__module__.partition(".")[0]


def _by_columns(data: Mapping[Any, Any]) -> list[dict[str, Any]]:
    columns = {str(name): _column(values) for name, values in data.items()}
    if len({len(values) for values in columns.values()}) > 1:
        lengths = ", ".join(f"{name} has {len(values)}" for name, values in columns.items())
        raise ValueError(f"expected columns of one length, got {lengths}")
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _column(values: Any) -> list[Any]:
    return list(values) if isinstance(values, Iterable) and not isinstance(values, str) else [values]


class _Records:
    """Rows that are all there."""

    sortable = True

    def __init__(self, items: Sequence[Any], names: Sequence[str] = ()) -> None:
        """`names` are what its columns are called where there is no row yet by which one could tell."""
        self._items = items
        self.columns, self._read = _shape(_cut(items, 0, LOOKED_AT))
        if names and not items:
            self.columns = tuple(Column(name, "text") for name in names[:COLUMNS])
        self._sorted: tuple[Sort, int, Sequence[Any]] | None = None

    @property
    def count(self) -> int | None:
        return len(self._items)

    def page(self, offset: int, limit: int, sort: Sort | None) -> tuple[tuple[str, ...], ...]:
        page = _cut(self._in_order(sort), offset, limit)
        return tuple(tuple(map(cell_text, self._read(item))) for item in page)

    def _in_order(self, sort: Sort | None) -> Sequence[Any]:
        if sort is None:
            return self._items
        count = len(self._items)
        if self._sorted is None or self._sorted[:2] != (sort, count):  # it may have grown
            at = _place_of(self.columns, sort)
            items = _cut(self._items, 0, count)
            there = [item for item in items if self._read(item)[at] is not None]
            empty = [item for item in items if self._read(item)[at] is None]
            self._sorted = (
                sort,
                count,
                sorted(there, key=lambda item: _key(self._read(item)[at]), reverse=sort.descending) + empty,
            )
        return self._sorted[2]


def _cut(items: Sequence[Any], offset: int, limit: int) -> list[Any]:
    """Also of a deque and the like, which cannot be sliced."""
    return [items[index] for index in range(offset, min(offset + limit, len(items)))]


class _Pulled:
    """An iterator: read as far as somebody looked."""

    sortable = False

    def __init__(self, items: Iterator[Any]) -> None:
        self._items = items
        self._seen = list(islice(items, PULLED))
        self._over = len(self._seen) < PULLED
        self.columns, self._read = _shape(self._seen)

    @property
    def count(self) -> int | None:
        return len(self._seen) if self._over else None

    def page(self, offset: int, limit: int, sort: Sort | None) -> tuple[tuple[str, ...], ...]:
        missing = offset + limit + 1 - len(self._seen)  # one more, to know whether that was the end
        if missing > 0 and not self._over:
            more = list(islice(self._items, missing))
            self._over = len(more) < missing
            self._seen += more
        return tuple(tuple(map(cell_text, self._read(item))) for item in self._seen[offset : offset + limit])


class _PandasFrame:
    sortable = True

    def __init__(self, frame: Any) -> None:
        self._frame = frame
        index = _name(frame.index.name, "index")
        kinds = [_dtype_kind(str(dtype)) for dtype in frame.dtypes]
        names = [str(name) for name in frame.columns]
        index_kind = _dtype_kind(str(frame.index.dtype))
        self.columns = tuple([Column(index, index_kind), *map(Column, names, kinds)][:COLUMNS])

    @property
    def count(self) -> int | None:
        return len(self._frame)

    def page(self, offset: int, limit: int, sort: Sort | None) -> tuple[tuple[str, ...], ...]:
        frame = self._frame
        if sort is not None:
            at = _place_of(self.columns, sort)
            values = frame.index.to_series() if at == 0 else frame.iloc[:, at - 1]
            frame = frame.iloc[_order(values.reset_index(drop=True), ascending=not sort.descending)]
        page = frame.iloc[offset : offset + limit, : COLUMNS - 1]
        return tuple(tuple(map(cell_text, row)) for row in page.itertuples(index=True, name=None))


def _order(values: Any, *, ascending: bool) -> Any:
    """Where the values stand, in order; what is missing last. Values of several types as their texts."""
    try:
        return values.sort_values(ascending=ascending, kind="stable").index
    except TypeError:
        return values.astype(str).sort_values(ascending=ascending, kind="stable").index


class _PolarsFrame:
    sortable = True

    def __init__(self, frame: Any) -> None:
        self._frame = frame.to_frame() if hasattr(frame, "to_frame") and not hasattr(frame, "columns") else frame
        self.columns = _polars_columns(self._frame.schema)

    @property
    def count(self) -> int | None:
        return int(self._frame.height)

    def page(self, offset: int, limit: int, sort: Sort | None) -> tuple[tuple[str, ...], ...]:
        frame = self._frame
        if sort is not None:
            name = self.columns[_place_of(self.columns, sort)].name
            frame = frame.sort(name, descending=sort.descending, nulls_last=True)
        page = frame.slice(offset, limit).select([column.name for column in self.columns])
        return tuple(tuple(map(cell_text, row)) for row in page.iter_rows())


class _LazyFrame:
    sortable = True
    count: int | None = None

    def __init__(self, frame: Any) -> None:
        self._frame = frame
        self.columns = _polars_columns(frame.collect_schema())

    def page(self, offset: int, limit: int, sort: Sort | None) -> tuple[tuple[str, ...], ...]:
        frame = self._frame
        if sort is not None:
            frame = frame.sort(sort.column, descending=sort.descending, nulls_last=True)
        page = frame.slice(offset, limit).select([column.name for column in self.columns]).collect()
        return tuple(tuple(map(cell_text, row)) for row in page.iter_rows())


class _Array:
    sortable = True

    def __init__(self, array: Any) -> None:
        if len(array.shape) not in (1, 2):
            shape = " x ".join(map(str, array.shape)) or "none"
            raise TypeError(f"expected an array of one or two dimensions, got {shape}")
        self._array = array.detach().cpu().numpy() if _root(array) == "torch" else array
        if len(array.shape) == 1:
            self._array = self._array.reshape(-1, 1)
        kind: ColumnKind = "number" if self._array.dtype.kind in "iuf" else "text"
        self.columns = tuple(Column(str(index), kind) for index in range(min(self._array.shape[1], COLUMNS)))

    @property
    def count(self) -> int | None:
        return int(self._array.shape[0])

    def page(self, offset: int, limit: int, sort: Sort | None) -> tuple[tuple[str, ...], ...]:
        array = self._array
        if sort is not None:
            values = array[:, _place_of(self.columns, sort)]
            order, missing = values.argsort(kind="stable"), int((values != values).sum())
            there = order[: len(order) - missing]  # NaN comes last, both ways
            array = array[[*(there[::-1] if sort.descending else there), *order[len(order) - missing :]]]
        return tuple(tuple(map(cell_text, row[:COLUMNS].tolist())) for row in array[offset : offset + limit])


def cell_text(value: object) -> str:
    """
    >>> [cell_text(value) for value in ("cat", None, 1.0, 0.123456789, True)]
    ['cat', '', '1.0', '0.123457', 'True']
    """
    if value is None:
        return ""
    if isinstance(value, float):
        return str(value) if value.is_integer() else f"{value:.6g}"
    try:
        text = value if isinstance(value, str) else str(value)
    except Exception as error:  # the user's own class: the other cells are worth showing
        text = f"<{type(value).__name__}: {type(error).__name__}>"
    return text if len(text) <= CELL else text[: CELL - 1] + "…"


_Read: TypeAlias = Callable[[Any], Sequence[Any]]


def _shape(items: Sequence[Any]) -> tuple[tuple[Column, ...], _Read]:
    """The columns of records like these, and how to read one."""
    names, loose = _fields(items)
    width = len(names)

    def read(item: Any) -> Sequence[Any]:
        return _exactly(loose(item), width)

    samples = [read(item) for item in items]
    return tuple(Column(name, _kind([row[index] for row in samples])) for index, name in enumerate(names)), read


def _fields(items: Sequence[Any]) -> tuple[list[str], _Read]:
    first = items[0] if items else None
    if isinstance(first, Mapping):
        keys = list(dict.fromkeys(key for item in items if isinstance(item, Mapping) for key in item))[:COLUMNS]
        return [
            str(key) for key in keys
        ], lambda item: [item.get(key) for key in keys] if isinstance(item, Mapping) else [item]
    if dataclasses.is_dataclass(first):
        names = [field.name for field in dataclasses.fields(first)][:COLUMNS]
        return names, lambda item: [getattr(item, name, None) for name in names]
    if isinstance(first, tuple | list):
        width = min(COLUMNS, max(len(item) for item in items if isinstance(item, tuple | list)))
        named = getattr(first, "_fields", range(width))
        return [str(name) for name in named], lambda item: item if isinstance(item, tuple | list) else [item]
    return ["value"], lambda item: [item]


def _exactly(values: Sequence[Any], width: int) -> Sequence[Any]:
    return [*values[:width], *[None] * (width - len(values))]


def _kind(values: Sequence[object]) -> ColumnKind:
    there = [value for value in values if value is not None]
    if there and all(isinstance(value, bool) for value in there):
        return "truth"
    if there and all(isinstance(value, int | float) for value in there):
        return "number"
    if there and all(hasattr(value, "isoformat") for value in there):
        return "time"
    return "text"


def _dtype_kind(name: str) -> ColumnKind:
    name = name.lower()
    if name.startswith(("int", "uint", "float", "decimal")):
        return "number"
    if name.startswith(("date", "time", "duration")):
        return "time"
    return "truth" if name.startswith("bool") else "text"


def _polars_columns(schema: Mapping[str, Any]) -> tuple[Column, ...]:
    return tuple(Column(name, _dtype_kind(str(dtype))) for name, dtype in schema.items())[:COLUMNS]


def _name(name: object, default: str) -> str:
    return default if name is None else str(name)


def _place_of(columns: Sequence[Column], sort: Sort) -> int:
    names = [column.name for column in columns]
    if sort.column not in names:
        raise ValueError(f"expected one of the columns {', '.join(names)} to sort by, got {sort.column!r}")
    return names.index(sort.column)


def _key(value: Any) -> Any:
    """Values of several types are sorted by their types first, and what has no order as text."""
    if isinstance(value, bool | int | float):
        return 0, value, ""
    return 1, 0, value if isinstance(value, str) else str(value)
