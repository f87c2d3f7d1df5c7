"""Starts a node in a program that has none, from within: what `beamlike inject` has that program run.

Where an event loop runs in the main thread, the node lives there, as one that the program had started itself. Else it
has a loop in a thread of its own. How it went is written to a file, for whoever waits for that.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from beamlike.distribution.audit import Visitor, write

_kept: list[object] = []
"""Nodes, threads and tasks that nobody else holds."""


def begin(name: str, listen: str, secret: str | None, answer: str, user: str) -> None:
    """Starts the node `name`, listening at `listen`. In the file `answer` stands then a JSON object with its `name` and
    `address`, or the `error` in words. With `secret` None it is the user's own. It raises nothing."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        thread = threading.Thread(
            target=asyncio.run, args=(_serve(name, listen, secret, answer, user),), name=f"beamlike {name}", daemon=True
        )
        _kept.append(thread)
        thread.start()
    else:
        # In a turn of its own: this may stand in the middle of anything.
        loop.call_soon_threadsafe(_begin_on, loop, name, listen, secret, answer, user)


def _begin_on(loop: asyncio.AbstractEventLoop, *told: Any) -> None:
    _kept.append(loop.create_task(_start(*told)))


async def _serve(*told: Any) -> None:
    if await _start(*told):
        await asyncio.Event().wait()


async def _start(name: str, listen: str, secret: str | None, answer: str, user: str) -> bool:
    from beamlike.node import Node

    try:
        write(Visitor("inject", user, "this machine", "evaluate"), name, "inject")
        node = Node(name, listen=listen, secret=secret)
        del secret
        await node.start()
    except Exception as error:
        _tell(answer, {"error": f"{type(error).__name__}: {error}"})
        return False
    _kept.append(node)
    _tell(answer, {"name": node.name, "address": list(node.address or ())})
    return True


def _tell(answer: str, what: Mapping[str, object]) -> None:
    """Whole, or not at all; nothing if nobody waits for it any more."""
    path = Path(answer)
    draft = path.with_suffix(".draft")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(what, file)
        draft.rename(path)
    except OSError:
        pass
