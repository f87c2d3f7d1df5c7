"""A node without distribution for tests of kernel and behaviours: started for one test, and empty at its end."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, ParamSpec, TypeVar

import beamlike as bl
from beamlike.kernel import current
from beamlike.kernel.node import LocalNode
from beamlike.kernel.process import Process

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE = 40.0
"""Seconds after which something that should have happened did not."""


@asynccontextmanager
async def local_node(name: str = "test@127.0.0.1") -> AsyncIterator[LocalNode]:
    """Starts a node in the running loop; at the end it must be empty, and nothing may have failed unseen."""
    failures: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: failures.append(context))
    node = LocalNode(name)
    current.started(node)
    current.enter_node(node)
    try:
        yield node
        node.halt()
        await eventually(lambda: not node.processes())
        assert not failures
    finally:
        current.enter_node(None)
        current.stopped(node)


def in_node(test: Callable[P, Awaitable[None]]) -> Callable[P, None]:
    """Makes an async test an ordinary one that runs inside a node of its own."""

    @functools.wraps(test)
    def run(*args: P.args, **keywords: P.kwargs) -> None:
        run_in_node(functools.partial(test, *args, **keywords))

    return run


def run_in_node(
    main: Callable[[], Awaitable[T]], loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None
) -> T:
    async def run() -> T:
        async with local_node():
            return await main()

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(run())


async def eventually(condition: Callable[[], bool]) -> None:
    """Returns as soon as `condition` holds; fails when it does not within PATIENCE."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - the kernel keeps no event for the state that a test asks about
            # Not 0: a thread that never rests keeps the interpreter lock from the others that are to make it come true.
            await asyncio.sleep(0.001)


async def until_nobody_blocks(ask: Callable[[], Awaitable[object]]) -> None:
    """Returns once who asks is told of no stall: a busy machine may make one in any loop."""
    async with asyncio.timeout(PATIENCE):
        while await ask() is not None:
            pass


async def received(count: int) -> list[Any]:
    """The next `count` messages of the current process."""
    return [await bl.receive(timeout=PATIENCE) for _ in range(count)]


async def down_reason(ref: bl.Ref) -> Any:
    """Why the process ended that this monitor watches."""
    return (await bl.receive(ref=ref, timeout=PATIENCE)).reason


async def no_message() -> None:
    """Passes if the mailbox stays empty while everything that is ready runs."""
    await settled()
    assert waiting_messages() == []


async def settled() -> None:
    """Returns when what was ready to run has run, with what it made ready."""
    for _ in range(10):
        await asyncio.sleep(0)


def waiting_messages() -> list[Any]:
    """What stands in the current process's mailbox."""
    return list(current.current_process().messages())


def process_of(pid: bl.Pid) -> Process:
    process = current.current_node().process(pid)
    assert process is not None, f"{pid} has ended"
    return process


async def forever() -> None:
    """A process that waits for messages and ignores them."""
    while True:
        await bl.receive()


async def trapping() -> None:
    """A process that traps exits, and tells whoever asks what it received in all."""
    bl.trap_exit(True)
    seen: list[Any] = []
    while True:
        match await bl.receive():
            case ("seen?", asker):
                bl.send(asker, seen)
            case message:
                seen.append(message)
