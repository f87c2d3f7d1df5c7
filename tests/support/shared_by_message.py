"""What a test shares by message on purpose: a count, a gate, an identity. It stays one object under BEAMLIKE_COPY."""

from __future__ import annotations

from typing import Self


class SharedByMessage:
    __slots__ = ()

    def __deepcopy__(self, memo: object) -> Self:
        return self
