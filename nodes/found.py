"""A child node as a census finds it."""

from __future__ import annotations

from dataclasses import field
from typing import Literal, TypeAlias

from beamlike.kernel.record import frozen

State: TypeAlias = Literal["booting", "alive", "stopped", "no parent"]
"""Of one whose parent does not live nothing else counts."""


@frozen
class Found:
    """`booted_at` and `expires_at` are of the wall clock, `memory` is in bytes; None is what is not known. `parent` and
    `where` are for people, `key` is what the platform knows it by."""

    platform: str
    node: str
    pool: str
    runner: str
    state: State
    booted_at: float
    expires_at: float | None
    parent: str
    where: str
    memory: int | None
    key: str = field(repr=False)
