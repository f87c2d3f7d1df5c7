"""A base and a metaclass that everybody has, which need keywords of class statements."""

from __future__ import annotations

from abc import ABCMeta
from typing import Any, ClassVar


class Plugin:
    known: ClassVar[dict[str, type[Plugin]]] = {}

    def __init_subclass__(cls, *, name: str) -> None:
        super().__init_subclass__()
        cls.known[name] = cls


class Table(ABCMeta):
    def __new__(meta, name: str, bases: tuple[type, ...], namespace: dict[str, Any], *, table: str) -> Table:
        made = super().__new__(meta, name, bases, namespace)
        made.table = table
        return made

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], *, table: str) -> None:
        super().__init__(name, bases, namespace)

    table: str
