"""A pool at a glance, as plain text in columns: pure, from its Stats.

cpu: 3 of 4 runners, 3/20 slots, 12 calls wait, the first for 0.8 s, $0.02 (41 runner-seconds)
4 wanted: 12 calls wait and 3 slots are taken: 4 runners

RUNNER  PHASE     FOR  SLOTS  SERVED  AGE     COST  NOTE
cpu-1   busy     1.2s   3/10   1,204   2m  $0.0100  process 4711
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from flame.events import BOOTING, CallStatus
from flame.output import short_name
from flame.stats import RunnerStats, Stats
from flame.tally import Durations
from flame.words import amount, calls_wait, counted, dollars

WIDTH = 80
LEAST_WIDTH = 40
SHOWN = 40
"""So many runners are shown; those that are up and have nothing to do are left out first."""
_GAP = "  "
_TITLES = ("RUNNER", "PHASE", "FOR", "SLOTS", "SERVED", "AGE", "COST", "NOTE")
_NUMBERS = frozenset({"FOR", "SLOTS", "SERVED", "AGE", "COST"})
_STATUS_WORDS: Final[dict[CallStatus, str]] = {
    "returned": "returned",
    "raised": "raised",
    "ended": "ended over there",
    "queue_timeout": "timed out in line",
    "boot_timeout": "timed out at a boot",
    "exec_timeout": "timed out at work",
    "lost": "lost",
    "cancelled": "cancelled",
    "refused": "refused",
    "released": "streams and placed processes over",
}

Row: TypeAlias = tuple[str, ...]


def text(stats: Stats, width: int = WIDTH) -> str:
    """The pool in lines of at most `width` characters (40 at least); what is longer loses its end.

    >>> print(text(Stats.of_nothing("cpu")))
    cpu: 0 of 1 runner, no call waits
    wanted: 0, nothing has happened yet
    """
    width = max(LEAST_WIDTH, width)
    return "\n".join(_cut(line.rstrip(), width) for line in _lines(stats))


def rows(stats: Stats) -> list[Row]:
    """A row for each runner that is shown, in the order of their numbers."""
    shown = sorted(stats.runners, key=lambda runner: (runner.phase == "ready", runner.id))[:SHOWN]
    return [_row(stats.pool, runner) for runner in sorted(shown, key=lambda runner: runner.id)]


def _lines(stats: Stats) -> Iterator[str]:
    yield headline(stats)
    yield from _wishes(stats)
    if stats.runner_seconds:
        yield f"cost: {_cost(stats)}"
    if stats.runners:
        yield ""
        yield from _columns([_TITLES, *rows(stats)])
        if len(stats.runners) > SHOWN:
            yield f"and {counted(len(stats.runners) - SHOWN, 'runner')} more"
    finished, times = ", ".join(_finished(stats)), ", ".join(_times(stats))
    if finished or times:
        yield ""
    if finished:
        yield f"calls: {finished}"
    if times:
        yield f"p50/p95: {times}"


def headline(stats: Stats) -> str:
    """The pool in one line."""
    parts = [f"{len(stats.runners)} of {counted(stats.max, 'runner')}"]
    if stats.slots:
        parts.append(f"{stats.taken}/{stats.slots} slots")
    parts.append(calls_wait(stats.waiting) if stats.waiting else "no call waits")
    if stats.oldest_wait is not None:
        parts.append(f"the first for {duration(stats.oldest_wait)}")
    stage = "" if stats.stage == "open" else f" {stats.stage},"
    return f"{stats.pool}:{stage} {', '.join(parts)}"


def _cost(stats: Stats) -> str:
    used = amount(stats.runner_seconds)
    seconds = f"{used} runner-second{'' if used == '1' else 's'}"
    if stats.usd is None:
        return seconds
    rate = f", {dollars(stats.usd_per_hour)} an hour now" if stats.usd_per_hour else ""
    return f"{dollars(stats.usd)} for {seconds}{rate}"


def _wishes(stats: Stats) -> Iterator[str]:
    yield f"wanted: {stats.wanted:,}, {stats.why}"
    if stats.retry_at is not None:
        boots = counted(stats.failures, "boot")
        reason = stats.last_failure.partition("\n")[0]
        yield f"{boots} failed; the next is tried in {duration(max(0.0, stats.retry_at - stats.at))}: {reason}"
    if stats.withheld:
        yield f"no boot now: {stats.withheld}"
    if stats.capped and stats.capped not in stats.why:
        yield f"capped: {stats.capped}"


def _row(pool: str, runner: RunnerStats) -> Row:
    up = runner.phase not in BOOTING
    return (
        short_name(runner.node) if runner.node else f"{pool}-{runner.id}",
        "cordoned" if runner.cordoned and runner.phase in ("ready", "busy") else runner.phase,
        duration(runner.phase_seconds),
        f"{runner.busy + runner.kept}/{runner.slots}" if up else "-",
        f"{runner.served:,}" if up else "-",
        duration(runner.age),
        f"{runner.runner_seconds:,.0f} s" if runner.usd is None else dollars(runner.usd),
        _note(runner),
    )


def _note(runner: RunnerStats) -> str:
    notes = [runner.why] if runner.why else []
    if runner.abandoned:
        notes.append(f"{runner.abandoned} told to end")
    if runner.kept:
        notes.append(f"{counted(runner.kept, 'result')} kept")
    if runner.where:
        notes.append(runner.where)
    return ", ".join(notes).partition("\n")[0]


def _finished(stats: Stats) -> Iterator[str]:
    for status, words in _STATUS_WORDS.items():
        if count := stats.finished.get(status):
            yield f"{count:,} {words}"


def _times(stats: Stats) -> Iterator[str]:
    kinds: tuple[tuple[str, Durations], ...] = (("boot", stats.boot), ("queue", stats.queue), ("run", stats.run))
    for name, known in kinds:
        if known.p50 is not None and known.p95 is not None:
            yield f"{name} {duration(known.p50)}/{duration(known.p95)}"


def duration(seconds: float) -> str:
    """Short enough for a column.

    >>> [duration(seconds) for seconds in (0, 0.00042, 0.0123, 1.234, 75, 7380, 200_000)]
    ['0ms', '0.4ms', '12ms', '1.2s', '1m15s', '2h03m', '2d07h']
    """
    if seconds < 0.9995:
        return f"{seconds * 1000:.1f}ms" if 0.00005 <= seconds < 0.00995 else f"{seconds * 1000:.0f}ms"
    if seconds < 59.95:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m{rest:02}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02}m" if hours < 48 else f"{hours // 24}d{hours % 24:02}h"


def _columns(cells: Sequence[Row]) -> Iterator[str]:
    """The last column is as wide as it likes."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        yield _GAP.join(
            cell.rjust(width) if title in _NUMBERS else cell.ljust(width)
            for title, cell, width in zip(_TITLES, row, widths, strict=True)
        )


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else f"{line[: width - 1]}…"
