"""Codecs for tests."""

from __future__ import annotations

from typing import NoReturn

import pytest

from beamlike.distribution.terms_codec import PickleCodec


class UntouchedCodec:
    """Fails the test that uses it: for whatever must not be encoded or decoded yet.

    It does so by pytest's own exception, which no `except Exception` swallows.
    """

    def encode(self, term: object) -> NoReturn:
        pytest.fail(f"nothing was to be encoded, but {term!r} was")

    def decode(self, data: bytes) -> NoReturn:
        pytest.fail(f"nothing was to be decoded, but {data[:40]!r} was")


class RememberingCodec:
    """Counts what it encodes and expects to decode in the same order, as a codec may that ships code once."""

    def __init__(self) -> None:
        self._encoded = 0
        self._decoded = 0
        self._pickles = PickleCodec()

    def encode(self, term: object) -> bytes:
        data = self._encoded.to_bytes(4, "big") + self._pickles.encode(term)
        self._encoded += 1
        return data

    def decode(self, data: bytes) -> object:
        number = int.from_bytes(data[:4], "big")
        if number != self._decoded:
            raise ValueError(f"expected term {self._decoded} of this connection, got term {number}")
        self._decoded += 1
        return self._pickles.decode(data[4:])
