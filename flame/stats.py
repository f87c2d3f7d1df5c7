"""How a pool stands, in numbers: frozen records for programs, from which the table for people is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from beamlike.kernel.record import frozen
from flame.events import CallStatus, PhaseName
from flame.pool_events import LanePicture, Picture, RunnerId
from flame.pool_state import EMPTY, PoolState, Runner
from flame.tally import Durations, Tally


@frozen
class RunnerStats:
    """One runner. `where` is what its backend calls its machine, empty until it is up; `served` counts the calls that
    it was given. Times are seconds."""

    id: RunnerId
    node: str
    where: str
    phase: PhaseName
    phase_seconds: float
    """How long it has been in this phase."""
    slots: int
    busy: int
    """Slots in which a call is at work, or was told to end and has not."""
    kept: int
    """Slots taken by results that stay there."""
    abandoned: int
    """Of the busy ones, those whose call was told to end."""
    cordoned: bool
    age: float
    """Since it was requested."""
    served: int
    runner_seconds: float
    usd: float | None
    why: str
    """Why it drains or stops."""


@frozen
class Stats:
    """A pool at one moment. Times are seconds; money is dollars, None where the price of any runner is not known.

    >>> Stats.of_nothing("cpu").as_dict()["waiting"]
    0
    """

    pool: str
    at: float
    """The pool's clock."""
    wall: float
    """The time of day, in seconds since 1970."""
    stage: str
    """open, stopping or stopped"""
    min: int
    max: int
    runners: tuple[RunnerStats, ...]
    waiting: int
    oldest_wait: float | None
    finished: Mapping[CallStatus, int]
    """Calls by how they ended."""
    boot: Durations
    queue: Durations
    run: Durations
    runner_seconds: float
    """Of all runners, those that are gone included."""
    usd: float | None
    usd_per_hour: float | None
    wanted: int
    why: str
    retry_at: float | None
    """No boot before this time of the pool's clock, since the last ones failed."""
    failures: int
    """Boots that failed in a row."""
    last_failure: str
    withheld: str
    """Why no runner may be booted: other pools have them."""
    capped: str
    """Which cap keeps the pool from what it wants."""

    def as_dict(self) -> dict[str, Any]:
        """The same as dicts, lists, texts and numbers, for JSON."""
        values = asdict(self)
        values["runners"] = list(values["runners"])
        return values

    @property
    def slots(self) -> int:
        return sum(runner.slots for runner in self.runners if runner.phase in ("ready", "busy"))

    @property
    def taken(self) -> int:
        return sum(runner.busy + runner.kept for runner in self.runners)

    @classmethod
    def of_nothing(cls, pool: str) -> Stats:
        """Of a pool that has just begun."""
        from flame.options import PoolOptions

        return stats(PoolState(PoolOptions(name=pool)), Picture(), {}, Tally(), at=0.0, wall=0.0)


@frozen
class Seen:
    """What the pool's state does not know of a runner."""

    phase: PhaseName
    since: float
    served: int = 0
    where: str = ""


def stats(
    state: PoolState, picture: Picture, seen: Mapping[RunnerId, Seen], tally: Tally, *, at: float, wall: float
) -> Stats:
    """The numbers of a pool, from its state, its slots, and what was counted."""
    used = {entry.runner: entry for entry in state.ledger.running}

    def of_runner(runner: Runner) -> RunnerStats:
        lane: LanePicture = picture.lanes.get(runner.id, EMPTY)
        known = seen.get(runner.id) or Seen("requested", runner.since)
        entry = used.get(runner.id)
        seconds = 0.0 if entry is None else max(0.0, at - entry.since)
        rate = None if entry is None else entry.usd_per_second
        return RunnerStats(
            id=runner.id,
            node=runner.node,
            where=known.where,
            phase=known.phase,
            phase_seconds=max(0.0, at - known.since),
            slots=state.options.max_concurrency,
            busy=lane.working,
            kept=lane.kept,
            abandoned=lane.abandoned,
            cordoned=runner.cordoned,
            age=max(0.0, at - runner.since),
            served=known.served,
            runner_seconds=seconds,
            usd=None if rate is None else rate * seconds,
            why=runner.why,
        )

    first = picture.first_since
    return Stats(
        pool=state.options.name,
        at=at,
        wall=wall,
        stage=state.stage.name.lower(),
        min=state.options.min,
        max=state.options.max,
        runners=tuple(map(of_runner, state.runners)),
        waiting=picture.waiting,
        oldest_wait=None if first is None else max(0.0, at - first),
        finished=dict(tally.finished),
        boot=Durations.of(tally.boot),
        queue=Durations.of(tally.queue),
        run=Durations.of(tally.run),
        runner_seconds=state.ledger.seconds(at),
        usd=state.ledger.usd(at),
        usd_per_hour=state.ledger.usd_per_hour,
        wanted=state.wanted.runners,
        why=state.wanted.why,
        retry_at=state.retry_at,
        failures=state.failures,
        last_failure=state.last_failure,
        withheld=state.withheld,
        capped=state.capped,
    )
