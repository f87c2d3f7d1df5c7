"""Histories of a pool, as its witness sees them: real rules and real slots, machines that do as they are told."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from flame.calls import Call, Request
from flame.dispatch import Dispatch
from flame.events import FOLLOWS, Event, PhaseName, RunnerPhase
from flame.options import PoolOptions
from flame.outcome import Returned
from flame.pool_events import (
    Boot,
    BootStep,
    BootWithheld,
    Close,
    DrainRequested,
    LanePicture,
    Looked,
    Open,
    Picture,
    RoomMade,
    RunnerDown,
    RunnerLost,
    RunnerServed,
    RunnerUp,
    StopRequested,
    StopRunner,
    WorkLingers,
)
from flame.pool_events import Event as Happened
from flame.pool_state import Phase, PoolState, apply
from flame.stats import Stats, stats
from flame.witness import Witness
from tests.support.virtual_clock import VirtualClock


class WatchedPool:
    """A pool whose machines and callers are moved by hand; `events` is what was told."""

    def __init__(self, *, listens: bool = True, **options: Any) -> None:
        self.clock = VirtualClock()
        self.state = PoolState(PoolOptions(name="cpu", **options))
        self.witness = Witness("cpu", self.clock)
        self.events: list[Event] = []
        self.machines: list[int] = []
        """Those that were asked for and are not gone."""
        self._dispatch = Dispatch()
        self._numbers = 0
        if listens:
            self.witness.hear(self.events.append)
        self.happens(Looked(self.now))

    @property
    def now(self) -> float:
        return self.clock.now()

    def happens(self, event: Happened) -> None:
        before = self.state
        self.state, effects = apply(before, event, self.picture())
        self.witness.saw(before, event, self.state)
        self._start(*self._dispatch.close(*(effect.runner for effect in effects if isinstance(effect, Close))))
        for effect in effects:
            match effect:
                case Boot(runner):
                    self.machines.append(runner)
                case Open(runner, node):
                    self._start(*self._dispatch.open(runner, node, self.state.options.max_concurrency, self.now))
                case StopRunner():
                    assert effect.runner in self.machines

    def picture(self) -> Picture:
        lanes = {
            id: LanePicture(len(lane.working), len(lane.kept), lane.abandoned, lane.idle_since)
            for id, lane in self._dispatch.lanes.items()
        }
        return Picture(self._dispatch.waiting, self._dispatch.bound, self._dispatch.first_since(), lanes)

    def stats(self) -> Stats:
        seen = self.witness.seen(self._where)
        return stats(self.state, self.picture(), seen, self.witness.tally, at=self.now, wall=0.0)

    def _where(self, runner: int) -> str:
        known = self.state.runner(runner)
        return f"machine {runner}" if known is not None and known.node else ""

    # What callers do

    def call(self) -> Call:
        call = Call(Request(len, ()))
        call.then = lambda _call: None
        self._numbers += 1
        call.number = self._numbers
        self.witness.queued(call)
        if self._dispatch.ask(call, self.now):
            self._start(call)
        self.happens(Looked(self.now))
        return call

    def end_work(self, runner: int) -> None:
        """The oldest call of that runner returns."""
        lane = self._dispatch.lanes.get(runner)
        if lane is None or not lane.working:
            return
        call = next(iter(lane.working))
        grants = self._dispatch.done(call, self.now)
        self._start(*grants)
        assert isinstance(call, Call)
        self.witness.ended(call, Returned(0), self.now)
        self.witness.freed(call)
        self.happens(Looked(self.now))

    def _start(self, *calls: Any) -> None:
        for call in calls:
            self.witness.started(call)

    # What machines do

    def step(self, runner: int, step: str) -> None:
        self.happens(BootStep(runner, step, self.now, "a word"))

    def up(self, runner: int) -> None:
        self.happens(RunnerUp(runner, f"cpu-{runner}-00000{runner % 10}@host", self.now, f"machine {runner}"))

    def served(self, runner: int) -> None:
        self.happens(RunnerServed(runner, self.now))

    def lost(self, runner: int) -> None:
        self._remove(runner)
        self.happens(RunnerLost(runner, "the connection to it was lost", self.now))

    def down(self, runner: int, reason: str = "process 1 ended; it printed:\nkilled") -> None:
        self.machines.remove(runner)
        self._remove(runner)
        self.happens(RunnerDown(runner, reason, self.now))

    def _remove(self, runner: int) -> None:
        _lost, _homeless, granted = self._dispatch.remove(runner)
        self._start(*granted)

    def withhold(self, runner: int) -> None:
        self.machines.remove(runner)
        self.happens(BootWithheld(runner, "other pools have them", self.now))
        self.happens(RoomMade(self.now))

    def drain(self, runner: int) -> None:
        self.happens(DrainRequested(runner, "it was drained", 5.0, self.now))

    def lingers(self, runner: int) -> None:
        self.happens(WorkLingers(runner, self.now))

    def stop(self) -> None:
        """To its end: what was told to go goes."""
        self.happens(StopRequested(self.now))
        for runner in list(self.machines):
            self.end_work(runner)
        self.wait(self.state.options.shutdown_timeout + 1.0)
        for runner in list(self.machines):
            known = self.state.runner(runner)
            assert known is not None
            assert known.phase is Phase.LEAVING
            self.down(runner, "stopped")

    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.happens(Looked(self.now))


def phases(events: list[Event]) -> dict[int, list[PhaseName]]:
    """The phases of each runner, in order."""
    told: dict[int, list[PhaseName]] = {}
    for event in events:
        if isinstance(event, RunnerPhase):
            told.setdefault(event.runner, []).append(event.phase)
    return told


def assert_paths_of_the_diagram(events: list[Event]) -> None:
    """Each runner's phases begin with the first, follow the diagram, and say what they followed; no time goes back."""
    for runner, told in phases(events).items():
        assert told[0] == "requested", runner
        for was, phase in pairwise(told):
            assert phase in FOLLOWS[was], f"runner {runner}: {was} -> {phase}"
    before: dict[int, PhaseName] = {}
    last = 0.0
    for event in events:
        assert event.at >= last
        last = event.at
        if isinstance(event, RunnerPhase):
            assert event.was == before.get(event.runner)
            assert event.seconds >= 0
            before[event.runner] = event.phase
