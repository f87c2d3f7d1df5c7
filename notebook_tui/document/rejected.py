"""An operation that makes no sense in the state it met."""

from __future__ import annotations


class Rejected(Exception):
    """Says in words why; the state is as it was. Normal where several act at once: the cell just started."""
