"""`beamlike trace NODE`: messages, or calls of functions, as they happen there, within limits that the node holds."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from contextlib import aclosing

from notebook_tui.cli.main import FAILED, UserError


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("node", metavar="NODE", help="a node that runs, such as app@127.0.0.1")
    parser.add_argument(
        "functions", metavar="MODULE:FUNCTION", nargs="*", help="functions of modules that are loaded there"
    )
    parser.add_argument("--messages", action="store_true", help="messages, spawns, links and ends of processes")
    parser.add_argument("--received", action="store_true", help="with --messages: also as they arrive")
    parser.add_argument("--limit", type=int, default=100, help="so many events (100; at most 10,000)")
    parser.add_argument("--rate", type=_rate, default=50, metavar="N/s", help="so many in a second (50; at most 1000)")
    parser.add_argument("--time", type=float, default=10.0, metavar="S", help="so long, in seconds (10; at most 600)")
    parser.add_argument("--json", action="store_true", help="print a line of JSON for each event")
    parser.epilog = (
        "exit status: 0 it ended by its limits, 1 the node was lost, 2 it could not begin\n\n"
        "examples: beamlike trace shop@10.0.0.5 shop.till:Till.pay --limit 20\n"
        "          beamlike trace shop@10.0.0.5 --messages --rate 100/s --json"
    )
    parser.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    return asyncio.run(_trace(options))


async def _trace(options: argparse.Namespace) -> int:
    from beamlike.inspect.tracing.trace import trace
    from beamlike.kernel.errors import BeamlikeError
    from notebook_tui.cli.visiting import visiting

    flags = ("send", "procs", *(["receive"] if options.received else []))
    messages = flags if options.messages or options.received or not options.functions else ()
    is_over = begun = False
    try:
        async with visiting(options.node, "trace") as node:
            events = trace(
                node,
                *options.functions,
                messages=messages,
                limit=options.limit,
                rate=options.rate,
                seconds=options.time,
            )
            async with aclosing(events):
                async for event in events:
                    begun = True
                    is_over = event.kind == "ended" and not event.text.startswith("the tracer is gone")
                    print(json.dumps(event.as_dict()) if options.json else event, flush=True)
    except BrokenPipeError:  # whoever read it has left
        raise
    except (BeamlikeError, ValueError, OSError, TimeoutError) as error:
        if not begun:
            raise UserError(f"{options.node} cannot be traced: {error}") from error
        print(f"beamlike: the trace of {options.node} broke off: {error}", file=sys.stderr)
    return 0 if is_over else FAILED


def _rate(text: str) -> int:
    """
    >>> _rate("50/s"), _rate("50")
    (50, 50)
    """
    return int(text.removesuffix("/s"))
