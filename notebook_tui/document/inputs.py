"""Inputs of a notebook: values that its user sets, and that cells show and read.

An input lives as long as a cell shows it. A run sees the values that there were when it began, and those of inputs
that it shows itself; a cell that has read an input is stale once that has another value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Input:
    value: object
    fingerprint: str
    """Equal for equal values."""
    shown_by: frozenset[str] = frozenset()
    """The cells that show it, by id."""


def new_input(value: object) -> Input:
    return Input(value, fingerprint(value))


def fingerprint(value: object) -> str:
    """
    >>> fingerprint("hey") == fingerprint("hey"), fingerprint(1) == fingerprint(True)
    (True, False)
    """
    return hashlib.blake2b(repr(value).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def shown(inputs: Mapping[str, Input], cell_id: str, input_id: str, default: object) -> Mapping[str, Input]:
    """With an input that the cell shows; if it is there already, it keeps its value."""
    known = inputs.get(input_id) or new_input(default)
    return {**inputs, input_id: replace(known, shown_by=known.shown_by | {cell_id})}


def with_value(inputs: Mapping[str, Input], input_id: str, value: object) -> Mapping[str, Input]:
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
