"""Codecs for tests."""

from __future__ import annotations

import pickle
from collections.abc import Iterable
from typing import Any, NoReturn

import pytest

from beamlike.distribution.terms_codec import Buffer, Encoded, PickleCodec, TermCodec


class UntouchedCodec:
    """Fails the test that uses it: for whatever must not be encoded or decoded yet.

    It does so by pytest's own exception, which no `except Exception` swallows.
    """

    def encode(self, term: object) -> NoReturn:
        pytest.fail(f"nothing was to be encoded, but {term!r} was")

    def hear(self, ahead: bytes) -> NoReturn:
        pytest.fail(f"nothing was to be heard, but {ahead[:40]!r} was")

    def decode(self, data: Buffer, buffers: Iterable[Buffer]) -> NoReturn:
        pytest.fail(f"nothing was to be decoded, but {bytes(data[:40])!r} was")


class RememberingCodec:
    """Counts what it encodes, has the number go ahead, and expects that to have come, as a codec may that ships code
    once."""

    def __init__(self) -> None:
        self._encoded = 0
        self._heard = -1
        self._pickles = PickleCodec()

    def encode(self, term: object) -> Encoded:
        encoded = self._pickles.encode(term)
        number = self._encoded.to_bytes(4, "big")
        self._encoded += 1
        return Encoded(number + encoded.data, encoded.buffers, ahead=number)

    def hear(self, ahead: bytes) -> None:
        number = int.from_bytes(ahead, "big")
        if number != self._heard + 1:
            raise ValueError(f"expected number {self._heard + 1} of this connection to go ahead, got {number}")
        self._heard = number

    def decode(self, data: Buffer, buffers: Iterable[Buffer]) -> object:
        number = int.from_bytes(data[:4], "big")
        if number > self._heard:
            raise ValueError(f"expected that {number} had come ahead, which ended with {self._heard}")
        return self._pickles.decode(data[4:], buffers)


def in_one(encoded: Encoded) -> bytes:
    """A term with all that goes ahead of it and beside it."""
    return pickle.dumps((encoded.ahead, encoded.data, [bytes(buffer) for buffer in encoded.buffers]))


def out_of_one(codec: TermCodec, data: bytes) -> Any:
    """The term that `in_one` was given."""
    ahead, body, buffers = pickle.loads(data)
    if ahead is not None:
        codec.hear(ahead)
    return codec.decode(body, buffers)


def there_and_back(codec: TermCodec, term: object) -> Any:
    """What becomes of a term that travels."""
    return out_of_one(codec, in_one(codec.encode(term)))
