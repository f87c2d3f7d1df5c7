"""A big global that a function takes along is warned of by name, once."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

import pytest

from beamlike.code.notebook_module import NotebookModule
from beamlike.code.pickler import Peer, dumps
from tests.support.cells import run_cell


@pytest.fixture
def notebook() -> Iterator[NotebookModule]:
    with contextlib.closing(NotebookModule("heavy")) as module:
        yield module


def test_a_global_above_ten_megabytes_warns_once(notebook: NotebookModule, caplog: pytest.LogCaptureFixture) -> None:
    names = run_cell(
        notebook,
        """
        table = b"x" * 12_000_000
        small = 1
        def inner(): return table
        def outer(): return inner(), small
        """,
    )
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            dumps(names["outer"], Peer())
    assert [record.getMessage() for record in caplog.records] == [
        "the function `inner` uses the global `table`, which weighs 12 MB and goes along with every call of it: "
        "load it inside the function, or keep it in a process over there"
    ]


def test_a_big_argument_does_not_warn(notebook: NotebookModule, caplog: pytest.LogCaptureFixture) -> None:
    names = run_cell(notebook, "def size(data): return len(data)")
    with caplog.at_level(logging.WARNING):
        dumps((names["size"], b"x" * 12_000_000), Peer())
    assert caplog.records == []
