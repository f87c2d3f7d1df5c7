"""A base that everybody has, with a hook for the classes over it that needs a keyword of their class statement."""

from __future__ import annotations

from typing import ClassVar


class Plugin:
    known: ClassVar[dict[str, type[Plugin]]] = {}

    def __init_subclass__(cls, *, name: str) -> None:
        super().__init_subclass__()
        cls.known[name] = cls
