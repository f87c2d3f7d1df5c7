"""The socket at which programs of a user meet the sessions: a file in a directory for that user alone.

async with api_server(Served(sessions, directory), socket_path(directory)): ...
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import struct
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

from notebook_tui.api.caller import Caller
from notebook_tui.api.connection import serve_client
from notebook_tui.api.errors import ApiError
from notebook_tui.api.house import House
from notebook_tui.api.lines import LONGEST_REQUEST, refused
from notebook_tui.api.rights import rights_of, still_holds
from notebook_tui.api.same_user import SAME_USER
from notebook_tui.session.people import Role
from notebook_tui.session.state_directory import name_for, state_directory

FOLDER: Final = "api"
CONNECTIONS: Final = 64
"""Clients at a time."""
_LONGEST_PATH: Final = 100
"""Bytes; systems differ a little in what the path of a socket may have."""

logger = logging.getLogger("notebook_tui.api")


class NoSocket(OSError):
    """The socket cannot be where it was to be; the message says why, and what to do."""


def socket_path(directory: Path) -> Path:
    """Where the socket of the server of that directory is. NoSocket if its path is too long for one."""
    path = state_directory(FOLDER) / f"{name_for(directory)[-20:]}.sock"
    if len(os.fsencode(path)) > _LONGEST_PATH:
        raise NoSocket(
            f"the socket would be {path}, and a socket's path may have {_LONGEST_PATH} bytes: set BEAMLIKE_STATE to a "
            "directory with a shorter one"
        )
    return path


@asynccontextmanager
async def api_server(
    house: House, path: Path, *, same_user: Role | None = SAME_USER, program: str = "beamlike"
) -> AsyncIterator[None]:
    """Takes clients at that path while the block runs. `same_user` is the role of the user's programs that show no
    token; None: they are refused. NoSocket if another server listens there."""
    await _free(path)
    clients: set[asyncio.Task[None]] = set()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        caller = Caller(
            house, partial(rights_of, same_user=same_user), still_holds, origin=_origin(writer), program=program
        )
        if (why := _refusal(writer, len(clients))) is not None:
            logger.warning("a client was refused: %s", why)
            writer.write(refused(None, why))
            writer.close()
            return
        task = asyncio.get_running_loop().create_task(_served(caller, reader, writer))
        clients.add(task)
        task.add_done_callback(clients.discard)
        task.add_done_callback(lambda _: writer.close())  # also where it was ended before it began

    # What is made is for this user alone from its first moment on: the directory is.
    server = await asyncio.start_unix_server(begin, path, limit=LONGEST_REQUEST)
    os.chmod(path, 0o600)
    try:
        yield
    finally:
        server.close()
        for task in list(clients):
            task.cancel()
        await asyncio.gather(*clients, return_exceptions=True)
        _remove(path)


async def _served(caller: Caller, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        await serve_client(caller, reader, writer)
    except asyncio.CancelledError:
        raise
    except Exception:
        # One client's trouble is nobody else's.
        logger.exception("a client's connection failed")


async def _free(path: Path) -> None:
    """Removes what a server left behind that was killed."""
    try:
        _, writer = await asyncio.open_unix_connection(path)
    except FileNotFoundError:
        return
    except ConnectionRefusedError:
        _remove(path)
        return
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    raise NoSocket(f"another server listens at {path}: end it first, or serve another directory")


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _refusal(writer: asyncio.StreamWriter, clients: int) -> ApiError | None:
    peer = _peer(writer)
    if peer is not None and peer[1] != os.getuid():
        return ApiError("forbidden", f"expected a program of user {os.getuid()}, got one of user {peer[1]}")
    if clients >= CONNECTIONS:
        return ApiError("busy", f"{CONNECTIONS} clients are connected already; close one first")
    return None


def _origin(writer: asyncio.StreamWriter) -> str:
    peer = _peer(writer)
    return f"process {peer[0]}" if peer is not None and peer[0] else "a program here"


def _peer(writer: asyncio.StreamWriter) -> tuple[int, int] | None:
    """The process, 0 if the system does not tell, and the user at the other end; None where it tells neither. The
    socket lies where only this user comes, so that is a second lock."""
    found: socket.socket = writer.get_extra_info("socket")
    if sys.platform == "linux":
        process, user, _ = struct.unpack("3i", found.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        return process, user
    return None
