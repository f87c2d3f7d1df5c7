"""`beamlike notebook [PATH]`: the terminal notebook, on a file or at home in a directory."""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from notebook_tui.cli.main import FAILED, UserError
from notebook_tui.serve.errors import NoServer, ServerUnreachable
from notebook_tui.serve.rendezvous import NotPrivate
from notebook_tui.session.lock import InUse
from notebook_tui.session.profiles import ProfileError
from notebook_tui.session.storage import UnreadableFile
from notebook_tui.ui.settings.preferences import preferences_of_user

if TYPE_CHECKING:
    from notebook_tui.ui.app import NotebookApp

LEAVE_SECONDS = 5.0
START_SECONDS = 1.0


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path",
        metavar="PATH",
        nargs="?",
        default=".",
        help="a .livemd file; one that does not exist is made on the first save. A directory, as without a PATH: home, "
        "where notebooks are found. ssh://[USER@]HOST[:PORT]/PATH: one on another machine (docs/ssh.md)",
    )
    parser.add_argument(
        "--runtime",
        metavar="SPEC",
        help="where cells run: local, a name out of runtimes.toml in the settings, attach:NAME@HOST[:PORT], "
        "fly:APP[?option=value&…] or k8s:NAMESPACE[?option=value&…] (docs/runtimes.md)",
    )
    parser.add_argument(
        "--keep",
        action="store_true",
        help="the session outlives this terminal: a server in the background holds it (docs/serve.md)",
    )
    parser.add_argument(
        "--plain", action="store_true", help="lines to read and type instead of a screen: for screen readers, and pipes"
    )
    parser.epilog = "example: beamlike notebook docs/notebooks/tour.livemd"
    parser.set_defaults(call=call)


def options_for(path: str, *, runtime: str, plain: bool) -> argparse.Namespace:
    """As the command line gives them; what is not said here is as where nobody says it."""
    parser = argparse.ArgumentParser()
    configure(parser)
    options = parser.parse_args(["--", path])
    options.runtime, options.plain = runtime, plain
    return options


def call(options: argparse.Namespace) -> int:
    from notebook_tui.cli import notebook_ssh

    if notebook_ssh.is_address(options.path):
        return notebook_ssh.call(options.path)
    # It draws on standard error.
    settings = preferences_of_user().now
    plain = options.plain or settings.plain
    keep = options.keep or settings.keep_sessions
    if not plain and not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise UserError(
            "expected a terminal, found a pipe or a file as standard input, output or error; "
            f"to evaluate without one: beamlike run {'PATH' if os.path.isdir(options.path) else options.path}"
        )
    path = Path(options.path).absolute()
    home = path if path.is_dir() else path.parent
    try:
        if plain:
            asyncio.run(_plain(options.path, options.runtime, keep))
            return 0
        last_words = asyncio.run(_notebook("" if path.is_dir() else options.path, home, options.runtime, keep))
    except (UnreadableFile, InUse, ProfileError, NoServer, NotPrivate, ServerUnreachable) as error:
        raise UserError(str(error)) from error
    if last_words:
        print(f"beamlike: {last_words}", file=sys.stderr)
    return FAILED if last_words else 0


async def _notebook(path: str, directory: Path, runtime: str | None, keep: bool) -> str:
    """Why the program failed; empty if it did not. Without a path it begins at home."""
    with _no_garbage_at_first():
        return await _shown(path, directory, runtime, keep)


async def _shown(path: str, directory: Path, runtime: str | None, keep: bool) -> str:
    from notebook_tui.cli.program_house import ProgramHouse
    from notebook_tui.ui.app import NotebookApp
    from notebook_tui.ui.visit import begin

    house = ProgramHouse(runtime, directory, keep)
    preferences = preferences_of_user()
    app = NotebookApp(await begin(house.open(path)) if path else None, house=house, preferences=preferences)
    for number in (signal.SIGHUP, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, _hang_up, app)
    try:
        await app.run_async(mouse=preferences.now.mouse)
    finally:
        await app.leave()
    return app.last_words


@contextmanager
def _no_garbage_at_first() -> Iterator[None]:
    """While the program starts there is none, and looking would take a tenth of the time."""
    gc.disable()
    asyncio.get_running_loop().call_later(START_SECONDS, _look_for_garbage)
    try:
        yield
    finally:
        gc.enable()


def _look_for_garbage() -> None:
    """In what comes from now on, and in few objects at a time: a key waits for as long as it takes."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    gc.enable()


async def _plain(path: str, runtime: str | None, keep: bool) -> None:
    from notebook_tui.cli.opening import opening
    from notebook_tui.cli.plain import plain_notebook

    async with opening(path, runtime, keep=keep) as client:
        await plain_notebook(client)


def _hang_up(app: NotebookApp) -> None:
    """Saves and leaves, and goes in any case: writing to a terminal that is gone may block for ever."""
    app.hang_up()
    last_resort = threading.Timer(LEAVE_SECONDS, os._exit, (FAILED,))
    last_resort.daemon = True
    last_resort.start()
