"""A pool in OpenTelemetry, with the library's own SDK, where that is installed."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from typing import Any

import pytest

from flame.telemetry import Telemetry, telemetry
from flame.traced import traced, within
from tests.support.watched_pools import WatchedPool

needs_sdk = pytest.mark.skipif(
    find_spec("opentelemetry") is None or find_spec("opentelemetry.sdk") is None,
    reason="the OpenTelemetry SDK is not installed",
)


def test_a_program_that_does_not_use_the_library_does_not_import_it() -> None:
    program = "import sys, flame, flame.telemetry as t; print(t.telemetry('cpu'), 'opentelemetry' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "None False\n"


def test_a_function_runs_as_ever_where_the_library_is_not_installed() -> None:
    span = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"
    assert traced(divmod, "divmod", is_async=False)(7, 2, span) == (3, 1)
    with within("nonsense"):
        pass


@needs_sdk
def test_a_provider_that_does_nothing_costs_nothing() -> None:
    import opentelemetry.trace  # noqa: F401

    assert telemetry("cpu") is None


class Recorded:
    """A pool whose spans and metrics are kept here."""

    def __init__(self) -> None:
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import InMemoryMetricReader
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

        self._exporter = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.meters = MeterProvider([self._reader])
        self.pool = WatchedPool()
        self.telemetry = Telemetry("cpu", self.tracers.get_tracer("test"), self.meters.get_meter("test"))
        self.pool.witness.hear(self.telemetry.hear)

    def spans(self) -> dict[str, Any]:
        return {span.name: span for span in self._exporter.get_finished_spans()}

    def metric(self, name: str) -> dict[str, float]:
        """Its values, by the attribute that is not the pool."""
        data = self._reader.get_metrics_data()
        assert data is not None
        metrics = [metric for one in data.resource_metrics for scope in one.scope_metrics for metric in scope.metrics]
        points: Any = next(metric for metric in metrics if metric.name == name).data.data_points
        key = [{k: v for k, v in (point.attributes or {}).items() if k != "flame.pool"} for point in points]
        values = [point.count if hasattr(point, "count") else point.value for point in points]
        return {" ".join(map(str, one.values())): value for one, value in zip(key, values, strict=True)}

    def close(self) -> None:
        self.tracers.shutdown()
        self.meters.shutdown()


@needs_sdk
def test_a_call_is_a_span_within_its_callers_with_its_times_and_its_status() -> None:
    recorded = Recorded()
    with recorded.tracers.get_tracer("test").start_as_current_span("caller") as caller:
        recorded.pool.call()
    recorded.pool.clock.advance(2.0)
    recorded.pool.up(1)
    recorded.pool.end_work(1)
    span = recorded.spans()["flame.call len"]
    assert span.parent.span_id == caller.get_span_context().span_id
    assert span.attributes["flame.queue_time"] == 2.0
    assert span.attributes["flame.status"] == "returned"
    assert [event.name for event in span.events] == ["started"]
    recorded.close()


@needs_sdk
def test_a_boot_is_a_span_of_its_own_with_its_phases() -> None:
    recorded = Recorded()
    with recorded.tracers.get_tracer("test").start_as_current_span("caller"):
        recorded.pool.call()
    recorded.pool.step(1, "created")
    recorded.pool.down(1, "no such image")
    span = recorded.spans()["flame.boot"]
    assert span.parent is None
    assert [event.name for event in span.events] == ["requested", "created", "failed"]
    assert span.status.description == "no such image"
    assert not span.status.is_ok
    recorded.close()


@needs_sdk
def test_runners_queue_calls_and_cost_are_metrics() -> None:
    recorded = Recorded()
    recorded.pool.call()
    recorded.pool.call()
    recorded.pool.up(1)
    assert recorded.metric("flame.calls.waiting") == {"": 1}
    assert recorded.metric("flame.calls.running") == {"": 1}
    assert recorded.metric("flame.runners") == {"requested": 0, "ready": 0, "busy": 1}
    assert recorded.metric("flame.boot.time") == {"": 1}
    recorded.pool.end_work(1)
    recorded.pool.end_work(1)
    recorded.pool.clock.advance(10.0)
    assert recorded.metric("flame.calls") == {"returned": 2}
    assert recorded.metric("flame.call.run_time") == {"returned": 2}
    assert recorded.metric("flame.runner_seconds") == {"": 10.0}
    recorded.close()
