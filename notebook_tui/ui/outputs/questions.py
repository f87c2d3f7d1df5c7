"""Lines that cells wait for, as their rows show them."""

from __future__ import annotations

from beamlike.kernel.record import frozen


@frozen
class Question:
    cell_id: str
    name: str
    """What its answer is addressed to; empty while the next question of the cell is still to come."""
    prompt: str = ""
    hidden: bool = False
    """Whether what is typed must show nowhere."""
