"""What TLS costs without sockets, on one core: MB/s out (write, take), in (feed, read_into), and agreements a second.

Of several runs the best; the limit is bare AES-256-GCM on records of 16 KiB.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from beamlike.distribution.encryption import Encryption
from beamlike.distribution.tls_layer import TlsLayer
from tests.bench.lines import emit

FAR = "192.0.2.7"
SIZES = {"16KiB": 16 << 10, "64KiB": 64 << 10, "1MiB": 1 << 20}
RECORD = 16 << 10
TOTAL = 64 << 20
REPEATS = 5
AGREEMENTS = 100


class Ends:
    """A dialler and a listener that have agreed, in memory."""

    def __init__(self, encryption: Encryption) -> None:
        dialler, listener = encryption.dial(FAR, "b@h"), encryption.accept(FAR)
        assert isinstance(dialler, TlsLayer)
        assert isinstance(listener, TlsLayer)
        while not (dialler.ready and listener.ready):
            listener.feed(dialler.take())
            dialler.feed(listener.take())
        self.dialler, self.listener = dialler, listener


def seconds(action: Callable[[], object]) -> float:
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


def transfer(ends: Ends, data: memoryview, buffer: memoryview) -> tuple[float, float]:
    """Seconds to encrypt TOTAL bytes in pieces, and to decrypt them."""
    out = into = 0.0
    for _ in range(TOTAL // len(data)):
        begin = time.perf_counter()
        ends.dialler.write(data)
        ciphertext = ends.dialler.take()
        half = time.perf_counter()
        ends.listener.feed(memoryview(ciphertext))
        assert ends.listener.read_into(buffer) == len(data)
        out, into = out + half - begin, into + time.perf_counter() - half
    return out, into


def measure(encryption: Encryption, name: str, size: int) -> None:
    ends, data, buffer = Ends(encryption), memoryview(os.urandom(size)), memoryview(bytearray(size))
    runs = [transfer(ends, data, buffer) for _ in range(REPEATS)]
    emit("beamlike", "tls", f"out_{name}", "MB/s", round(TOTAL / min(out for out, _ in runs) / 1e6))
    emit("beamlike", "tls", f"in_{name}", "MB/s", round(TOTAL / min(into for _, into in runs) / 1e6))


def limit() -> None:
    cipher, nonce, record = AESGCM(bytes(32)), bytes(12), os.urandom(RECORD)
    sealed = cipher.encrypt(nonce, record, None)
    count = TOTAL // RECORD

    def encrypt() -> None:
        for _ in range(count):
            cipher.encrypt(nonce, record, None)

    def decrypt() -> None:
        for _ in range(count):
            cipher.decrypt(nonce, sealed, None)

    for metric, action in (("out", encrypt), ("in", decrypt)):
        fastest = min(seconds(action) for _ in range(REPEATS))
        emit("limit:AES-256-GCM", "tls", metric, "MB/s", round(TOTAL / fastest / 1e6))


def main() -> None:
    limit()
    encryption = Encryption()
    encryption.prepare_to_listen(FAR)
    for name, size in SIZES.items():
        measure(encryption, name, size)
    fastest = min(seconds(lambda: [Ends(encryption) for _ in range(AGREEMENTS)]) for _ in range(REPEATS))
    emit("beamlike", "tls", "agreements", "1/s", round(AGREEMENTS / fastest))


if __name__ == "__main__":
    main()
