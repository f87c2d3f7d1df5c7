"""`beamlike run PATH`: evaluates a notebook without a terminal. What that takes is imported when it is called."""

from __future__ import annotations

import argparse
import io
import math
import os
import sys
from pathlib import Path

from notebook_tui.cli.convert import check_notebook_target, check_place
from notebook_tui.cli.main import UserError


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", metavar="PATH", help="a .livemd file; it is not changed")
    parser.add_argument(
        "--set",
        metavar="NAME=VALUE",
        dest="values",
        action="append",
        type=_assignment,
        default=[],
        help="run with another value where a cell first assigns NAME; VALUE is a Python literal, else a text",
    )
    parser.add_argument(
        "--input",
        metavar="LABEL=VALUE",
        dest="inputs",
        action="append",
        type=_input,
        default=[],
        help="what the input of that label holds, in place of its default (see below)",
    )
    parser.add_argument(
        "--inputs",
        metavar="FILE",
        dest="inputs_from",
        help='a JSON object of labels with values, such as {"Batch size": 32}, in this file; -: in standard input',
    )
    parser.add_argument(
        "--runtime",
        metavar="SPEC",
        help="where cells run: local, a name out of runtimes.toml in the settings, attach:NAME@HOST[:PORT], "
        "fly:APP[?option=value&…] or k8s:NAMESPACE[?option=value&…] (docs/runtimes.md)",
    )
    parser.add_argument(
        "--output",
        metavar="OUT",
        help="write the notebook with its outputs to this file: .livemd, .md, .ipynb, .py or .html",
    )
    parser.add_argument("--json", action="store_true", help="print one line of JSON for each event")
    parser.add_argument("--junit", metavar="FILE", help="write a JUnit report, a test case for each cell")
    parser.add_argument("--timeout", metavar="S", type=_seconds, help="give up after this many seconds")
    parser.add_argument("--cell-timeout", metavar="S", type=_seconds, help="interrupt a cell after this many seconds")
    parser.add_argument(
        "--watch",
        action="store_true",
        help="run again, from the beginning, when the notebook or a module beside it that it imports changes",
    )
    parser.epilog = (
        "exit status: 0 all cells succeeded, 1 a cell failed (named on stderr), 2 wrong usage or unreadable file;\n"
        "with --watch, Ctrl-C ends it with the status of the last run that was done (130 if none was)\n\n"
        "inputs: --input 'Batch size=32', or else --inputs FILE, or else BEAMLIKE_INPUT_BATCH_SIZE=32 in the\n"
        "environment. The last two are the places for secrets: everybody on the machine can see a command's words\n\n"
        "example: beamlike run report.livemd --set year=2026 --output /tmp/report.livemd --junit /tmp/report.xml"
    )
    parser.set_defaults(call=call)


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, such as year=2026, got {text!r}")
    return name, value


def _input(text: str) -> tuple[str, str]:
    label, equals, value = text.partition("=")
    if not equals or not label:
        raise argparse.ArgumentTypeError(f"expected LABEL=VALUE, such as 'Batch size=32', got {text!r}")
    return label, value


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"expected a number of seconds above 0, got {text}")
    return seconds


def call(options: argparse.Namespace) -> int:
    try:
        os.stat(options.path)
    except OSError as error:
        raise UserError(
            f"{options.path}: {(error.strerror or str(error)).lower()}; expected the path of a .livemd notebook"
        ) from error
    if options.watch and options.output is not None and _is_same(options.path, options.output):
        raise UserError(f"--watch --output {options.output}: expected another file than the notebook, which is watched")
    if options.output is not None:
        check_notebook_target(Path(options.output))
    if options.junit is not None:
        check_place(Path(options.junit))
    inputs = {**_inputs_from(options.inputs_from), **dict(options.inputs)}
    import asyncio

    from notebook_tui.cli.run_json import JsonReporter
    from notebook_tui.cli.run_notebook import RunOptions, run
    from notebook_tui.cli.run_text import TextReporter
    from notebook_tui.cli.run_watch import watch
    from notebook_tui.session.profiles import ProfileError
    from notebook_tui.session.storage import UnreadableFile

    _show_everything()
    wanted = RunOptions(
        options.path,
        dict(options.values),
        options.output,
        options.junit,
        options.timeout,
        options.cell_timeout,
        options.runtime,
        inputs,
    )
    try:
        reporter = JsonReporter if options.json else TextReporter
        return asyncio.run(watch(wanted, reporter) if options.watch else run(wanted, reporter()))
    except (UnreadableFile, ProfileError) as error:
        raise UserError(str(error)) from error


def _inputs_from(source: str | None) -> dict[str, str]:
    from notebook_tui.session.given_inputs import inputs_in

    if source is None:
        return {}
    if source == "-" and sys.stdin is None:
        raise UserError("--inputs -: there is no standard input")
    try:
        return inputs_in(sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes())
    except OSError as error:
        raise UserError(f"--inputs {source}: {(error.strerror or str(error)).lower()}") from error
    except ValueError as error:
        raise UserError(f"--inputs {source}: {error}") from error


def _is_same(path: str, other: str) -> bool:
    return os.path.realpath(path) == os.path.realpath(other)


def _show_everything() -> None:
    """What this terminal's encoding lacks is shown by its number: a cell may print anything."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
