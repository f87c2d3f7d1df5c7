"""The end of a machine: it is destroyed, and that is waited for."""

from __future__ import annotations

import asyncio
from typing import Final

from nodes.backend import BackendError, ConflictError, RateLimited
from nodes.fly.api import FlyApi, NotYet, Unreached, gone
from nodes.fly.refusals import Unclear

DELETE_PAUSES: Final = (0.2,)
"""Between two requests to destroy it; to ask twice does no harm. Who boots and stops asks again, with longer pauses."""
GONE_SECONDS: Final = 15.0
"""How long it may take to be gone. One whose host does not answer stays "destroying" for longer."""


async def destroy(api: FlyApi, machine: str) -> None:
    """Returns when it is gone. BackendError if it is not in time: it is then asked for, and may come yet."""
    for pause in (*DELETE_PAUSES, None):
        try:
            await api.delete(machine)
            break
        except BackendError as error:
            if gone(error):
                return
            if pause is None or not isinstance(error, Unclear | Unreached | ConflictError | RateLimited):
                raise
            await asyncio.sleep(pause)
    await _until_gone(api, machine)


async def _until_gone(api: FlyApi, machine: str) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + GONE_SECONDS
    while (left := deadline - loop.time()) > 0:
        try:
            await api.wait(machine, ("destroyed",), seconds=left)
            return
        except NotYet:
            continue
        except BackendError as error:
            if gone(error):
                return
            if error.permanent:
                raise
            await asyncio.sleep(1.0)
    raise BackendError(
        f"machine {machine} is not gone {GONE_SECONDS:g} s after it was to be destroyed",
        remedy="its host may not answer: see `fly machine status`, and `beamlike flame reap` later",
    )
