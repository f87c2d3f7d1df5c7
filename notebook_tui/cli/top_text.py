"""One look at a node as text: a table for each part, as wide as the terminal."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from beamlike.inspect.facts import LoopFacts, NodeFacts, ProcessFacts, Snapshot, StallFacts, SupervisorTree, TaskFacts
from beamlike.kernel.terms import Pid
from beamlike.kernel.threads.thread_stack import Place

Row = Sequence[str]

_NARROWEST = 10
_NO_TERMINAL = 10_000


def table_width() -> int:
    """Into a pipe or a file nothing is cut: whoever reads there searches for whole names."""
    return shutil.get_terminal_size((_NO_TERMINAL, 24)).columns


def snapshot_text(found: Snapshot, width: int, limit: int) -> str:
    """What was not asked for is left out."""
    blocks = [
        _node(found),
        _part(found.processes, lambda some: table("processes", _PROCESS, map(_process, some), width)),
        _part(found.tasks, lambda some: table("tasks", _TASK, map(_task, _by_place(some, limit)), width)),
        _part(found.loops, lambda some: "\n".join(_loops(some))),
        _part(found.gc, _gc),
        _part(found.memory, lambda it: _memory(it, width)),
        _part(found.links, lambda some: table("links", _LINK, map(_link, some), width)),
        _part(found.names, lambda some: table("names", ("NAME", "PID", "SCOPE"), map(_name, some), width)),
        _part(found.threads, lambda some: table("threads", _THREAD, map(_thread, some), width)),
        _part(found.files, lambda some: table("files", _FILE, map(_file, some), width)),
        _part(found.modules, lambda some: table("modules", _MODULE, map(_module, some), width)),
        _part(found.trees, lambda some: "\n".join(_trees(some))),
    ]
    return "\n\n".join(block for block in blocks if block)


def _part(value: Any, words: Callable[[Any], str]) -> str:
    return words(value) if value is not None else ""


def _node(found: Snapshot) -> str:
    it: NodeFacts = found.node
    cpu = f"{it.cpu:.0%} of a core" if it.cpu is not None else "?"
    lag = f", loop late by {_time(it.lag)} at most" if it.lag is not None else ""
    files = f", {it.files} files" if it.files is not None else ""
    return (
        f"{it.node}  {it.program} (process {it.os_pid}), up {span(found.at - it.started)}, "
        f"Python {it.python}, {it.loop}\n"
        f"  {cpu}, {size(it.rss)}, {it.processes} processes, {it.tasks} tasks, {it.threads} threads, "
        f"{it.nodes} nodes{files}{lag}"
    )


_PROCESS = ("PID", "NAME", "STATE", "QUEUE", "MSG/S", "STEP/S", "MEMORY", "AT")


def _process(it: ProcessFacts) -> Row:
    name = it.name or it.label or ".".join(it.initial_call.split(".")[-2:])
    rates = (_rate(it.messages_per_s), _rate(it.steps_per_s))
    return (
        _pid(it.pid),
        name,
        it.state,
        str(it.queue),
        *rates,
        size(it.memory),
        _at(it.place, it.waits_for),
    )


_TASK = ("COUNT", "TASK", "STATE", "WAITS FOR", "AT")


def _by_place(tasks: Iterable[TaskFacts], limit: int) -> list[tuple[TaskFacts, int]]:
    """Tasks that are at the same line count as one row: a leak shows as a large number."""
    alike: dict[tuple[Any, ...], list[TaskFacts]] = {}
    for it in tasks:
        place = it.place
        key = (it.coroutine, it.state, it.waits_for, (place.file, place.line) if place is not None else None)
        alike.setdefault(key, []).append(it)
    largest = sorted(alike.values(), key=lambda group: -len(group))
    return [(group[0], len(group)) for group in largest[:limit]]


def _task(row: tuple[TaskFacts, int]) -> Row:
    it, count = row
    return str(count), it.name if count == 1 else it.coroutine, it.state, it.waits_for, _at(it.place, "")


def _loops(loops: Iterable[LoopFacts]) -> Iterator[str]:
    for it in loops:
        lags = it.lags
        words = (
            f"late by {_time(lags.quantile(0.5))} (half), {_time(lags.quantile(0.99))} (99 %), "
            f"{_time(lags.longest)} (at most) in {span(it.measured)}"
            if lags.count
            else "measured from now on"
        )
        yield f"loop of {it.thread}: {it.kind}, {words}"
        if it.stall is not None:
            yield from _stall(it.stall, "stalls now")
        for stall in it.worst[:3]:
            yield from _stall(stall, time.strftime("%H:%M:%S", time.localtime(stall.at)))


def _stall(it: StallFacts, when: str) -> Iterator[str]:
    yield f"  {when}  {_time(it.seconds)}  {it.who}  {it.place or ''}".rstrip()
    yield from (f"      {place}" for place in it.stack)


def _gc(it: Any) -> str:
    collections = ", ".join(map(str, it.collections))
    pauses = f"; {it.pauses} pauses, the longest {_time(it.longest_pause)}" if it.pauses else ""
    return f"garbage collector {'on' if it.enabled else 'off'}: collections {collections}{pauses}"


def _memory(it: Any, width: int) -> str:
    rows = ((each.type, str(each.count), size(each.size)) for each in it.types)
    title = f"memory {size(it.rss)}, at most {size(it.peak_rss)}; {it.seen} objects{' of more' if it.cut else ''}"
    blocks = [table(title, ("TYPE", "COUNT", "SIZE"), rows, width)]
    if it.traced is not None:
        lines = ((f"{each.file}:{each.line}", str(each.blocks), size(each.size)) for each in it.allocations)
        blocks.append(table(f"tracemalloc: {size(it.traced)}", ("LINE", "BLOCKS", "SIZE"), lines, width))
    return "\n\n".join(blocks)


_LINK = ("NODE", "STATE", "ADDRESS", "TLS", "IN", "OUT", "IN/S", "OUT/S", "WAITING")


def _link(it: Any) -> Row:
    return (
        it.node,
        it.state,
        it.address,
        "yes" if it.tls else "no",
        size(it.bytes_in),
        size(it.bytes_out),
        size(it.bytes_in_per_s),
        size(it.bytes_out_per_s),
        size(it.waiting),
    )


def _name(it: Any) -> Row:
    return it.name, _pid(it.pid), it.scope


_THREAD = ("THREAD", "CPU", "LOOP", "AT")


def _thread(it: Any) -> Row:
    cpu = f"{it.cpu_seconds:.1f} s" if it.cpu_seconds is not None else ""
    return it.name, cpu, "yes" if it.loop else "", _at(it.place, "")


_FILE = ("FD", "KIND", "NAME", "LOCAL", "REMOTE", "STATE")


def _file(it: Any) -> Row:
    return str(it.fd), it.kind, it.name, it.local, it.remote, it.state


_MODULE = ("MODULE", "VERSION", "PARTS", "FILE")


def _module(it: Any) -> Row:
    return it.name, it.version, str(it.modules), it.file


def _trees(trees: Iterable[SupervisorTree]) -> Iterator[str]:
    for tree in trees:
        yield from _branch(tree, "", "")


def _branch(it: SupervisorTree, first: str, below: str) -> Iterator[str]:
    pid = f" {_pid(it.pid)}" if it.pid is not None else ""
    name = f' "{it.name}"' if it.name else ""
    yield f"{first}{it.id}{pid}{name}{f' {it.restart}' if it.restart else ''}, {it.state}"
    for number, child in enumerate(it.children):
        last = number == len(it.children) - 1
        yield from _branch(child, below + ("└─ " if last else "├─ "), below + ("   " if last else "│  "))


# Tables and words.


def table(title: str, titles: Row, rows: Iterable[Row], width: int, whole: int = 0) -> str:
    """The widest column is cut where there is no room, but none of the first `whole` ones."""
    lines = [titles, *rows]
    if len(lines) == 1:
        return f"{title}: none"
    widths = [max(len(line[column]) for line in lines) for column in range(len(titles))]
    room = max(width, 60) - 2 * (len(widths) - 1)
    while sum(widths) > room:
        widest = max(range(whole, len(widths)), key=lambda column: widths[column])
        if widths[widest] <= _NARROWEST:
            break
        widths[widest] -= 1
    shown = ["  ".join(cut(cell, size).ljust(size) for cell, size in zip(line, widths, strict=True)) for line in lines]
    return "\n".join([title, *(line.rstrip() for line in shown)])


def cut(cell: str, width: int) -> str:
    """
    >>> cut("a long word", 8), cut("short", 8)
    ('a long …', 'short')
    """
    return cell if len(cell) <= width else f"{cell[: width - 1]}…"


def _pid(pid: Pid) -> str:
    return str(pid).partition(" ")[2].rstrip(">") or str(pid)


def _at(place: Place | None, waits_for: str) -> str:
    """The line in short; JSON has the path."""
    where = f"{place.file.rpartition('/')[2]}:{place.line} {place.function}" if place is not None else ""
    return f"{where} ({waits_for})" if waits_for and where else where or waits_for


def _rate(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}" if value >= 10 or value == 0 else f"{value:.1f}"


def size(value: float | None) -> str:
    """
    >>> size(None), size(900), size(90_000), size(3 << 20), size(5 << 30)
    ('-', '900 B', '88 kB', '3.0 MB', '5.0 GB')
    """
    if value is None:
        return "-"
    for unit, factor in (("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)):
        if value >= factor:
            digits = 1 if value < 10 * factor and unit != "kB" else 0
            return f"{value / factor:.{digits}f} {unit}"
    return f"{value:.0f} B"


def _time(seconds: float) -> str:
    """
    >>> _time(0.0004), _time(0.25), _time(3.21)
    ('0.4 ms', '250 ms', '3.2 s')
    """
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{seconds * 1000:.0f} ms" if seconds >= 0.01 else f"{seconds * 1000:.1f} ms"


def span(seconds: float) -> str:
    """
    >>> span(5), span(3725), span(200_000)
    ('5 s', '1:02:05', '2 d 07:33')
    """
    whole = max(0, int(seconds))
    days, hours, minutes = whole // 86400, whole // 3600 % 24, whole // 60 % 60
    if days:
        return f"{days} d {hours:02}:{minutes:02}"
    if hours or minutes:
        return f"{hours}:{minutes:02}:{whole % 60:02}"
    return f"{whole} s"
