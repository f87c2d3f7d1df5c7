"""Processes as they are, and the messages of one of them as they come."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

import beamlike as bl
from beamlike.kernel.trace_events import TraceEvent
from notebook_tui.widgets.table import Table
from notebook_tui.widgets.text_stream import TextStream

logger = logging.getLogger("notebook_tui.widgets")

CALL_SECONDS: Final = 5.0
AGAIN: Final = 20
AGAIN_SECONDS: Final = 0.05
MESSAGE: Final = 200
"""Characters of a message that are shown."""
_ITEMS: Final = (
    "registered_name",
    "label",
    "status",
    "message_queue_len",
    "initial_call",
    "current_function",
    "memory",
)


async def processes(node: str | None = None, *, every: float = 1.0, page_size: int = 20) -> Table:
    """A table of the processes of a node, by default of this one, with the longest mailboxes first. It is looked at
    again every so many seconds, until the cell runs again. BeamlikeError if the node cannot be asked.
    """
    if every <= 0:
        raise ValueError(f"expected more than 0 seconds between two looks, got {every}")
    node = node or bl.self().node
    rows = await _asked(node)
    table = Table(rows, title=f"Processes of {node}", page_size=page_size)
    bl.spawn(_look_again, table, node, every)
    return table


async def _look_again(table: Table, node: str, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        try:
            table.update(await _asked(node))
        except bl.BeamlikeError as error:
            logger.warning("the processes of %s cannot be looked at any more: %s", node, error)
            return


async def _asked(node: str) -> list[dict[str, Any]]:
    if node == bl.self().node:
        return process_rows()
    rows: list[dict[str, Any]] = await bl.rpc.call(node, process_rows, timeout=CALL_SECONDS)
    return rows


def process_rows() -> list[dict[str, Any]]:
    """A row for each process of this node."""
    rows = []
    for pid in bl.processes():
        found = bl.process_info(pid, *_ITEMS)
        if found is not None:  # it has ended meanwhile
            name = found["registered_name"] or found["label"] or found["initial_call"]
            rows.append(
                {
                    "pid": str(pid).removeprefix(f"Pid<{pid.node} ").removesuffix(">"),
                    "name": str(name),
                    "mailbox": found["message_queue_len"],
                    "status": found["status"],
                    "at": str(found["current_function"] or "").rpartition("/")[2],
                    "memory": found["memory"],
                }
            )
    return sorted(rows, key=lambda row: -row["mailbox"])


async def messages(pid: bl.Pid) -> TextStream:
    """What the process sends and receives from now on, and its end, a line each, until the cell runs again.

    Of another node's process it is that node which looks. ValueError if somebody else traces it already, NoProcess if
    it has ended.
    """
    stream = TextStream()
    started = bl.alias(once=True)
    tracer, gone = bl.spawn_monitor(_trace, stream, pid, started, node=pid.node)
    try:
        answer = await bl.receive(
            lambda message: getattr(message, "ref", None) in (started.ref, gone), timeout=CALL_SECONDS
        )
    except TimeoutError:
        raise bl.BeamlikeError(f"{pid.node} did not begin to trace {pid} within {CALL_SECONDS:g} s") from None
    finally:
        bl.demonitor(gone, flush=True)
    match answer:
        case bl.Reply(value=Exception() as error):
            raise error
        case bl.Down(reason=reason):
            raise bl.BeamlikeError(f"{pid.node} could not trace {pid}: {reason}")
    stream.served_by(tracer)
    return stream


async def _trace(stream: TextStream, pid: bl.Pid, started: bl.Alias) -> None:
    gone = bl.monitor(pid)
    try:
        await _traced(pid)
    except (ValueError, bl.BeamlikeError) as error:
        bl.send(started, bl.Reply(started.ref, error))
        return
    stream.served_by(bl.self())
    bl.send(started, bl.Reply(started.ref, None))
    while True:
        event = await bl.receive()
        match event:
            case bl.Down(ref, _, reason) if ref == gone:
                stream.write(f"{pid} has ended: {reason}\n")
                return
            case TraceEvent():
                stream.write(f"{_words(event)}\n")


async def _traced(pid: bl.Pid) -> None:
    """The tracer of the cell's last run may be about to end, on a node that hears of it late."""
    for left in reversed(range(AGAIN)):
        try:
            bl.trace(pid)
            return
        except ValueError:
            if not left:
                raise
            await asyncio.sleep(AGAIN_SECONDS)


def _words(event: object) -> str:
    text = repr(event)
    return text if len(text) <= MESSAGE else f"{text[: MESSAGE - 1]}…"
