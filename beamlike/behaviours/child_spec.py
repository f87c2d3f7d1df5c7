"""A child specification: how a supervisor starts a child, when it starts it again, and how it ends it. A value."""

from __future__ import annotations

import functools
import math
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Final, Literal, Protocol, TypeAlias, get_args

from beamlike.kernel.record import frozen
from beamlike.kernel.server_names import Name
from beamlike.kernel.terms import Pid, Reason, is_quiet

Restart = Literal["permanent", "transient", "temporary"]
ChildType = Literal["worker", "supervisor"]
ChildId: TypeAlias = Hashable

Start: TypeAlias = Callable[[], Pid | Awaitable[Pid | None] | None]
"""Runs in the supervisor and returns the pid of a process that is linked to it; None if there is nothing to run."""

Shutdown: TypeAlias = float | Literal["brutal_kill", "infinity"] | None
"""Seconds; OTP's words stand for 0 and None."""

BY_TYPE: Final = -math.inf
"""The default of `shutdown`: 5 seconds for a worker, no limit for a supervisor."""

WORKER_SHUTDOWN = 5.0


@frozen
class ChildSpec:
    """What a supervisor needs to know of a child; ValueError or TypeError for what can never be right.

    `restart`: a "permanent" child is always started again, a "transient" one unless it ended with "normal", "shutdown"
    or ("shutdown", anything), a "temporary" one never. `shutdown` is how many seconds the child may take to end when
    told to; None (or "infinity") waits for ever, 0 (or "brutal_kill") kills at once. The end of a `significant` child
    may end the supervisor (see its `auto_shutdown`). `type` says whether the child has children of its own.

    >>> spec = ChildSpec("counter", print, restart="transient")
    >>> spec.shutdown
    5.0
    >>> str(spec)
    "transient worker 'counter' (started by print)"
    """

    id: ChildId
    start: Start
    restart: Restart = "permanent"
    shutdown: float | None = BY_TYPE
    significant: bool = False
    type: ChildType = "worker"

    def __post_init__(self) -> None:
        hash(self.id)
        if not callable(self.start):
            raise TypeError(f"expected a function that starts child {self.id!r}, got {self.start!r}")
        check_one_of("restart", self.restart, get_args(Restart))
        check_one_of("type", self.type, get_args(ChildType))
        if self.significant and self.restart == "permanent":
            raise ValueError(
                f"child {self.id!r} is significant and permanent, so its end would end nothing: "
                "make it transient or temporary"
            )
        object.__setattr__(self, "shutdown", _seconds(self.shutdown, self.type))

    def restarts_after(self, reason: Reason) -> bool:
        """Whether a child that ended with `reason` is started again.

        >>> ChildSpec("a", print, restart="transient").restarts_after("shutdown")
        False
        """
        return self.restart == "permanent" or (self.restart == "transient" and not is_quiet(reason))

    @property
    def starter(self) -> str:
        """The name of the function that starts the child. Its arguments stay out: they may be large, or secret."""
        return _name(self.start)

    @property
    def name(self) -> Name | None:
        """What the child is started under, as far as its start says so by `name=`."""
        name: Name | None = self.start.keywords.get("name") if isinstance(self.start, functools.partial) else None
        return name

    def __str__(self) -> str:
        named = f", registered as {self.name!r}" if self.name not in (None, self.id) else ""
        return f"{self.restart} {self.type} {self.id!r}{named} (started by {self.starter})"


class Startable(Protocol):
    """What has an async `start_link` that returns a pid: GenServer, Supervisor, and classes like them."""

    @classmethod
    def start_link(cls, *args: Any, **keywords: Any) -> Awaitable[Pid | None]: ...


def child_spec_of(
    cls: type[Startable],
    *args: Any,
    id: ChildId = None,
    restart: Restart = "permanent",
    shutdown: Shutdown = BY_TYPE,
    significant: bool = False,
    type: ChildType = "worker",
    name: Name | None = None,
    node: str | None = None,
    **keywords: Any,
) -> ChildSpec:
    """The specification of a child that `cls.start_link(*args, name=name, node=node, **keywords)` starts.

    Its id is `id`, else `name`, else the name of the class.

    >>> from beamlike.behaviours.servers.gen_server import GenServer
    >>> str(child_spec_of(GenServer, name="idle", restart="temporary"))
    "temporary worker 'idle' (started by GenServer.start_link)"
    """
    keywords |= {key: value for key, value in (("name", name), ("node", node)) if value is not None}
    return ChildSpec(
        id if id is not None else name or cls.__name__,
        functools.partial(cls.start_link, *args, **keywords),
        restart,
        _seconds(shutdown, type),
        significant,
        type,
    )


def _seconds(shutdown: Shutdown, type: ChildType) -> float | None:
    """ValueError or TypeError for what is no time."""
    if shutdown == BY_TYPE:
        return WORKER_SHUTDOWN if type == "worker" else None
    if shutdown is None or shutdown == "infinity":
        return None
    if shutdown == "brutal_kill":
        return 0
    if isinstance(shutdown, int | float) and shutdown >= 0:
        return shutdown
    raise (ValueError if isinstance(shutdown, int | float) else TypeError)(
        "expected shutdown in seconds, 0 or 'brutal_kill' to kill at once, None or 'infinity' to wait for ever, "
        f"got {shutdown!r}"
    )


def check_spec(spec: ChildSpec) -> ChildSpec:
    """TypeError that says how to make a specification, if this is none."""
    if not isinstance(spec, ChildSpec):
        own = isinstance(spec, type) and hasattr(spec, "child_spec")
        how = f"{spec.__name__}.child_spec(...)" if own else "ChildSpec(id, start)"
        raise TypeError(f"expected a ChildSpec, got {spec!r}: make one with {how}")
    return spec


def check_one_of(field: str, value: object, choices: tuple[str, ...]) -> None:
    """ValueError that names the choices, if `value` is none of them."""
    if value not in choices:
        words = f"{', '.join(map(repr, choices[:-1]))} or {choices[-1]!r}"
        raise ValueError(f"expected {field} {words}, got {value!r}")


def _name(start: Start) -> str:
    function: Any = start.func if isinstance(start, functools.partial) else start
    owner = getattr(function, "__self__", None)
    if isinstance(owner, type):  # a class method is known by the class that it is called on, not by where it stands
        return f"{owner.__qualname__}.{function.__name__}"
    name: str = getattr(function, "__qualname__", None) or type(function).__qualname__
    return name
