"""The systems that are compared, and a measurement of one: `python -m tests.bench.kernel.systems CASE SYSTEM`.

limit:LOOP           bare asyncio tasks that hand over by futures
beamlike@LOOP        a node embedded in somebody's program, who alone decides about the garbage collector
beamlike-own@LOOP    a node in an interpreter that we start, whose collector is tuned as nodes.child does it
erlang               see `erlang`
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sys
from collections.abc import Callable
from functools import partial

import uvloop

import beamlike as bl
from nodes.child import tune_garbage_collector
from tests.bench.kernel import cases
from tests.bench.kernel.cases import Case, Measure
from tests.bench.kernel.sizes import FULL, TINY, Sizes
from tests.bench.lines import Figure, emit

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}


def of(case: Case) -> list[str]:
    """The systems that a case is measured on in an interpreter of ours, each beside its limit."""
    names = []
    for loop in LOOPS:
        names += [f"limit:{loop}"] if case.limit else []
        names += [f"beamlike@{loop}"]
    return [*names, "beamlike-own@uvloop"] if case.tuned else names


def measure(case: Case, system: str, sizes: Sizes) -> None:
    """Prints the case's figures for the system."""
    kind, _, loop = system.replace("@", ":").partition(":")
    figure = partial(emit, system)
    gc.collect()
    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        if kind == "limit":
            if case.limit is None:
                raise ValueError(f"{case.name} has no limit to measure")
            runner.run(on_tasks(case.limit, figure, sizes))
        else:
            runner.run(on_a_node(case.ours, figure, sizes))


async def on_tasks(measure: Measure, figure: Figure, sizes: Sizes) -> None:
    await measure(figure, sizes)


async def on_a_node(measure: Measure, figure: Figure, sizes: Sizes) -> None:
    """In a process of a node that has all that a node has, but does not listen."""
    async with bl.Node("bench@127.0.0.1", listen=False, secret="of the benchmarks alone"):
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        bl.spawn(in_a_process, measure, figure, sizes, done)
        await done


async def in_a_process(measure: Measure, figure: Figure, sizes: Sizes, done: asyncio.Future[None]) -> None:
    try:
        await measure(figure, sizes)
    except Exception as error:
        done.set_exception(error)
    else:
        done.set_result(None)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", choices=cases.BY_NAME)
    parser.add_argument("system")
    parser.add_argument("--tiny", action="store_true")
    asked = parser.parse_args(arguments)
    if asked.system.startswith("beamlike-own@"):
        tune_garbage_collector()
    measure(cases.BY_NAME[asked.case], asked.system, TINY if asked.tiny else FULL)


if __name__ == "__main__":
    main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(0)  # to take a million objects apart, one by one, is nothing that is measured
