"""How large a live object is: its shape or length, and its bytes, told without running anything of its own.

Of arrays and frames their libraries are asked, which are never imported for it, and only where the object is of the
library's own class: a subclass may have other ideas, and those would run.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from notebook_tui.runtime.live import Member, is_exactly, loaded_dict, members, type_name

_LENGTHS: Final[tuple[tuple[type, Callable[[Any], int], str], ...]] = (
    (str, str.__len__, "character"),
    (bytes, bytes.__len__, "byte"),
    (bytearray, bytearray.__len__, "byte"),
    (list, list.__len__, "item"),
    (tuple, tuple.__len__, "item"),
    (dict, dict.__len__, "entry"),
    (set, set.__len__, "item"),
    (frozenset, frozenset.__len__, "item"),
    (deque, deque.__len__, "item"),
)
_PLURALS: Final = {"entry": "entries"}
_SIZED: Final = (str, bytes, bytearray)
"""Of these alone all that they hold is their own."""


def measured(value: object) -> tuple[str, int | None]:
    """Its size in words, and its bytes.

    >>> measured([1, 2]), measured({"a": 1})
    (('2 items', None), ('1 entry', None))
    """
    try:
        return _measured(value)
    except Exception:  # a library of another version than the ones known here: no size is better than no answer
        return "", None


def dtype_text(value: Any) -> str:
    """Of an array, what it holds; empty for anything else."""
    kind: Any = type(value)
    if is_of("numpy", "ndarray", kind):
        return str(kind.dtype.__get__(value))[:40]
    if _is_tensor(kind):
        device = "" if value.device.type == "cpu" else f", {value.device}"
        return str(value.dtype).removeprefix("torch.") + device
    return ""


def is_of(module: str, name: str, kind: type) -> bool:
    """Whether it is that very class, of a module that is loaded."""
    return loaded_dict(module).get(name) is kind


def _measured(value: Any) -> tuple[str, int | None]:
    kind: Any = type(value)
    if is_of("numpy", "ndarray", kind):
        return _shape(kind.shape.__get__(value)), kind.nbytes.__get__(value)
    if _is_tensor(kind):
        return _shape(tuple(value.shape)), value.element_size() * value.numel()
    if is_of("pandas", "DataFrame", kind) or is_of("pandas", "Series", kind):
        return _of_pandas(value)
    if is_of("polars", "DataFrame", kind):
        inner = members(value).get("_df", Member(None)).value
        if type_name(inner) == "PyDataFrame":
            return f"{inner.height():,} × {inner.width()}", inner.estimated_size()  # type: ignore[attr-defined]
    if is_of("polars", "Series", kind):
        inner = members(value).get("_s", Member(None)).value
        if type_name(inner) == "PySeries":
            return f"{inner.len():,} rows", inner.estimated_size()  # type: ignore[attr-defined]
    for of, length, noun in _LENGTHS:
        if issubclass(kind, of):
            count = length(value)
            size = sys.getsizeof(value) if is_exactly(value, _SIZED) else None
            return counted(count, noun), size
    return "", None


def counted(count: int, noun: str) -> str:
    return f"{count:,} {noun if count == 1 else _PLURALS.get(noun, noun + 's')}"


def _is_tensor(kind: type) -> bool:
    return is_of("torch", "Tensor", kind) or is_of("torch.nn", "Parameter", kind)


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(f"{side:,}" for side in shape) if shape else "scalar"


def pandas_manager(value: object) -> Any:
    """What holds the data of a frame or series, if it is pandas' own, with axes of its own; else None."""
    manager: Any = members(value).get("_mgr", Member(None)).value
    managers = ("BlockManager", "SingleBlockManager")
    if not any(is_of("pandas.core.internals.managers", name, type(manager)) for name in managers):
        return None
    return manager if all(_is_pandas(axis) for axis in manager.axes) else None


def _of_pandas(value: object) -> tuple[str, int | None]:
    manager = pandas_manager(value)
    if manager is None:
        return "", None
    lengths = [len(axis) for axis in manager.axes]
    arrays = [block.values for block in manager.blocks]
    sizes = [measured(array)[1] for array in arrays]
    total = sum(size for size in sizes if size is not None) if None not in sizes else None
    return (f"{lengths[1]:,} × {lengths[0]}" if len(lengths) == 2 else f"{lengths[0]:,} rows"), total


def _is_pandas(value: object) -> bool:
    return module_name(value).partition(".")[0] == "pandas"


def module_name(value: object) -> str:
    """Of its class, as the class was made."""
    for key, found in type.__dict__["__dict__"].__get__(type(value)).items():
        if type(key) is str and key == "__module__" and type(found) is str:
            return found
    return ""
