"""A node for OpenTelemetry: observable gauges and counters, where the program has set a meter provider.

    bl.inspect.opentelemetry.observe()

Each figure has the attribute `beamlike.node`. The names are those of Prometheus with dots: `beamlike.mailbox_messages`.
The lag of a loop is the longest one and the mean of the last minute or more: OpenTelemetry observes no histograms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from beamlike.inspect.measures import lags, measures
from beamlike.kernel import current
from beamlike.kernel.node import LocalNode

SCOPE: Final = "beamlike.node"
_UNITS: Final = {"bytes": "By", "seconds": "s", "": "1"}


def observe(node: LocalNode | None = None, meter: Any = None) -> None:
    """Has `meter`, by default that of the program's meter provider, observe `node`, by default the current one.
    ModuleNotFoundError where the library is not installed."""
    from opentelemetry import metrics

    node = node or current.current_node()
    meter = meter or metrics.get_meter(SCOPE)
    for it in measures(node):
        make = meter.create_observable_counter if it.kind == "counter" else meter.create_observable_gauge
        make(f"beamlike.{it.name}", [_observer(node, it.name)], unit=_UNITS[it.unit], description=it.words)
    words = "how late the event loop came to what was due"
    make = meter.create_observable_gauge
    make("beamlike.loop_lag.longest", [_lags(node, lambda found: found.longest)], unit="s", description=words)
    make("beamlike.loop_lag.mean", [_lags(node, _mean)], unit="s", description=words)


def _observer(node: LocalNode, name: str) -> Callable[[Any], Iterator[Any]]:
    def observed(_options: Any) -> Iterator[Any]:
        from opentelemetry.metrics import Observation

        for it in measures(node):
            if it.name == name:
                for labels, value in it.samples:
                    yield Observation(value, {"beamlike.node": node.name, **dict(labels)})

    return observed


def _lags(node: LocalNode, figure: Callable[[Any], float]) -> Callable[[Any], Iterator[Any]]:
    def observed(_options: Any) -> Iterator[Any]:
        from opentelemetry.metrics import Observation

        for thread, found in lags(node):
            yield Observation(figure(found), {"beamlike.node": node.name, "thread": thread})

    return observed


def _mean(found: Any) -> float:
    return found.total / found.count if found.count else 0.0
