"""The five frames that are parsed of a peer before it has proved the secret: fixed layouts, checked to the last byte.

HELLO and CHALLENGE introduce the dialler and the listener: version u16, flags u8, creation u32, Python's magic number
(4 bytes), nonce (32 bytes), the channel as this side sees it (32 bytes, zeros without TLS), then the name and the
releases of cloudpickle, beamlike and Python, each with a length u8. PROOF and ACCEPT are an HMAC-SHA-256 (32 bytes).
REFUSE is a status u8 and the version u16. The version opens every introduction whatever the version, so that two
versions can tell each other apart.
"""

from __future__ import annotations

import struct
from typing import Final

from beamlike.distribution.errors import ProtocolError
from beamlike.distribution.refusal import Status
from beamlike.kernel.record import frozen
from beamlike.release import PYTHON, RELEASE

VERSION: Final = 5
NONCE_SIZE: Final = 32
CHANNEL_SIZE: Final = 32
NO_CHANNEL: Final = bytes(CHANNEL_SIZE)
"""The channel of a link without TLS; no certificate has this fingerprint."""

_INTRODUCTION: Final = struct.Struct(">HBI4s32s32s")
_VERSION: Final = struct.Struct(">H")
_REFUSAL: Final = struct.Struct(">BH")
_HIDDEN: Final = 1
_LONGEST_TEXT: Final = 255


@frozen
class Identity:
    """Who a node is: name, incarnation, and what decides which code the other side may send it. `beamlike` and `python`
    are the releases that it runs: this program's, unless others are named."""

    name: str
    creation: int
    hidden: bool
    python_magic: bytes
    cloudpickle: str
    beamlike: str = RELEASE
    python: str = PYTHON


def encode_introduction(node: Identity, nonce: bytes, channel: bytes = NO_CHANNEL) -> bytes:
    fixed = _INTRODUCTION.pack(VERSION, node.hidden and _HIDDEN, node.creation, node.python_magic, nonce, channel)
    texts = (node.name, node.cloudpickle, node.beamlike, node.python)
    return fixed + b"".join(map(_short_text, texts))


def version_of(introduction: bytes) -> int:
    """The only thing that is read of an introduction before it is known to be of our version."""
    if len(introduction) < _VERSION.size:
        raise ProtocolError(f"expected an introduction, got {len(introduction)} bytes")
    version: int = _VERSION.unpack_from(introduction)[0]
    return version


def decode_introduction(data: bytes) -> tuple[Identity, bytes]:
    """Who the other side says it is, and the channel that it sees."""
    try:
        _, flags, creation, python_magic, _, channel = _INTRODUCTION.unpack_from(data)
        name, rest = _cut_text(data[_INTRODUCTION.size :])
        cloudpickle, rest = _cut_text(rest)
        beamlike, rest = _cut_text(rest)
        python, rest = _cut_text(rest)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise ProtocolError(f"expected an introduction, got {len(data)} bytes that are none ({error})") from error
    if rest or flags & ~_HIDDEN or not (_is_node_name(name) and f"{cloudpickle}{beamlike}{python}".isprintable()):
        raise ProtocolError(f"expected an introduction with a name like 'app@127.0.0.1', got {name!r}")
    identity = Identity(name, creation, bool(flags & _HIDDEN), python_magic, cloudpickle, beamlike, python)
    return identity, channel


def encode_refusal(status: Status) -> bytes:
    return _REFUSAL.pack(status, VERSION)


def decode_refusal(data: bytes) -> tuple[Status, int]:
    try:
        status, version = _REFUSAL.unpack(data)
        return Status(status), version
    except (struct.error, ValueError) as error:
        raise ProtocolError(f"expected a refusal, got {len(data)} bytes that are none ({error})") from error


def _short_text(text: str) -> bytes:
    data = text.encode()
    if len(data) > _LONGEST_TEXT:
        raise ValueError(f"expected at most {_LONGEST_TEXT} bytes, got {len(data)}: {text[:40]!r}...")
    return bytes([len(data)]) + data


def _cut_text(data: bytes) -> tuple[str, bytes]:
    end = 1 + data[0]
    if end > len(data):
        raise IndexError("a text is cut short")
    return data[1:end].decode(), data[end:]


def _is_node_name(name: str) -> bool:
    word, _, host = name.partition("@")
    return bool(word and host) and name.isprintable() and " " not in name
