"""The finder: at the end of `sys.meta_path`, so that Python's own modules, installed ones and files always win.

It is there while nodes of this interpreter are offered modules by others. A name that nobody offers it does not know,
and asks nobody, unless it is the code of another node that imports; so that what libraries try to import, to see
whether it is there, costs nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec
from threading import Lock
from types import ModuleType
from typing import Final, TypeAlias

from beamlike.code.modules.far_loader import FarLoader, Origins, loader_of
from beamlike.code.modules.held import Held, LoadedModule
from beamlike.code.modules.importing import is_asking, is_import, who_imports
from beamlike.code.modules.messages import Folder, Missing, Refused
from beamlike.code.modules.offers import Route
from beamlike.code.modules.receiver import Receiver

Place: TypeAlias = tuple[Origins, Route]
"""Where to ask for a module."""


class ModuleFinder:
    """One for the interpreter, for all its nodes."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._receivers: tuple[Receiver, ...] = ()

    def serve(self, receiver: Receiver, is_offered: bool) -> None:
        """`receiver` is offered modules, or is so no more."""
        with self._lock:
            others = tuple(it for it in self._receivers if it is not receiver)
            self._receivers = (receiver, *others) if is_offered else others
            if not self._receivers:
                self._take_out()
            elif self not in sys.meta_path:
                sys.meta_path.append(self)
                sys.path_hooks.append(_lister)

    def go_on_in_fork(self) -> None:
        """A forked process has what is loaded, and no thread that could have left a lock; nobody answers it."""
        self._lock = Lock()
        for receiver in self._receivers:
            receiver.go_on_in_fork()

    def _take_out(self) -> None:
        if self in sys.meta_path:
            sys.meta_path.remove(self)
            sys.path_hooks.remove(_lister)

    def names(self) -> set[str]:
        """The top-level modules that other nodes offer, for who proposes names to import."""
        return {name for receiver in self._receivers for name in receiver.names}

    def loaded(self) -> list[LoadedModule]:
        """The modules of other nodes that are loaded here."""
        return [loaded for receiver in self._receivers for loaded in receiver.holdings()]

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """For the import system. An error says who was asked, and why there is no such module."""
        package = name.rpartition(".")[0]
        places = self._within(package) if package else self._beside(name)
        failures: list[ImportError] = []
        for origins, route in places:
            match origins.module(route, name):
                case Held() as held:
                    if target is not None:
                        origins.reloading(held, target)
                    from beamlike.code.modules.loader import ModuleLoader  # it imports much

                    return ModuleLoader(origins, held).spec()
                case Missing() | Refused() as why:
                    failures.append(_failure(name, origins.node, route.origin, why))
        if failures and is_import():
            # Who has it and cannot give it; else the last, whose folder it is that the code of the others imports from.
            raise next((it for it in failures if not isinstance(it, ModuleNotFoundError)), failures[-1])
        return None

    def _within(self, package: str) -> list[Place]:
        """A package is of one origin, and so is all that is in it."""
        loader = loader_of(sys.modules.get(package))
        return [] if loader is None else [(loader.origins, loader.held.route)]

    def _beside(self, name: str) -> list[Place]:
        """Where to look for a top-level module; first at the origin of the code that imports it."""
        receivers = self._receivers
        routes: list[Place] = [(it, route) for it in receivers for route in it.routes(name)]
        if len(routes) == 1 or not (routes or is_asking()):
            return routes
        importer = who_imports()
        if routes:
            return sorted(routes, key=lambda place: place[1].origin != importer.origin)
        routes = [(it, route) for it in receivers for route in it.routes_for(importer.origin)]
        if receivers and not routes and importer.origin and is_import():
            raise ModuleNotFoundError(
                f"No module named {name!r}: not installed on {importer.node or receivers[0].node}, "
                f"and {importer.origin}, whose code imports it, is not connected",
                name=name,
            )
        return routes


def _failure(name: str, node: str, origin: str, why: Missing | Refused) -> ImportError:
    if isinstance(why, Missing):
        return ModuleNotFoundError(
            f"No module named {name!r}: not installed on {node}, and {origin}, which was asked, {why.reason}", name=name
        )
    return ImportError(f"the module {name!r} of {origin} cannot be imported on {node}: it {why.reason}", name=name)


class PackageLister:
    """What `pkgutil` lists the modules of a package by. It finds none: that is the finder's."""

    def __init__(self, loader: FarLoader) -> None:
        self._loader = loader

    def find_spec(self, name: str, target: ModuleType | None = None) -> None:
        return None

    def iter_modules(self, prefix: str = "") -> Iterator[tuple[str, bool]]:
        for name, is_folder in self._entries():
            if is_folder and ("__init__.py", False) in self._entries(name):
                yield prefix + name, True
            elif name.endswith(".py") and name != "__init__.py":
                yield prefix + name.removesuffix(".py"), False

    def _entries(self, *path: str) -> tuple[tuple[str, bool], ...]:
        answer = self._loader.origins.look_at(self._loader.held, path, read=False)
        return answer.entries if isinstance(answer, Folder) else ()


def _lister(path: str) -> PackageLister:
    """For `sys.path_hooks`: takes what stands in the `__path__` of a package of another node."""
    name = path.removeprefix("<").partition(" of ")[0]
    loader = loader_of(sys.modules.get(name))
    if loader is None or loader.held.search_path != path:
        raise ImportError(f"expected the path of a package of another node, got {path!r}")
    return PackageLister(loader)


FINDER: Final = ModuleFinder()

os.register_at_fork(after_in_child=FINDER.go_on_in_fork)
