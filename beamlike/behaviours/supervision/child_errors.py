"""Why a supervisor did not do with a child what it was asked to. Each travels to the caller as it is.

>>> import asyncio, beamlike as bl
>>> async def main():
...     async with bl.Node("doc@127.0.0.1"):
...         top = await bl.Supervisor.start_link([bl.GenServer.child_spec(name="clock")])
...         try:
...             await bl.Supervisor.restart_child(top, "clock")
...         except bl.ChildRunning as error:
...             return f"{error.id}: {error}"
>>> asyncio.run(main())
"clock: child 'clock' is running; use terminate_child first"
"""

from __future__ import annotations

from beamlike.behaviours.child_spec import ChildId, ChildSpec
from beamlike.kernel.errors import BeamlikeError
from beamlike.kernel.exceptions import reraisable
from beamlike.kernel.terms import ExceptionInfo, Pid, Reason


class ChildError(BeamlikeError):
    """Of all that a supervisor refuses or fails to do with a child: `id` says which."""

    def __init__(self, id: ChildId, *rest: object) -> None:
        super().__init__(id, *rest)
        self.id = id

    def __reduce__(self) -> tuple[type[ChildError], tuple[object, ...]]:
        """It is made anew where it arrives, so that its cause, which pickle leaves behind, is there as well."""
        return type(self), self.args


class StartFailed(ChildError):
    """A child did not start: `reason` says why, `spec` how it was to be started, in words."""

    def __init__(self, id: ChildId, spec: str, reason: Reason) -> None:
        super().__init__(id, spec, reason)
        self.spec = spec
        self.reason = reason
        if isinstance(reason, ExceptionInfo):
            self.__cause__ = reraisable(reason)

    @classmethod
    def of(cls, spec: ChildSpec, reason: Reason) -> StartFailed:
        return cls(spec.id, str(spec), reason)

    def __str__(self) -> str:
        return f"{self.spec} did not start: {self.reason}"


class ChildAlreadyStarted(ChildError, ValueError):
    """There is a child of that id, and it runs: `pid`."""

    def __init__(self, id: ChildId, pid: Pid) -> None:
        super().__init__(id, pid)
        self.pid = pid

    def __str__(self) -> str:
        return f"there is a child {self.id!r} already, {self.pid}; choose another id"


class ChildAlreadyPresent(ChildError, ValueError):
    """There is a specification of that id already, and its child does not run."""

    def __str__(self) -> str:
        return f"there is a child {self.id!r} already, which does not run; use restart_child, or delete_child first"


class ChildRunning(ChildError, ValueError):
    """The child runs, and what was asked for needs one that does not."""

    def __str__(self) -> str:
        return f"child {self.id!r} is running; use terminate_child first"


class ChildRestarting(ChildError, ValueError):
    """The supervisor is about to start the child again."""

    def __str__(self) -> str:
        return f"child {self.id!r} is about to be started again; wait, or use terminate_child first"


class NoChild(ChildError, LookupError):
    """The supervisor has no such child; `known` are some that it has."""

    def __init__(self, id: ChildId, known: list[ChildId]) -> None:
        super().__init__(id, known)
        self.known = known

    def __str__(self) -> str:
        return f"expected a child of this supervisor, got {self.id!r}; known: {self.known}"


class MaxChildren(ChildError):
    """The supervisor has as many children as it may have."""

    def __init__(self, id: ChildId, limit: int) -> None:
        super().__init__(id, limit)
        self.limit = limit

    def __str__(self) -> str:
        return f"child {self.id!r} is one too many: there are {self.limit} children, and max_children is {self.limit}"


class BadChild(ChildError, ValueError):
    """This supervisor cannot have such a child, or not do that with it: `why`."""

    def __init__(self, id: ChildId, why: str) -> None:
        super().__init__(id, why)
        self.why = why

    def __str__(self) -> str:
        return f"child {self.id!r} {self.why}"
