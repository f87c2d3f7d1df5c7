"""A way from this host to a port of a pod: the cluster's port-forward behind a listener on the loopback.

    a connection here ◄──► a WebSocket to the API server ◄──► its kubelet ◄──► the port, in the pod

Each connection has a WebSocket of its own, so one that breaks takes nothing else with it. Who reads slowly is not sent
more: each side is read only when the other has taken what came before. The cluster's protocol knows no half-closed
connection: when we are done with writing, what still comes is passed on for as long as some does, then it is closed.

It runs in a thread of its own: the link's heartbeats go through it, and a busy loop must not hold them up.
"""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
import threading
from contextlib import ExitStack
from typing import Any, Final
from urllib.parse import urlsplit

from beamlike.kernel.record import slotted
from beamlike.loop_thread import LoopThread
from nodes.backend import BackendError
from nodes.kubernetes import websocket
from nodes.kubernetes.api import Api
from nodes.kubernetes.refusals import ApiRefused, ApiUnreachable, as_backend_error, refused
from nodes.loopback_server import HOST, close_server, open_server, port_of

logger = logging.getLogger("nodes.kubernetes")

CONNECT_SECONDS: Final = 15.0
HALF_CLOSED_SECONDS: Final = 10.0
"""How long nothing may come of the pod when we have no more to send."""
CHUNK: Final = 64 << 10
PROTOCOL: Final = "v4.channel.k8s.io"
_DATA, _ERROR = 0, 1


