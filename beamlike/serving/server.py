"""The process of a serving: it takes requests in, makes batches of them, and hands these to its partitions.

    Ask ──► prepare (in threads) ──► Batches ──► a free partition ──► finish (in threads) ──► Answer
                                        └────► Shelf ──► the first one that becomes free

A partition that ends takes its batch with it, and another is started in its place; one that cannot load its model ends
the serving, for a supervisor to decide.

It is one room, as a request meets swaps, withdrawals, deadlines and lost partitions at any step, and each may change
what the others wait for; what can be told without the process (batches, shelf, requests, answers) has its own rooms.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from beamlike.behaviours.servers.gen_server import GenServer
from beamlike.behaviours.servers.outcomes import NO_REPLY, Stop
from beamlike.distribution.process_groups import pg
from beamlike.kernel import functions as kernel
from beamlike.kernel.errors import ProcessExit
from beamlike.kernel.exceptions import describe_exception, reraisable
from beamlike.kernel.question import Client
from beamlike.kernel.record import slotted
from beamlike.kernel.terms import NORMAL, Alias, Down, ExceptionInfo, Exit, Pid, Reason, Ref
from beamlike.kernel.timers import Timer, cancel_timer, send_after
from beamlike.serving.answering import answer
from beamlike.serving.batches import Batches, Entry
from beamlike.serving.errors import ServingLost, ServingTimeout
from beamlike.serving.evaluating import streams, wrong
from beamlike.serving.messages import (
    Answer,
    Ask,
    AskStatistics,
    AskStream,
    Done,
    Drain,
    Forget,
    Late,
    Listener,
    Loaded,
    Outcome,
    Prepared,
    Raw,
    Swap,
    Withdraw,
    Work,
    Worked,
    Wrong,
)
from beamlike.serving.partition import partition
from beamlike.serving.processing import finish, prepare, prepares_alike
from beamlike.serving.requests import Request, Requests
from beamlike.serving.shelf import Shelf
from beamlike.serving.statistics import Recent, Statistics

if TYPE_CHECKING:
    from beamlike.serving.serving import Serving

GROUP: Final = "beamlike.serving"
_LOOK: Final = "look"
_WATCH: Final = "watch"
WATCHED_AFTER: Final = 1.0
"""Seconds. By then most requests are answered, of whose price a monitor would be a third."""
_REFILL: Final = "refill"
"""That the shelf was emptied, and is to be filled by the look that follows each message."""


@slotted
class Partition:
    serving: Serving
    device: Any
    batch: list[Entry]
    """What it evaluates; empty when it is free."""
    retires: bool
    """It has the model of before, and ends with its batch."""
    shelf: Shelf


@slotted
class Preparing:
    """Inputs of a request for which a process does what comes before, as this serving has it."""

    serving: Serving
    ref: Ref
    places: Sequence[int]
    values: Sequence[Any]


@slotted
class Coming:
    """The partitions of a model that is to take the place of this one."""

    serving: Serving
    devices: dict[Pid, Any]
    loaded: set[Pid]
    client: Client
    shelf: Shelf


class ServingServer(GenServer):
    async def init(self, serving: Serving, name: str | None) -> None:
        kernel.trap_exit(True)
        self._serving = serving
        self._name = name
        self._generation = 1
        self._batches = Batches(serving.batch_size, serving.batch_timeout)
        self._requests = Requests()
        self._partitions: dict[Pid, Partition] = {}
        self._shelf = Shelf()
        self._batch_number = 0
        self._is_any_free = True
        self._coming: Coming | None = None
        self._timer: Timer | None = None
        self._timer_at = 0.0
        self._preparing: dict[Pid, Preparing] = {}
        self._inputs_in_preparation = 0
        self._finishing: dict[Pid, Request] = {}
        self._draining: list[Client] = []
        self._watched: dict[Ref, Ref] = {}
        self._watch_is_due = False
        self._counts = dict.fromkeys(("served", "failed", "refused", "late", "withdrawn", "batches", "inputs"), 0)
        self._latencies, self._runs = Recent(), Recent()
        started = {self._start(serving, device, self._shelf): device for device in serving.partitions}
        for pid in started:
            await _is_loaded(pid)
        self._partitions = {pid: Partition(serving, device, [], False, self._shelf) for pid, device in started.items()}
        if name is not None:
            await pg.join((GROUP, name))

    # What is asked.

    def handle_call(self, request: Any, client: Client) -> Any:
        match request:
            case Ask(values, seconds, ref):
                return self._asked(values, self._request(ref, client, None, seconds, len(values)))
            case AskStatistics():
                return self._statistics()
            case Swap(serving):
                return self._swap(serving, client)
            case Drain():
                return self._drain(client)
            case _:
                raise TypeError(f"a serving does not know the call {request!r}; use bl.Serving.call, stream or swap")

    def handle_cast(self, request: Any) -> None:
        match request:
            case AskStream(value, seconds, ref, to):
                self._stream(value, seconds, ref, to)
            case Withdraw(ref):
                self._withdraw(ref)
            case _:
                raise TypeError(f"a serving does not know the cast {request!r}; use bl.Serving.call, stream or swap")
        self._end_if_drained()

    def handle_info(self, message: Any) -> None:
        match message:
            case Prepared(pid, values):
                self._prepared(self._no_longer_preparing(pid), values)
            case Worked(pid, outcomes, seconds, following):
                self._worked(pid, outcomes, seconds, following)
            case Loaded(pid, None):
                self._loaded(pid)
            case Loaded(pid, ExceptionInfo() as why):
                self._not_loaded(pid, why)
            case Exit(pid, reason):
                self._ended(pid, reason)
            case Down(ref):
                self._withdraw(self._watched.pop(ref, ref))
            case "look":
                self._timer = None
            case "watch":
                self._watch_who_waits()
        self._look()
        self._end_if_drained()

    def _drain(self, client: Client) -> Any:
        """From now on it is found by nobody, and takes nothing more."""
        if self._name is not None and not self._draining:
            kernel.spawn(pg.leave, (GROUP, self._name), kernel.self())
        self._draining.append(client)
        self._end_if_drained()
        return NO_REPLY

    def _end_if_drained(self) -> None:
        if self._draining and not len(self._requests) and not self._finishing:
            for client in self._draining:
                GenServer.reply(client, Done(None))
            raise Stop(NORMAL)

    def terminate(self, reason: Reason) -> None:
        for pid in [*self._partitions, *(self._coming.devices if self._coming else ())]:
            kernel.exit(pid, "kill")

    def _asked(self, values: Sequence[Any], request: Request) -> Any:
        if self._draining:
            return Answer((), refused="it is about to end")
        if self._waiting and len(values) > self._serving.max_waiting - self._waiting:
            self._counts["refused"] += len(values)
            return Answer((), refused=self._why_refused(len(values)))
        if not values:
            return Answer(())
        self._requests.open(request)
        if not self._watch_is_due:
            self._watch_is_due = True
            send_after(kernel.self(), _WATCH, WATCHED_AFTER)
        self._prepare(request, range(len(values)), values)
        if not self._needs_no_look(request):
            self._look()
        return NO_REPLY

    def _why_refused(self, count: int) -> str:
        most = self._serving.max_waiting
        words = f"{self._waiting} inputs wait already, of {most} that may"
        return words if count <= most else f"{words}, and a request of {count} is taken while none waits"

    def _needs_no_look(self, request: Request) -> bool:
        """Of most requests nothing is to be done before the next look, which is to come."""
        wanted = min(request.deadline, request.since + self._batches.wait)
        if self._timer is None or self._timer_at > (wanted if self._is_any_free else request.deadline):
            return False
        return not self._batches.has_full or (not self._is_any_free and len(self._shelf) >= len(self._partitions))

    def _stream(self, value: Any, seconds: float | None, ref: Ref, to: Alias) -> None:
        request = self._request(ref, None, (to, ref), seconds, 1)
        self._watch(request, to)
        refusal = self._asked([value], request)
        if refusal is not NO_REPLY:
            self._unwatch(request)
            kernel.send(to, (ref, "refused", refusal.refused))

    def _watch_who_waits(self) -> None:
        """Who is killed, or is lost with its node, cannot withdraw what it asked."""
        self._watch_is_due = len(self._requests) > 0 or len(self._finishing) > 0
        if self._watch_is_due:
            send_after(kernel.self(), _WATCH, WATCHED_AFTER)
        for request in [*self._requests.unwatched(self._now() - WATCHED_AFTER), *self._finishing.values()]:
            if request.client is not None and request.monitor is None:
                self._watch(request, request.client)

    def _watch(self, request: Request, who: Alias) -> None:
        request.monitor = kernel.monitor(who.pid)
        self._watched[request.monitor] = request.ref

    def _unwatch(self, request: Request) -> None:
        if request.monitor is not None and self._watched.pop(request.monitor, None) is not None:
            kernel.demonitor(request.monitor, flush=True)

    def _request(
        self, ref: Ref, client: Client | None, listener: Listener | None, seconds: float | None, count: int
    ) -> Request:
        now = self._now()
        deadline = math.inf if seconds is None else now + seconds
        return Request(ref, client, listener, now, deadline, [None] * count, count)

    def _withdraw(self, ref: Ref) -> None:
        request = self._requests.find(ref)
        if request is None:
            for pid in [pid for pid, its in self._finishing.items() if its.ref == ref]:  # nobody waits for it
                kernel.exit(pid, "kill")
            return
        dropped = self._requests.withdraw(ref)
        self._unwatch(request)
        if request.listener is not None:
            for pid, its in self._partitions.items():
                if any(each.id in dropped for each in its.batch) or its.shelf.holds_any(dropped):
                    kernel.send(pid, Forget(ref))
        if self._shelf.holds_any(dropped):
            self._retract()
            kernel.send(kernel.self(), _REFILL)  # once for all that are withdrawn together
        self._counts["withdrawn"] += len(dropped)
        self._batches.drop(dropped)

    # How an input becomes an entry, and an entry an outcome.

    def _prepare(self, request: Request, places: Sequence[int], values: Sequence[Any]) -> None:
        serving = self._serving
        if request.listener is not None and not streams(serving.run):
            error = TypeError("expected a serving whose function is a generator, to stream; this one gives all at once")
            self._finish(self._requests.settle_place(request, 0, wrong(error)), failed=1)
        elif serving.preprocess is None and serving.key is None:
            self._enter(request, places, values, [(value, None) for value in values])
        else:
            self._inputs_in_preparation += len(values)
            process = kernel.spawn_link(prepare, serving, tuple(values), kernel.self())
            self._preparing[process] = Preparing(serving, request.ref, places, values)

    def _no_longer_preparing(self, pid: Pid) -> Preparing:
        its = self._preparing.pop(pid)
        self._inputs_in_preparation -= len(its.places)
        return its

    def _prepared(self, its: Preparing, ready: Sequence[Any]) -> None:
        request = self._requests.find(its.ref)
        if request is None:  # withdrawn meanwhile
            return
        if prepares_alike(its.serving, self._serving):
            self._enter(request, its.places, its.values, ready)
        else:  # another model has taken over meanwhile
            self._prepare(request, its.places, its.values)

    def _prepare_anew(self) -> None:
        """All that waits, in the order in which it came."""
        entries: list[Entry] = []
        while due := self._batches.take(math.inf):
            entries += due
        inputs: dict[Ref, tuple[Request, dict[int, Any]]] = {}
        for entry in sorted(entries, key=lambda entry: entry.id):
            request, place, value = self._requests.leave(entry.id)
            inputs.setdefault(request.ref, (request, {}))[1][place] = value
        for request, values in inputs.values():
            self._prepare(request, list(values), list(values.values()))

    def _enter(self, request: Request, places: Sequence[int], values: Sequence[Any], ready: Sequence[Any]) -> None:
        for place, value, its in zip(places, values, ready, strict=True):
            if isinstance(its, Wrong):
                self._finish(self._requests.settle_place(request, place, its), failed=1)
            else:
                evaluated, key = its
                id = self._requests.enter(request, place, value)
                self._batches.add(Entry(id, evaluated, key, request.since, request.deadline))

    def _worked(self, pid: Pid, outcomes: Sequence[Outcome | Late], seconds: float, following: int | None) -> None:
        its = self._partitions.get(pid)
        if its is None:
            return
        batch, its.batch = its.batch, []
        if following is not None:
            its.batch = its.shelf.told(following)
            self._count_batch(its.batch)
        self._runs.add(seconds)
        if its.retires and not its.batch:
            self._retire(pid)
        self._look()  # first, so that the partition has its next batch while these are answered
        postprocess = its.serving.postprocess
        for entry, outcome in zip(batch, outcomes, strict=True):
            if postprocess is not None and isinstance(outcome, Done):
                self._settle(entry, Raw(outcome.value, postprocess))
            else:
                self._settle(entry, outcome)

    def _settle(self, entry: Entry, outcome: Outcome | Late) -> None:
        if isinstance(outcome, Late):
            self._is_late(entry)
            return
        self._latencies.add(self._now() - entry.since)
        done = isinstance(outcome, Done)
        self._finish(self._requests.settle(entry.id, outcome), served=done, failed=not done)

    def _finish(self, request: Request | None, **counts: int) -> None:
        """Count what came of an input, and answer the request if that was its last."""
        for name, count in counts.items():
            self._counts[name] += count
        if request is None:
            return
        given = request.answer()
        if request.client is not None and any(isinstance(outcome, Raw) for outcome in given.outcomes):
            self._finishing[kernel.spawn_link(finish, given, request.client)] = request  # and is watched on
            return
        self._unwatch(request)
        if request.client is None:
            self._tell(request, given.outcomes[0])
        else:
            answer(request.client, given)

    def _tell(self, request: Request, outcome: Outcome) -> None:
        assert request.listener is not None
        to, ref = request.listener
        kernel.send(to, (ref, "end") if isinstance(outcome, Done) else (ref, "failed", outcome.why))

    def _look(self) -> None:
        """Hand out what is due, give up what is late, and look again when there is more."""
        now = self._now()
        if self._shelf.until <= now:
            self._retract()
        for entry in self._batches.late(now):
            self._is_late(entry)
        self._is_any_free = False
        for pid, its in self._partitions.items():
            if its.batch or its.retires:
                continue
            if len(self._shelf):  # it found nothing there, and then something was put
                self._retract()
            batch = self._batches.take(now)
            if not batch:
                self._is_any_free = True
                break
            self._work(pid, its, batch)
        if not self._is_any_free:
            self._fill_shelf()
        self._set_timer(now)

    def _is_late(self, entry: Entry) -> None:
        error = ServingTimeout(f"{self._words} was not reached in time: {self._waiting} more inputs wait")
        self._finish(self._requests.settle(entry.id, wrong(error)), late=1)

    def _work(self, pid: Pid, its: Partition, batch: list[Entry]) -> None:
        its.batch = batch
        self._count_batch(batch)
        kernel.send(pid, self._work_of(batch))

    def _work_of(self, batch: list[Entry]) -> Work:
        self._batch_number += 1
        requests = [self._requests.of(entry.id) for entry in batch]
        return Work(
            self._batch_number,
            tuple([entry.value for entry in batch]),
            tuple([None if request is None else request.listener for request in requests]),
            tuple([entry.deadline for entry in batch]),
        )

    def _count_batch(self, batch: list[Entry]) -> None:
        self._counts["batches"] += 1
        self._counts["inputs"] += len(batch)

    def _fill_shelf(self) -> None:
        """Full batches alone, since others may come to one that is not while it waits; one for each partition."""
        while len(self._shelf) < len(self._partitions) and (batch := self._batches.take_full()):
            self._shelf.put(self._work_of(batch), batch)

    def _retract(self) -> None:
        """What lies on the shelf waits again as if it had never been there."""
        for batch in reversed(self._shelf.retract()):
            self._batches.put_back(batch)

    @property
    def _waiting(self) -> int:
        return len(self._batches) + self._inputs_in_preparation + self._shelf.inputs

    def _set_timer(self, now: float) -> None:
        """One that comes too early does no harm: most requests find one that is set."""
        due = self._batches.due_at(now) if self._is_any_free else None
        until = self._shelf.until if self._shelf.until < math.inf else None
        times = [at for at in (due, until, self._batches.next_deadline()) if at is not None]
        if not times or (self._timer is not None and self._timer_at <= min(times)):
            return
        if self._timer is not None:
            cancel_timer(self._timer)
        self._timer_at = min(times)
        self._timer = send_after(kernel.self(), _LOOK, max(0.0, self._timer_at - now))

    # Partitions.

    def _start(self, serving: Serving, device: Any, shelf: Shelf) -> Pid:
        return kernel.spawn_link(partition, serving, device, kernel.self(), shelf)

    def _ended(self, pid: Pid, reason: Reason) -> None:
        coming = self._coming
        if coming is not None and pid in coming.devices:
            error = ServingLost(f"a partition of the new model ended: {reason}")
            self._not_loaded(pid, describe_exception(error, kernel.self()))
        if pid in self._preparing:
            lost = self._lost("preprocess or key", reason)
            preparing = self._no_longer_preparing(pid)
            self._prepared(preparing, [lost] * len(preparing.places))
        elif (request := self._finishing.pop(pid, None)) is not None:
            self._unwatch(request)
            if reason != NORMAL and request.client is not None:
                answer(request.client, Answer((self._lost("postprocess", reason),) * len(request.outcomes)))
        its = self._partitions.pop(pid, None)
        if its is None:
            return
        if its.batch == [_LOADING]:  # by SystemExit and the like; it is no other for that than one that could not load
            raise ProcessExit(reason)
        error = ServingLost(f"a partition of {self._words} ended while it evaluated this: {reason}")
        for entry in [*its.batch, *its.shelf.taken_by(pid)]:
            self._settle(entry, wrong(error))
        if not its.retires:
            again = self._start(self._serving, its.device, self._shelf)
            self._partitions[again] = Partition(self._serving, its.device, [_LOADING], False, self._shelf)

    def _lost(self, what: str, reason: Reason) -> Wrong:
        """What came of an input whose process for that has ended, as by SystemExit, which is for no caller to raise."""
        return wrong(ServingLost(f"the process in which {self._words} called {what} for this ended: {reason}"))

    def _loaded(self, pid: Pid) -> None:
        coming = self._coming
        if coming is not None and pid in coming.devices:
            coming.loaded.add(pid)
            if coming.loaded == set(coming.devices):
                self._take_over(coming)
        elif pid in self._partitions:
            self._partitions[pid].batch = []

    def _not_loaded(self, pid: Pid, why: ExceptionInfo) -> None:
        coming = self._coming
        if coming is not None and pid in coming.devices:
            self._coming = None
            for other in coming.devices:
                kernel.exit(other, "kill")
            GenServer.reply(coming.client, Wrong(why))
        elif pid in self._partitions:
            raise ProcessExit(why)

    def _swap(self, serving: Serving, client: Client) -> Any:
        if self._coming is not None:
            return wrong(RuntimeError("expected one model at a time to be swapped in; another is being loaded"))
        shelf = Shelf()
        started = {self._start(serving, device, shelf): device for device in serving.partitions}
        self._coming = Coming(serving, started, set(), client, shelf)
        return NO_REPLY

    def _take_over(self, coming: Coming) -> None:
        """What waits is evaluated by the new model; what runs ends on the old one."""
        self._coming = None
        self._retract()
        self._shelf = coming.shelf
        for pid, its in list(self._partitions.items()):
            its.retires = True
            if not its.batch or its.batch == [_LOADING]:
                self._retire(pid)
        before, self._serving = self._serving, coming.serving
        for pid, device in coming.devices.items():
            self._partitions[pid] = Partition(self._serving, device, [], False, coming.shelf)
        self._generation += 1
        self._batches.size, self._batches.wait = coming.serving.batch_size, coming.serving.batch_timeout
        if not prepares_alike(before, self._serving):
            self._prepare_anew()
        GenServer.reply(coming.client, Done(self._generation))

    def _retire(self, pid: Pid) -> None:
        del self._partitions[pid]
        kernel.unlink(pid)
        kernel.exit(pid, "kill")

    # Words.

    @property
    def _words(self) -> str:
        return f"the serving {self._name!r}" if self._name is not None else "the serving"

    def _statistics(self) -> Statistics:
        counts = self._counts
        room = counts["batches"] * self._serving.batch_size
        return Statistics(
            name=self._name or "",
            generation=self._generation,
            partitions=len(self._partitions),
            busy=sum(bool(its.batch) for its in self._partitions.values()),
            waiting=self._waiting,
            served=counts["served"],
            failed=counts["failed"],
            refused=counts["refused"],
            late=counts["late"],
            withdrawn=counts["withdrawn"],
            batches=counts["batches"],
            batch_fill=counts["inputs"] / room if room else 0.0,
            latency=self._latencies.percentiles(),
            run=self._runs.percentiles(),
        )

    def _now(self) -> float:
        """Also the threads of partitions go by it."""
        return time.monotonic()


_LOADING: Final = Entry(0, None, None, 0.0)
"""Stands for the batch of a partition that is not there yet."""


async def _is_loaded(pid: Pid) -> None:
    """What its load raised, if it did."""
    message = await kernel.receive(
        lambda it: (isinstance(it, Loaded) and it.partition == pid) or (isinstance(it, Exit) and it.pid == pid)
    )
    match message:
        case Loaded(_, ExceptionInfo() as why):
            raise reraisable(why)
        case Exit(_, reason):
            raise ProcessExit(reason)
