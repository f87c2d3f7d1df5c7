"""All that is known of one row, as lines: a process with its stack, links and messages, a task, a log line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from rich.text import Text

from beamlike.inspect.facts import (
    LagHistogram,
    LogLine,
    LoopFacts,
    ProcessFacts,
    StallFacts,
    SupervisorTree,
    TaskFacts,
    ThreadFacts,
)
from beamlike.kernel.terms import Pid
from beamlike.kernel.threads.thread_stack import Place
from notebook_tui.ui.drawing.amounts import size_text
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.drawing.printable import printable_row
from notebook_tui.ui.top.figures import count_text, seconds_text
from notebook_tui.ui.top.tables import name_of, pid_text

_MANY = 30
_LABEL = 12


def detail_lines(fact: Any, home: str, palette: Palette, messages: tuple[str, ...] = ()) -> list[Text]:
    """`messages` are the first ones in the mailbox, as far as they were asked for."""
    match fact:
        case ProcessFacts():
            return list(_process(fact, home, palette, messages))
        case TaskFacts():
            return list(_task(fact, home, palette))
        case ThreadFacts():
            return list(_thread(fact, palette))
        case LogLine():
            return list(_log(fact, palette))
        case StallFacts():
            return [
                _title(f"Stall of {fact.seconds:.2f} s", palette),
                _pair("who", fact.who, palette),
                *_stack(fact.stack, palette),
            ]
        case LoopFacts():
            return [*_loop(fact, palette), *_lags(fact.lags, palette)]
        case LagHistogram():
            return [_title("How late the loop was", palette), *_lags(fact, palette)]
        case SupervisorTree():
            return list(_supervisor(fact, home, palette))
        case _ if is_dataclass(fact):
            return [
                _title(type(fact).__name__.removesuffix("Facts"), palette),
                *(
                    _pair(each.name.replace("_", " "), _value(each.name, getattr(fact, each.name)), palette)
                    for each in fields(fact)
                ),
            ]
        case _:
            return [Text("Nothing is marked.", palette.muted)]


def _process(fact: ProcessFacts, home: str, palette: Palette, messages: tuple[str, ...]) -> Iterator[Text]:
    yield _title(f"{name_of(fact)}  {pid_text(fact.pid, home)}", palette)
    waits = f", waits for {fact.waits_for}" if fact.waits_for else ""
    yield _pair("state", f"{fact.state}{waits}", palette)
    yield _pair("runs", fact.initial_call, palette)
    if fact.label:
        yield _pair("label", fact.label, palette)
    rates = [
        f"{count_text(fact.messages_per_s)} messages/s" if fact.messages_per_s is not None else "",
        f"{count_text(fact.steps_per_s)} steps/s" if fact.steps_per_s is not None else "",
    ]
    yield _pair("mailbox", ", ".join(filter(None, [f"{fact.queue:,} messages wait", *rates])), palette)
    yield _pair("memory", f"{size_text(fact.memory)} or more", palette)
    yield _pair("parent", pid_text(fact.parent, home) or "none known", palette)
    yield _pair("links", _pids(fact.links, home), palette)
    yield _pair("monitors", ", ".join(fact.monitors[:_MANY]) or "none", palette)
    yield _pair("watched by", _pids(fact.monitored_by, home), palette)
    yield _pair("traps exits", "yes" if fact.trap_exit else "no", palette)
    yield _pair("thread", fact.thread or "?", palette)
    yield from _stack(fact.stack or ((fact.place,) if fact.place else ()), palette)
    if messages:
        yield Text()
        yield Text("First messages in its mailbox", palette.heading)
        yield from (Text(f"  {printable_row(each)}") for each in messages)


def _task(fact: TaskFacts, home: str, palette: Palette) -> Iterator[Text]:
    yield _title(f"task {fact.name}", palette)
    yield _pair("state", f"{fact.state}{f', waits for {fact.waits_for}' if fact.waits_for else ''}", palette)
    yield _pair("coroutine", fact.coroutine, palette)
    yield _pair("process", pid_text(fact.pid, home) or "none", palette)
    yield _pair("awaited by", ", ".join(map(str, fact.awaited_by)) or "nobody", palette)
    yield _pair("thread", fact.thread or "?", palette)
    yield from _stack(fact.stack or ((fact.place,) if fact.place else ()), palette)


def _thread(fact: ThreadFacts, palette: Palette) -> Iterator[Text]:
    yield _title(f"thread {fact.name}", palette)
    yield _pair("id", f"{fact.number}, in the system {fact.native_id}", palette)
    yield _pair("daemon", "yes" if fact.daemon else "no", palette)
    yield _pair("event loop", "runs in it" if fact.loop else "none", palette)
    yield from _stack(fact.stack or ((fact.place,) if fact.place else ()), palette)


def _loop(fact: LoopFacts, palette: Palette) -> Iterator[Text]:
    yield _title(f"loop of {fact.thread}", palette)
    yield _pair("kind", fact.kind, palette)
    yield _pair("debug", "yes" if fact.debug else "no", palette)
    yield _pair("measured", f"for {seconds_text(fact.measured)}", palette)


def _lags(fact: LagHistogram, palette: Palette) -> Iterator[Text]:
    yield _pair("looks", count_text(fact.count), palette)
    yield _pair("half below", seconds_text(fact.quantile(0.5)), palette)
    yield _pair("99 % below", seconds_text(fact.quantile(0.99)), palette)
    yield _pair("longest", seconds_text(fact.longest), palette)


def _supervisor(fact: SupervisorTree, home: str, palette: Palette) -> Iterator[Text]:
    yield _title(fact.name or fact.id, palette)
    yield _pair("pid", pid_text(fact.pid, home) or "none", palette)
    yield _pair("kind", fact.kind, palette)
    yield _pair("restart", fact.restart or "-", palette)
    yield _pair("state", fact.state, palette)
    yield _pair("children", str(len(fact.children)), palette)


def _log(fact: LogLine, palette: Palette) -> Iterator[Text]:
    yield _title(f"{fact.level} of {fact.logger}", palette)
    yield _pair("thread", fact.thread, palette)
    yield _pair("line", str(fact.place or ""), palette)
    yield Text()
    yield from (Text(printable_row(line)) for line in fact.message.split("\n"))
    if fact.error:
        yield Text()
        yield from (Text(printable_row(line), palette.error) for line in fact.error.split("\n"))


def _stack(stack: Iterable[Place], palette: Palette) -> Iterator[Text]:
    from notebook_tui.ui.drawing.syntax import code_lines  # Pygments, which the first screen does without

    places = list(stack)
    yield Text()
    if not places:
        yield Text("No Python code of it runs or waits.", palette.muted)
        return
    yield Text("Stack, the innermost call last", palette.heading)
    for place in places:
        folder, slash, file = place.file.rpartition("/")
        yield Text.assemble(
            "  ",
            (place.function, palette.function),
            "  ",
            (f"{folder}{slash}", palette.muted),
            (f"{file}:{place.line}", palette.strong),
        )
        if place.source:
            yield Text("    ").append_text(code_lines(place.source, "python", palette)[0])


def _value(name: str, value: Any) -> str:
    """
    >>> _value("bytes_in", 49219), _value("tls", False), _value("count", 7308), _value("version", None)
    ('48.1 kB', 'no', '7,308', '-')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value == "":
        return "-"
    if isinstance(value, int | float) and name.startswith(("bytes", "size", "waiting", "bound")):
        return size_text(int(value))
    return count_text(value) if isinstance(value, int | float) else str(value)


def _title(text: str, palette: Palette) -> Text:
    return Text(printable_row(text), palette.title)


def _pair(name: str, value: str, palette: Palette) -> Text:
    return Text.assemble((f"{name:<{_LABEL}} ", palette.muted), printable_row(value))


def _pids(pids: tuple[Pid, ...], home: str) -> str:
    more = f", and {len(pids) - _MANY} more" if len(pids) > _MANY else ""
    return (", ".join(pid_text(pid, home) for pid in pids[:_MANY]) or "none") + more
