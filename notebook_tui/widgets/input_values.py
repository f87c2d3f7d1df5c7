"""What an input takes for its value: from a viewer, a flag, the environment or a line typed in a script."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from typing import Final

from notebook_tui.widgets.views import Input, Scalar

_TRUE: Final = frozenset({"true", "yes", "on", "1"})
_FALSE: Final = frozenset({"false", "no", "off", "0", ""})


def accepted(field: Input, value: Scalar) -> Scalar:
    """The value as the input has it; ValueError says what it takes instead.

    >>> accepted(Input("i", "number", "Age", low=0), "36")
    36
    >>> accepted(Input("i", "select", "Size", options=(("Small", 1), ("Large", 2))), "Large")
    2
    """
    if value is None:
        return None
    match field.kind:
        case "text" | "secret" | "file":
            return str(value)
        case "checkbox":
            return _truth(field, value)
        case "number" | "range":
            return _number(field, value)
        case "date":
            return _date(field, value)
        case "select":
            return _option(field, value)


def _truth(field: Input, value: Scalar) -> bool:
    word = str(value).strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError(f"expected yes or no for {field.label!r}, got {value!r}")
    return word in _TRUE


def _number(field: Input, value: Scalar) -> int | float:
    try:
        number = float(str(value))
    except ValueError:
        raise ValueError(f"expected a number for {field.label!r}, got {value!r}") from None
    low, high = field.low, field.high
    if math.isnan(number) or (low is not None and number < low) or (high is not None and number > high):
        between = f"{'any' if low is None else low} to {'any' if high is None else high}"
        raise ValueError(f"expected a number of {between} for {field.label!r}, got {value!r}")
    return int(number) if number.is_integer() and "." not in str(value) and "e" not in str(value).lower() else number


def _date(field: Input, value: Scalar) -> str:
    try:
        return datetime.date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise ValueError(f"expected a date as in 2026-01-31 for {field.label!r}, got {value!r}") from None


def _option(field: Input, value: Scalar) -> Scalar:
    for label, option in field.options:
        if value == label or (value == option and type(value) is type(option)):
            return option
    for _, option in field.options:
        if str(value) == str(option):
            return option
    labels = ", ".join(label for label, _ in field.options)
    raise ValueError(f"expected one of {labels} for {field.label!r}, got {value!r}")


def preset_of(field: Input, presets: Mapping[str, str]) -> str | None:
    """What was given for it before the notebook ran, by its label or its variable."""
    return presets.get(field.label, presets.get(variable(field.label)))


def variable(label: str) -> str:
    """The environment variable that sets an input where nobody can type.

    >>> variable("Batch size")
    'BEAMLIKE_INPUT_BATCH_SIZE'
    """
    words = "".join(each if each.isalnum() else " " for each in label).split()
    return "_".join(["BEAMLIKE_INPUT", *words]).upper()
