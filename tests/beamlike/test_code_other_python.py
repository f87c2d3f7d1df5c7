"""Code by place runs on another minor version of Python, where its bytecode could not."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

import pytest

from beamlike.code.notebook_module import NotebookModule
from beamlike.code.unsourced import ForeignCode
from tests.support.cells import run_cell
from tests.support.other_pythons import other_pythons
from tests.support.second_interpreter import SecondInterpreter


@pytest.fixture(scope="module")
def there() -> Iterator[SecondInterpreter]:
    if not other_pythons():
        pytest.skip("no other Python 3.11+ on this machine; the test needs one on PATH, such as python3.13")
    with SecondInterpreter(next(iter(other_pythons().values()))) as interpreter:
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
