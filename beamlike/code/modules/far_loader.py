"""What says of a module that it came of another node.

`loader` has what makes one, and with it all that `importlib.resources` needs: as long as none has come, no node has use
for that, least of all at its boot.
"""

from __future__ import annotations

from types import ModuleType
from typing import Protocol

from beamlike.code.modules.held import Held
from beamlike.code.modules.messages import Answer, Missing, Refused
from beamlike.code.modules.offers import Route


class Origins(Protocol):
    """The node that a module came to, as the module's loader sees it."""

    node: str

    def module(self, route: Route, name: str) -> Held | Missing | Refused:
        """Another module, to be had by this route."""
        ...

    def look_at(self, package: Held, path: tuple[str, ...], *, read: bool) -> Answer:
        """A resource of a package."""
        ...

    def loading(self, held: Held) -> None:
        """A module is about to be made of this version."""
        ...

    def reloading(self, held: Held, module: ModuleType) -> None:
        """`module` is about to be made anew of this version."""
        ...


class FarLoader:
    def __init__(self, origins: Origins, held: Held) -> None:
        self.origins = origins
        self.held = held

    def __repr__(self) -> str:
        return f"<the loader of {self.held.file.name} of {self.held.route.origin}>"


def loader_of(module: ModuleType | None) -> FarLoader | None:
    """The loader of a module that came of another node; None of any other."""
    loader = getattr(getattr(module, "__spec__", None), "loader", None)
    return loader if isinstance(loader, FarLoader) else None
