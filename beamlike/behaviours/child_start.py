"""Starts a child of the current process, which is a supervisor."""

from __future__ import annotations

import inspect

from beamlike.behaviours.child_errors import StartFailed
from beamlike.behaviours.child_spec import ChildSpec
from beamlike.behaviours.gen_server import CallFailed
from beamlike.kernel import functions as kernel
from beamlike.kernel.errors import ProcessExit
from beamlike.kernel.exceptions import exit_reason
from beamlike.kernel.terms import Pid, Reason


async def start_child_process(spec: ChildSpec) -> Pid | None:
    """The pid of the new child, None if it has nothing to run; StartFailed with the reason."""
    try:
        started = spec.start()
        pid = await started if inspect.isawaitable(started) else started
        if pid is not None and not isinstance(pid, Pid):
            raise TypeError(f"expected start of child {spec.id!r} to return a pid, or None for none, got {pid!r}")
    except Exception as error:
        raise StartFailed.of(spec, _reason(error)) from error
    return pid


def _reason(error: Exception) -> Reason:
    """What the child itself gave as its reason, rather than how the caller of its start was told."""
    if isinstance(error, ProcessExit | CallFailed):
        return error.reason
    return exit_reason(error, kernel.self())
