"""Where definitions stand: in cells of a notebook, or in a script that runs as a program.

    python -m tests.support.definitions.homes PYTHON FAMILY...

runs families of the table in notebooks, with the second node on PYTHON ("" for this one), and prints what failed:
{kind: {action: traceback}}. A script that does the same with definitions of its own is written by `script_of`.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

import beamlike as bl
import nodes
from beamlike.code.notebook_module import NotebookModule
from tests.support.definitions.actions import ACTIONS, PATIENCE, Trial, done
from tests.support.definitions.case import CELL, Case
from tests.support.definitions.elsewhere import INSTALLED, ROOT, Elsewhere

Failures: TypeAlias = dict[str, dict[str, str]]
"""Tracebacks, by kind and action."""

FAMILIES = (
    *("functions", "functions_together", "closures", "coroutines", "generators", "decorators"),
    *("functools_of_own", "functools_of_classes", "classes", "class_parts", "nested_classes", "operators"),
    *("instances", "pickled_instances", "data_classes", "data_class_kinds", "named_tuples", "enumerations"),
    *("enumeration_kinds", "interfaces", "typing_of_own", "exceptions", "exception_kinds", "collections_of_own"),
    *("values", "globals_of_a_cell", "introspection", "things_made_inside", "processes", "new_syntax"),
    "with_libraries",
)
ORIGIN = "origin@127.0.0.1"
_SECRET = b"a secret of the test"


def family(name: str) -> list[Case]:
    """The rows of one file of the table."""
    cases: list[Case] = importlib.import_module(f"tests.support.definitions.{name}").CASES
    return cases


def cases_of(families: Iterable[str]) -> list[Case]:
    """The rows that this Python can compile and has the libraries for."""
    cases = [case for name in families for case in family(name)]
    return [
        case for case in cases if sys.version_info >= case.since and not (case.needs and find_spec(case.needs) is None)
    ]


@contextlib.asynccontextmanager
async def second_node(python: str | None = None) -> AsyncIterator[str]:
    """This node and another, in a process that has nothing of ours; yields the other's name."""
    async with bl.Node(ORIGIN, secret=_SECRET):
        child = await nodes.boot(Elsewhere(python))
        try:
            yield child.node
        finally:
            await child.stop(grace=0.1)


async def in_notebook(cases: Iterable[Case], node: str) -> Failures:
    """Each in a notebook of its own."""
    failures: Failures = {}
    for case in cases:
        try:
            failures[case.kind] = await _in_one_notebook(case, node)
        except Exception as error:  # of the cell itself
            failures[case.kind] = dict.fromkeys(ACTIONS, "".join(traceback.format_exception(error)))
    await _no_module_of_ours_came(node)
    return failures


async def _no_module_of_ours_came(node: str) -> None:
    """Modules may come by name, too; what is tried here must not need that."""

    def ours() -> list[str]:
        return [name for name, it in sys.modules.items() if name.startswith(("tests", "notebook_")) and it.__spec__]

    assert await bl.rpc.call(node, ours, timeout=PATIENCE) == []


async def _in_one_notebook(case: Case, node: str) -> dict[str, str]:
    with contextlib.closing(NotebookModule("table")) as notebook:
        await _run_cell(notebook, case.text, CELL)
        await _run_cell(notebook, case.other_cell, "cell 2")
        trial = Trial(case, node, notebook.namespace, f"notebook table, {CELL}")
        await trial.defined()
        await _run_cell(notebook, case.changed_text, CELL)
        await trial.redefined()
        return trial.failures


async def _run_cell(notebook: NotebookModule, text: str, cell: str) -> None:
    await done(eval(notebook.compile_cell(text, cell), notebook.namespace))


class Script:
    """What a generated script calls after each definition. Its loop runs while it does."""

    def __init__(self, path: str, python: str | None, families: Sequence[str]) -> None:
        self.failures: Failures = {}
        self._path = path
        self._trials: Iterator[Case] = iter([case for case in cases_of(families) if case.script])
        self._trial: Trial | None = None
        self._runner = asyncio.Runner()
        self._second = second_node(python)
        self._node = self._runner.run(self._second.__aenter__())

    def defined(self, names: dict[str, Any]) -> None:
        case = next(self._trials)
        self._trial = Trial(case, self._node, names, self._path)
        self._runner.run(self._trial.defined())
        self.failures[case.kind] = self._trial.failures

    def redefined(self) -> None:
        assert self._trial is not None
        self._runner.run(self._trial.redefined())

    def end(self) -> None:
        self._runner.run(_no_module_of_ours_came(self._node))
        self._runner.run(self._second.__aexit__(None, None, None))
        self._runner.close()
        print(json.dumps(self.failures))


def script_of(cases: Iterable[Case], python: str | None, families: Sequence[str]) -> str:
    """The text of a script that defines and redefines all of them, one after the other."""
    parts = [f"from {__name__} import Script\n_script = Script(__file__, {python!r}, {list(families)!r})\n"]
    for case in cases:
        parts += [case.text, "_script.defined(globals())\n", case.changed_text, "_script.redefined()\n"]
    return "\n".join([*parts, "_script.end()\n"])


def run_apart(home: str, families: Sequence[str], *, here: str = sys.executable, there: str | None = None) -> Failures:
    """Runs families in an interpreter of its own, whose second node is on the interpreter `there`."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), INSTALLED])}
    with tempfile.TemporaryDirectory(prefix="definitions-") as directory:
        if home == "script":
            path = Path(directory, "job.py")
            cases = [case for case in cases_of(families) if case.script]
            path.write_text(script_of(cases, there, families), encoding="utf-8")
            command = [here, str(path)]
        else:
            command = [here, "-m", __name__, there or "", *families]
        done = subprocess.run(
            command, cwd=directory, env=environment, stdout=subprocess.PIPE, text=True, timeout=300, check=True
        )
    failures: Failures = json.loads(done.stdout.splitlines()[-1])
    return failures


async def _main(python: str, families: Sequence[str]) -> None:
    async with second_node(python or None) as node:
        print(json.dumps(await in_notebook(cases_of(families), node)))


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], sys.argv[2:]))
