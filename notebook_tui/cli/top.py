"""`beamlike top NODE`: a live view of a node, or one look at it as text or JSON."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from typing import Any

import beamlike as bl
from notebook_tui.cli.main import UserError

ONCE_PARTS = ("processes", "tasks", "threads", "loops", "gc", "links", "names", "trees")
ALL_PARTS = (*ONCE_PARTS, "memory", "files", "modules")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("node", metavar="NODE", help="the node's name, such as orders@10.0.0.5, or with :PORT")
    parser.add_argument("--once", action="store_true", help="look once, print what there is to see, and end")
    parser.add_argument("--json", action="store_true", help="with --once: print it as JSON")
    parser.add_argument(
        "--interval", type=_seconds, default=1.0, metavar="S", help="seconds between two looks (default 1)"
    )
    parser.add_argument("--sort", default="queue", metavar="KEY", help="sort processes by (default queue)")
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="rows of each table (default 20)")
    parser.add_argument("--only", default="", metavar="TEXT", help="only processes in whose name or code TEXT stands")
    parser.add_argument(
        "--parts", default="", metavar="A,B", help=f"with --once: which tables, of {', '.join(ALL_PARTS)}"
    )
    parser.epilog = (
        "examples: beamlike top orders@10.0.0.5\n"
        "          beamlike top orders@10.0.0.5 --once --json | jq '.processes[0]'\n"
        "          beamlike top orders@10.0.0.5 --once --parts memory,files"
    )
    parser.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    from beamlike.inspect.looking.options import PROCESS_KEYS, check_limit, check_word

    parts = _parts(options.parts)
    try:
        check_word(options.sort, PROCESS_KEYS, "processes")
        check_limit(options.limit)
    except ValueError as error:
        raise UserError(str(error)) from error
    if options.json and not options.once:
        raise UserError("--json prints one look: it needs --once")
    try:
        if not options.once:
            return _watch(options)
        seen = asyncio.run(_once(options, parts))
    except (bl.BeamlikeError, TimeoutError, ValueError, OSError) as error:
        raise UserError(str(error)) from error
    print(seen)
    return 0


def _watch(options: argparse.Namespace) -> int:
    if not sys.stdout.isatty():
        raise UserError("the live view needs a terminal; --once prints one look, --once --json for programs")
    from notebook_tui.ui.top.app import watch

    return watch(options.node, interval=options.interval)


async def _once(options: argparse.Namespace, parts: tuple[str, ...]) -> str:
    """Two looks, for what happens per second is seen only between two."""
    from beamlike.inspect.looking.options import MOST
    from beamlike.inspect.plain import to_plain
    from notebook_tui.cli.top_text import snapshot_text, table_width
    from notebook_tui.cli.visiting import visiting

    told: dict[str, Any] = {"sort": options.sort, "limit": options.limit, "only": options.only}
    # As text all tasks are counted, by their places; in JSON each is a row with its stack.
    told |= {"stacks": options.json, "tasks_limit": max(100, options.limit) if options.json else MOST}
    async with visiting(options.node, "top") as name:
        if {"processes", "loops", "links"} & set(parts):
            await bl.inspect.snapshot(name, parts=parts, rates=True, **told)  # type: ignore[arg-type]
            await asyncio.sleep(options.interval)
        found = await bl.inspect.snapshot(name, parts=parts, rates=True, timeout=60.0, **told)  # type: ignore[arg-type]
    if options.json:
        return json.dumps(to_plain(found))
    return snapshot_text(found, table_width(), options.limit)


def _parts(text: str) -> tuple[str, ...]:
    chosen = tuple(text.split(",")) if text else ONCE_PARTS
    unknown = [part for part in chosen if part not in ALL_PARTS]
    if unknown:
        raise UserError(f"expected tables of {', '.join(ALL_PARTS)}, got {', '.join(unknown)}")
    return chosen


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0.1 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"expected from 0.1 to 3600 seconds, got {text}")
    return seconds
