"""A node for Prometheus: as text, or through the client library where the program has that.

    return Response(bl.inspect.prometheus.metrics(), media_type=bl.inspect.prometheus.CONTENT_TYPE)
    bl.inspect.prometheus.register()              with prometheus_client, beside the program's own figures

Each figure has the label `node`. To scrape is to look: the loops are measured for a minute after each scrape.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from beamlike.inspect.facts import LagHistogram
from beamlike.inspect.measures import Labels, Measure, lags, measures
from beamlike.kernel import current
from beamlike.kernel.node import LocalNode

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
LAG: Final = "beamlike_loop_lag_seconds"
_LAG_WORDS: Final = "how late the event loop came to what was due"


def metrics(node: LocalNode | None = None) -> str:
    """The figures of `node`, the current one by default, in Prometheus's text format. Any thread may ask.

    >>> import asyncio, beamlike as bl
    >>> from beamlike.inspect.prometheus import metrics
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         return metrics()
    >>> [line for line in asyncio.run(main()).splitlines() if "connected_nodes" in line][-1]
    'beamlike_connected_nodes{node="doc@127.0.0.1"} 0.0'
    """
    node = node or current.current_node()
    lines = [line for it in measures(node) for line in _lines(it, node.name)]
    lines += [f"# HELP {LAG} {_LAG_WORDS}", f"# TYPE {LAG} histogram"]
    for thread, histogram in lags(node):
        lines += _histogram(histogram, (("node", node.name), ("thread", thread)))
    return "\n".join(lines) + "\n"


def register(node: LocalNode | None = None, registry: Any = None) -> Any:
    """Has `prometheus_client` tell the figures of `node` with each scrape; returns the collector, which
    `registry.unregister` takes away again. ModuleNotFoundError where the library is not installed."""
    from prometheus_client import REGISTRY

    collector = _Collector(node or current.current_node())
    (registry or REGISTRY).register(collector)
    return collector


class _Collector:
    def __init__(self, node: LocalNode) -> None:
        self._node = node

    def describe(self) -> Iterable[Any]:
        """Nothing is looked at to register it."""
        return ()

    def collect(self) -> Iterator[Any]:
        from prometheus_client import core

        names = {"gauge": core.GaugeMetricFamily, "counter": core.CounterMetricFamily}
        for it in measures(self._node):
            family = names[it.kind](_name(it).removesuffix("_total"), it.words, labels=["node", *_keys(it)])
            for labels, value in it.samples:
                family.add_metric([self._node.name, *(text for _, text in labels)], value)
            yield family
        histogram = core.HistogramMetricFamily(LAG, _LAG_WORDS, labels=["node", "thread"])
        for thread, found in lags(self._node):
            buckets = [(bound, float(count)) for bound, count in _cumulative(found)]
            histogram.add_metric([self._node.name, thread], buckets, found.total)
        yield histogram


def _name(it: Measure) -> str:
    unit = f"_{it.unit}" if it.unit else ""
    return f"beamlike_{it.name}{unit}{'_total' if it.kind == 'counter' else ''}"


def _keys(it: Measure) -> list[str]:
    return [key for key, _ in it.samples[0][0]] if it.samples else []


def _lines(it: Measure, node: str) -> Iterator[str]:
    name = _name(it)
    yield f"# HELP {name} {it.words}"
    yield f"# TYPE {name} {it.kind}"
    for labels, value in it.samples:
        yield f"{name}{_labels((('node', node), *labels))} {value}"


def _histogram(found: LagHistogram, labels: Labels) -> Iterator[str]:
    for bound, count in _cumulative(found):
        yield f"{LAG}_bucket{_labels((*labels, ('le', bound)))} {count}"
    yield f"{LAG}_sum{_labels(labels)} {found.total}"
    yield f"{LAG}_count{_labels(labels)} {found.count}"


def _cumulative(found: LagHistogram) -> Iterator[tuple[str, int]]:
    so_far = 0
    for bound, count in zip((*map(str, found.bounds), "+Inf"), found.counts, strict=True):
        so_far += count
        yield bound, so_far


def _labels(labels: Labels) -> str:
    return "{" + ",".join(f'{key}="{_escaped(text)}"' for key, text in labels) + "}"


def _escaped(text: str) -> str:
    r"""
    >>> _escaped('a "b"\n')
    'a \\"b\\"\\n'
    """
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
