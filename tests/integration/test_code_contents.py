"""Functions with large captured values between two real processes; and a node that accepts no code."""

from __future__ import annotations

import asyncio
import contextlib
import math
import operator
from collections.abc import AsyncIterator

import pytest

import beamlike as bl
import nodes
from beamlike.code.notebook_module import NotebookModule
from beamlike.kernel.current import current_node
from tests.support.cells import run_cell
from tests.support.child_node import with_child_node

SIZE = 8 << 20


def contents_sent(node: str) -> int:
    """How many large values have gone to the node."""
    here = current_node()
    assert isinstance(here, bl.Node)
    return here.cluster._peers[node].link._connection._contents


@with_child_node
async def test_many_calls_at_once_with_one_large_value_send_it_once(child: nodes.Child) -> None:
    with contextlib.closing(NotebookModule("large")) as notebook:
        f = run_cell(notebook, f"table = b'x' * {SIZE}\ndef f(n): return n, len(table)")["f"]
        outcomes = await asyncio.gather(*(bl.rpc.call(child.node, f, n, timeout=30) for n in range(20)))
        assert outcomes == [(n, SIZE) for n in range(20)]
        assert contents_sent(child.node) == 1
        notebook.namespace["table"] = b"y" * SIZE
        assert await bl.rpc.call(child.node, f, 1, timeout=30) == (1, SIZE)
        assert contents_sent(child.node) == 2


@with_child_node
async def test_shared_values_are_sent_once_and_forgotten_with_their_handle(child: nodes.Child) -> None:
    with contextlib.closing(NotebookModule("shared")) as notebook:
        names = run_cell(
            notebook,
            f"""
            import beamlike as bl, gc
            from beamlike.code.shared import Shared
            rows = bl.share(bytearray({SIZE}))
            def size(shared): return len(shared.value)
            def those_left():
                gc.collect()
                return sum(isinstance(it, Shared) for it in gc.get_objects())
            """,
        )
        for _ in range(3):
            assert await bl.rpc.call(child.node, names["size"], names["rows"], timeout=30) == SIZE
        assert contents_sent(child.node) == 1
        del names["rows"]
        for _ in range(2):  # the first of these has them forgotten
            left = await bl.rpc.call(child.node, names["those_left"], timeout=30)
        assert left == 0


# A node that accepts no code.


CELL = """
import operator
class Own:
    pass
def f(n): return n
own = Own()
partly = lambda n: operator.add(n, 1)
"""


@pytest.mark.parametrize("name", ["f", "Own", "own", "partly"])
def test_a_node_may_refuse_code_and_says_so(name: str) -> None:
    async def main() -> None:
        async with locked():
            with contextlib.closing(NotebookModule("refused")) as notebook:
                value = run_cell(notebook, CELL)[name]
                for _ in range(3):  # in whatever way it travels
                    with pytest.raises(bl.CodeRefused, match="locked@127\\.0\\.0\\.1 accepts no code"):
                        await bl.rpc.call("locked@127.0.0.1", operator.is_, value, None, timeout=10)

    asyncio.run(main())


def test_a_node_that_refuses_code_still_runs_what_it_has() -> None:
    async def main() -> None:
        async with locked():
            call = bl.rpc.call
            assert await call("locked@127.0.0.1", math.hypot, 3, 4, timeout=10) == 5
            assert await call("locked@127.0.0.1", sorted, {3, 1, 2}, timeout=10) == [1, 2, 3]
            assert await call("locked@127.0.0.1", bl.nodes, timeout=10) == ["open@127.0.0.1"]
            with pytest.raises(ZeroDivisionError):
                await call("locked@127.0.0.1", operator.truediv, 1, 0, timeout=10)
            with pytest.raises(bl.CodeRefused, match="accepts no code"):
                await call("locked@127.0.0.1", eval, "1 + 1", timeout=10)

    asyncio.run(main())


def test_a_node_that_refuses_code_may_send_it() -> None:
    async def main() -> None:
        async with locked() as node:
            assert await node.call("open@127.0.0.1", lambda: 1 + 1, timeout=10) == 2

    asyncio.run(main())


@contextlib.asynccontextmanager
async def locked() -> AsyncIterator[bl.Node]:
    """`locked@127.0.0.1`, beside the current node `open@127.0.0.1`."""
    secret = b"a secret of the test"
    async with (
        bl.Node("locked@127.0.0.1", secret=secret, accept_code=False) as node,
        bl.Node("open@127.0.0.1", secret=secret),
    ):
        yield node
