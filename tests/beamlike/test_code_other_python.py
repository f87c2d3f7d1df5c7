"""Code by place runs on another minor version of Python, where its bytecode could not."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from beamlike.code.notebook_module import NotebookModule
from beamlike.code.unsourced import ForeignCode
from tests.support.cells import run_cell
from tests.support.second_interpreter import SecondInterpreter


def other_pythons() -> Iterator[str]:
    """Commands that may start another Python than this one, of a version that we run on."""
    for minor in range(11, 20):
        if minor != sys.version_info.minor:
            yield from filter(None, [shutil.which(f"python3.{minor}")])
            # Where pyenv and uv keep them, side by side.
            yield from map(str, Path(sys.base_prefix).parent.glob(f"*3.{minor}.*/bin/python3"))


def starts(python: str) -> bool:
    return subprocess.run([python, "-c", ""], stderr=subprocess.DEVNULL, check=False, timeout=30).returncode == 0


@pytest.fixture(scope="module")
def there() -> Iterator[SecondInterpreter]:
    python = next(filter(starts, other_pythons()), None)
    if python is None:
        pytest.skip("no other Python 3.11+ on this machine; the test needs one on PATH, such as python3.13")
    with SecondInterpreter(python) as interpreter:
        yield interpreter


@pytest.fixture
def notebook() -> Iterator[NotebookModule]:
    with contextlib.closing(NotebookModule("minors")) as module:
        yield module


def test_functions_classes_and_tracebacks_work_on_another_minor(
    there: SecondInterpreter, notebook: NotebookModule
) -> None:
    names = run_cell(
        notebook,
        """
        import enum
        import sys

        class Side(enum.Enum):
            LEFT = 1

        class Base:
            def of(self, n):
                return [n for _ in range(2)]

        class Derived(Base):
            def of(self, n):
                return super().of(n), (lambda: sys.version_info[:2])(), Side.LEFT

        async def fail():
            items = [item async for item in numbers(3)]
            return items[7]

        async def numbers(n):
            for i in range(n):
                yield i
        """,
    )
    pair, version, side = there.call(names["Derived"]().of, 4)
    assert (pair, side) == ([4, 4], names["Side"].LEFT)
    assert version != sys.version_info[:2]
    outcome = there.outcome(names["fail"])
    assert isinstance(outcome.error, IndexError)
    assert "    return items[7]\n" in outcome.traceback


def test_code_without_a_source_is_refused_there(there: SecondInterpreter, notebook: NotebookModule) -> None:
    names = run_cell(notebook, "generated = eval('lambda: 1')")
    error = there.outcome(names["generated"]).error
    assert isinstance(error, ForeignCode)
    assert "run the same minor version on both nodes" in str(error)
