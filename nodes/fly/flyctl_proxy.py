"""A way from outside into the private network of an organisation: `flyctl proxy`, as Livebook does it.

flyctl makes a WireGuard peer in its own process, so nothing has to be set up. With --watch-stdin it ends with this
program, however that ends. Its token goes by the environment; a command line can be read by others.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from collections.abc import Mapping
from typing import Final

from nodes.backend import BackendError
from nodes.fly.options import Token
from nodes.own_thread import in_own_thread

PROXY_SECONDS: Final = 30.0
"""How long flyctl may take until it is ready."""
END_SECONDS: Final = 2.0
READY: Final = b"Proxying "
LAST_WORDS: Final = 2000


class FlyctlProxy:
    """A tunnel: connections to `host`:`port` come out at the machine's own port. To be closed."""

    def __init__(self, process: asyncio.subprocess.Process, host: str, port: int) -> None:
        self._process = process
        self._drain = asyncio.create_task(_drained(process))
        self.host = host
        self.port = port

    def __repr__(self) -> str:
        return f"FlyctlProxy({self.host}:{self.port})"

    async def close(self) -> None:
        await _end(self._process)
        self._drain.cancel()
        await asyncio.wait([self._drain])


async def open_proxy(
    flyctl: str | None, app: str, address: str, port: int, token: Token, environ: Mapping[str, str] = os.environ
) -> FlyctlProxy:
    """A tunnel to `address`:`port` in the private network. BackendError with flyctl's own words if there is none."""
    program = flyctl or find_flyctl()
    local = await in_own_thread(_free_port)
    told = {**environ, "FLY_NO_UPDATE_CHECK": "1", "FLY_ACCESS_TOKEN": token.for_flyctl()}
    told.pop("FLY_API_TOKEN", None)
    command = (program, "proxy", f"{local}:{port}", address, "--app", app, "--bind-addr", "127.0.0.1", "--watch-stdin")
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.STDOUT, env=told, start_new_session=True
        )
    except OSError as error:
        raise BackendError(f"flyctl cannot be started: {error}", permanent=True, remedy=_INSTALL) from error
    try:
        await _ready(process, token)
    except BaseException:
        await asyncio.shield(_end(process))
        raise
    return FlyctlProxy(process, "127.0.0.1", local)


_INSTALL: Final = (
    "install it (https://fly.io/docs/flyctl/install/), or run this program on Fly, in the same organisation, "
    "where machines reach it without"
)


def find_flyctl() -> str:
    """Its path; BackendError says how to get it."""
    found = shutil.which("flyctl") or shutil.which("fly")
    if found is None:
        text = "expected flyctl on the PATH, since this program is outside of the app's private network; found none"
        raise BackendError(text, permanent=True, remedy=_INSTALL)
    return found


async def _ready(process: asyncio.subprocess.Process, token: Token) -> None:
    assert process.stdout is not None
    said = b""
    try:
        async with asyncio.timeout(PROXY_SECONDS):
            while line := await process.stdout.readline():
                said = (said + line)[-LAST_WORDS:]
                if READY in line:
                    return
            await process.wait()
    except TimeoutError:
        why = f"was not ready within {PROXY_SECONDS:g} s"
    else:
        why = f"ended with exit code {process.returncode}"
    words = token.absent_from(said.decode("utf-8", "replace").strip())
    raise BackendError(
        f"flyctl proxy {why}{f': {words}' if words else ' and said nothing'}", remedy="try `flyctl doctor`"
    )


async def _drained(process: asyncio.subprocess.Process) -> None:
    """What nobody reads would stop it one day."""
    assert process.stdout is not None
    while await process.stdout.read(4096):
        pass


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(END_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
