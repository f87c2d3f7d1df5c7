"""The open file descriptors of the program, as the system names them."""

from __future__ import annotations

import os
import socket
import stat
import sys
from typing import Final

from beamlike.inspect.facts import FileFacts
from beamlike.inspect.looking.options import SomeOptions
from beamlike.inspect.looking.patience import Patience
from beamlike.kernel.node import LocalNode

FOLDER: Final = "/proc/self/fd" if sys.platform == "linux" else "/dev/fd"

_KINDS: Final = (
    (stat.S_ISSOCK, "socket"),
    (stat.S_ISFIFO, "pipe"),
    (stat.S_ISDIR, "folder"),
    (stat.S_ISREG, "file"),
    (stat.S_ISCHR, "device"),
    (stat.S_ISBLK, "device"),
)


async def files(node: LocalNode, options: SomeOptions, patience: Patience) -> tuple[FileFacts, ...]:
    found = []
    for fd in numbers()[: options.limit]:
        try:
            found.append(_facts(fd))
        except OSError:  # it was closed meanwhile, as the one that listed them was
            continue
        if patience.is_due():
            await patience.pause()
    return tuple(found)


def numbers() -> list[int]:
    """Of the descriptors; empty where the system has no such list."""
    try:
        return sorted(int(name) for name in os.listdir(FOLDER))
    except OSError:
        return []


def count() -> int | None:
    return len(numbers()) or None


def _facts(fd: int) -> FileFacts:
    mode = os.fstat(fd).st_mode
    kind = next((word for is_it, word in _KINDS if is_it(mode)), "")
    if kind == "socket":
        return _socket(fd)
    name = _name(fd)
    if not kind:  # as of epoll and timers, whose names are "anon_inode:[eventpoll]"
        kind = name.partition("[")[2].rstrip("]") or name
    return FileFacts(fd, kind, name)


def _name(fd: int) -> str:
    try:
        return os.readlink(f"{FOLDER}/{fd}")
    except OSError:
        return ""


def _socket(fd: int) -> FileFacts:
    """Through a second descriptor of the same socket, so that what is closed here is not the service's."""
    with socket.socket(fileno=os.dup(fd)) as sock:
        local, remote = _address(sock.getsockname), _address(sock.getpeername)
        listens = bool(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
        state = "listening" if listens else "connected" if remote is not None else ""
        return FileFacts(fd, "socket", _protocol(sock), local or "", remote or "", state)


def _protocol(sock: socket.socket) -> str:
    family = {socket.AF_INET: "4", socket.AF_INET6: "6", socket.AF_UNIX: "unix"}.get(sock.family, sock.family.name)
    kind = {socket.SOCK_STREAM: "tcp", socket.SOCK_DGRAM: "udp"}.get(sock.type, str(sock.type))
    return "unix" if family == "unix" else f"{kind}{family}"


def _address(ask: object) -> str | None:
    try:
        address = ask()  # type: ignore[operator]
    except OSError:
        return None
    if isinstance(address, tuple) and len(address) >= 2:
        host, port = address[:2]
        return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"
    return address.decode(errors="replace") if isinstance(address, bytes) else str(address)
