"""What became of a cell's last run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal, TypeAlias

from beamlike.kernel.record import frozen
from notebook_tui.document.inputs import Input

Validity: TypeAlias = Literal["fresh", "evaluated", "stale", "aborted"]
Origins: TypeAlias = tuple[tuple[str, str], ...]
"""The cells that a value comes from, by id, each with the version of it that it has."""
ANYTHING = "*"
"""Stands for all names together where a cell may read any."""


@frozen
class Evaluation:
    """The last run of a cell: fresh before it, aborted once it was interrupted or its values are lost.

    `stale` means: run now, in the order of the document, the cell would start from other values than it did.
    """

    validity: Validity = "fresh"
    errored: bool = False
    interrupted: bool = False
    source: str | None = None
    """The text that ran; the cell's own may have changed since."""
    started_at: float | None = None
    """Seconds since the epoch; None from the start effect until the runtime has begun."""
    took: float | None = None
    """Seconds; None while it runs."""
    run: int = 0
    """Which run of this session it was, counted from 1."""
    reads: Mapping[str, Origins] = field(default_factory=dict)
    """The names that it, and the functions that it may call, looked up; and where those came from."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """The names that it bound, each with the fingerprint of its value, or with nothing if that is of this run alone."""
    bound: Mapping[str, str] = field(default_factory=dict)
    """The inputs that it read, by id, each with the fingerprint of its value."""
    out_of_order: bool = False
    """It was run by itself while something above it was outdated."""
    before: Evaluation | None = None
    """The run before, while this one is under way: until it is over, that one's values are what there is."""
    inputs: Mapping[str, Input] = field(default_factory=dict)
    """While it runs: the inputs with the values that it sees, those of its start."""
    shown: frozenset[str] = frozenset()
    """While it runs: the inputs that it has shown so far."""

    @property
    def standing(self) -> Evaluation:
        """The last run that is over."""
        return self if self.before is None else self.before

    @property
    def defines(self) -> bool:
        """Whether cells below see what it bound: not if it failed; an interrupt keeps what there was by then."""
        return not self.errored and (self.interrupted or self.validity in ("evaluated", "stale"))

    def version(self, name: str) -> str:
        """Of the value that the run gave to `name`; equal ones are of equal values, or of one run.

        >>> Evaluation(run=3, versions={"x": "1f", "y": ""}).version("x")
        '=1f'
        >>> Evaluation(run=3, versions={"x": "1f", "y": ""}).version("y")
        '#3'
        """
        fingerprint = self.versions.get(name)
        return f"={fingerprint}" if fingerprint else f"#{self.run}"


FRESH = Evaluation()
