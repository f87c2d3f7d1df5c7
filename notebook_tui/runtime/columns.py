"""The keys by which a live object can be subscripted with a string: of dictionaries, data frames and the like.

Of a data frame the library itself is asked, and only where the object is of the library's own class: a subclass may
have other ideas, and those would run.
"""

from __future__ import annotations

import os
from typing import Any

from notebook_tui.runtime.live import Member, is_exactly, loaded_dict, members, text_items


def text_keys(owner: object) -> dict[str, object]:
    """With what stands behind each key; None where that is not known without computing it.

    >>> text_keys({"a": 1, 2: 3})
    {'a': 1}
    """
    if issubclass(type(owner), dict):
        return text_items(owner)
    if type(owner) is os._Environ:
        data = _variables(owner)
        return dict.fromkeys(data, "")
    return dict.fromkeys(columns(owner))


def columns(owner: object) -> list[str]:
    """The names of the columns of a frame of pandas or polars and of a structured array of numpy, of no other object.

    >>> columns([1, 2])
    []
    """
    kind: Any = type(owner)
    found: object = []
    if _is_of("pandas", "DataFrame", kind):
        found = _pandas_columns(owner)
    elif _is_of("polars", "DataFrame", kind):
        found = _polars_columns(owner)
    elif _is_of("numpy", "ndarray", kind):
        found = kind.dtype.__get__(owner).names
    return [name for name in found if type(name) is str] if is_exactly(found, (list, tuple)) else []  # type: ignore[attr-defined]


def has_columns_as_attributes(owner: object) -> bool:
    return _is_of("pandas", "DataFrame", type(owner))


def _is_of(module: str, name: str, kind: type) -> bool:
    """Whether it is that very class, of a module that is loaded."""
    return loaded_dict(module).get(name) is kind


def _pandas_columns(frame: object) -> object:
    manager: Any = members(frame).get("_mgr", Member(None)).value
    if not _is_of("pandas.core.internals.managers", "BlockManager", type(manager)):
        return []
    names = manager.axes[0]
    return names.tolist() if _is_of("pandas", "Index", type(names)) else []


def _polars_columns(frame: object) -> object:
    inner: Any = members(frame).get("_df", Member(None)).value
    modules = ("polars._plr", "polars.polars")
    return inner.columns() if any(_is_of(module, "PyDataFrame", type(inner)) for module in modules) else []


def _variables(environment: Any) -> list[str]:
    """The names of the variables, which the dictionary behind them holds as bytes on POSIX."""
    data = members(environment).get("_data", Member({})).value
    return [os.fsdecode(key) for key in list(data) if is_exactly(key, (bytes, str))]  # type: ignore[call-overload]
