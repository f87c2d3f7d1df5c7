"""The `beamlike` command. Each subcommand stands in a file of its own and is imported when it is called, so that
`--help` answers at once."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module, metadata

USAGE_ERROR = 2
INTERRUPTED = 130

COMMANDS = {
    "notebook": "open a notebook in the terminal",
    "run": "evaluate a notebook without a terminal",
    "node": "run a node that waits for work",
}


class UserError(Exception):
    """What went wrong, in one line for the user: what was expected, what came, what to do."""


def main(arguments: Sequence[str] | None = None) -> None:
    """The console script: exits 0 on success, 1 when what was asked for failed, 2 for wrong usage or input."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if sys.platform == "win32":
        sys.exit("beamlike runs on Linux and macOS; on Windows use it inside WSL")
    parser = _parser(words)
    options = parser.parse_args(words)
    sys.exit(_checked(options))


def _checked(options: argparse.Namespace) -> int:
    call: Callable[[argparse.Namespace], int] = options.call
    try:
        return call(options)
    except UserError as error:
        if options.debug:
            raise
        print(f"beamlike: {error}", file=sys.stderr)
        return USAGE_ERROR
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has left; nothing more can be said to them.
        sys.stderr.close()
        return 1


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="beamlike",
        description="A terminal notebook that drives a cluster as if it were local.",
        epilog="example: beamlike notebook docs/notebooks/tour.livemd",
    )
    parser.add_argument("--version", action="version", version=f"beamlike {_version()}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        command = commands.add_parser(
            name, help=summary, description=summary, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        command.add_argument("--debug", action="store_true", help="show tracebacks of errors")
        if name in words:
            # Only the command that is called is imported.
            import_module(f"notebook_tui.cli.{name}").configure(command)
    return parser


def _version() -> str:
    try:
        return metadata.version("beamlike")
    except metadata.PackageNotFoundError:
        return "(not installed)"
