"""On the runner's node: performs one call, tells its caller the outcome, and ends when the work has truly ended.

The caller spawns and monitors it, the pool sends `Cancel` once nobody waits any more. What the function prints goes to
the caller's group leader, which came with the spawn, and is there before the outcome.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import beamlike as bl
from beamlike.kernel import group_leader
from flame.errand import Errand
from flame.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Cancel:
    """Nobody waits for the outcome."""


async def perform(answer_to: bl.Alias, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    """Runs `function(*args)` as an errand, to its end."""
    errand = Errand(function, *args)
    outcome: Outcome | None = None
    while outcome is None:
        message = await bl.receive()
        if isinstance(message, Cancel):
            errand.call_off()
        outcome = errand.outcome(message)
    group_leader.flush()
    # A value that cannot travel raises here, and so reaches the caller as the reason for which this process ended.
    bl.send(answer_to, bl.Reply(answer_to.ref, outcome))
