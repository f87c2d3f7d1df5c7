"""A program sends something large and ends at once.

That program is python -m tests.integration.test_last_words KIND.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import sys
from typing import Any

import pytest

import beamlike as bl
from beamlike.code.notebook_module import NotebookModule
from tests.support.cells import run_cell
from tests.support.local_nodes import PATIENCE
from tests.support.peers import SECRET, main_node

MAIN = "main@127.0.0.1"
SIZE = 3 << 20


def content_of(kind: str) -> object:
    """Something large that goes through the socket, beside a function, or by shared memory."""
    match kind:
        case "plain":
            return bytes(SIZE)
        case "captured":
            cell = f"table = bytearray({SIZE})\ndef f(): return table"
            return run_cell(NotebookModule("last words"), cell)["f"]
        case _:
            return pickle.PickleBuffer(bytearray(SIZE))


async def send_and_leave(kind: str) -> None:
    async with bl.Node("leaver@127.0.0.1", secret=SECRET):
        await bl.rpc.call(MAIN, int, timeout=PATIENCE)  # both nodes know by then whether they can share memory
        bl.send(("post", MAIN), content_of(kind))
        bl.send(("post", MAIN), "last")


@pytest.mark.parametrize("kind", ["plain", "captured", "lent"])
def test_what_a_program_sends_right_before_its_end_arrives(kind: str) -> None:
    async def main() -> None:
        async with main_node():
            bl.register("post", bl.self())
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.integration.test_last_words", kind),
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            )
            content: Any = await bl.receive(timeout=PATIENCE)
            assert len(memoryview(content() if callable(content) else content)) == SIZE
            assert await bl.receive(timeout=PATIENCE) == "last"
            assert await process.wait() == 0

    asyncio.run(main())


if __name__ == "__main__":
    asyncio.run(send_and_leave(sys.argv[1]))
