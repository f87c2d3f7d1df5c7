"""What a pool raises by itself. An exception of a called function is raised as its own type instead."""

from __future__ import annotations

import beamlike as bl


class FlameError(bl.BeamlikeError):
    """Of everything that a pool raises by itself."""


class QueueTimeout(FlameError, TimeoutError):
    """The call's time was up before it got a slot; its function was never started."""


class ExecTimeout(FlameError, TimeoutError):
    """The call's time was up while its function ran, which is being stopped."""


class BootFailed(FlameError):
    """The pool could not boot a runner, several times in a row. The next call tries again."""


class RunnerLost(FlameError, ConnectionError):
    """The node that ran the function was lost; how far the function got is not known."""


class WorkEnded(FlameError):
    """The function's process was ended over there before it had an outcome: killed, or by `sys.exit`."""


class PoolStopped(FlameError, LookupError):
    """The pool is stopping or has stopped, or no pool has that name here."""
