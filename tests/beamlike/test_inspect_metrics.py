"""A node's figures for Prometheus and OpenTelemetry, as their own libraries read them."""

from __future__ import annotations

from typing import Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

import beamlike as bl
from beamlike.kernel import current
from tests.support.looked_at import THERE, looked_at


async def keeps() -> None:
    await bl.receive(lambda message: False)


def samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


@looked_at
async def test_the_text_is_what_prometheus_reads_and_what_the_client_library_writes(there: bl.Node) -> None:
    there.register('the "odd"\nname\\', there.spawn(keeps))
    for _ in range(3):
        there.send('the "odd"\nname\\', "x")
    found = samples(bl.inspect.prometheus.metrics(there))
    labels = frozenset({("node", THERE), ("name", 'the "odd"\nname\\')})
    assert found["beamlike_mailbox_messages", labels] == 3
    registry = CollectorRegistry()
    with current.at(there):
        bl.inspect.prometheus.register(registry=registry)
    assert samples(generate_latest(registry).decode()).keys() == found.keys()


@looked_at
async def test_a_scrape_begins_to_measure_the_loop(there: bl.Node) -> None:
    await bl.inspect.names(THERE)
    bl.inspect.prometheus.metrics(there)
    text = bl.inspect.prometheus.metrics(there)
    buckets = [value for (name, _), value in samples(text).items() if name == "beamlike_loop_lag_seconds_bucket"]
    assert buckets == sorted(buckets)
    assert any(name == "beamlike_loop_lag_seconds_count" for name, _ in samples(text))


@looked_at
async def test_opentelemetry_observes_the_same_figures(there: bl.Node) -> None:
    there.register("kept", there.spawn(keeps))
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    bl.inspect.opentelemetry.observe(there, provider.get_meter("test"))
    there.send("kept", "x")
    data: Any = reader.get_metrics_data()
    points = {
        (metric.name, point.attributes.get("name")): (point.value, point.attributes["beamlike.node"])
        for metric in data.resource_metrics[0].scope_metrics[0].metrics
        for point in metric.data.data_points
    }
    assert points["beamlike.mailbox_messages", "kept"] == (1.0, THERE)
    assert points["beamlike.processes", None][0] > 0
    assert ("beamlike.loop_lag.longest", None) in points
    provider.shutdown()
