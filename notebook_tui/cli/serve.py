"""`beamlike serve DIR`: sessions that outlive their terminals, until they are stopped."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from typing import TYPE_CHECKING

from notebook_tui.cli.main import FAILED, UserError
from notebook_tui.session.durations import WORDS, seconds_of
from notebook_tui.session.profiles import ProfileError

if TYPE_CHECKING:
    from notebook_tui.serve.server import Listener


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "directory", metavar="DIR", nargs="?", help="where the notebooks lie whose sessions are held, also below it"
    )
    parser.add_argument(
        "--runtime", metavar="SPEC", help="where cells run, unless whoever opens a notebook says (docs/runtimes.md)"
    )
    parser.add_argument(
        "--idle-end", metavar="TIME", type=_seconds, help=f"end when there was no session for so long: {WORDS}"
    )
    from notebook_tui.cli import serve_api, serve_ssh

    serve_api.add_options(parser)
    serve_ssh.add_options(parser)
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--status", action="store_true", help="say which servers run, and end")
    instead.add_argument("--stop", action="store_true", help="end the server of DIR, its sessions and their runtimes")
    instead.add_argument("--unit", action="store_true", help="print the systemd user unit of this command")
    instead.add_argument("--install-unit", action="store_true", help="write it to where systemd finds it")
    parser.add_argument("--on-demand", action="store_true", help=argparse.SUPPRESS)
    parser.epilog = (
        "Ctrl+C ends all sessions and their runtimes. SIGTERM, as a service manager sends, leaves them to the next\n"
        "server of DIR. beamlike notebook FILE joins the session of a file in DIR; beamlike sessions lists them.\n\n"
        "examples: beamlike serve ~/notebooks\n"
        "          beamlike serve ~/notebooks --ssh 0.0.0.0:2222\n"
        "          beamlike serve ~/notebooks --install-unit"
    )
    parser.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    if options.status:
        from notebook_tui.cli.sessions import show_servers

        return show_servers()
    directory = _directory(options)
    if options.stop:
        return _stop(directory)
    if options.unit or options.install_unit:
        return _unit(directory, options)
    return _serve(directory, options)


def listeners_of(options: argparse.Namespace) -> list[Listener]:
    """What else brings people to the sessions, as the command line says."""
    from notebook_tui.cli.serve_api import api_listener
    from notebook_tui.cli.serve_ssh import SshListener

    directory = _directory(options)
    # What is started for one notebook serves no directory, and so no program either.
    programs = [] if options.on_demand else [api_listener(directory, options)]
    return programs if options.ssh is None else [*programs, SshListener(directory, options)]


def _serve(directory: str, options: argparse.Namespace) -> int:
    from nodes.child import tune_garbage_collector
    from notebook_tui.serve.rendezvous import AlreadyServed, NotPrivate
    from notebook_tui.serve.server import ON_DEMAND_SECONDS, Serving, serve

    log_to_standard_error()
    tune_garbage_collector()
    idle_end = ON_DEMAND_SECONDS if options.on_demand and options.idle_end is None else options.idle_end
    serving = Serving(directory, options.runtime, options.on_demand, idle_end)
    try:
        asyncio.run(serve(serving, listeners_of(options)))
    except (AlreadyServed, NotPrivate, ProfileError) as error:
        raise UserError(str(error)) from error
    return 0


def _directory(options: argparse.Namespace) -> str:
    from notebook_tui.serve.rendezvous import ANYWHERE

    if options.on_demand:
        return ANYWHERE
    if options.directory is None:
        raise UserError("expected the directory of the notebooks, as in beamlike serve ~/notebooks; got none")
    directory: str = os.path.realpath(options.directory)
    if not os.path.isdir(directory):
        why = "it is a file" if os.path.exists(directory) else "there is none"
        raise UserError(f"expected a directory, got {options.directory}: {why}")
    return directory


def _stop(directory: str) -> int:
    from notebook_tui.serve.rendezvous import servers
    from notebook_tui.serve.server import end_server

    server = next((each for each in servers() if each.directory == directory), None)
    if server is None:
        raise UserError(f"no server of {directory} runs; beamlike serve --status shows those that do")
    try:
        asyncio.run(end_server(server))
    except TimeoutError:
        print(f"beamlike: the server of {directory}, process {server.pid}, has not ended yet", file=sys.stderr)
        return FAILED
    return 0


def _unit(directory: str, options: argparse.Namespace) -> int:
    from notebook_tui.serve.unit import install_unit, unit_name, unit_text

    words = _words_of(options)
    if options.unit:
        print(unit_text(directory, words), end="")
        return 0
    path = install_unit(directory, words)
    print(f"{path} is written; to start it now and at each login:\n\n  systemctl --user daemon-reload")
    print(f"  systemctl --user enable --now {unit_name(directory)}")
    print("\nto have it run while you are not logged in: loginctl enable-linger")
    return 0


def _words_of(options: argparse.Namespace) -> list[str]:
    """What the command line says besides, for the unit."""
    from notebook_tui.session.durations import written

    words = ["--runtime", options.runtime] if options.runtime is not None else []
    from notebook_tui.cli import serve_api, serve_ssh

    words += serve_api.words_of(options) + serve_ssh.words_of(options)
    return words + (["--idle-end", written(options.idle_end)] if options.idle_end is not None else [])


def log_to_standard_error() -> None:
    from notebook_tui.cli.log_lines import LogLines
    from notebook_tui.serve.service_manager import is_in_journal

    time = "" if is_in_journal() else "%(asctime)s "
    handler = logging.StreamHandler()
    handler.setFormatter(LogLines(f"{time}%(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    logging.getLogger("notebook_tui").setLevel(logging.INFO)


def _seconds(text: str) -> float:
    try:
        return seconds_of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
