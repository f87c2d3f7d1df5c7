"""Codecs for tests."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, NoReturn

import pytest

from beamlike.distribution.terms_codec import Buffer, Content, Encoded, NotYet, PickleCodec, TermCodec


class UntouchedCodec(PickleCodec):
    """Fails the test that uses it: for whatever must not be encoded or decoded yet.

    It does so by pytest's own exception, which no `except Exception` swallows.
    """

    def draft(self, term: object, *, alone: bool) -> NoReturn:
        pytest.fail(f"nothing was to be encoded, but {term!r} was")

    def hear(self, ahead: bytes) -> NoReturn:
        pytest.fail(f"nothing was to be heard, but {ahead[:40]!r} was")

    def decode(self, data: Buffer, buffers: Sequence[Buffer]) -> NoReturn:
        pytest.fail(f"nothing was to be decoded, but {bytes(data[:40])!r} was")


class RememberingCodec(PickleCodec):
    """Counts what it encodes, has the number go ahead, and expects that to have come, as a codec may that ships code
    once."""

    def __init__(self) -> None:
        self._encoded = 0
        self._heard = -1

    def finish(self, draft: Encoded) -> Encoded:
        encoded = super().finish(draft)
        number = self._encoded.to_bytes(4, "big")
        self._encoded += 1
        return Encoded(number + encoded.data, encoded.buffers, ahead=number)

    def hear(self, ahead: bytes) -> None:
        number = int.from_bytes(ahead, "big")
        if number != self._heard + 1:
            raise ValueError(f"expected number {self._heard + 1} of this connection to go ahead, got {number}")
        self._heard = number

    def decode(self, data: Buffer, buffers: Sequence[Buffer]) -> object:
        number = int.from_bytes(data[:4], "big")
        if number > self._heard:
            raise ValueError(f"expected that {number} had come ahead, which ended with {self._heard}")
        return super().decode(data[4:], buffers)


class LateCodec(PickleCodec):
    """Takes the terms in `late` when they are `ready`, and not before."""

    def __init__(self) -> None:
        self.late: dict[Any, Future[None]] = {}

    def decode(self, data: Buffer, buffers: Sequence[Buffer]) -> object:
        term = super().decode(data, buffers)
        ready = self.late.get(_key(term))
        if ready is not None and not ready.done():
            raise NotYet(ready, by_this_way=_key(term) != "elsewhere")
        return term


def _key(term: Any) -> Any:
    """What the first set in the term has in it."""
    match term:
        case set():
            return min(term)
        case tuple():
            return next((key for part in term if (key := _key(part)) is not None), None)
        case _:
            return None


def in_one(encoded: Encoded) -> bytes:
    """A term with all that goes ahead of it and beside it."""
    contents = [(content.key, [bytes(part) for part in content.parts]) for content in encoded.contents]
    return pickle.dumps((encoded.ahead, contents, encoded.data, [bytes(buffer) for buffer in encoded.buffers]))


def out_of_one(codec: TermCodec, data: bytes) -> Any:
    """The term that `in_one` was given."""
    ahead, contents, body, buffers = pickle.loads(data)
    if ahead is not None:
        codec.hear(ahead)
    for content in contents:
        codec.take_in(Content(*content))
    return codec.decode(body, buffers)


def there_and_back(codec: TermCodec, term: object) -> Any:
    """What becomes of a term that travels."""
    return out_of_one(codec, in_one(codec.finish(codec.draft(term, alone=False))))
