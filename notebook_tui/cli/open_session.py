"""A node, a session on it, and a client of that: what every command that opens a notebook needs, and its end."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import beamlike as bl
from notebook_tui.session.client import Client
from notebook_tui.session.options import EDITS, SessionOptions
from notebook_tui.session.profiles import runtime_named
from notebook_tui.session.runtime_kinds import runtime_of
from notebook_tui.session.session import Session
from notebook_tui.session.unsaved import file_at

STOP_SECONDS = 10.0


@asynccontextmanager
async def open_session(path: str, options: SessionOptions = EDITS, runtime: str | None = None) -> AsyncIterator[Client]:
    """Opens the file and yields a client of its session. At the end the runtime and all that it booted is gone.

    `options` say what is kept: EVALUATES leaves file and user's directories alone. `runtime` is a spec:
    the name of a profile, or KIND:….
    UnreadableFile if the file cannot be opened, InUse if it is open in another program,
    ProfileError if there is no such runtime.
    """
    runs_on = runtime_of(runtime) if runtime is not None else runtime_named()
    # By the process alone two programs on two machines could have the same name, and meet in a service that both visit.
    name = f"notebook-{os.getpid()}-{secrets.token_hex(3)}@127.0.0.1"
    node = bl.Node(name, secret=secrets.token_bytes(32), observers=False, hidden=True, stall_threshold=None)
    async with node:
        session = await Session.start(file_at(path), runs_on, options)
        try:
            client = await Client.join(session)
            try:
                yield client
            finally:
                await client.close()
        finally:
            with suppress(bl.CallFailed):  # it has crashed, and its viewers have been told
                await bl.GenServer.stop(session, timeout=STOP_SECONDS)
