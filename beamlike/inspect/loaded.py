"""Imports what a look needs in a thread, which is there for as long as that takes, while the service goes on."""

from __future__ import annotations

import asyncio
import threading
from importlib import import_module

_loaded: set[str] = set()


async def loaded(*names: str) -> None:
    """Returns when these modules are imported; raises what kept them from it."""
    missing = [name for name in names if name not in _loaded]
    if not missing:
        return
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def work() -> None:
        error: BaseException | None = None
        try:
            for name in missing:
                import_module(name)
        except BaseException as raised:
            error = raised
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, error)

    def tell(error: BaseException | None) -> None:
        if done.done():  # nobody waits any more
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    threading.Thread(target=work, name="beamlike inspect", daemon=True).start()
    await done
    _loaded.update(missing)
