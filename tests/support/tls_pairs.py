"""Both ends of a TLS connection, joined in memory."""

from __future__ import annotations

from collections.abc import Callable

from beamlike.distribution.clear_or_tls import Layer
from beamlike.distribution.encryption import Encryption
from beamlike.distribution.tls_layer import TlsLayer
from beamlike.distribution.tls_option import TlsOption

FAR_AWAY = "192.0.2.7"
Tamper = Callable[[bytes], bytes]


def as_it_is(stream: bytes) -> bytes:
    return stream


def listener(option: TlsOption = None) -> TlsLayer:
    encryption = Encryption(option)
    encryption.prepare_to_listen(FAR_AWAY)
    layer = encryption.accept(FAR_AWAY)
    assert isinstance(layer, TlsLayer)
    return layer


def dialler(option: TlsOption = None, name: str = "b@127.0.0.1") -> TlsLayer:
    layer = Encryption(option).dial(FAR_AWAY, name)
    assert layer is not None
    return layer


def carry(a: Layer, b: Layer, to_b: Tamper = as_it_is, to_a: Tamper = as_it_is) -> None:
    """Brings what either has to send to the other, until there is nothing."""
    while (from_a := a.take()) + (from_b := b.take()):
        for layer, stream in ((b, to_b(from_a)), (a, to_a(from_b))):
            if stream:
                layer.feed(memoryview(stream))


def joined(a: TlsOption = None, b: TlsOption = None) -> tuple[TlsLayer, TlsLayer]:
    """A dialler and a listener that have agreed, or come to no agreement."""
    ends = dialler(a), listener(b)
    carry(*ends)
    return ends


def received(layer: Layer, size: int = 1 << 16) -> bytes:
    """What has come so far, read in pieces of this size. TlsFailed and EOFError as `read_into`."""
    whole, buffer = b"", memoryview(bytearray(size))
    while count := layer.read_into(buffer):
        whole += buffer[:count]
    return whole
