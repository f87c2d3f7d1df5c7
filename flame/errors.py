"""What a pool raises by itself. An exception of a called function is raised as its own type instead.

FlameError
├── QueueTimeout, BootTimeout, ExecTimeout   the call's time was up: in line, while a runner booted, at work
├── BootFailed, CapReached                   no runner can be had
├── RunnerLost                               the node at work was lost
├── Cancelled, WorkEnded                     the work was ended over there
├── RefLost                                  a value that stayed there is gone (`flame.tracking`)
└── PoolStopped, NestedPool                  there is no pool that would take the call
"""

from __future__ import annotations

from typing import Any

import beamlike as bl


class FlameError(bl.BeamlikeError):
    """Of everything that a pool raises by itself."""


class QueueTimeout(FlameError, TimeoutError):
    """The call's time was up before it got a slot; its function was never started."""


class BootTimeout(FlameError, TimeoutError):
    """The call's time was up while the runner booted that it waited for; its function was never started. The message
    says how far that had come."""


class ExecTimeout(FlameError, TimeoutError):
    """The call's time was up while its function ran, which is being stopped."""


class BootFailed(FlameError):
    """The pool could not boot a runner, several times in a row, or for a cause that will not go away by itself. The
    next call tries again."""


class CapReached(FlameError):
    """The pool has used all that its caps allow, and will boot no runner any more."""


class RunnerLost(FlameError, ConnectionError):
    """The node that ran the function was lost; how far the function got is not known.

    `node` is its name; `reason` what became of it in a few words, without the last that it printed; `exit_code` that of
    its process, negative for a signal, None if it is not known or still runs; `out_of_memory` and `evicted` what its
    platform says, None where it says nothing.
    """

    def __init__(
        self,
        message: str,
        *,
        node: str = "",
        reason: str = "",
        exit_code: int | None = None,
        out_of_memory: bool | None = None,
        evicted: bool | None = None,
    ) -> None:
        super().__init__(message)
        self.node = node
        self.reason = reason
        self.exit_code = exit_code
        self.out_of_memory = out_of_memory
        self.evicted = evicted

    def __reduce__(self) -> Any:
        said = {name: getattr(self, name) for name in ("node", "reason", "exit_code", "out_of_memory", "evicted")}
        return _runner_lost, (str(self), said)


def _runner_lost(message: str, said: dict[str, Any]) -> RunnerLost:
    return RunnerLost(message, **said)


class Cancelled(FlameError):
    """The work was cancelled by somebody else than its caller: by `pool.cancel`, or by itself."""


class WorkEnded(FlameError):
    """The function's process was ended over there before it had an outcome: killed, or by `sys.exit`."""


class PoolStopped(FlameError, LookupError):
    """The pool is stopping or has stopped, or no pool has that name here."""


class NestedPool(FlameError):
    """The pool's node is itself a runner, and the pool was not told that it may boot others from there."""
