"""Modules beside a script, on a warm child: the first use of a package of 23 modules, each later call of it, and a call
that sees one of them edited. The limit is the same import from files, without cached bytecode."""

from __future__ import annotations

import asyncio
import importlib
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import beamlike as bl
import nodes
from tests.bench.lines import emit, percentile

PACKAGES = 15
MODULES = 23
FUNCTIONS = 12
CALLS = 1000
EDITS = 20

_FUNCTION = '''
def function_{number}(values, scale={number}, *, reverse=False):
    """Some text, as functions have it."""
    found = [value * scale for value in values if value]
    if reverse:
        found.reverse()
    return {{index: (value, str(value)) for index, value in enumerate(found)}}

'''


def write_package(folder: Path, name: str) -> int:
    """A package whose `__init__` imports all its other modules. Returns its size in bytes."""
    (folder / name).mkdir()
    body = "".join(_FUNCTION.format(number=number) for number in range(FUNCTIONS))
    others = [f"part_{number}" for number in range(MODULES - 1)]
    for other in others:
        (folder / name / f"{other}.py").write_text(body)
    (folder / name / "__init__.py").write_text(f"from . import {', '.join(others)}\ndef use(): return 1\n")
    return sum(path.stat().st_size for path in (folder / name).iterdir())


async def first_uses(child: str, names: list[str]) -> list[float]:
    samples = []
    for name in names:
        began = time.perf_counter()
        await bl.rpc.call(child, import_and_use, name)
        samples.append(time.perf_counter() - began)
    return samples


def import_and_use(name: str) -> int:
    value: int = importlib.import_module(name).use()
    return value


def imports_from_files(names: list[str]) -> list[float]:
    sys.dont_write_bytecode = True
    samples = []
    for name in names:
        began = time.perf_counter()
        importlib.import_module(name)
        samples.append(time.perf_counter() - began)
    return samples


async def calls(child: str, function: Callable[[], object]) -> list[float]:
    samples = []
    for _ in range(CALLS):
        began = time.perf_counter()
        await bl.rpc.call(child, function)
        samples.append(time.perf_counter() - began)
    return samples


async def edits(child: str, folder: Path) -> list[float]:
    samples = []
    for number in range(EDITS):
        (folder / "edited.py").write_text(f"def number(): return {number}")
        began = time.perf_counter()
        assert await bl.rpc.call(child, importlib.import_module("edited").number) == number
        samples.append(time.perf_counter() - began)
    return samples


async def measure(folder: Path) -> None:
    names = [f"package_{number}" for number in range(PACKAGES)]
    *_, size = [write_package(folder, name) for name in names]
    (folder / "edited.py").write_text("def number(): return math.inf")
    async with bl.Node(f"bench-{os.getpid()}@127.0.0.1", secret=b"bench"):
        child = await nodes.boot(nodes.Local())
        await bl.rpc.call(child.node, math.sqrt, 4)
        samples = await first_uses(child.node, names)
        params = {"modules": MODULES, "bytes": size, "n": PACKAGES}
        emit("beamlike", "modules", "first_use_p50", "ms", percentile(samples, 50) * 1e3, **params)
        emit("beamlike", "modules", "first_use_p99", "ms", percentile(samples, 99) * 1e3, **params)
        samples = await edits(child.node, folder)
        emit("beamlike", "modules", "edited_call_p50", "ms", percentile(samples, 50) * 1e3, n=EDITS)
        samples = await calls(child.node, os.getpid)
        emit("beamlike", "modules", "call_of_pythons_p50", "us", percentile(samples, 50) * 1e6, n=CALLS)
        samples = imports_from_files(names)
        emit("limit:files", "modules", "first_use_p50", "ms", percentile(samples, 50) * 1e3, **params)
        samples = await calls(child.node, importlib.import_module(names[0]).use)
        emit("beamlike", "modules", "call_of_own_p50", "us", percentile(samples, 50) * 1e6, given=PACKAGES * MODULES)
        await child.stop()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        sys.path.insert(0, folder)
        asyncio.run(measure(Path(folder)))


if __name__ == "__main__":
    main()
