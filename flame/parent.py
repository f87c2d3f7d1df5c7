"""Whose runner this node is, for code that runs on it."""

from __future__ import annotations

from dataclasses import replace

import nodes
from beamlike.kernel.record import frozen
from flame.words import counted


@frozen
class Parent:
    """The pool that booted this node, the node where that pool is, and the name of this runner in it.

    `depth` is 1 on a runner of a program that was started by hand, 2 on a runner of that runner's pool. Times are those
    of the wall clock; `expires_at` is when this node ends in any case (None: it has no maximum lifetime).
    """

    node: str
    pool: str
    runner: str
    depth: int = 1
    booted_at: float | None = None
    expires_at: float | None = None

    @classmethod
    def get(cls) -> Parent | None:
        """Whose runner this node is; None where it is nobody's, as in a program that was started by hand.

        >>> Parent.get()
        """
        return _here


_here: Parent | None = None


def booted_by(parent: Parent | None) -> None:
    """This node is a runner of that pool from now on; None: of none any more."""
    global _here
    booted = nodes.current_parent()
    if parent is not None and booted is not None:
        parent = replace(parent, booted_at=booted.booted_at, expires_at=booted.expires_at)
    _here = parent


def depth_here() -> int:
    """How many runners deep this node is; 0 for one that is none."""
    return 0 if _here is None else _here.depth


def why_barred(nested: bool, max_depth: int) -> str:
    """Why a pool on this node may boot no runners, in words; "" if it may."""
    parent = Parent.get()
    if parent is None:
        return ""
    where = f"its node is itself a runner ({parent.runner} of pool {parent.pool!r} on {parent.node})"
    if not nested:
        return f"{where}; call a pool of that node from here, or start this one with nested=True"
    if parent.depth >= max_depth:
        return f"{where}, {counted(parent.depth, 'level')} deep, and its own would exceed max_depth={max_depth}"
    return ""
