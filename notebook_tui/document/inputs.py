"""Inputs of a notebook: values that its user sets, and that cells show and read.

An input lives as long as a cell shows it. A run sees the values that there were when it began, and those of inputs
that it shows itself; a cell that has read an input is stale once that has another value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import TypeAlias

from beamlike.kernel.record import frozen
from notebook_tui.document.rejected import Rejected

_Plain: TypeAlias = str | int | float | bool | None
InputValue: TypeAlias = _Plain | bytes | tuple[_Plain, ...]
"""What an input may hold: values that a journal and a wire bring back as they were."""


@frozen
class Input:
    value: InputValue
    fingerprint: str
    """Equal for equal values."""
    shown_by: frozenset[str] = frozenset()
    """The cells that show it, by id."""


def new_input(value: InputValue) -> Input:
    return Input(value, fingerprint(value))


def check_value(value: object) -> None:
    """Says of what comes from elsewhere whether it is one."""
    parts = value if type(value) is tuple else (value,)
    plain = (str, int, float, bool, type(None))
    if type(value) is not bytes and any(type(part) not in plain for part in parts):
        raise Rejected(f"expected the value of an input to be a text, a number or the like, got {value!r}")


def fingerprint(value: InputValue) -> str:
    """
    >>> fingerprint("hey") == fingerprint("hey"), fingerprint(1) == fingerprint(True)
    (True, False)
    """
    return hashlib.blake2b(repr(value).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def shown(inputs: Mapping[str, Input], cell_id: str, input_id: str, default: InputValue) -> Mapping[str, Input]:
    """With an input that the cell shows; if it is there already, it keeps its value."""
    known = inputs.get(input_id) or new_input(default)
    return {**inputs, input_id: replace(known, shown_by=known.shown_by | {cell_id})}


def with_value(inputs: Mapping[str, Input], input_id: str, value: InputValue) -> Mapping[str, Input]:
    return {**inputs, input_id: replace(inputs[input_id], value=value, fingerprint=fingerprint(value))}


def shown_only(inputs: Mapping[str, Input], cell_id: str, kept: frozenset[str]) -> Mapping[str, Input]:
    """Of the inputs that the cell showed it shows no more than these."""
    gone = [input_id for input_id, known in inputs.items() if cell_id in known.shown_by and input_id not in kept]
    if not gone:
        return inputs
    changed = {input_id: replace(inputs[input_id], shown_by=inputs[input_id].shown_by - {cell_id}) for input_id in gone}
    return {**inputs, **changed}


def still_shown(inputs: Mapping[str, Input]) -> Mapping[str, Input]:
    if all(known.shown_by for known in inputs.values()):
        return inputs
    return {input_id: known for input_id, known in inputs.items() if known.shown_by}


def current(inputs: Mapping[str, Input], input_id: str) -> str:
    """The fingerprint of what a run would read now; empty if no cell shows the input."""
    known = inputs.get(input_id)
    return known.fingerprint if known is not None and known.shown_by else ""
