"""What an owner and its zygote say to each other on their socket: one list of plain values a packet, with open files.

Owner: ["preload", [module...]] once; ["fork", name, {variable: value}, session] with the files of a `Birth`;
["kill", pid].
Zygote: ["ready"] or ["cannot", module, why] once; ["forked", pid] or ["failed", why] for each fork, in their order;
["ended", pid, exit code] for each child.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Any

import msgpack

MAX_FILES = 4
_LENGTH = 4
# So that no child gets what was meant for another one; where it is not known there is no fork without that window.
_CLOSE_ON_EXEC = getattr(socket, "MSG_CMSG_CLOEXEC", 0)


def send_packet(connection: socket.socket, packet: Sequence[object], files: Sequence[int] = (), flags: int = 0) -> None:
    """Sends it whole. With MSG_DONTWAIT for `flags`, BlockingIOError if the other side does not read."""
    body = msgpack.packb(packet)
    data = len(body).to_bytes(_LENGTH, "big") + body
    sent = socket.send_fds(connection, [data], files, flags)
    connection.sendall(data[sent:])


def receive_packet(connection: socket.socket) -> tuple[list[Any], list[int]] | None:
    """The next packet and its files; None once the other side has ended."""
    length, files = _head(connection)
    if length is None:
        return None
    body = _exactly(connection, length)
    return None if body is None else (msgpack.unpackb(body), files)


def _head(connection: socket.socket) -> tuple[int | None, list[int]]:
    """The files come with the first byte of the packet that they were sent with."""
    try:
        data, files, _, _ = socket.recv_fds(connection, _LENGTH, MAX_FILES, _CLOSE_ON_EXEC)
    except ConnectionError:
        return None, []
    rest = _exactly(connection, _LENGTH - len(data)) if data else None
    return (None if rest is None else int.from_bytes(data + rest, "big")), list(files)


def _exactly(connection: socket.socket, size: int) -> bytes | None:
    data = b""
    while len(data) < size:
        try:
            more = connection.recv(size - len(data))
        except ConnectionError:
            return None
        if not more:
            return None
        data += more
    return data
