"""How many runners a pool wants, and the rule that says so: values and functions, without a clock.

A policy is asked after the free slots were given out, so a call that waits has found none. It answers with a total; the
pool subtracts what is up or booting, applies `min`, `max` and its caps, and pauses after boots that failed.

No policy looks at the runners that boot, or the answer would change with each boot that it caused. Each answers at
least what its calls occupy, so a runner that the last answer brought is still wanted when it has its calls, and an idle
spare stays wanted: what shrinks a pool is the time that a runner is idle, not an answer that swings.

`flame.schedule` has the policy that goes by the time of day.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, runtime_checkable

from beamlike.kernel.record import frozen
from flame.checks import check_above_zero, check_whole
from flame.words import calls_wait, counted

TICK = 1e-6
"""Seconds that a clock may fall short by rounding: a timer set for an age must find it reached."""


@frozen
class Demand:
    """What a pool has to do and what it has to do it with."""

    waiting: int
    """Calls in the queue."""
    waited: float
    """Seconds that the first of them has waited."""
    busy: int
    """Slots that are taken, of the runners that are up."""
    up: int
    """Runners that are ready, idle or busy."""
    booting: int
    slots: int
    """Calls that one runner performs at the same time."""
    at: float
    """The pool's monotonic clock, in seconds."""
    wall: datetime
    """The time of day, with its zone."""

    @property
    def occupied(self) -> int:
        """Runners that the calls which run would fill, closely packed."""
        return -(-self.busy // self.slots)

    @property
    def lacking(self) -> int:
        """Runners that all calls which wait would fill."""
        return -(-self.waiting // self.slots)


@frozen
class Wanted:
    runners: int
    """In all, those that are up or booting included."""
    why: str
    """The rule that decided, with its numbers."""


@runtime_checkable
class Policy(Protocol):
    def wanted(self, demand: Demand) -> Wanted:
        """How many runners there should be."""
        ...

    def next_change(self, demand: Demand) -> float | None:
        """Seconds before which the answer stays the same if nothing happens; None: for ever."""
        ...


@frozen
class OnDemand:
    """As many runners as the calls need that run and wait: FLAME's rule. The pool's default, spelled `on_demand`.

    >>> from datetime import UTC
    >>> evening = datetime(2026, 3, 27, 18, tzinfo=UTC)
    >>> OnDemand().wanted(Demand(waiting=3, waited=0.1, busy=20, up=2, booting=0, slots=10, at=0.0, wall=evening))
    Wanted(runners=3, why='3 calls wait and 10 fit a runner: 1 runner beyond the 2 that are up')
    """

    def wanted(self, demand: Demand) -> Wanted:
        if not demand.waiting:
            return Wanted(demand.occupied, _no_call_waits(demand))
        return Wanted(demand.up + demand.lacking, f"{_fit(demand)}: {_beyond(demand, demand.lacking)}")

    def next_change(self, demand: Demand) -> float | None:
        return None


@frozen
class AtLeast:
    """As on demand, but never below `runners`."""

    runners: int

    def __post_init__(self) -> None:
        check_whole("at_least(n): n", self.runners, at_least=0)

    def wanted(self, demand: Demand) -> Wanted:
        needed = on_demand.wanted(demand)
        if needed.runners > self.runners:
            return needed
        return Wanted(self.runners, f"{counted(self.runners, 'runner')} at least")

    def next_change(self, demand: Demand) -> float | None:
        return None


@frozen
class Spare:
    """The slots of `runners` runners stay free beyond those in use, so that as many calls need not wait for a boot."""

    runners: int

    def __post_init__(self) -> None:
        check_whole("spare(n): n", self.runners, at_least=1)

    def wanted(self, demand: Demand) -> Wanted:
        needed = on_demand.wanted(demand)
        return Wanted(needed.runners + self.runners, f"{needed.why}, and {self.runners} to spare")

    def next_change(self, demand: Demand) -> float | None:
        return None


@frozen
class QueueDepth:
    """A further runner for each `calls` that wait, or one once the first has waited `age` seconds.

    Where no runner is up, one call is enough: it would wait for ever. Never more runners than the queue would fill.
    """

    calls: int
    age: float | None = None

    def __post_init__(self) -> None:
        check_whole("queue_depth(k): k", self.calls, at_least=1)
        check_above_zero("queue_depth(k, age): age", self.age, unit="seconds")

    def wanted(self, demand: Demand) -> Wanted:
        if not demand.waiting:
            return Wanted(demand.occupied, _no_call_waits(demand))
        deep = min(demand.waiting // self.calls, demand.lacking)
        if deep:
            why = f"{calls_wait(demand.waiting)} and each {self.calls} bring a runner: {_beyond(demand, deep)}"
            return Wanted(demand.up + deep, why)
        if not demand.up:
            return Wanted(1, f"{calls_wait(demand.waiting)} and no runner is up: 1 runner")
        if self.age is not None and demand.waited + TICK >= self.age:
            return Wanted(demand.up + 1, f"the first call has waited {self.age:g} s: {_beyond(demand, 1)}")
        return Wanted(demand.up, f"{calls_wait(demand.waiting)} and {self.calls} bring a runner: {_up(demand)}")

    def next_change(self, demand: Demand) -> float | None:
        shallow = demand.up and 0 < demand.waiting < self.calls
        if self.age is None or not shallow or demand.waited + TICK >= self.age:
            return None
        return self.age - demand.waited


@frozen
class Largest:
    """What the one of several policies wants that wants most; the first of them where they agree."""

    policies: tuple[Policy, ...]

    def __post_init__(self) -> None:
        if not self.policies:
            raise ValueError("largest(...): expected one policy or more, got none")
        for policy in self.policies:
            checked_policy(policy, "largest(...): each policy")

    def wanted(self, demand: Demand) -> Wanted:
        return max((policy.wanted(demand) for policy in self.policies), key=lambda wanted: wanted.runners)

    def next_change(self, demand: Demand) -> float | None:
        changes = [change for policy in self.policies if (change := policy.next_change(demand)) is not None]
        return min(changes, default=None)


on_demand = OnDemand()


def at_least(n: int) -> Policy:
    """Keeps `n` runners, and has more on demand; `min` does so without a policy, this one fits into a schedule."""
    return AtLeast(n)


def spare(n: int = 1) -> Policy:
    """Keeps the slots of `n` runners free beyond those in use.

    >>> spare(0)
    Traceback (most recent call last):
        ...
    ValueError: spare(n): n must be a whole number, 1 or more, got 0
    """
    return Spare(n)


def queue_depth(k: int, *, age: float | None = None) -> Policy:
    """A further runner for each `k` calls that wait, or one once the first has waited `age` seconds."""
    return QueueDepth(k, age)


def largest(*policies: Policy) -> Policy:
    """Follows the one of these policies that wants most."""
    return Largest(policies)


def checked_policy(value: object, option: str = "policy") -> Policy:
    """`value`, if it is a policy; TypeError if it is not.

    >>> checked_policy(spare)
    Traceback (most recent call last):
        ...
    TypeError: policy must be on_demand, spare(n), queue_depth(k), schedule(...) or another policy, got the function \
spare: call it, as in spare(...)
    """
    expected = f"{option} must be on_demand, spare(n), queue_depth(k), schedule(...) or another policy"
    if isinstance(value, type):
        raise TypeError(f"{expected}, got the class {value.__name__}: give an object of it")
    if isinstance(value, Policy):
        return value
    name = getattr(value, "__name__", None)
    if callable(value) and name is not None:
        raise TypeError(f"{expected}, got the function {name}: call it, as in {name}(...)")
    raise TypeError(f"{expected}, got {value!r}")


def _fit(demand: Demand) -> str:
    return f"{calls_wait(demand.waiting)} and {demand.slots} {'fits' if demand.slots == 1 else 'fit'} a runner"


def _beyond(demand: Demand, more: int) -> str:
    if not demand.up:
        return counted(more, "runner")
    return f"{counted(more, 'runner')} beyond the {demand.up} that {'is' if demand.up == 1 else 'are'} up"


def _up(demand: Demand) -> str:
    return f"the {counted(demand.up, 'runner')} that {'is' if demand.up == 1 else 'are'} up"


def _no_call_waits(demand: Demand) -> str:
    if not demand.busy:
        return "no call runs or waits: no runner"
    return f"no call waits and {counted(demand.busy, 'slot')} {'is' if demand.busy == 1 else 'are'} taken: " + (
        counted(demand.occupied, "runner")
    )
