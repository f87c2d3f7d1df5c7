"""What cannot travel in principle is refused in words, and before anything is sent."""

from __future__ import annotations

import contextlib
import io
from concurrent.futures import Executor
from typing import Any

import pytest

import beamlike as bl
import nodes
from beamlike.code.codec import CodeCodec
from beamlike.code.notebook_module import NotebookModule
from beamlike.code.untravelable import CannotTravel
from tests.support.cells import run_cell
from tests.support.child_node import with_child_node
from tests.support.definitions.refusals import REFUSALS, Refusal


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.kind)
def test_what_cannot_travel_is_named_with_what_to_do(refusal: Refusal) -> None:
    with contextlib.closing(NotebookModule("stuck")) as notebook:
        names = run_cell(notebook, refusal.text)
        try:
            with pytest.raises(CannotTravel) as caught:
                CodeCodec().encode(("call", names["f"]))
        finally:
            close_all(names)
        said = str(caught.value).replace("`[1].", "`")
        assert said == refusal.says


def close_all(names: dict[str, Any]) -> None:
    for value in list(names.values()):
        match value:
            case Executor():
                value.shutdown()
            case {"a": [link]}:
                link.close()
            case type(link=link):
                link.close()
            case io.IOBase():
                value.close()


@with_child_node
async def test_a_result_that_cannot_travel_is_named_too(child: nodes.Child) -> None:
    with contextlib.closing(NotebookModule("stuck")) as notebook:
        names = run_cell(notebook, "def f():\n    return {'left': (n for n in 'abc')}")
        with pytest.raises(bl.UnencodableTerm, match=r"`\['left'\]` of what was sent is a generator"):
            await bl.rpc.call(child.node, names["f"], timeout=10)
        names = run_cell(notebook, "def made(child): return lambda: child")
        with pytest.raises(bl.UnencodableTerm) as caught:
            await bl.rpc.call(child.node, names["made"](child), timeout=10)
        assert "a nodes.booting.Child, which cannot travel: send its node: `child.node`" in str(caught.value.__cause__)
