"""What the palette can do: a title, where it belongs, the key that does the same, and what happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field

from beamlike.kernel.record import frozen


@frozen
class Command:
    id: str
    """The same each time, so that what was used last stands first."""
    title: str
    group: str
    run: Callable[[], object] = field(repr=False, compare=False)
    keys: str = ""
    only_found: bool = False
    """One of many, such as a cell: it shows only once something is typed."""
