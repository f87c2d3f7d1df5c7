"""Programs that stand between two nodes: one writes down what passes, one ends TLS with a certificate of his own."""

from __future__ import annotations

import hashlib
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from beamlike.distribution.addresses import Address
from beamlike.distribution.doorway import LINK
from beamlike.distribution.tls_contexts import self_made, trusting_anybody
from tests.support.handshakes import claim_channel

PATIENCE = 40.0


@dataclass
class Passage:
    """Between a dialler, who comes to `address`, and a node. `passed` is all that went through, either way."""

    address: Address
    passed: bytearray = field(default_factory=bytearray)


@dataclass(frozen=True)
class Path:
    """From one end to the other, and what is changed on it."""

    source: socket.socket
    target: socket.socket
    change: Callable[[bytes], bytes] = bytes


Open = Callable[[socket.socket, socket.socket], tuple[Path, Path]]


@contextmanager
def eavesdropper(node: Address) -> Iterator[Passage]:
    """Passes on bytes as they are."""
    with _passage(node, lambda near, far: (Path(near, far), Path(far, near))) as passage:
        yield passage


@contextmanager
def man_in_the_middle(node: Address, *, lies: bool) -> Iterator[Passage]:
    """Shows the dialler a certificate of his own, and speaks TLS with the node as well. Where he `lies`, he tells each
    side that the other sees what it sees itself."""
    own = self_made()

    def end_tls(near: socket.socket, far: socket.socket) -> tuple[Path, Path]:
        assert near.recv(len(LINK), socket.MSG_WAITALL) == LINK
        far.sendall(LINK)
        far = trusting_anybody().wrap_socket(far)
        near = own.context.wrap_socket(near, server_side=True)
        if not lies:
            return Path(near, far), Path(far, near)
        true = hashlib.sha256(far.getpeercert(binary_form=True) or b"").digest()
        return (
            Path(near, far, lambda data: claim_channel(data, true)),
            Path(far, near, lambda data: claim_channel(data, own.fingerprint)),
        )

    with _passage(node, end_tls) as passage:
        yield passage


@contextmanager
def _passage(node: Address, open_paths: Open) -> Iterator[Passage]:
    """One connection after the other, in a thread."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(PATIENCE)
        passage = Passage(listening.getsockname()[:2])
        thread = threading.Thread(target=_serve, args=(listening, node, open_paths, passage.passed))
        thread.start()
        try:
            yield passage
        finally:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            thread.join(PATIENCE)
            assert not thread.is_alive()


def _serve(listening: socket.socket, node: Address, open_paths: Open, passed: bytearray) -> None:
    with suppress(OSError):
        while True:
            near, _ = listening.accept()
            far = socket.create_connection(node, PATIENCE)
            near.settimeout(PATIENCE)
            paths: tuple[Path, ...] = ()
            with near, far, suppress(ssl.SSLError, ConnectionError):
                paths = open_paths(near, far)
                while all(_pass_on(paths, passed)):
                    pass
            for path in paths:
                path.source.close()


def _pass_on(paths: tuple[Path, ...], passed: bytearray) -> Iterator[bool]:
    """Whether each path whose source has something to say goes on."""
    ready, _, _ = select.select([path.source for path in paths], [], [], PATIENCE)
    for path in paths:
        if path.source in ready:
            data = path.source.recv(1 << 16)
            passed += data
            path.target.sendall(path.change(data))
            yield bool(data)
