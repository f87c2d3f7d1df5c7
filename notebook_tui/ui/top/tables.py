"""The facts of a node as rows of a table, one kind for each tab. Pure: the node has sorted and cut its processes, the
other tables are short and are sorted here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from beamlike.inspect.facts import (
    FileFacts,
    LagHistogram,
    LinkFacts,
    LogLine,
    ModuleFacts,
    ProcessFacts,
    Snapshot,
    SupervisorTree,
    TaskFacts,
    ThreadFacts,
)
from beamlike.kernel.record import frozen
from beamlike.kernel.terms import Pid
from beamlike.kernel.threads.thread_stack import Place
from notebook_tui.ui.drawing.amounts import size_text
from notebook_tui.ui.top.figures import count_text, seconds_text, share_bar

LONG_QUEUE: Final = 100
FLOODED_QUEUE: Final = 10_000


@frozen
class Column:
    """`width` 0 takes what is left. `key` is what it sorts by, at the node for processes; `from_width` is the least
    width of the table that has room for it."""

    title: str
    width: int
    key: str = ""
    right: bool = False
    from_width: int = 0


@frozen
class TableRow:
    """`key` tells the row from all others, now and at the next look. `ink` is a role of the palette for the whole row,
    and `inks` roles of single cells; `fact` is what the row shows."""

    key: str
    cells: tuple[str, ...]
    ink: str = ""
    inks: tuple[tuple[int, str], ...] = ()
    fact: Any = None


COLUMNS: Final[dict[str, tuple[Column, ...]]] = {
    "processes": (
        Column("PID", 11, "pid"),
        Column("NAME", 20, "name"),
        Column("STATE", 9, "state", from_width=90),
        Column("QUEUE", 7, "queue", right=True),
        Column("MSG/S", 7, "messages", right=True),
        Column("STEPS/S", 7, "steps", right=True, from_width=116),
        Column("MEM", 8, "memory", right=True, from_width=72),
        Column("LINKS", 5, "links", right=True, from_width=116),
        Column("WHERE", 0, "place"),
    ),
    "tree": (
        Column("SUPERVISION TREE", 0, "tree"),
        Column("PID", 12, "pid"),
        Column("KIND", 12, "kind", from_width=60),
        Column("RESTART", 10, "restart", from_width=70),
        Column("STATE", 14, "state"),
    ),
    "tasks": (
        Column("NAME", 22, "name"),
        Column("STATE", 8, "state"),
        Column("COROUTINE", 26, "coroutine", from_width=90),
        Column("WAITS FOR", 24, "waits", from_width=70),
        Column("WHERE", 0, "place"),
    ),
    "threads": (
        Column("NAME", 28, "name"),
        Column("ID", 9, "id", right=True, from_width=80),
        Column("LOOP", 4, "loop"),
        Column("CPU", 9, "cpu", right=True),
        Column("WHERE", 0, "place"),
    ),
    "loop": (Column("LATE BY", 12, ""), Column("TIMES", 9, "", right=True), Column("SHARE", 0, "")),
    "links": (
        Column("NODE", 26, "node"),
        Column("STATE", 12, "state"),
        Column("IN/S", 9, "in", right=True),
        Column("OUT/S", 9, "out", right=True),
        Column("WAITING", 9, "waiting", right=True),
        Column("IN", 9, "total in", right=True, from_width=90),
        Column("OUT", 9, "total out", right=True, from_width=90),
        Column("ADDRESS", 0, "address"),
    ),
    "memory": (
        Column("TYPE", 0, "type"),
        Column("COUNT", 10, "count", right=True),
        Column("SIZE", 10, "size", right=True),
        Column("", 20, "", from_width=80),
    ),
    "logs": (
        Column("TIME", 12, ""),
        Column("LEVEL", 8, ""),
        Column("LOGGER", 20, "", from_width=70),
        Column("MESSAGE", 0, ""),
    ),
    "modules": (
        Column("MODULE", 26, "name"),
        Column("VERSION", 14, "version"),
        Column("PARTS", 6, "parts", right=True),
        Column("FILE", 0, "file"),
    ),
    "files": (
        Column("FD", 5, "fd", right=True),
        Column("KIND", 9, "kind"),
        Column("STATE", 10, "state", from_width=70),
        Column("NAME", 0, "name"),
    ),
}

FIRST_SORT: Final = {
    "processes": "queue",
    "tasks": "state",
    "threads": "cpu",
    "links": "node",
    "memory": "size",
    "modules": "name",
    "files": "fd",
}


def sort_of(tab: str, sorts: Any) -> str:
    """The key that a tab is sorted by."""
    return str(sorts.get(tab, FIRST_SORT.get(tab, "")))


def next_sort(tab: str, current: str, by: int) -> str:
    """
    >>> next_sort("processes", "queue", 1), next_sort("tree", "", 1)
    ('messages', '')
    """
    keys = [column.key for column in COLUMNS[tab] if column.key] if tab in FIRST_SORT else []
    return keys[(keys.index(current) + by) % len(keys)] if current in keys else current


def rows_of(tab: str, snapshot: Snapshot | None, sort: str, typed: str, logs: Sequence[LogLine] = ()) -> list[TableRow]:
    """Of the processes the node has chosen itself; of the others, those in which all words of `typed` stand."""
    if tab == "logs":
        return _found([_log(number, line) for number, line in enumerate(logs)], typed)
    if snapshot is None:
        return []
    if tab == "processes":
        return [_process(fact, snapshot.node.node) for fact in snapshot.processes or ()]
    if tab == "loop":
        return list(_lags(snapshot))
    if tab == "tree":
        return _found(list(_trees(snapshot.trees or (), snapshot.node.node)), typed)
    return _found(_sorted(_MAKERS[tab](snapshot), tab, sort), typed)


def _sorted(pairs: Iterable[tuple[dict[str, Any], TableRow]], tab: str, sort: str) -> list[TableRow]:
    """By words from a to z, by numbers the largest first."""
    found = list(pairs)
    if not found or sort not in found[0][0]:
        return [row for _, row in found]
    is_number = isinstance(found[0][0][sort], int | float) and sort != "fd"
    found.sort(key=lambda pair: pair[0][sort], reverse=is_number)
    return [row for _, row in found]


def _found(rows: list[TableRow], typed: str) -> list[TableRow]:
    words = typed.lower().split()
    if not words:
        return rows
    return [row for row in rows if all(word in " ".join(row.cells).lower() for word in words)]


def place_text(place: Place | None) -> str:
    """
    >>> place_text(Place("/srv/app/shop.py", 12, "Shop.serve", "await x"))
    'Shop.serve  shop.py:12'
    """
    if place is None:
        return ""
    return f"{place.function}  {place.file.rpartition('/')[2]}:{place.line}"


def pid_text(pid: Pid | None, home: str) -> str:
    """The number alone for a process of the node that is looked at."""
    if pid is None:
        return ""
    short = repr(pid).rpartition(" ")[2].rstrip(">")
    return short if pid.node == home else f"{short} on {pid.node}"


def name_of(fact: ProcessFacts) -> str:
    """The name, else the label, else what it runs."""
    return fact.name or fact.label or _short_call(fact.initial_call)


def _short_call(call: str) -> str:
    """
    >>> _short_call("shop.orders.serve"), _short_call("beamlike.gen_server.GenServer._run"), _short_call("")
    ('serve', 'GenServer._run', '')
    """
    *_, holder, name = ["", *call.split(".")]
    return f"{holder}.{name}" if holder[:1].isupper() else name


_STATE_INK: Final = {"running": "running", "runnable": "ok", "ready": "ok", "suspended": "warning"}


def _process(fact: ProcessFacts, home: str) -> TableRow:
    inks = []
    if fact.queue >= LONG_QUEUE:
        inks.append((3, "error" if fact.queue >= FLOODED_QUEUE else "warning"))
    if ink := _STATE_INK.get(fact.state):
        inks.append((2, ink))
    inks.append((1, "strong" if fact.name else ""))
    inks += [(8, "muted")]
    cells = (
        pid_text(fact.pid, home),
        name_of(fact),
        fact.state,
        count_text(fact.queue),
        count_text(fact.messages_per_s),
        count_text(fact.steps_per_s),
        size_text(fact.memory),
        count_text(len(fact.links)),
        place_text(fact.place) or fact.initial_call,
    )
    return TableRow(f"p{fact.pid.id}", cells, "", tuple(inks), fact)


def _trees(trees: Sequence[SupervisorTree], home: str, stem: str = "", path: str = "t") -> Iterator[TableRow]:
    for number, tree in enumerate(trees):
        last = number + 1 == len(trees)
        branch = "" if path == "t" else f"{stem}{'╰─ ' if last else '├─ '}"
        ink = {"restarting": "warning", "ended": "error", "does not answer": "error"}.get(tree.state, "")
        title = tree.name or tree.id
        cells = (f"{branch}{title}", pid_text(tree.pid, home), tree.kind, tree.restart, tree.state)
        inks = ((0, "strong" if tree.children or path == "t" else ""), (4, ink))
        yield TableRow(f"{path}/{tree.id}", cells, "", inks, tree)
        deeper = "" if path == "t" else f"{stem}{'   ' if last else '│  '}"
        yield from _trees(tree.children, home, deeper, f"{path}/{tree.id}")


def _tasks(snapshot: Snapshot) -> Iterator[tuple[dict[str, Any], TableRow]]:
    for fact in snapshot.tasks or ():
        yield _task(fact)


def _task(fact: TaskFacts) -> tuple[dict[str, Any], TableRow]:
    where = place_text(fact.place)
    cells = (fact.name, fact.state, fact.coroutine, fact.waits_for, where)
    order = {
        "name": fact.name,
        "state": fact.state,
        "coroutine": fact.coroutine,
        "waits": fact.waits_for,
        "place": where,
    }
    inks = ((1, _STATE_INK.get(fact.state, "")), (4, "muted"))
    return order, TableRow(f"k{fact.number}", cells, "", inks, fact)


def _threads(snapshot: Snapshot) -> Iterator[tuple[dict[str, Any], TableRow]]:
    for fact in snapshot.threads or ():
        yield _thread(fact)


def _thread(fact: ThreadFacts) -> tuple[dict[str, Any], TableRow]:
    where = place_text(fact.place)
    cells = (
        fact.name,
        str(fact.native_id or ""),
        "yes" if fact.loop else "",
        seconds_text(fact.cpu_seconds),
        where,
    )
    order = {
        "name": fact.name,
        "id": -(fact.native_id or 0),
        "loop": int(fact.loop),
        "cpu": fact.cpu_seconds or 0.0,
        "place": where,
    }
    return order, TableRow(f"h{fact.number}", cells, "", ((4, "muted"),), fact)


def _links(snapshot: Snapshot) -> Iterator[tuple[dict[str, Any], TableRow]]:
    for fact in snapshot.links or ():
        yield _link(fact)


def _link(fact: LinkFacts) -> tuple[dict[str, Any], TableRow]:
    address = f"{fact.address}{' TLS' if fact.tls else ''}{' hidden' if fact.hidden else ''}"
    cells = (
        fact.node,
        fact.state,
        size_text(_whole(fact.bytes_in_per_s)),
        size_text(_whole(fact.bytes_out_per_s)),
        size_text(fact.waiting),
        size_text(fact.bytes_in),
        size_text(fact.bytes_out),
        address,
    )
    order = {
        "node": fact.node,
        "state": fact.state,
        "in": fact.bytes_in_per_s or 0.0,
        "out": fact.bytes_out_per_s or 0.0,
        "waiting": fact.waiting,
        "total in": fact.bytes_in,
        "total out": fact.bytes_out,
        "address": address,
    }
    ink = {"up": "ok", "stalled": "warning"}.get(fact.state, "error")
    full = "warning" if fact.bound and fact.waiting * 2 > fact.bound else ""
    return order, TableRow(f"n{fact.node}", cells, "", ((1, ink), (4, full)), fact)


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _memory(snapshot: Snapshot) -> Iterator[tuple[dict[str, Any], TableRow]]:
    memory = snapshot.memory
    if memory is None:
        return
    largest = max((each.size for each in memory.types), default=1) or 1
    for each in memory.types:
        cells = (each.type, count_text(each.count), size_text(each.size), share_bar(each.size / largest, 20))
        order = {"type": each.type, "count": each.count, "size": each.size}
        yield order, TableRow(f"y{each.type}", cells, "", ((3, "focus"),), each)


def _modules(snapshot: Snapshot) -> Iterator[tuple[dict[str, Any], TableRow]]:
    for fact in snapshot.modules or ():
        yield _module(fact)


def _module(fact: ModuleFacts) -> tuple[dict[str, Any], TableRow]:
    cells = (fact.name, fact.version, count_text(fact.modules), fact.file)
    order = {"name": fact.name.lower(), "version": fact.version, "parts": fact.modules, "file": fact.file}
    return order, TableRow(f"m{fact.name}", cells, "", ((3, "muted"),), fact)


def _files(snapshot: Snapshot) -> Iterator[tuple[dict[str, Any], TableRow]]:
    for fact in snapshot.files or ():
        yield _file(fact)


def _file(fact: FileFacts) -> tuple[dict[str, Any], TableRow]:
    ends = " → ".join(filter(None, (fact.local, fact.remote)))
    name = f"{fact.name}  {ends}".rstrip()
    order = {"fd": fact.fd, "kind": fact.kind, "state": fact.state, "name": name}
    return order, TableRow(f"f{fact.fd}", (str(fact.fd), fact.kind, fact.state, name), "", (), fact)


_LEVEL_INK: Final = {"DEBUG": "muted", "WARNING": "warning", "ERROR": "error", "CRITICAL": "error"}


def _log(number: int, line: LogLine) -> TableRow:
    from beamlike.inspect.tracing.events import clock_text

    first = line.message.partition("\n")[0]
    message = first if not line.lost else f"[{line.lost} lines lost] {first}"
    ink = _LEVEL_INK.get(line.level, "")
    cells = (clock_text(line.at), line.level, line.logger, message)
    return TableRow(
        f"l{number}-{line.at}", cells, "muted" if line.level == "DEBUG" else "", ((1, ink), (2, "muted")), line
    )


def _lags(snapshot: Snapshot) -> Iterator[TableRow]:
    for at, loop in enumerate(snapshot.loops or ()):
        measured = f"{loop.kind} in {loop.thread}, measured for {seconds_text(loop.measured)}"
        yield TableRow(f"o{at}", ("", "", measured), "heading", (), loop)
        yield from _histogram(loop.lags, at)
        if loop.stall is not None:
            words = (
                f"stalls NOW, for {seconds_text(loop.stall.seconds)}: {loop.stall.who}  {place_text(loop.stall.place)}"
            )
            yield TableRow(f"o{at}now", ("", "", words), "error", (), loop.stall)
        for number, stall in enumerate(loop.worst):
            words = f"{seconds_text(stall.seconds)}  {stall.who}  {place_text(stall.place)}"
            cells = ("worst stalls" if not number else "", "", words)
            yield TableRow(f"o{at}w{number}", cells, "", ((2, "warning" if stall.seconds > 0.1 else ""),), stall)


def _histogram(lags: LagHistogram, at: int) -> Iterator[TableRow]:
    count = lags.count or 1
    for number, times in enumerate(lags.counts):
        is_last = number >= len(lags.bounds)
        bound = (
            f"> {seconds_text(lags.bounds[-1])}"
            if is_last and lags.bounds
            else f"≤ {seconds_text(lags.bounds[number])}"
        )
        bar = share_bar(times / count, 30) + (f" {times / count:.1%}" if times else "")
        yield TableRow(
            f"o{at}b{number}", (bound, count_text(times), bar), "", ((2, "warning" if is_last else "focus"),), lags
        )


_MAKERS: Final[dict[str, Callable[[Snapshot], Iterator[tuple[dict[str, Any], TableRow]]]]] = {
    "tasks": _tasks,
    "threads": _threads,
    "links": _links,
    "memory": _memory,
    "modules": _modules,
    "files": _files,
}
