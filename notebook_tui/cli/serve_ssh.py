"""`beamlike serve DIR --ssh HOST:PORT`: the process that draws the views, kept running beside the sessions.

The socket is this program's: while that process is started anew, who comes waits, and finds the same port.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from importlib.util import find_spec
from typing import Any, Final

import beamlike as bl
from notebook_tui.cli.main import UserError
from notebook_tui.session.durations import WORDS, seconds_of, written
from notebook_tui.session.state_directory import state_directory

logger = logging.getLogger("notebook_tui.serve")
PORT: Final = 2222
_BACKLOG: Final = 100
_BEGIN_SECONDS: Final = 60.0
_END_SECONDS: Final = 15.0
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0
"""Seconds before that process is started again; each failure soon after the last doubles it."""
_SOON: Final = 60.0


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--ssh",
        metavar="HOST:PORT",
        type=_endpoint,
        help=f"let people in over SSH, by the keys in --authorized-keys (port {PORT} if none is said; docs/ssh.md)",
    )
    parser.add_argument(
        "--authorized-keys",
        metavar="FILE",
        help="who may come in over SSH, and as what (default: beamlike/authorized_keys in the directory for settings, "
        "and keys.d/NAME.keys beside it)",
    )
    parser.add_argument(
        "--ssh-connections", metavar="N", type=_count, default=100, help="at most so many at a time (default: 100)"
    )
    parser.add_argument(
        "--ssh-per-key", metavar="N", type=_count, default=20, help="of those, with the same key (default: 20)"
    )
    parser.add_argument(
        "--ssh-idle", metavar="TIME", type=_seconds, default=12 * 3600.0, help=f"leave idle terminals after: {WORDS}"
    )
    parser.add_argument("--ssh-login", metavar="TIME", type=_seconds, default=20.0, help=argparse.SUPPRESS)


def _who(keys: int, authorized_keys: str, **_more: object) -> str:
    """
    >>> _who(1, "/home/ann/keys"), _who(2, "/home/ann/keys")
    ('1 key opens it, of /home/ann/keys', '2 keys open it, of /home/ann/keys')
    >>> _who(0, "/home/ann/keys")
    'nobody can come in yet: there is no key in /home/ann/keys (docs/ssh.md)'
    """
    if not keys:
        return f"nobody can come in yet: there is no key in {authorized_keys} (docs/ssh.md)"
    return f"{keys} key{'s' * (keys != 1)} open{'s' * (keys == 1)} it, of {authorized_keys}"


def words_of(options: argparse.Namespace) -> list[str]:
    """What the command line says of it, for the unit of a service manager."""
    if options.ssh is None:
        return []
    host, port = options.ssh
    words = ["--ssh", f"[{host}]:{port}" if ":" in host else f"{host}:{port}"]
    if options.authorized_keys is not None:
        words += ["--authorized-keys", os.path.abspath(options.authorized_keys)]
    words += ["--ssh-connections", str(options.ssh_connections), "--ssh-per-key", str(options.ssh_per_key)]
    words += ["--ssh-idle", written(options.ssh_idle)]
    return words


class SshListener:
    """Called with the sessions by the server that holds them."""

    def __init__(self, directory: str, options: argparse.Namespace) -> None:
        """UserError if asyncssh is not there, or if it cannot listen."""
        if find_spec("asyncssh") is None:
            raise UserError("--ssh takes asyncssh, which is not installed: pip install 'beamlike[ssh]'")
        self._sock = _listening(*options.ssh)
        keys = options.authorized_keys
        self._options: dict[str, Any] = {
            "directory": directory,
            "server": os.getpid(),
            "authorized_keys": os.path.abspath(keys) if keys is not None else None,
            "state": os.fspath(state_directory("ssh")),
            "limits": {
                "connections": options.ssh_connections,
                "per_key": options.ssh_per_key,
                "idle_seconds": options.ssh_idle,
                "login_seconds": options.ssh_login,
            },
            "log": options.log,
            "listening": self._sock.fileno(),
        }

    def __call__(self, sessions: bl.Server) -> AbstractAsyncContextManager[None]:
        return self._open()

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[None]:
        with self._sock:
            process = await self._begin()
            keeping = asyncio.create_task(self._keep(process))
            try:
                yield
            finally:
                keeping.cancel()
                with suppress(asyncio.CancelledError):
                    await keeping

    async def _begin(self) -> asyncio.subprocess.Process:
        """Returns when it takes connections. UserError says why it does not."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "notebook_tui.cli.ssh_front", json.dumps(self._options)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            pass_fds=[self._sock.fileno()],
            start_new_session=True,
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(_BEGIN_SECONDS):
                line = await process.stdout.readline()
            said = json.loads(line) if line else {"failed": "it ended before it listened"}
        except (TimeoutError, ValueError) as error:
            said = {"failed": f"it does not answer ({type(error).__name__})"}
        except BaseException:
            await _end(process)
            raise
        if "failed" in said:
            await _end(process)
            raise UserError(f"the server for SSH does not begin: {said['failed']}")
        host, port = said["host"], said["port"]
        logger.info("ssh: listens on %s port %d, with the key %s", host, port, said["fingerprint"])
        logger.log(logging.INFO if said["keys"] else logging.WARNING, "ssh: %s", _who(**said))
        for trouble in said["trouble"]:
            logger.warning("ssh: %s", trouble)
        return process

    async def _keep(self, process: asyncio.subprocess.Process | None) -> None:
        """It is started again when it ends, as long as this is not cancelled."""
        loop, wait = asyncio.get_running_loop(), _FIRST_WAIT
        try:
            while True:
                began = loop.time()
                if process is not None:
                    status = await process.wait()
                    process = None
                    logger.error("ssh: the process of the views has ended (%d); the sessions go on", status)
                wait = min(2 * wait, _LONGEST_WAIT) if loop.time() - began < _SOON else _FIRST_WAIT
                await asyncio.sleep(wait)
                try:
                    process = await self._begin()
                except (OSError, UserError) as error:
                    logger.error("ssh: %s", error)
        finally:
            if process is not None:
                await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    """By the end of its input it knows that it is to end: the views leave in order."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        async with asyncio.timeout(_END_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(where)
            sock.listen(_BACKLOG)
        except OSError:
            sock.close()
            raise
    except OSError as error:
        raise UserError(f"--ssh {host}:{port}: {(error.strerror or str(error)).lower()}") from error
    return sock


def _endpoint(text: str) -> tuple[str, int]:
    """
    >>> _endpoint("0.0.0.0:22"), _endpoint("[::1]:2200"), _endpoint("example.org")
    (('0.0.0.0', 22), ('::1', 2200), ('example.org', 2222))
    """
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        port = rest.removeprefix(":")
    else:
        host, _, port = text.partition(":")
    if not host or (port and not port.isdigit()) or int(port or 0) > 65_535:
        raise argparse.ArgumentTypeError(f"expected HOST:PORT, such as 0.0.0.0:{PORT}, got {text!r}")
    return host, int(port) if port else PORT


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text!r}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        return seconds_of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
