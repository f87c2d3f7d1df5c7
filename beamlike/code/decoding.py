"""Whose term a thread is decoding: what loads code asks there for what it needs."""

from __future__ import annotations

import threading
from typing import Any, Protocol


class Decoder(Protocol):
    """The codec of the connection by which a term has come, from the node `there` to the node `here`."""

    @property
    def here(self) -> str: ...

    @property
    def there(self) -> str: ...

    def names(self, hash: bytes) -> None:
        """The term names a source by its hash."""
        ...

    def loads(self, data: bytes) -> Any:
        """A pickle within the term, under the same terms."""
        ...

    def image(self, number: int) -> Any:
        """The function or class of which this is the image's number."""
        ...

    def content(self, key: bytes) -> Any:
        """The large value of this key. Raises NotYet while it is on its way."""
        ...

    def shared(self, key: bytes) -> Any:
        """The value that was shared under this key. Raises NotYet while it is on its way."""
        ...


class _Decoding(threading.local):
    codec: Decoder | None = None


DECODING = _Decoding()


def decoder() -> Decoder:
    """Raises RuntimeError if this thread decodes no term."""
    if DECODING.codec is None:
        raise RuntimeError("expected to be loaded by a connection's codec: what it refers to stands there")
    return DECODING.codec


def node_decoding() -> str | None:
    """The name of the node to which the term came that this thread decodes, if it does."""
    return DECODING.codec.here if DECODING.codec is not None else None
