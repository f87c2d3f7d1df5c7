"""A pool in OpenTelemetry: a span for each call and each boot, and metrics, for programs that use it.

Nothing is imported for it. A pool that starts when the program has set a tracer or meter provider (which the SDK or
`opentelemetry-instrument` does) reports there; any other pool does nothing. The function of a call runs within the
call's span, on the runner, too: what it records there belongs to the same trace.

spans    `flame.call <function>` with the event `started`, `flame.boot` with an event for each phase
metrics  flame.calls, flame.calls.waiting, flame.calls.running, flame.call.queue_time, flame.call.run_time,
         flame.runners (by phase), flame.boot.time, flame.runner_seconds, flame.cost
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any, Final

from flame.calls import Call, name_of
from flame.desk import is_async
from flame.events import BOOTING, ENDS, CallFinished, CallQueued, CallStarted, Cost, Event, PhaseName, RunnerPhase
from flame.traced import API, text_of, traced

SCOPE: Final = "beamlike.flame"
_METRICS: Final = "opentelemetry.metrics"
_OURS: Final = ("opentelemetry.trace", "opentelemetry.metrics")
"""Where the library's own providers are, which do nothing."""
_FINE: Final = ("returned", "released")


def telemetry(pool: str) -> Telemetry | None:
    """What reports of that pool; None if the program has set no provider.

    >>> telemetry("cpu") is None
    True
    """
    tracer = _from_provider(API, "get_tracer_provider", "get_tracer")
    meter = _from_provider(_METRICS, "get_meter_provider", "get_meter")
    return None if tracer is None and meter is None else Telemetry(pool, tracer, meter)


def _from_provider(module: str, get_provider: str, get: str) -> Any:
    api: Any = sys.modules.get(module)
    if api is None:
        return None
    provider = getattr(api, get_provider)()
    return None if type(provider).__module__.startswith(_OURS) else getattr(provider, get)(SCOPE)


class Telemetry:
    """Hears the pool's events as they happen, those of calls in the context of their callers."""

    def __init__(self, pool: str, tracer: Any, meter: Any) -> None:
        self._attributes = {"flame.pool": pool}
        self._spans = None if tracer is None else _Spans(self._attributes, tracer)
        self._metrics = None if meter is None else _Metrics(self._attributes, meter)

    def hear(self, event: Event) -> None:
        if self._spans is not None:
            self._spans.hear(event)
        if self._metrics is not None:
            self._metrics.hear(event)

    def carry(self, call: Call) -> None:
        """Has the call's function run within its span."""
        if self._spans is not None:
            self._spans.carry(call)

    def span_of(self, call: Call) -> str:
        """The call's span as text, for what runs in its slot otherwise; empty if it has none."""
        return "" if self._spans is None else self._spans.text_of(call)