class PortForward:
    """Listens at `host`:`port` until it is closed; made by `open_tunnel`."""

    host = HOST

    def __init__(self, api: Api, namespace: str, pod: str, port: int) -> None:
        self._api, self._namespace, self._pod, self._pods_port = api, namespace, pod, port
        self._server: asyncio.Server | None = None
        self._first: _Socket | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._is_closed = False
        self.port = 0

    def __repr__(self) -> str:
        return f"<port {self._pods_port} of pod {self._pod} at {self.host}:{self.port}>"

    async def close(self) -> None:
        """Ends what goes through it as well; a second time does nothing."""
        await _tunnels().run(self._close())

    async def open(self) -> None:
        """In the thread of the tunnels. The first WebSocket is made at once: what it is refused for is told."""
        self._first = await self._socket()
        self._server = await open_server(self._accepted)
        self.port = port_of(self._server)
        await self._server.start_serving()

    async def _close(self) -> None:
        self._is_closed = True
        if self._server is not None:
            await close_server(self._server)
        for connection in list(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        if self._first is not None:
            self._first.close()
            self._first = None

    async def _socket(self) -> _Socket:
        path = f"/api/v1/namespaces/{self._namespace}/pods/{self._pod}/portforward?ports={self._pods_port}"
        return await _connected(self._api, path)

    async def _way(self) -> _Socket:
        """The first one, if nobody has it and it is whole; else a new one."""
        first, self._first = self._first, None
        if first is not None:
            with ExitStack() as undo:
                undo.callback(first.close)
                if not await first.is_broken():
                    undo.pop_all()
                    return first
        return await self._socket()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_closed:  # it came while the listener was being closed
            writer.transport.abort()
            return
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await _Joint(await self._way(), reader, writer).run()
        except (OSError, BackendError, EOFError) as error:
            logger.debug("%s: a connection broke off: %s", self, error)
        except asyncio.CancelledError:
            pass  # the tunnel is closed: a handler of asyncio's that is cancelled would be logged as an error
        finally:
            self._connections.discard(task)
            writer.close()


async def open_tunnel(api: Api, namespace: str, pod: str, port: int) -> PortForward:
    """Returns once the cluster has agreed to forward; BackendError or OSError says why it does not."""
    tunnel = PortForward(api, namespace, pod, port)
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await _tunnels().run(tunnel.open())
    except BaseException as error:  # also of who is cancelled just when it is open: the thread goes on
        await asyncio.shield(tunnel.close())
        if isinstance(error, TimeoutError):
            words = f"the cluster did not forward port {port} of pod {pod} in {CONNECT_SECONDS:g} s"
            raise BackendError(words) from error
        raise
    return tunnel


@slotted
class _Socket:
    """A WebSocket that is open."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    frames: websocket.Reader
    early: list[websocket.Message]
    """What came before anybody asked for it."""

    async def is_broken(self) -> bool:
        """Its end may be behind what has come so far, which is kept."""
        try:
            async with asyncio.timeout(0):
                while data := await self.reader.read(CHUNK):
                    self.early += self.frames.receive(data)
        except TimeoutError:
            return self.writer.is_closing()
        except OSError:
            pass
        return True

    async def messages(self) -> list[websocket.Message]:
        """The next ones; none at its end."""
        early, self.early = self.early, []
        while not early:
            data = await self.reader.read(CHUNK)
            if not data:
                return []
            early = self.frames.receive(data)
        return early

    async def send(self, opcode: int, content: bytes) -> None:
        self.writer.write(websocket.frame(opcode, content, os.urandom(4)))
        await self.writer.drain()

    def close(self) -> None:
        self.writer.close()


class _Joint:
    """A connection here and a WebSocket, joined: passes on what comes of either side, until the pod's has ended."""

    def __init__(self, there: _Socket, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._there, self._reader, self._writer = there, reader, writer
        self._received = 0

    async def run(self) -> None:
        sending, receiving = asyncio.create_task(self._send()), asyncio.create_task(self._receive())
        try:
            await asyncio.wait({sending, receiving}, return_when=asyncio.FIRST_COMPLETED)
            if not receiving.done() and sending.exception() is None:
                await self._until_silent(receiving)
            for task in (receiving, sending):
                if task.done() and (error := task.exception()) is not None:
                    raise error
        finally:
            for task in (sending, receiving):
                task.cancel()
            self._there.close()  # at once: whoever is cancelled a second time comes no further
            await asyncio.gather(sending, receiving, return_exceptions=True)

    async def _send(self) -> None:
        while data := await self._reader.read(CHUNK):
            await self._there.send(websocket.BINARY, bytes([_DATA]) + data)

    async def _receive(self) -> None:
        begun: set[int] = set()
        while messages := await self._there.messages():
            for message in messages:
                if message.opcode == websocket.CLOSE:
                    return
                if message.opcode == websocket.PING:
                    await self._there.send(websocket.PONG, message.content)
                elif message.opcode == websocket.BINARY and message.content:
                    channel, content = message.content[0], message.content[1:]
                    if channel not in begun:
                        begun.add(channel)
                        content = content[2:]  # the number of the port
                    await self._take(channel, content)

    async def _take(self, channel: int, content: bytes) -> None:
        if not content:
            return
        if channel == _ERROR:
            raise ConnectionError(content.decode("utf-8", "replace").strip())
        self._received += len(content)
        self._writer.write(content)
        await self._writer.drain()

    async def _until_silent(self, receiving: asyncio.Task[None]) -> None:
        """We have no more to send. Returns when the pod has ended, or nothing has come of it for a while."""
        before = -1
        while not receiving.done() and before != self._received:
            before = self._received
            await asyncio.wait({receiving}, timeout=HALF_CLOSED_SECONDS)


async def _connected(api: Api, path: str) -> _Socket:
    """A WebSocket to the API server. BackendError says why it refuses, OSError why it cannot be reached."""
    try:
        headers = {name: str(value) for name, value in (await asyncio.to_thread(api.signed)).items()}
        configuration = api.configured.configuration
    except (ApiRefused, ApiUnreachable) as error:
        raise as_backend_error(error, "forward a port") from error
    url = urlsplit(str(configuration.host))
    port = url.port or (443 if url.scheme == "https" else 80)
    host = url.hostname or "localhost"
    reader, writer = await _way_to(configuration, host, port)
    try:
        if url.scheme == "https":
            name = configuration.tls_server_name or host
            await writer.start_tls(await asyncio.to_thread(_tls, configuration), server_hostname=name)
        key = os.urandom(16)
        named = f"[{host}]" if ":" in host else host
        target = url.path.rstrip("/") + path
        writer.write(websocket.request(f"{named}:{port}", target, headers, key, PROTOCOL))
        status, answered, body = await _answer(reader)
        if status != 101:
            raise as_backend_error(refused(status, body), f"forward a port ({path})")
        if not websocket.accepts(answered, key):
            raise ConnectionError("the cluster answered with a WebSocket that was not ours")
    except BaseException:
        writer.close()
        raise
    return _Socket(reader, writer, websocket.Reader(), [])


async def _way_to(configuration: Any, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """To the API server itself, or to it through a proxy, as the other questions go."""
    from kubernetes.client.rest import should_bypass_proxies

    proxy = configuration.proxy
    if not proxy or should_bypass_proxies(configuration.host, configuration.no_proxy or ""):
        return await asyncio.open_connection(host, port, limit=2 * CHUNK)
    url = urlsplit(proxy)
    if url.scheme != "http":
        raise BackendError(f"expected a proxy http://..., got {url.scheme}://...: a port is forwarded through no other")
    reader, writer = await asyncio.open_connection(url.hostname, url.port or 80, limit=2 * CHUNK)
    lines = [f"CONNECT {host}:{port} HTTP/1.1", f"Host: {host}:{port}"]
    lines += [f"{name}: {value}" for name, value in (configuration.proxy_headers or {}).items()]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
    status, _, _ = await _answer(reader, has_body=False)
    if status != 200:
        writer.close()
        raise ConnectionError(f"the proxy {url.hostname} answered {status}")
    return reader, writer


async def _answer(reader: asyncio.StreamReader, *, has_body: bool = True) -> tuple[int, dict[str, str], bytes]:
    """The status, headers and body of an answer; that to a WebSocket has none."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    try:
        status = int(first.split(" ")[1])
    except (IndexError, ValueError) as error:
        raise ConnectionError(f"expected an answer in HTTP, got {first[:80]!r}") from error
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines) if name
    }
    if status in (101, 200) or not has_body:
        return status, headers, b""
    length = headers.get("content-length", "")
    body = await reader.readexactly(min(int(length), CHUNK)) if length.isdigit() else b""
    return status, headers, body


def _tls(configuration: Any) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=configuration.ssl_ca_cert, cadata=configuration.ca_cert_data)
    if not configuration.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif configuration.assert_hostname is False:
        context.check_hostname = False
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, configuration.key_file)
    return context


_LOCK = threading.Lock()
_threads: list[LoopThread] = []


def _tunnels() -> LoopThread:
    """The thread of all tunnels of this process, which is started with the first."""
    with _LOCK:
        if not _threads:
            _threads.append(LoopThread("tunnels"))
        return _threads[0]
