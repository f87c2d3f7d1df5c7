"""How the sockets of links are set, and written to in parts."""

from __future__ import annotations

import socket
from typing import Final

from beamlike.distribution.terms_codec import Buffer

SEND_BUFFER: Final = 256 << 10
RECEIVE_BUFFER: Final = 512 << 10
UNSENT: Final = 128 << 10
"""Bytes that wait in the kernel are bytes that a small message waits behind: with these three sizes one beside a large
transfer takes well under a millisecond, and the transfer goes on at two thirds of its speed."""


def tune(sock: socket.socket) -> None:
    if sock.family in (socket.AF_INET, socket.AF_INET6):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)


def drop_front(parts: list[Buffer], size: int) -> bool:
    """Takes `size` bytes off the front. Whether that was all."""
    whole = 0
    for part in parts:
        length = len(part)
        if size < length:
            break
        size -= length
        whole += 1
    del parts[:whole]
    if size:
        parts[0] = memoryview(parts[0])[size:]
    return not parts
