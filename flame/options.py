"""The options of a pool: one frozen record, checked once at the edge and passed whole."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from types import NoneType
from typing import Any, TypeAlias, get_args

from flame.caps import Caps
from flame.checks import check_above_zero, check_whole
from flame.dispatch import Placement
from flame.policies import Policy, checked_policy, on_demand
from flame.shares import Shared
from flame.travel_limit import TRAVEL_LIMIT
from nodes.invitation import LEASE_SECONDS

IdleAfter: TypeAlias = float | tuple[float, Callable[[], Any]] | None
"""Seconds; or seconds and a function that says, on the runner, whether that may go; or None: never."""

NO_CAPS = Caps()


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolOptions:
    """What a pool may do. Times are seconds; None, where it is allowed, means no limit.

    Raises TypeError or ValueError, which name the option, what was expected and what came.

    >>> PoolOptions(name="cpu", max=4).max_concurrency
    1
    >>> PoolOptions(name="cpu", min=2)
    Traceback (most recent call last):
        ...
    ValueError: pool 'cpu': min must not exceed max, got min=2 and max=1: raise max or lower min
    """

    name: str
    min: int = 0
    """Runners that are kept up, busy or not: one that goes is replaced."""
    max: int = 1
    """Runners that exist at most, booting and leaving ones included."""
    max_concurrency: int = 1
    """Calls that one runner performs at the same time."""
    timeout: float | None = 30.0
    """How long a call may take in all, waiting for a slot and a boot included, unless the call says otherwise."""
    boot_timeout: float = 30.0
    idle_shutdown_after: IdleAfter = 30.0
    """A runner that is not wanted and has had no call for this long is stopped, if the check allows it."""
    shutdown_timeout: float = 30.0
    """How long calls may go on that run when the pool stops, or their runner is drained."""
    policy: Policy = on_demand
    """How many runners are wanted, between min and max; see `flame.policies`."""
    placement: Placement = "spread"
    """Whether a call goes to the runner with the fewest calls, or with the most ("pack", so that others can go)."""
    single_use: bool = False
    """Whether a runner serves one call and is stopped then."""
    caps: Caps = NO_CAPS
    """What the pool may use at most: runner-seconds, dollars, the lifetime of a runner."""
    shared_caps: Shared | None = None
    """A number of runners that several pools of this program have together."""
    keys_per_runner: int | None = None
    """So many keyed values a runner holds at most; the one that was used longest ago goes first. None: 256, and its
    calls go there all the same."""
    lease: float = LEASE_SECONDS
    """A runner whose parent says nothing for so long, since it is frozen or cut off, ends by itself; and one that says
    nothing for so long is lost. A program that holds the interpreter lock for longer loses its runners."""
    track_resources: bool = False
    """Whether a result that is too large or cannot travel stays on its runner, as a `flame.RemoteRef`."""
    largest_result: int = TRAVEL_LIMIT
    """With `track_resources`: in bytes, from which on a result is too large."""
    log_level: int | str | None = None
    """What is below this is not logged on runners; None: the level of the root logger here."""
    nested: bool = False
    """Whether the pool may boot runners although its node is itself a runner. If not, it boots none, and `min` counts
    as 0 there."""
    max_depth: int = 2
    """So many levels of runners there may be, from the program that was started by hand, if pools are nested."""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise TypeError(f"pool: name must be a string that is not empty, got {self.name!r}")
        pool = f"pool {self.name!r}:"
        check_whole(f"{pool} min", self.min, at_least=0)
        for option in ("max", "max_concurrency", "max_depth", "largest_result"):
            check_whole(f"{pool} {option}", getattr(self, option), at_least=1)
        check_whole(f"{pool} keys_per_runner", self.keys_per_runner, at_least=1, or_none=True)
        for option in ("boot_timeout", "lease", "shutdown_timeout"):
            check_above_zero(f"{pool} {option}", getattr(self, option), unit="seconds", or_none=False)
        check_above_zero(f"{pool} timeout", self.timeout, unit="seconds")
        self._check_idle()
        if self.placement not in get_args(Placement):
            raise self._refusal(f"placement must be 'spread' or 'pack', got {self.placement!r}")
        checked_policy(self.policy, f"pool {self.name!r}: policy")
        self._check_kind("caps", self.caps, Caps)
        if not isinstance(self.shared_caps, Shared | None):
            raise TypeError(
                f"pool {self.name!r}: shared_caps must be flame.SharedCaps(...) or None, got {self.shared_caps!r}"
            )
        if self.min > self.max:
            raise self._refusal(
                f"min must not exceed max, got min={self.min} and max={self.max}: raise max or lower min"
            )
        if self.caps.runners is not None and self.min > self.caps.runners:
            raise self._refusal(f"min must not exceed the cap on runners, got min={self.min} and {self.caps.runners}")
        self._check_log_level()

    @property
    def idle_seconds(self) -> float | None:
        after = self.idle_shutdown_after
        return after[0] if isinstance(after, tuple) else after

    @property
    def idle_check(self) -> Callable[[], Any] | None:
        after = self.idle_shutdown_after
        return after[1] if isinstance(after, tuple) else None

    def _check_idle(self) -> None:
        after = self.idle_shutdown_after
        if isinstance(after, tuple) and not (len(after) == 2 and after[0] is not None and callable(after[1])):
            raise TypeError(
                f"pool {self.name!r}: idle_shutdown_after must be seconds, None, or seconds and a function that says "
                f"whether the runner may go, got {after!r}"
            )
        check_above_zero(f"pool {self.name!r}: idle_shutdown_after", self.idle_seconds, unit="seconds")

    def _check_log_level(self) -> None:
        """Here, and not on the runner, which could not be booted then."""
        level = self.log_level
        is_level = level in logging.getLevelNamesMapping() if isinstance(level, str) else type(level) in (int, NoneType)
        if not is_level:
            raise self._refusal(f"log_level must be a level of logging, as its number or its name, got {level!r}")

    def _check_kind(self, option: str, value: object, kind: type) -> None:
        if not isinstance(value, kind):
            raise TypeError(f"pool {self.name!r}: {option} must be flame.{kind.__name__}(...), got {value!r}")

    def _refusal(self, what: str) -> ValueError:
        return ValueError(f"pool {self.name!r}: {what}")
