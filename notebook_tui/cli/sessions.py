"""`beamlike sessions`: those that servers of this user hold, and the end of one."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from notebook_tui.cli.main import FAILED, UserError
from notebook_tui.session.durations import told

if TYPE_CHECKING:
    from notebook_tui.serve.listing import Listed


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print them as JSON")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    stop = commands.add_parser(
        "stop",
        help="end the session of a notebook",
        description="Save and end the session of FILE, and its runtime, for all who look at it.",
    )
    stop.add_argument("file", metavar="FILE", help="the notebook")
    stop.epilog = "example: beamlike sessions stop cats.livemd"
    stop.add_argument("--debug", action="store_true", help=argparse.SUPPRESS, default=argparse.SUPPRESS)
    stop.set_defaults(call=end)
    log = commands.add_parser(
        "log",
        help="who ran what in a notebook",
        description="Print who ran which cell of FILE, the oldest first: when, who, where from, the cell, how it ended "
        "and a digest of its text.",
    )
    log.add_argument("file", metavar="FILE", help="the notebook")
    log.add_argument("--json", action="store_true", help="print them as JSON, a line each")
    log.epilog = "example: beamlike sessions log cats.livemd"
    log.add_argument("--debug", action="store_true", help=argparse.SUPPRESS, default=argparse.SUPPRESS)
    log.set_defaults(call=show_log)
    parser.epilog = "examples: beamlike sessions --json\n          beamlike sessions stop cats.livemd"
    parser.set_defaults(call=show)


def show(options: argparse.Namespace) -> int:
    from notebook_tui.serve.listing import listed

    found = asyncio.run(listed())
    for server in found:
        if server.trouble:
            print(f"beamlike: {server.trouble}", file=sys.stderr)
    if options.json:
        print(json.dumps([_plain(server) for server in found], indent=2))
    else:
        rows = [row for server in found for row in _rows(server, time.time())]
        print("\n".join(_table(rows)) if rows else "no session is held by a server; beamlike serve DIR starts one")
    return FAILED if any(server.trouble for server in found) else 0


def show_servers() -> int:
    from notebook_tui.serve.listing import listed

    found = asyncio.run(listed())
    if not found:
        print("no server runs; beamlike serve DIR starts one")
    now = time.time()
    for each in found:
        server = each.server
        state = each.trouble or f"{len(each.sessions)} session{'s' * (len(each.sessions) != 1)}"
        print(f"{server.serves}: process {server.pid}, for {told(max(1.0, now - server.since))}, {state}")
    return FAILED if any(each.trouble for each in found) else 0


def end(options: argparse.Namespace) -> int:
    from notebook_tui.serve.joining import server_holding
    from notebook_tui.serve.listing import end_session

    path = os.path.abspath(options.file)
    server = server_holding(path)
    trouble = f"no server holds {path}" if server is None else asyncio.run(end_session(server, path))
    if trouble:
        raise UserError(f"{trouble}; beamlike sessions shows those that there are")
    return 0


def show_log(options: argparse.Namespace) -> int:
    from dataclasses import asdict
    from pathlib import Path

    from notebook_tui.session.run_log import lines_of, log_of, runs_in

    runs = tuple(runs_in(log_of(Path(options.file))))
    lines = (json.dumps(asdict(ran)) for ran in runs) if options.json else lines_of(runs)
    print("\n".join(lines) if runs or options.json else f"nothing was run in {options.file} yet that is known of")
    return 0


def _plain(server: Listed) -> dict[str, object]:
    return {
        "directory": server.server.directory,
        "pid": server.server.pid,
        "since": server.server.since,
        "on_demand": server.server.on_demand,
        "trouble": server.trouble,
        "sessions": [
            {
                "path": each.running.path,
                "since": each.running.since,
                "title": each.facts.title if each.facts else None,
                "people": [person.name for person in each.facts.people] if each.facts else None,
                "running": list(each.facts.evaluating) if each.facts else None,
                "queued": each.facts.queued if each.facts else None,
                "runtime": each.facts.runtime if each.facts else None,
                "connected": each.facts.connected if each.facts else None,
                "unsaved": each.facts.dirty if each.facts else None,
            }
            for each in server.sessions
        ],
    }


def _rows(server: Listed, now: float) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for each in server.sessions:
        facts = each.facts
        since = told(max(1.0, now - each.running.since))
        if facts is None:
            rows.append((each.running.path, since, "does not answer", "", ""))
            continue
        names = Counter(person.name or "you" for person in facts.people)
        who = ", ".join(f"{name} ({count})" if count > 1 else name for name, count in names.items()) or "nobody looks"
        runs = _running(facts.evaluating) or "idle"
        more = f", {facts.queued} queued" if facts.queued else ""
        runtime = facts.runtime if facts.connected else "no runtime"
        rows.append((each.running.path, since, who, runs + more, runtime))
    return rows


def _running(labels: Sequence[str]) -> str:
    """
    >>> _running(["2"]), _running(["2", "5"]), _running(["setup"]), _running([])
    ('runs cell 2', 'runs cells 2, 5', 'runs setup', '')
    """
    if not labels:
        return ""
    what = "" if not all(label.isdecimal() for label in labels) else "cell " if len(labels) == 1 else "cells "
    return f"runs {what}{', '.join(labels)}"


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    """
    >>> _table([("a", "1 min"), ("bcd", "2 h")])
    ['a    1 min', 'bcd  2 h']
    """
    from notebook_tui.ui.drawing.printable import printable_row

    rows = [tuple(map(printable_row, row)) for row in rows]  # others may have named the files
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
