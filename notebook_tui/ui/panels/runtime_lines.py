"""What the runtime's panel shows, as lines: what is connected, how connecting goes, and where cells could run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.text import Text

from beamlike.kernel.record import frozen
from notebook_tui.document.state import RuntimeStatus
from notebook_tui.runtime.facts import Facts
from notebook_tui.runtime.limits import Lifetime
from notebook_tui.session.durations import told
from notebook_tui.session.profiles import Profile
from notebook_tui.session.runtime_choices import RuntimeChoices, home_shortened
from notebook_tui.session.runtime_kinds import KINDS
from notebook_tui.ui.cells.stamp import SPINNER
from notebook_tui.ui.drawing.amounts import age_text, size_text
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.printable import printable_row
from notebook_tui.ui.panels.panel_list import BLANK, Line, heading, said

NEW: Final = "+new"
_LABEL: Final = 10


@frozen
class Known:
    """What is known of the runtime, and when that was learned."""

    facts: Facts | None = None
    usd_per_hour: float | None = None
    at: float = 0.0


def status_lines(
    runtime: RuntimeStatus, spec: str, known: Known, now: float, width: int, palette: Palette
) -> Iterator[Line]:
    match runtime.phase:
        case "connected":
            yield Line(Text.assemble(("● ", palette.ok), ("connected", palette.strong), f" to {printable_row(spec)}"))
            yield from _facts_lines(runtime, known, now, palette)
        case "connecting":
            sign = SPINNER[int(now * 10) % len(SPINNER)]
            yield Line(Text.assemble((f"{sign} ", palette.running), ("connecting", palette.strong), f" to {spec}"))
            yield from _step_lines(runtime, now, width, palette)
        case "disconnected":
            yield Line(Text.assemble(("○ ", palette.muted), ("no runtime", palette.strong), f"; {spec} is chosen"))
            if runtime.lost:
                yield from (
                    Line(Text(f"  {line.text.plain}", palette.error)) for line in said(runtime.lost, width - 2, palette)
                )
                yield from _step_lines(runtime, now, width, palette)
            words = "A new one starts" if runtime.lost else "It starts"
            yield from said(f"{words} with the next cell that runs, or with r.", width, palette)


def _facts_lines(runtime: RuntimeStatus, known: Known, now: float, palette: Palette) -> Iterator[Line]:
    facts = known.facts
    if runtime.since:
        age = age_text(now - runtime.since)
        yield _fact("for", age + cost_text(known.usd_per_hour, now - runtime.since), palette)
    if facts is None:
        yield _fact("", runtime.text, palette)
        return
    if facts.lifetime is not None and (text := ends_text(facts.lifetime, now - known.at)):
        yield _fact("ends", text, palette)
    yield _fact("node", facts.node, palette)
    yield _fact("process", f"{facts.pid} on {facts.host}", palette)
    yield _fact("Python", f"{facts.python}, {home_shortened(facts.executable)}", palette)
    yield _fact("in", home_shortened(facts.directory), palette)
    held = size_text(facts.memory)
    if facts.memory_of_host is not None:
        held += f" of {size_text(facts.memory_of_host)}, {size_text(facts.memory_free)} free"
    yield _fact("memory", held, palette)
    yield _fact("CPUs", str(facts.cpus), palette)
    if runtime.nodes:
        yield _fact("nodes", f"{len(runtime.nodes)} (sn shows them)", palette)


def ends_text(lifetime: Lifetime, ago: float) -> str:
    """When the runtime ends by itself, of which that was known so many seconds ago; empty if it does not.

    >>> ends_text(Lifetime(1800.0, 720.0, 14_400.0, 12_000.0), 5.0), ends_text(Lifetime(60.0), 0.0)
    ('in 3 h 20 min, or idle (12 of 30 min)', 'when idle (0 s of 1 min)')
    """
    idle = ""
    if lifetime.idle_limit is not None:
        idle = f"idle ({idle_text(lifetime.idle + ago, lifetime.idle_limit)})"
    if lifetime.ends_in is None:
        return idle and f"when {idle}"
    return f"in {told(max(0.0, lifetime.ends_in - ago))}" + (idle and f", or {idle}")


def idle_text(idle: float, limit: float) -> str:
    """
    >>> idle_text(725.0, 1800.0), idle_text(10.0, 60.0), idle_text(60.0, 10_800.0)
    ('12 of 30 min', '10 s of 1 min', '1 min of 3 h')
    """
    had, all_told = told(min(idle, limit)), told(limit)
    unit = had.partition(" ")[2]
    return (
        f"{had.removesuffix(' min')} of {all_told}"
        if unit == "min" == all_told.partition(" ")[2]
        else f"{had} of {all_told}"
    )


def cost_text(usd_per_hour: float | None, seconds: float) -> str:
    """
    >>> cost_text(0.0529, 7_200.0), cost_text(4.0, 60.0), cost_text(None, 60.0)
    (', about $0.11 at $0.053 an hour', ', about $0.07 at $4 an hour', '')
    """
    if usd_per_hour is None:
        return ""
    return f", about ${usd_per_hour * max(0.0, seconds) / 3600:.2f} at ${usd_per_hour:.2g} an hour"


def _fact(label: str, value: str, palette: Palette) -> Line:
    return Line(Text.assemble((f"  {label:<{_LABEL - 2}}", palette.muted), printable_row(value)))


def _step_lines(runtime: RuntimeStatus, now: float, width: int, palette: Palette) -> Iterator[Line]:
    """The steps so far, each with how long it took; the last one is under way, or is where it went wrong."""
    for number, step in enumerate(runtime.steps):
        is_last = number + 1 == len(runtime.steps)
        until = now if is_last else runtime.steps[number + 1].at
        if is_last and runtime.phase == "disconnected":
            sign, ink, took = "✗", palette.error, ""
        else:
            sign, ink = (SPINNER[int(now * 10) % len(SPINNER)], palette.running) if is_last else ("✓", palette.ok)
            took = f"{max(0.0, until - step.at):.1f} s"
        text = Text.assemble((f"  {sign} ", ink), printable_row(step.text))
        text.truncate(max(8, width - len(took) - 1), overflow="ellipsis")
        text.append(" " * max(1, width - text.cell_len - len(took))).append(took, palette.muted)
        yield Line(text)


def choice_lines(choices: RuntimeChoices, spec: str, width: int, palette: Palette) -> Iterator[Line]:
    """Profiles, nodes that can be reached, and the other kinds; the one that is used is marked."""
    yield heading("Where cells run", palette)
    kind = KINDS.get(spec.partition(":")[0])
    if kind is not None and spec not in [f"attach:{node.name}" for node in choices.nodes]:
        yield _choice(spec, spec, kind.title, spec, palette)
    for profile in choices.profiles:
        words = profile_words(profile) + (", by default" if profile.name == choices.default else "")
        yield _choice(profile.name, profile.name, words, spec, palette)
    yield Line(Text("  + another profile…", palette.muted), NEW)
    yield BLANK
    yield heading("In a node that runs", palette)
    if not choices.nodes:
        yield from said("  No node of yours runs on this host.", width, palette)
    for node in choices.nodes:
        yield _choice(f"attach:{node.name}", node.name, f"{node.address}, process {node.pid}", spec, palette)
    yield BLANK
    yield heading("Elsewhere", palette)
    for kind in KINDS.values():
        yield Line(Text(f"  + {kind.title}…", palette.muted), f"{kind.name}:…")
    if choices.trouble:
        yield BLANK
        yield from said(f"! {choices.trouble}", width, palette)


def profile_words(profile: Profile) -> str:
    """
    >>> profile_words(Profile("old", python="/usr/bin/python3.11", env={"A": "1"}))
    '/usr/bin/python3.11, with A'
    """
    python = home_shortened(profile.python) if profile.python else "the Python of this program"
    where = f", in {home_shortened(profile.directory)}" if profile.directory else ""
    return python + where + (f", with {', '.join(profile.env)}" if profile.env else "")


def _choice(id: str, name: str, words: str, spec: str, palette: Palette) -> Line:
    mark = ("● ", palette.ok) if id == spec else ("○ ", palette.muted)
    text = Text.assemble(mark, (printable_row(name), palette.strong), "  ", (printable_row(words), palette.muted))
    return Line(text, id)
