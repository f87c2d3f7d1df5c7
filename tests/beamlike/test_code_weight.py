"""A big global that a function takes along is warned of by name, once."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

import pytest

from beamlike.code.notebook_module import NotebookModule
from beamlike.code.peer import Peer
from beamlike.code.pickler import dumps
from tests.support.cells import run_cell


@pytest.fixture
def notebook() -> Iterator[NotebookModule]:
    with contextlib.closing(NotebookModule("heavy")) as module:
        yield module


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


def test_what_goes_along_and_is_large_is_named_once(notebook: NotebookModule, caplog: pytest.LogCaptureFixture) -> None:
    names = run_cell(
        notebook,
        """
        class Row:
            def __init__(self): self.text = "x" * 20_000_000
        row = Row()
        small = 1
        def inner(): return row
        def outer(): return inner(), small
        """,
    )
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            dumps(names["outer"], Peer())
    assert logged(caplog) == [
        "the function `inner` uses the global `row`, which weighs 20 MB and goes along with every call of it: "
        "mark it with bl.share if it does not change, load it inside the function, or keep it in a process over there"
    ]


def test_what_goes_by_content_and_is_large_is_named_once(
    notebook: NotebookModule, caplog: pytest.LogCaptureFixture
) -> None:
    names = run_cell(notebook, "table = b'x' * 20_000_000\ndef rows(): return table")
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            dumps(names["rows"], Peer())
    assert logged(caplog) == [
        "the function `rows` uses the global `table`, which weighs 20 MB and is sent to each node once, "
        "and again when it has changed"
    ]


def test_a_large_argument_is_no_surprise_and_told_to_who_wants_to_know(
    notebook: NotebookModule, caplog: pytest.LogCaptureFixture
) -> None:
    names = run_cell(notebook, "def size(data): return len(data)")
    with caplog.at_level(logging.WARNING):
        dumps((names["size"], b"x" * 20_000_000), Peer())
    assert logged(caplog) == []
    with caplog.at_level(logging.INFO):
        dumps((names["size"], b"x" * 20_000_000), Peer())
    assert logged(caplog) == ["20 MB go to another node in one message"]
