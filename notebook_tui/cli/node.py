"""`beamlike node --name NAME`: a bare node that waits for work until it is interrupted."""

from __future__ import annotations

import argparse
import asyncio
import signal

import beamlike as bl
from beamlike.kernel.group_leader import install_router
from nodes.child import tune_garbage_collector
from notebook_tui.cli.main import UserError


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", required=True, help="the node's name, such as worker@127.0.0.1")
    parser.add_argument("--listen", metavar="HOST:PORT", help="where to listen (default: the name's host, any port)")
    parser.epilog = "example: beamlike node --name worker@127.0.0.1"
    parser.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    try:
        asyncio.run(_node(options.name, options.listen))
    except BrokenPipeError:  # whoever read it has left
        raise
    except (bl.BeamlikeError, ValueError, OSError) as error:
        raise UserError(str(error)) from error
    return 0


async def _node(name: str, listen: str | None) -> None:
    install_router()
    tune_garbage_collector()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with bl.Node(name, listen=listen) as node:
        host, port = await node.listen()
        print(f"{node.name} listens on {host}:{port}; Ctrl+C ends it", flush=True)
        await stop.wait()
