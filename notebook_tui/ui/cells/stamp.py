"""What became of a cell, in one glyph and a few words: the line between its source and its outputs."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Final, Literal, TypeAlias

from beamlike.kernel.record import frozen
from notebook_tui.document.evaluations import Evaluation
from notebook_tui.document.notebook import Cell
from notebook_tui.document.state import State
from notebook_tui.document.versions import Versions
from notebook_tui.ui.cells.whys import Whys

StampKind: TypeAlias = Literal[
    "foreign", "fresh", "queued", "running", "ok", "failed", "stale", "interrupted", "aborted"
]
GLYPHS: Final[dict[StampKind, str]] = {
    "foreign": "·",
    "fresh": "○",
    "queued": "…",
    "running": "●",
    "ok": "✓",
    "failed": "✗",
    "stale": "~",
    "interrupted": "■",
    "aborted": "■",
}
_LADDER: Final = (
    "",
    " · interrupting · Ctrl+C again insists",
    " · insisting · Ctrl+C again ends it with all its values",
    " · ending it with all its values",
)
_NONE: Final[Mapping[str, int]] = {}
SPINNER: Final = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


@frozen
class Stamp:
    kind: StampKind
    since: float | None = None
    """While it runs: when it began, in seconds since the epoch; None until the runtime has begun."""
    took: float | None = None
    failed: bool = False
    edited: bool = False
    """Whether the text has changed since it ran."""
    versions: str = ""
    """Which nodes run it as it ran last, if some run an older version."""
    why: str = ""
    """Of a stale one, in words."""
    interrupts: int = 0
    """How often it was interrupted while it runs."""


def stamp_of(
    state: State, cell: Cell, queued: Set[str], whys: Whys | None = None, interrupts: Mapping[str, int] = _NONE
) -> Stamp:
    """The stamp of one cell; `queued` is the state's queue as a set, `interrupts` counts those of cells that run.
    Why it is stale is said if there is somebody to ask."""
    if not cell.runnable:
        return Stamp("foreign")
    run = state.evaluation(cell.id)
    if cell.id in state.running.values():
        return Stamp("running", since=run.started_at, interrupts=interrupts.get(cell.id, 0))
    edited = run.source is not None and run.source != cell.source
    kind: StampKind = "queued" if cell.id in queued else _ended(run)
    versions = state.runtime.versions.get(cell.id, Versions()).said
    why = whys.said(state, cell.id) if whys and kind == "stale" and not edited else ""
    return Stamp(kind, took=run.took, failed=run.errored, edited=edited, versions=versions, why=why)


def _ended(run: Evaluation) -> StampKind:
    match run.validity:
        case "fresh":
            return "fresh"
        case "stale":
            return "stale"
        case "aborted":
            return "interrupted" if run.interrupted else "aborted"
        case "evaluated":
            return "failed" if run.errored else "ok"


def glyph(stamp: Stamp, now: float) -> str:
    """One character; that of a running cell turns ten times a second."""
    return SPINNER[int(now * 10) % len(SPINNER)] if stamp.kind == "running" else GLYPHS[stamp.kind]


def words(stamp: Stamp, cell: Cell, now: float) -> str:
    """
    >>> words(Stamp("ok", took=1.25), Cell("a", "code"), now=0.0)
    '1.2 s'
    """
    said = _state_words(stamp, cell, now)
    more = ("edited since" if stamp.edited and stamp.kind != "running" else "", stamp.versions, stamp.why)
    return " · ".join(filter(None, (said, *more)))


def _state_words(stamp: Stamp, cell: Cell, now: float) -> str:
    took = "" if stamp.took is None else duration(stamp.took)
    match stamp.kind:
        case "foreign":
            return f"{cell.language} · shown, not run here"
        case "fresh":
            return "not run"
        case "running":
            going = "starting" if stamp.since is None else f"running {live_duration(max(0.0, now - stamp.since))}"
            return f"{going}{_LADDER[min(stamp.interrupts, len(_LADDER) - 1)]}"
        case "ok":
            return took
        case "failed":
            return f"failed after {took}" if took else "failed"
        case "stale":
            return " · ".join(filter(None, ("stale", "failed" if stamp.failed else "", took)))
        case _:
            return stamp.kind


def duration(seconds: float) -> str:
    """
    >>> [duration(s) for s in (0.0004, 0.0873, 1.25, 75.2, 3700)]
    ['<1 ms', '87 ms', '1.2 s', '1 min 15 s', '1 h 01 min']
    """
    if seconds < 0.001:
        return "<1 ms"
    return f"{seconds * 1000:.0f} ms" if seconds < 0.1 else live_duration(seconds)


def live_duration(seconds: float) -> str:
    """A duration while it grows: tenths of a second, then seconds, then minutes."""
    if seconds < 60:
        return f"{int(seconds * 10) / 10:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"
