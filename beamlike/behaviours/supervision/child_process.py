"""Starts and ends the children of the current process, a supervisor.

A child that is to end is asked, waited for, and killed if it takes too long. It is monitored for it, so one that has
cut its link or lives on another node is waited for just as well.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import math
from collections.abc import Iterable

from beamlike.behaviours.child_spec import ChildSpec
from beamlike.behaviours.supervision.child_errors import StartFailed
from beamlike.kernel import functions as kernel
from beamlike.kernel import terms
from beamlike.kernel.call_errors import CallFailed
from beamlike.kernel.callers import calls_users
from beamlike.kernel.errors import ProcessExit
from beamlike.kernel.exceptions import exit_reason
from beamlike.kernel.record import frozen
from beamlike.kernel.terms import Pid, Reason, Ref, is_quiet, is_word

logger = logging.getLogger("beamlike.supervisor")


@calls_users
async def start_child(spec: ChildSpec) -> Pid | None:
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


async def end_child(spec: ChildSpec, pid: Pid) -> None:
    """Ends one child, and returns when it has ended."""
    ending = _Ending.begin(spec, pid)
    if not await ending.ends_within(spec.shutdown or None):
        await ending.kill()


async def end_children(children: Iterable[tuple[ChildSpec, Pid]]) -> None:
    """Ends all at once, each within its own time; returns when the last has ended."""
    now = asyncio.get_running_loop().time
    began = now()
    endings = [_Ending.begin(spec, pid) for spec, pid in children]
    overdue = []
    for ending in sorted(endings, key=_Ending.patience):
        left = None if ending.patience() == math.inf else max(0.0, began + ending.patience() - now())
        if not await ending.ends_within(left):
            overdue.append(ending)
    for ending in overdue:
        await ending.kill()


@frozen
class _Ending:
    """A child that was told to end."""

    spec: ChildSpec
    pid: Pid
    ref: Ref

    @classmethod
    def begin(cls, spec: ChildSpec, pid: Pid) -> _Ending:
        ref = kernel.monitor(pid)
        kernel.exit(pid, terms.SHUTDOWN if spec.shutdown != 0 else terms.KILL)
        return cls(spec, pid, ref)

    def patience(self) -> float:
        """Seconds; what is killed at once cannot refuse, and is not waited for with a limit."""
        return self.spec.shutdown or math.inf

    async def ends_within(self, seconds: float | None) -> bool:
        try:
            down = await kernel.receive(ref=self.ref, timeout=seconds)
        except TimeoutError:
            return False
        if not self._expected(down.reason):
            logger.error("%s, %s, ended with %s when told to end with shutdown", self.spec, self.pid, down.reason)
        return True

    async def kill(self) -> None:
        logger.warning("%s, %s, did not end within %s s and is killed", self.spec, self.pid, self.spec.shutdown)
        kernel.exit(self.pid, terms.KILL)
        await kernel.receive(ref=self.ref)

    def _expected(self, reason: Reason) -> bool:
        """A child that had ended already (noproc) is no news: its own end was told then."""
        return (
            is_quiet(reason)
            or is_word(reason, terms.NOPROC)
            or (self.spec.shutdown == 0 and is_word(reason, terms.KILLED))
        )
