"""How the two ends of a way meet, before anything of a flow goes over it.

    child  ──► parent   BLT1, a nonce (32 bytes)
    parent ──► child    which flow (16 bytes), how many bytes of it have come (8), HMAC of all that with the key (32)
    child  ──► parent   KNOWN or GONE (1 byte), how many bytes have come (8)

The key is made of the invitation's token. GONE is a flow that was there and has ended.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import struct
from asyncio import IncompleteReadError, StreamReader, StreamWriter
from typing import Final

MAGIC: Final = b"BLT1"
NONCE_SIZE: Final = 32
ID_SIZE: Final = 16
_PROOF_SIZE: Final = 32
_OFFSET: Final = struct.Struct(">Q")
_ANSWER: Final = struct.Struct(">?Q")


class NotOurs(ConnectionError):
    """What is at the other end of this way is not the one that is expected there."""


class LeftUnsaid(ConnectionResetError):
    """Who has dialled is gone without a word, as the probe is by which Kubernetes sees whether a pod listens."""


class FlowGone(Exception):
    """The child has ended this flow."""


def key_of(token: bytes) -> bytes:
    return hmac.digest(token, b"beamlike tunnel", hashlib.sha256)


async def greet(reader: StreamReader, writer: StreamWriter, key: bytes, flow: bytes, received: int) -> int:
    """For the parent: how many bytes of the flow have come to the child. FlowGone, or a ConnectionError."""
    opening = await hear(reader)
    told = flow + _OFFSET.pack(received)
    writer.write(told + _proof(key, opening, told))
    await writer.drain()
    is_known, theirs = _ANSWER.unpack(await _exactly(reader, _ANSWER.size))
    if not is_known:
        raise FlowGone
    return int(theirs)


async def hear(reader: StreamReader) -> bytes:
    """For the parent: what a child says first. A ConnectionError if nobody does, or somebody else."""
    opening = await _exactly(reader, len(MAGIC) + NONCE_SIZE)
    if not opening.startswith(MAGIC):
        raise NotOurs(f"expected a child that waits for its parent, got {opening[:16]!r}: is that its port?")
    return opening


async def be_greeted(reader: StreamReader, writer: StreamWriter, key: bytes) -> tuple[bytes, int]:
    """For the child: which flow the parent means, and how many bytes of it have come there. A ConnectionError if it is
    not the parent, LeftUnsaid if it has said nothing at all."""
    opening = MAGIC + secrets.token_bytes(NONCE_SIZE)
    try:
        writer.write(opening)
        await writer.drain()
        first = await reader.readexactly(1)
    except (IncompleteReadError, ConnectionError) as error:
        raise LeftUnsaid("the way was closed before anything was said") from error
    told = first + await _exactly(reader, ID_SIZE + _OFFSET.size - 1)
    if not hmac.compare_digest(await _exactly(reader, _PROOF_SIZE), _proof(key, opening, told)):
        raise NotOurs("somebody who is not the parent has dialled, and was refused")
    return told[:ID_SIZE], _OFFSET.unpack(told[ID_SIZE:])[0]


async def answer(writer: StreamWriter, *, is_known: bool, received: int) -> None:
    writer.write(_ANSWER.pack(is_known, received))
    await writer.drain()


def _proof(key: bytes, opening: bytes, told: bytes) -> bytes:
    return hmac.digest(key, opening + told, hashlib.sha256)


async def _exactly(reader: StreamReader, size: int) -> bytes:
    try:
        return await reader.readexactly(size)
    except IncompleteReadError as error:
        raise ConnectionResetError("the way was closed before the two ends had met") from error
