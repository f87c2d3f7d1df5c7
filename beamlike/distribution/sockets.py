"""Sockets for links: where to dial, and where to listen."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import Any

from beamlike.distribution.addresses import Address
from beamlike.distribution.clear_or_tls import Layer
from beamlike.distribution.doorway import BACKLOG, LINK
from beamlike.distribution.errors import CannotListen
from beamlike.distribution.forks import closed_in_forks
from beamlike.distribution.transport import Link
from beamlike.kernel.errors import NotConnected


async def open_link(link: Link, address: Address, layer: Callable[[str], Layer | None]) -> None:
    """Connects `link` to `address`, through the layer for the numeric address that this becomes. OSError, of which
    NotConnected is one, if nobody there answers."""
    failure: OSError | None = None
    for host in await _resolve(address):
        try:
            link.start(await _connected(host, address[1]), layer(host))
        except OSError as error:
            failure = error
        else:
            return
    raise NotConnected(f"nobody listens at {address[0]}:{address[1]} ({failure})") from failure


async def _connected(host: str, port: int) -> socket.socket:
    """A connection that says it is to be a link."""
    loop = asyncio.get_running_loop()
    sock = closed_in_forks(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET))
    try:
        sock.setblocking(False)
        if (error := sock.connect_ex((host, port))) == errno.EINPROGRESS:
            error = await _outcome(sock)
        if error:
            raise OSError(error, os.strerror(error))
        await loop.sock_sendall(sock, LINK)
    except BaseException:
        sock.close()
        raise
    return sock


async def _outcome(sock: socket.socket) -> int:
    """Of a connection that is being made, as an errno. Not `loop.sock_connect`: uvloop's starts four threads that look
    up even what is numeric."""
    loop = asyncio.get_running_loop()
    writable = asyncio.Event()
    loop.add_writer(sock, writable.set)
    try:
        await writable.wait()
    finally:
        loop.remove_writer(sock)
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


async def listening_at(address: Address, prepare: Callable[[str], None]) -> tuple[socket.socket, Address]:
    """A socket that listens at `address` (port 0: any free one), and where it became. CannotListen if that fails;
    `prepare` gets the numeric address before."""
    host = (await _resolve(address))[0]
    prepare(host)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        sock = socket.create_server((host, address[1]), family=family, backlog=BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotListen(
                f"expected a free port, but {address[0]}:{address[1]} is taken by another program: "
                "choose another port, or 0 for any that is free"
            ) from error
        raise CannotListen(f"cannot listen at {address[0]}:{address[1]}: {error}") from error
    host, port = sock.getsockname()[:2]
    return sock, (host, port)


async def _resolve(address: Address) -> list[str]:
    """The numeric addresses of a host, in the order of preference."""
    host, port = address
    try:
        found = _numeric(host, port) or await _looked_up(host, port)
    except (socket.gaierror, UnicodeError) as error:
        raise NotConnected(f"expected a host that can be looked up, got {host!r}: {error}") from error
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


def _numeric(host: str, port: int) -> list[Any]:
    """Nothing for a name, which has to be looked up."""
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        return []


async def _looked_up(host: str, port: int) -> list[Any]:
    """In a thread that ends with it: one of the loop's executor would stay, in a service that may have none."""
    future: Future[list[Any]] = Future()
    Thread(target=_settle, args=(future, host, port), name=f"beamlike looks up {host}", daemon=True).start()
    return await asyncio.wrap_future(future)


def _settle(future: Future[list[Any]], host: str, port: int) -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except Exception as error:
        _set(future, future.set_exception, error)
    else:
        _set(future, future.set_result, found)


def _set(future: Future[list[Any]], setter: Callable[[Any], None], value: Any) -> None:
    """Unless nobody waits for it any more."""
    if future.set_running_or_notify_cancel():
        setter(value)
