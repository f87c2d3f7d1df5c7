"""`beamlike flame ps` and `beamlike flame reap`: the child nodes that there are, and the end of those left behind.

What these need is imported when they are called, and imports nothing that starts a node: they answer at once.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

from notebook_tui.cli.main import FAILED, UserError

if TYPE_CHECKING:
    from nodes.found import Found

WATCH_SECONDS = 1.0
_HOME_AND_CLEAR = "\x1b[H\x1b[J"


def configure(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    ps = commands.add_parser(
        "ps",
        help="list the child nodes, or the pools of a node",
        description="List the child nodes of this user; or the pools of NODE, with their runners, slots and calls.",
    )
    ps.add_argument("node", nargs="?", metavar="NODE", help="a node that runs, such as app@127.0.0.1")
    shown = ps.add_mutually_exclusive_group()
    shown.add_argument("--json", action="store_true", help="print them as JSON")
    shown.add_argument("--watch", action="store_true", help="print them anew each second, until Ctrl+C")
    ps.epilog = (
        "exit status: 0; 1 if what --on names could not be seen\n\n"
        "examples: beamlike flame ps --watch\n          beamlike flame ps app@127.0.0.1"
    )
    ps.set_defaults(call=show)
    reap = commands.add_parser(
        "reap", help="end those without a living parent", description="End the child nodes that have no living parent."
    )
    sure = reap.add_mutually_exclusive_group()
    sure.add_argument("--yes", action="store_true", help="do not ask")
    sure.add_argument("--dry-run", action="store_true", help="only say what would be done")
    reap.epilog = (
        "exit status: 0 none is left, 1 some could not be ended, or what --on names could not be seen\n\n"
        "example: beamlike flame reap --yes"
    )
    reap.set_defaults(call=end_those_alone)
    for command in (ps, reap):
        command.formatter_class = argparse.RawDescriptionHelpFormatter
        command.add_argument(
            "--on",
            metavar="SPEC",
            default="",
            help="only those of local, fly:APP or k8s:NAMESPACE; else of this host and what the environment names",
        )
        command.add_argument("--debug", action="store_true", help=argparse.SUPPRESS, default=argparse.SUPPRESS)
    parser.epilog = "examples: beamlike flame ps\n          beamlike flame reap --dry-run"


def show(options: argparse.Namespace) -> int:
    if options.node:
        return _show_pools(options)
    if options.json:
        print(json.dumps([asdict(one) for one in _census(options.on)], indent=2))
        return 0
    while True:
        print(_repainted(_table(options.on)) if options.watch else _table(options.on), flush=True)
        if not options.watch:
            return 0
        time.sleep(WATCH_SECONDS)


def _show_pools(options: argparse.Namespace) -> int:
    from notebook_tui.cli import pools_of

    every = WATCH_SECONDS if options.watch else None
    repaint = _repainted if options.watch else str
    pools_of.show(options.node, _width(), as_json=options.json, every=every, repaint=repaint)
    return 0


def _repainted(text: str) -> str:
    return _HOME_AND_CLEAR + text if sys.stdout.isatty() else text


def end_those_alone(options: argparse.Namespace) -> int:
    from nodes import census

    alone = census.alone(_census(options.on))
    if not alone:
        return _tidied("no child node is without a living parent", options)
    for one in alone:
        print(f"{one.node} ({one.where}) has no living parent: it was {one.parent}")
    if options.dry_run:
        print(f"{_count(alone)} would be ended")
        return 0
    if not options.yes and not _agreed(alone):
        print("nothing was ended")
        return 0
    reaped = census.reap(alone, options.on)
    for outcome in reaped:
        print(f"{outcome.found.node} {outcome.words}", file=sys.stdout if outcome.gone else sys.stderr)
    _tidied("", options)
    return 0 if all(outcome.gone for outcome in reaped) else FAILED


def _table(on: str) -> str:
    from notebook_tui.cli.nodes_table import table

    return table(_census(on), now=time.time(), width=_width())


def _width() -> int:
    import shutil

    return shutil.get_terminal_size((80, 24)).columns


def _census(on: str) -> list[Found]:
    from nodes.census import census
    from nodes.spec_text import SpecError

    try:
        found, troubles = census(on)
    except SpecError as error:
        raise UserError(f"--on: {error}") from error
    if on and troubles and not found:
        raise SystemExit("\n".join(f"beamlike: {trouble}" for trouble in troubles))
    for trouble in troubles:
        print(f"beamlike: {trouble}", file=sys.stderr)
    return found


def _tidied(words: str, options: argparse.Namespace) -> int:
    from nodes import census

    if words:
        print(words)
    for done in () if options.dry_run else census.tidy(options.on):
        print(done)
    return 0


def _agreed(alone: list[Found]) -> bool:
    if not sys.stdin.isatty():
        raise UserError("expected somebody who can be asked, found no terminal: say --yes, or --dry-run to only look")
    return input(f"end {_count(alone)}? [y/N] ").strip().lower() in ("y", "yes")


def _count(alone: list[Found]) -> str:
    return "1 child node" if len(alone) == 1 else f"{len(alone)} child nodes"
