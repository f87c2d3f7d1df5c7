"""A boot that is cancelled while the operating system starts the child."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

import beamlike as bl
import nodes
from tests.support.local_nodes import PATIENCE, eventually
from tests.support.processes import child_nodes


class Slow(nodes.Local):
    """Starts a child only when it is told that it may, and as a program."""

    def __init__(self, **options: Any) -> None:
        super().__init__(zygote=False, **options)
        self.asked, self.may_start, self.done = threading.Event(), threading.Event(), threading.Event()

    def _start(self, invitation: nodes.Invitation) -> Any:
        self.asked.set()
        self.may_start.wait(PATIENCE)
        try:
            return super()._start(invitation)
        finally:
            self.done.set()


@pytest.mark.parametrize("options", [{}, {"python": "/no/such/python"}])
def test_a_boot_that_is_cancelled_while_the_child_is_started_leaves_no_child(options: dict[str, Any]) -> None:
    async def main() -> None:
        async with bl.Node("boots@127.0.0.1", secret=b"s"):
            backend = Slow(**options)
            booting = asyncio.create_task(nodes.boot(backend))
            await eventually(backend.asked.is_set)
            booting.cancel()
            backend.may_start.set()
            with pytest.raises(asyncio.CancelledError):
                await booting
            await eventually(backend.done.is_set)
            await eventually(lambda: child_nodes() == [])  # one of an earlier test may be about to end

    asyncio.run(main())
