"""`beamlike nodes`: the nodes that can be reached from here."""

from __future__ import annotations

import argparse
import asyncio
import json
from dataclasses import asdict
from typing import Any

import beamlike as bl
from beamlike.distribution.directory import Directory, Entry
from beamlike.kernel.record import frozen
from notebook_tui.cli.main import UserError
from notebook_tui.cli.visiting import connect, look_out

LOOK_SECONDS = 3.0
_SHORT = 16
"""Characters of a state that stands in the table; what is longer is a reason, which a column would cut."""


@frozen
class Reached:
    """A node, and what it says of itself; `state` is "up", or what keeps it from answering. `known_by` is the node of
    this host that is connected to it, for one that runs elsewhere."""

    node: str
    address: str
    os_pid: int | None
    hidden: bool
    state: str
    program: str = ""
    python: str = ""
    started: float | None = None
    processes: int | None = None
    rss: int | None = None
    known_by: str = ""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print a list as JSON")
    parser.add_argument("--hidden", action="store_true", help="hidden nodes as well, such as children of others")
    parser.add_argument("--list", action="store_true", help="only what stands in this host's list: connect to nobody")
    parser.epilog = (
        "Lists the nodes of this user on this host, and those elsewhere that they are connected to.\n"
        "example: beamlike nodes --json"
    )
    parser.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    try:
        listed = [entry for entry in Directory().nodes() if options.hidden or not entry.hidden]
        found = [_listed(it) for it in listed] if options.list or not listed else asyncio.run(_reached(listed, options))
    except (bl.BeamlikeError, OSError) as error:
        raise UserError(str(error)) from error
    if options.json:
        print(json.dumps([asdict(it) for it in found]))
    else:
        print(_rows_text(found))
    return 0


def _listed(entry: Entry) -> Reached:
    host, port = entry.address
    return Reached(entry.name, f"{host}:{port}", entry.pid, entry.hidden, "listed")


async def _reached(listed: list[Entry], options: argparse.Namespace) -> list[Reached]:
    host = listed[0].name.rpartition("@")[2]
    async with look_out(host, "nodes") as here:
        answers = await asyncio.gather(*(_ask(here, entry) for entry in listed))
        near = {entry.name for entry in listed}
        far: dict[str, Reached] = {}
        for _, peers in answers:
            for peer in peers:
                if peer.node not in near and peer.node != here.name and (options.hidden or not peer.hidden):
                    far.setdefault(peer.node, peer)
        return [row for row, _ in answers] + [far[name] for name in sorted(far)]


async def _ask(here: bl.Node, entry: Entry) -> tuple[Reached, list[Reached]]:
    """What the node says of itself, and whom it is connected to."""
    row = _listed(entry)
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            await connect(here, entry.name, None)
            found = await bl.inspect.snapshot(entry.name, parts=("links",), timeout=LOOK_SECONDS)
    except TimeoutError:
        state = here.node_state(entry.name)
        return _with(row, state=state if state != "up" else "does not answer"), []
    except (bl.BeamlikeError, ValueError) as error:
        return _with(row, state=str(error)), []
    it = found.node
    peers = [
        Reached(link.node, link.address if link.dialled else "", None, link.hidden, link.state, known_by=entry.name)
        for link in found.links or ()
        if not link.node.startswith("observer-")
    ]
    told = {
        "state": "up",
        "program": it.program,
        "python": it.python,
        "started": it.started,
        "processes": it.processes,
        "rss": it.rss,
    }
    return _with(row, **told), peers


def _with(row: Reached, **fields: Any) -> Reached:
    return Reached(**(asdict(row) | fields))


def _rows_text(found: list[Reached]) -> str:
    import time

    from notebook_tui.cli.top_text import size as size_text
    from notebook_tui.cli.top_text import span, table, table_width

    if not found:
        return "no nodes; `beamlike node --name NAME` starts one"
    now = time.time()
    rows = [
        (
            it.node,
            it.address,
            str(it.os_pid) if it.os_pid is not None else f"known by {it.known_by}",
            it.program,
            span(now - it.started) if it.started is not None else "-",
            str(it.processes) if it.processes is not None else "-",
            size_text(it.rss),
            it.state if len(it.state) <= _SHORT else "see below",
        )
        for it in found
    ]
    titles = ("NODE", "ADDRESS", "PROCESS", "PROGRAM", "UP", "PROCESSES", "MEMORY", "STATE")
    reasons = [f"{it.node}: {it.state}" for it in found if len(it.state) > _SHORT]
    return "\n".join([table("", titles, rows, table_width(), whole=2).lstrip("\n"), *reasons])
