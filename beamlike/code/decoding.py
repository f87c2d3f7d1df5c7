"""Whose term a thread is decoding: what loads code asks there for what it needs."""

from __future__ import annotations

import threading
from typing import Any, Protocol


class Decoder(Protocol):
    """The codec of the connection by which a term has come, from the node `there`."""

    @property
    def there(self) -> str: ...

    def names(self, hash: bytes) -> None:
        """The term names a source by its hash."""
        ...

    def loads(self, data: bytes) -> Any:
        """A pickle within the term, under the same terms."""
        ...


class _Decoding(threading.local):
    codec: Decoder | None = None


DECODING = _Decoding()
