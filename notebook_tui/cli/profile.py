"""`beamlike profile NODE`: where it spends its time, as a flame graph in the terminal or in a file."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from notebook_tui.cli.main import UserError

if TYPE_CHECKING:
    from beamlike.inspect.profiling.profile import Profile

_DEEPEST = 60


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("node", metavar="NODE", help="a node that runs, such as app@127.0.0.1")
    parser.add_argument("--seconds", type=float, default=5.0, metavar="S", help="for so long (5; at most 60)")
    parser.add_argument("--rate", type=int, default=100, metavar="N", help="looks a second (100; at most 500)")
    parser.add_argument(
        "--output", metavar="FILE", help="write it: .svg, .json (for speedscope.app) or .folded; - prints folded stacks"
    )
    parser.epilog = (
        "examples: beamlike profile shop@10.0.0.5\n"
        "          beamlike profile shop@10.0.0.5 --seconds 20 --output out.svg"
    )
    parser.set_defaults(call=call)


def call(options: argparse.Namespace) -> int:
    from beamlike.inspect.profiling.written import FORMS, written

    path = options.output
    if path is not None and path != "-" and not path.endswith(tuple(FORMS)):
        raise UserError(f"--output {path}: expected a file that ends in {', '.join(FORMS)}, or -")
    taken = asyncio.run(_profile(options))
    if path == "-":
        print(taken.folded(), end="")
    elif path is None:
        print(drawn(taken, _width()))
    else:
        try:
            Path(path).write_text(written(taken, path), encoding="utf-8")
        except OSError as error:
            raise UserError(f"--output {path}: {(error.strerror or str(error)).lower()}") from error
        print(f"{path}: {told(taken)}")
    return 0


async def _profile(options: argparse.Namespace) -> Profile:
    from beamlike.inspect.profiling.take import profile
    from beamlike.kernel.errors import BeamlikeError
    from notebook_tui.cli.visiting import visiting

    try:
        async with visiting(options.node, "profile") as node:
            return await profile(node, seconds=options.seconds, rate=options.rate)
    except (BeamlikeError, ValueError, OSError, TimeoutError) as error:
        raise UserError(f"{options.node} cannot be profiled: {error}") from error


def drawn(taken: Profile, width: int) -> str:
    """The flame graph in letters, the root on top."""
    from beamlike.inspect.profiling.flame import text_rows
    from beamlike.inspect.profiling.profile import tree

    rows = text_rows(tree(taken), width) if taken.busy else []
    more = [f"… {len(rows) - _DEEPEST} rows deeper"] if len(rows) > _DEEPEST else []
    return "\n".join([*rows[:_DEEPEST], *more, told(taken)])


def told(taken: Profile) -> str:
    return (
        f"{taken.samples} looks in {taken.seconds:.1f} s found a thread at work {taken.busy} times, "
        f"and {taken.idle} times one that waited"
    )


def _width() -> int:
    import shutil

    return max(40, shutil.get_terminal_size((100, 24)).columns)
