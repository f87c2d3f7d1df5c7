"""A node, a session on it, and a client of that: what every command that opens a notebook needs, and its end."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import beamlike as bl
from nodes.own_addresses import own_address
from nodes.places import PLACES
from notebook_tui.session.client import Client
from notebook_tui.session.options import EDITS, SessionOptions
from notebook_tui.session.profiles import runtime_named
from notebook_tui.session.program_node import program_node
from notebook_tui.session.runtime_kinds import runtime_of
from notebook_tui.session.session import Session
from notebook_tui.session.unsaved import file_at

STOP_SECONDS = 90.0
"""A machine of a platform may take so long to go."""


@asynccontextmanager
async def open_session(path: str, options: SessionOptions = EDITS, runtime: str | None = None) -> AsyncIterator[Client]:
    """Opens the file and yields a client of its session. At the end the runtime and all that it booted is gone.

    `options` say what is kept: EVALUATES leaves file and user's directories alone. `runtime` is a spec:
    the name of a profile, or KIND:…. At the end nothing is left of its machine.
    UnreadableFile if the file cannot be opened, InUse if it is open in another program,
    ProfileError if there is no such runtime.
    """
    runs_on = runtime_of(runtime) if runtime is not None else runtime_named()
    async with program_node("notebook", listen=_endpoint(runtime)):
        session = await Session.start(file_at(path), runs_on, options)
        try:
            client = await Client.join(session)
            try:
                yield client
            finally:
                await client.close()
        finally:
            with suppress(bl.CallFailed):  # it has crashed, and its viewers have been told
                await _stop(session)


def _endpoint(runtime: str | None) -> str | None:
    """Where machines of a platform dial this program, if it runs on that itself: at the address it has there."""
    own = own_address()
    if not own or runtime is None or runtime.partition(":")[0] not in PLACES:
        return None
    return f"[{own}]:0" if ":" in own else f"{own}:0"


async def _stop(session: bl.Pid) -> None:
    try:
        await bl.GenServer.stop(session, timeout=STOP_SECONDS)
    except bl.CallTimeout:
        print(
            f"beamlike: a machine of the notebook was not gone within {STOP_SECONDS:g} s, and may cost on: "
            "beamlike flame ps shows what is there, beamlike flame reap ends it",
            file=sys.stderr,
        )
