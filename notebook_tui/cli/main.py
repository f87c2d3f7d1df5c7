"""The `beamlike` command. Each subcommand stands in a file of its own and is imported when it is called, so that
`--help` answers at once."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

FAILED = 1
USAGE_ERROR = 2
INTERRUPTED = 130

_OURS = ("beamlike", "nodes", "flame", "notebook_tui")

COMMANDS = {
    "notebook": "open a notebook in the terminal",
    "serve": "hold sessions that outlive their terminals",
    "sessions": "list the sessions that are held, and end one",
    "mcp": "give notebooks to a coding agent",
    "api": "tokens for programs that work in notebooks",
    "run": "evaluate a notebook without a terminal",
    "convert": "turn a notebook into another kind of file",
    "node": "run a node that waits for work",
    "nodes": "list the nodes that can be reached from here",
    "attach": "open a notebook whose cells run in a running node",
    "eval": "evaluate something in a running node",
    "shell": "a prompt that evaluates in a running node",
    "top": "look at a running node",
    "trace": "see messages and calls of a running node as they happen",
    "profile": "see where a running node spends its time",
    "doctor": "find out why a node cannot be reached",
    "inject": "start a node in a running program that has none",
    "flame": "list the child nodes that run, and end those left behind",
}


class UserError(Exception):
    """What went wrong, in one line for the user: what was expected, what came, what to do."""


def main(arguments: Sequence[str] | None = None) -> None:
    """The console script: exits 0 on success, 1 when what was asked for failed, 2 for wrong usage or input."""
    if arguments is None:
        # This interpreter is ours: what it loads is no garbage, and looking through it took a tenth of the start.
        gc.set_threshold(100_000, 20, 20)
    _open_standard_streams()
    words = list(sys.argv[1:] if arguments is None else arguments)
    if sys.platform == "win32":
        sys.exit("beamlike runs on Linux and macOS; on Windows use it inside WSL")
    parser = _parser(words)
    options = parser.parse_args(words)
    sys.exit(_checked(options))


def _open_standard_streams() -> None:
    """Those that whoever started us has closed lead nowhere, rather than into the next file or socket that we open."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)  # has the lowest number that is free, which is the stream's own
            os.set_inheritable(nowhere, True)
            stream = os.fdopen(nowhere, mode, encoding="utf-8", errors="backslashreplace")
            setattr(sys, name, stream)


def _checked(options: argparse.Namespace) -> int:
    call: Callable[[argparse.Namespace], int] = options.call
    try:
        if options.log is not None:
            _log_to(options.log)
        status = call(options)
        sys.stdout.flush()
        return status
    except UserError as error:
        if options.debug:
            raise
        print(f"beamlike: {error}", file=sys.stderr)
        return USAGE_ERROR
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has left: nothing more can be said to them, not even by the flush at the very end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        if options.debug:
            raise
        print(f"beamlike: {_words(error)}", file=sys.stderr)
        return FAILED


def _log_to(path: str) -> None:
    import logging

    from notebook_tui.cli.log_lines import FORMAT, LogLines

    try:
        handler = logging.FileHandler(path, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise UserError(
            f"--log {path}: {(error.strerror or str(error)).lower()}; expected a file to append to"
        ) from error
    handler.setFormatter(LogLines(FORMAT))
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)


def _words(error: Exception) -> str:
    """Errors of this house say what to do; of any other the type tells at least what kind of thing went wrong."""
    if type(error).__module__.partition(".")[0] in _OURS:
        return str(error)
    return f"{type(error).__name__}: {error} (--debug shows where)"


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="beamlike",
        description="A terminal notebook that drives a cluster as if it were local.",
        epilog="example: beamlike notebook docs/notebooks/tour.livemd",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        command = commands.add_parser(
            name, help=summary, description=summary, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        command.add_argument("--debug", action="store_true", help="show tracebacks of errors")
        command.add_argument("--log", metavar="FILE", help="append what the program logs to this file")
        if name in words:
            # Only the command that is called is imported.
            import_module(f"notebook_tui.cli.{name}").configure(command)
    return parser


class _Version(argparse.Action):
    """Looked up when it is asked for: what reads versions takes as long to load as the whole command."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(f"beamlike {_version()}")
        parser.exit()


def _version() -> str:
    from importlib import metadata

    try:
        return metadata.version("beamlike")
    except metadata.PackageNotFoundError:
        return "(not installed)"