class _Spans:
    def __init__(self, attributes: dict[str, str], tracer: Any) -> None:
        self._attributes = attributes
        self._tracer = tracer
        self._api: Any = sys.modules[API]
        self._calls: dict[int, Any] = {}
        self._boots: dict[int, Any] = {}
        self._last: tuple[Any, Any] = (None, None)
        """The function that was called last, and what runs it within a span: many calls are of one function."""

    def hear(self, event: Event) -> None:
        match event:
            case CallQueued(call=call, function=name):
                attributes = {**self._attributes, "flame.call": call, "code.function.name": name}
                kind = self._api.SpanKind.CLIENT
                self._calls[call] = self._tracer.start_span(f"flame.call {name}", kind=kind, attributes=attributes)
            case CallStarted(call=call) if call in self._calls:
                told = {"flame.runner": event.runner, "flame.node": event.node, "flame.queue_time": event.queue_s}
                self._calls[call].add_event("started", told)
            case CallFinished(call=call) if call in self._calls:
                self._end_call(self._calls.pop(call), event)
            case RunnerPhase():
                self._boot(event)

    def carry(self, call: Call) -> None:
        text = self.text_of(call)
        if text:
            request = call.request
            function = self._within_span(request.function)
            call.request = replace(request, function=function)
            call.args = (*call.args, text)

    def text_of(self, call: Call) -> str:
        span = self._calls.get(call.number)
        return "" if span is None else text_of(span.get_span_context())

    def _within_span(self, function: Any) -> Any:
        if self._last[0] is not function:
            self._last = function, traced(function, name_of(function), is_async=is_async(function))
        return self._last[1]

    def _end_call(self, span: Any, event: CallFinished) -> None:
        span.set_attribute("flame.status", event.status)
        span.set_attribute("flame.queue_time", event.queue_s)
        if event.runner is not None:
            span.set_attribute("flame.run_time", event.run_s)
            span.set_attribute("flame.runner", event.runner)
            span.set_attribute("flame.node", event.node)
        self._end(span, "" if event.status in _FINE else event.status)

    def _boot(self, event: RunnerPhase) -> None:
        if event.phase == "requested":
            attributes = {**self._attributes, "flame.runner": event.runner}
            alone = self._root()
            self._boots[event.runner] = self._tracer.start_span("flame.boot", context=alone, attributes=attributes)
        span = self._boots.get(event.runner)
        if span is None:
            return
        span.add_event(event.phase, {"detail": event.detail} if event.detail else None)
        if event.phase not in BOOTING:
            del self._boots[event.runner]
            span.set_attribute("flame.node", event.node)
            self._end(span, event.detail if event.phase == "failed" else "")

    def _root(self) -> Any:
        """A boot belongs to the pool and to no caller."""
        return self._api.set_span_in_context(self._api.INVALID_SPAN)

    def _end(self, span: Any, problem: str) -> None:
        if problem:
            span.set_status(self._api.Status(self._api.StatusCode.ERROR, problem))
        span.end()


class _Metrics:
    def __init__(self, attributes: dict[str, str], meter: Any) -> None:
        self._attributes = attributes
        self._calls = meter.create_counter("flame.calls", "1", "calls that are over, by how")
        self._waiting = meter.create_up_down_counter("flame.calls.waiting", "1", "calls without a slot")
        self._running = meter.create_up_down_counter("flame.calls.running", "1", "calls at work")
        self._queue = meter.create_histogram("flame.call.queue_time", "s", "until a slot")
        self._run = meter.create_histogram("flame.call.run_time", "s", "from the slot to the outcome")
        self._boot = meter.create_histogram("flame.boot.time", "s", "from the request to a runner that is ready")
        self._runners = meter.create_up_down_counter("flame.runners", "1", "runners, by phase")
        self._seconds = meter.create_counter("flame.runner_seconds", "s", "runner-seconds used")
        self._usd = meter.create_counter("flame.cost", "USD", "what the runners have cost, where prices are known")
        self._told = (0.0, 0.0)

    def hear(self, event: Event) -> None:
        match event:
            case CallQueued():
                self._waiting.add(1, self._attributes)
            case CallStarted():
                self._waiting.add(-1, self._attributes)
                self._running.add(1, self._attributes)
            case CallFinished():
                self._finished(event)
            case RunnerPhase():
                self._phase(event)
            case Cost():
                self._cost(event)

    def _finished(self, event: CallFinished) -> None:
        by_status = {**self._attributes, "flame.status": event.status}
        (self._waiting if event.runner is None else self._running).add(-1, self._attributes)
        self._calls.add(1, by_status)
        self._queue.record(event.queue_s, self._attributes)
        if event.runner is not None:
            self._run.record(event.run_s, by_status)

    def _phase(self, event: RunnerPhase) -> None:
        if event.was is not None:
            self._runners.add(-1, self._in(event.was))
        if event.phase not in ENDS:
            self._runners.add(1, self._in(event.phase))
        if event.phase == "ready" and event.was in BOOTING:
            self._boot.record(event.seconds, self._attributes)

    def _in(self, phase: PhaseName) -> dict[str, str]:
        return {**self._attributes, "flame.phase": phase}

    def _cost(self, event: Cost) -> None:
        seconds, usd = self._told
        now = event.runner_seconds, usd if event.usd is None else event.usd
        self._seconds.add(max(0.0, now[0] - seconds), self._attributes)
        self._usd.add(max(0.0, now[1] - usd), self._attributes)
        self._told = now
