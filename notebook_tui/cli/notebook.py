"""`beamlike notebook PATH`: the terminal notebook."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from notebook_tui.cli.main import UserError
from notebook_tui.session.storage import UnreadableFile


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path", metavar="PATH", help="a .livemd file; one that does not exist is made on the first save"
    )
    parser.epilog = "example: beamlike notebook docs/notebooks/tour.livemd"
    parser.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UserError(
            f"expected a terminal, found a pipe or a file; to evaluate without one: beamlike run {options.path}"
        )
    try:
        asyncio.run(_notebook(options.path))
    except UnreadableFile as error:
        raise UserError(str(error)) from error
    return 0


async def _notebook(path: str) -> None:
    from notebook_tui.cli.open_session import open_session
    from notebook_tui.ui.app import NotebookApp

    async with open_session(path) as client:
        app = NotebookApp(client)
        for number in (signal.SIGHUP, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, app.hang_up)
        await app.run_async()
