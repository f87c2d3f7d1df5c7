"""The settings of cells and of the notebook: keys of `metadata` that we know, with their defaults.

A default is not written: a notebook with nothing but defaults has no metadata. What else a file holds is kept, but only
what is listed here can be set.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from beamlike.kernel.record import frozen
from notebook_tui.document.rejected import Rejected


@frozen
class Attribute:
    default: object
    expected: str
    """What it may be, in words."""
    allows: Callable[[object], bool]


def _choice(default: object, *values: object) -> Attribute:
    def allows(value: object) -> bool:
        # `True == 1`, but a file that says 1 does not say true.
        return any(value == each and type(value) is type(each) for each in values)

    return Attribute(default, " or ".join(repr(value) for value in values), allows)


def _text() -> Attribute:
    def allows(value: object) -> bool:
        return isinstance(value, str) and len(value.splitlines()) <= 1

    return Attribute("", "a text of one line", allows)


def _seconds(default: object) -> Attribute:
    def allows(value: object) -> bool:
        return value is None or (isinstance(value, int) and not isinstance(value, bool) and value > 0)

    return Attribute(default, "a whole number of seconds above 0, or None for never", allows)


CELL: Mapping[str, Attribute] = {
    "reevaluate_automatically": _choice(False, False, True),
    "continue_on_error": _choice(False, False, True),
    "output_size": _choice("default", "default", "wide", "full"),
    "node": _text(),
    "folded": _choice(False, False, True),
    "hide_code": _choice(False, False, True),
}
NOTEBOOK: Mapping[str, Attribute] = {
    "persist_outputs": _choice(False, False, True),
    "autosave_interval_s": _seconds(5),
    "runtime": _text(),
}


def with_attribute(
    metadata: Mapping[str, Any], known: Mapping[str, Attribute], key: str, value: object
) -> Mapping[str, Any]:
    """
    >>> with_attribute({"x": 1}, CELL, "continue_on_error", True)
    {'x': 1, 'continue_on_error': True}
    >>> with_attribute({"continue_on_error": True}, CELL, "continue_on_error", False)
    {}
    """
    attribute = known.get(key)
    if attribute is None:
        raise Rejected(f"expected one of {', '.join(sorted(known))} to be set, got {key!r}")
    if not attribute.allows(value):
        raise Rejected(f"expected {key} to be {attribute.expected}, got {value!r}")
    others = {other: kept for other, kept in metadata.items() if other != key}
    return others if value == attribute.default else {**others, key: value}


def is_on(metadata: Mapping[str, Any], key: str) -> bool:
    return metadata.get(key) is True
