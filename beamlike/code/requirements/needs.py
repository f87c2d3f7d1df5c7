"""What code of this interpreter needs of packages. It is cheap to ask, as is done for each term that is sent, and to
import."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from types import BuiltinFunctionType
from typing import Final

DIGEST_SIZE: Final = 8


class Needs:
    """Locks in bytes by their digest, and the top-level modules that the packages in them bring along."""

    def __init__(self) -> None:
        self.locks: Mapping[bytes, bytes] = {}
        """Another object each time that it changes."""
        self.modules: frozenset[str] = frozenset()

    def say(self, locks: Iterable[bytes], modules: frozenset[str]) -> None:
        self.locks = {blake2b(lock, digest_size=DIGEST_SIZE).digest(): lock for lock in locks}
        self.modules = modules

    def met_by_some_of(self, modules: Iterable[str]) -> bool:
        """Whether one of these modules comes from one of the packages.

        >>> needs = Needs()
        >>> needs.say([b"a lock"], frozenset({"numpy"}))
        >>> needs.met_by_some_of(["json", "numpy.linalg"]), needs.met_by_some_of(["json"])
        (True, False)
        """
        return any(module.partition(".")[0] in self.modules for module in modules)

    def module_of(self, value: object) -> str | None:
        """The module of theirs by which a value may go by name that is neither a class nor a function of Python: a
        compiled function, or an object that says its name."""
        module = value.__module__ if isinstance(value, BuiltinFunctionType) else type(value).__module__
        return module if module and self.met_by_some_of([module]) else None


NEEDS = Needs()
