"""What the cluster's panel shows, as lines: the nodes of the runtime, and its pools with their runners."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from notebook_tui.document.versions import Versions
from notebook_tui.runtime.cluster_view import Cluster, NodeSeen
from notebook_tui.ui.drawing.amounts import age_text, size_text
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.printable import printable_row
from notebook_tui.ui.drawing.table_lines import columns_of, row_text
from notebook_tui.ui.panels.panel_list import BLANK, Line, heading, said

if TYPE_CHECKING:
    from flame.stats import RunnerStats, Stats


def cluster_lines(
    cluster: Cluster, versions: Mapping[str, Versions], now: float, width: int, palette: Palette
) -> Iterator[Line]:
    runtime = cluster.runtime
    yield heading("Runtime", palette)
    words = f"{size_text(runtime.memory)}, {runtime.python}, up {age_text(now - runtime.began)}"
    yield Line(Text.assemble(("● ", palette.ok), (printable_row(runtime.node), palette.strong), f"  {words}"))
    yield BLANK
    yield heading(f"Nodes ({len(cluster.nodes)})", palette)
    if not cluster.nodes:
        yield from said(
            "It is connected to no other. `await bl.connect(name)` in a cell does, or a pool.", width, palette
        )
    yield from _node_lines(cluster.nodes, versions, now, width, palette)
    yield BLANK
    yield heading(f"Pools ({len(cluster.pools)})", palette)
    if not cluster.pools:
        yield from said("None. `flame.Pool.start(name=…)` in a cell makes one.", width, palette)
    for pool in cluster.pools:
        yield from _pool_lines(pool, width, palette)


def _node_lines(
    nodes: Sequence[NodeSeen], versions: Mapping[str, Versions], now: float, width: int, palette: Palette
) -> Iterator[Line]:
    current = {name for each in versions.values() for name in each.current}
    behind = {name for each in versions.values() for name, _ in each.behind}
    rows = [("NODE", "TRIP", "MEMORY", "PYTHON", "UP", "CODE")] if nodes else []
    for node in nodes:
        code = "older" if node.name in behind else "same" if node.name in current else ""
        facts = node.facts
        if facts is None:
            rows.append((node.name, "", "no answer", "", "", code))
            continue
        trip = f"{(node.round_trip or 0) * 1000:.1f} ms"
        rows.append((node.name, trip, size_text(facts.memory), facts.python, age_text(now - facts.began), code))
    shown = [tuple(map(printable_row, row)) for row in rows]
    widths = columns_of(shown, width)
    for number, row in enumerate(shown):
        styles = [palette.muted] * 6 if not number else [palette.strong, palette.muted]
        yield Line(row_text(row, widths, styles), f"node:{nodes[number - 1].name}" if number else "")


def _pool_lines(pool: Stats, width: int, palette: Palette) -> Iterator[Line]:
    from flame.table import headline

    yield Line(Text(printable_row(headline(pool)), palette.strong), f"pool:{pool.pool}")
    yield from said(f"wanted: {pool.wanted}, {printable_row(pool.why)}", width, palette)
    if pool.last_failure and pool.failures:
        yield from said(
            f"! {pool.failures} boots failed: {printable_row(pool.last_failure.splitlines()[0])}", width, palette
        )
    yield from said(_cost(pool), width, palette)
    rows = [("RUNNER", "PHASE", "FOR", "SLOTS", "SERVED", "AGE", "COST")] if pool.runners else []
    rows += [_runner_row(runner) for runner in pool.runners]
    widths = columns_of(rows, width)
    for number, row in enumerate(rows):
        id = f"runner:{pool.pool}:{pool.runners[number - 1].node}" if number else ""
        styles = [palette.muted] * 7 if not number else [palette.strong, palette.function]
        yield Line(row_text(row, widths, styles), id)


def _cost(pool: Stats) -> str:
    used = f"{pool.runner_seconds:,.0f} runner-seconds"
    if pool.usd is None:
        return f"cost: {used}"
    rate = f", ${pool.usd_per_hour:.2f} an hour now" if pool.usd_per_hour else ""
    return f"cost: ${pool.usd:.2f} for {used}{rate}"


def _runner_row(runner: RunnerStats) -> tuple[str, str, str, str, str, str, str]:
    phase = f"{runner.phase}, cordoned" if runner.cordoned else runner.phase
    return (
        printable_row(runner.node.partition("@")[0] or str(runner.id)),
        phase,
        age_text(runner.phase_seconds),
        f"{runner.busy + runner.kept}/{runner.slots}",
        f"{runner.served:,}",
        age_text(runner.age),
        "" if runner.usd is None else f"${runner.usd:.4f}",
    )
