"""W1-W5 and W10 on one node, and what may not grow: `python -m tests.bench.kernel [ROUNDS] [--only w5 ...]`.

A round measures every case on every system, one after the other, each in a fresh interpreter: the limit (bare asyncio
tasks that hand over by futures), the node, and Erlang where it is there. Only ratios within a round mean anything on a
machine that others use as well. JSON lines go to standard output, what is left out and the table of medians (see
`table`) to standard error.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from tests.bench.kernel import cases, erlang, systems, table
from tests.bench.kernel.cases import Case
from tests.bench.kernel.erlang import Absent, Command, Erlang
from tests.bench.kernel.foreign import Foreign, Patience
from tests.bench.kernel.table import Line

ROUNDS = 3
SECONDS = 300.0
"""No case takes longer, however busy the machine is."""


def main(arguments: Sequence[str] = ()) -> None:
    asked = parser().parse_args(arguments)
    try:
        chosen = cases.chosen(asked.only)
    except ValueError as error:
        sys.exit(str(error))
    lines: list[Line] = []
    patience = Patience(asked.patience)
    with ExitStack() as stack:
        peers = erlang_or_none(stack)
        for number in range(asked.rounds):
            for case in chosen:
                for line in measured(case, peers, number, patience, tiny=asked.tiny):
                    print(json.dumps(line), flush=True)
                    lines.append(line)
    print(table.markdown(table.rows(lines)), file=sys.stderr)


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(
        prog="python -m tests.bench.kernel", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("rounds", type=int, nargs="?", default=ROUNDS)
    options.add_argument("--only", nargs="+", default=[], metavar="CASE", help="w5, w1_idle, growth ...")
    options.add_argument(
        "--patience", type=float, default=0, metavar="SECONDS", help="to wait, in all, for a quiet machine"
    )
    options.add_argument("--tiny", action="store_true", help="smallest sizes, whose figures mean nothing")
    return options


def erlang_or_none(stack: ExitStack) -> Erlang | None:
    try:
        return stack.enter_context(erlang.compiled(erlang.folder()))
    except Absent as reason:
        print(f"Erlang's rows are left out: {reason}", file=sys.stderr)
        return None


def measured(case: Case, peers: Erlang | None, number: int, patience: Patience, *, tiny: bool) -> Iterator[Line]:
    """The lines of one round of a case; each round begins with another system."""
    found = commands(case, peers, tiny=tiny)
    first = number % len(found)
    for command in [*found[first:], *found[:first]]:
        patience.wait()
        with Foreign() as foreign:
            printed = run(command)
        for line in printed:
            yield {**json.loads(line), "round": number, "foreign_cpu": foreign.cores}


def commands(case: Case, peers: Erlang | None, *, tiny: bool) -> list[Command]:
    module = [sys.executable, "-m", systems.__name__, case.name]
    found = [Command([*module, system, *["--tiny"] * tiny], {}) for system in systems.of(case)]
    return [*found, peers.running(case.erlang, tiny=tiny)] if peers and case.erlang else found


def run(command: Command) -> list[str]:
    """The JSON lines that it printed; its other words are shown if it failed, for a watchdog says much here."""
    done = subprocess.run(
        command.arguments,
        env=os.environ | command.environment,
        cwd=erlang.ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    if done.returncode != 0:
        print(done.stderr, file=sys.stderr)
        sys.exit(f"{' '.join(command.arguments)} ended with {done.returncode}")
    return [line for line in done.stdout.splitlines() if line.startswith("{")]


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # so that nothing that was started is left behind
    main(sys.argv[1:])
