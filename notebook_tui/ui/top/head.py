"""The head of the view: which node, how it is, and the tabs. Pure texts, as much of them as there is room for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.style import Style
from rich.text import Text

from beamlike.inspect.facts import Snapshot
from beamlike.kernel.record import frozen
from notebook_tui.ui.drawing.amounts import size_text
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.printable import printable_row
from notebook_tui.ui.top.figures import History, count_text, seconds_text, total, uptime_text
from notebook_tui.ui.top.view import TABS, View

CHIP: Final = Style(reverse=True, bold=True)
SPARK: Final = 12
_ROOMY: Final = 110
_LATE: Final = 0.05
_VERY_LATE: Final = 0.25


@frozen
class Connection:
    """How the view stands to the node: `lost` says in words why nothing comes, and `since` when it was last heard."""

    lost: str = ""
    since: float = 0.0


class Histories:
    """What is drawn of the past."""

    def __init__(self) -> None:
        self.lag = History()
        self.cpu = History()
        self.messages = History()
        self.memory = History()

    def add(self, snapshot: Snapshot) -> None:
        node = snapshot.node
        self.lag.add(lag_of(snapshot))
        self.cpu.add(node.cpu)
        self.memory.add(float(node.rss))
        if snapshot.processes is not None:
            self.messages.add(total(each.messages_per_s for each in snapshot.processes))

    def clear(self) -> None:
        for each in (self.lag, self.cpu, self.messages, self.memory):
            each.clear()


def lag_of(snapshot: Snapshot) -> float | None:
    """The longest lag of the last seconds; a stall that goes on counts as it is."""
    stalls = [loop.stall.seconds for loop in snapshot.loops or () if loop.stall is not None]
    return max(stalls) if stalls else snapshot.node.lag


def title_line(view: View, snapshot: Snapshot | None, connection: Connection, now: float, palette: Palette) -> Text:
    line = Text.assemble((f" {printable_row(view.node)} ", CHIP), " ")
    if connection.lost:
        line.append(f"✗ lost for {uptime_text(now - connection.since)}, looking for it", palette.error)
    elif snapshot is None:
        line.append("◌ asking", palette.running)
    elif view.is_frozen:
        line.append("‖ frozen", palette.warning)
    else:
        line.append("● live", palette.ok)
    line.append(f"  every {view.pause:g} s", palette.muted)
    if snapshot is not None:
        node = snapshot.node
        line.append(f"  up {uptime_text(snapshot.at - node.started)}")
        line.append(f"  pid {node.os_pid}  Python {node.python}  {printable_row(node.program)}", palette.muted)
    return line


def figures_line(snapshot: Snapshot | None, histories: Histories, width: int, palette: Palette) -> Text:
    """As many figures as there is room for, the most telling first."""
    line = Text(" ")
    if snapshot is None:
        return line
    for figure in _figures(snapshot, histories, SPARK if width >= _ROOMY else SPARK // 2, palette):
        if line.cell_len + figure.cell_len + 2 > width:
            break
        line.append("  " if line.cell_len > 1 else "").append_text(figure)
    return line


def _figures(snapshot: Snapshot, histories: Histories, spark: int, palette: Palette) -> Iterator[Text]:
    node = snapshot.node
    lag = lag_of(snapshot)
    ink = palette.ok if (lag or 0) < _LATE else palette.warning if (lag or 0) < _VERY_LATE else palette.error
    yield _figure("loop", f"{histories.lag.spark(spark, _LATE)} {seconds_text(lag) or '?':>6}", ink, palette)
    cpu = "?" if node.cpu is None else f"{node.cpu:.0%}"
    yield _figure("cpu", f"{histories.cpu.spark(spark, 1.0)} {cpu:>4}", palette.focus, palette)
    yield _figure("mem", size_text(node.rss), palette.strong, palette)
    yield _figure("procs", count_text(node.processes), palette.strong, palette)
    if snapshot.processes is not None:
        rate = count_text(histories.messages.last) or "?"
        yield _figure("msg/s", f"{histories.messages.spark(spark)} {rate:>5}", palette.focus, palette)
    if snapshot.processes is not None:
        runnable = sum(each.state in ("running", "runnable") for each in snapshot.processes)
        yield _figure("ready", count_text(runnable), palette.strong, palette)
    yield _figure("tasks", count_text(node.tasks), palette.strong, palette)
    yield _figure("threads", count_text(node.threads), palette.strong, palette)
    yield _figure("links", count_text(node.nodes), palette.strong, palette)
    yield _figure("names", count_text(node.names), palette.strong, palette)
    if node.files is not None:
        yield _figure("files", count_text(node.files), palette.strong, palette)
    yield _figure("look", seconds_text(snapshot.cost), palette.muted, palette)


def _figure(name: str, value: str, ink: Style, palette: Palette) -> Text:
    return Text.assemble((f"{name} ", palette.muted), (value, ink))


def tabs_line(view: View, width: int, palette: Palette) -> Text:
    """
    >>> tabs_line(View(tab="tasks"), 80, Palette()).cell_len <= 80
    True
    """
    line = Text()
    for _, label, tab in tab_places(width):
        ink = CHIP if tab == view.tab else palette.muted
        line.append(label, ink).append(" ")
    return line


def tab_places(width: int) -> Iterator[tuple[int, str, str]]:
    """Where each tab stands: its first column, its label and its name."""
    at = 0
    roomy = width >= _ROOMY
    for number, tab in enumerate(TABS, 1):
        label = f" {number % 10} {tab.capitalize()} " if roomy else f"{number % 10}{tab.capitalize()}"
        yield at, label, tab
        at += len(label) + 1


def tab_at(x: int, width: int) -> str | None:
    """The tab under the mouse.

    >>> tab_at(1, 80), tab_at(12, 80)
    ('processes', 'tree')
    """
    return next((tab for at, label, tab in tab_places(width) if at <= x < at + len(label)), None)
