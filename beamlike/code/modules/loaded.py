"""The modules of other nodes that stand in `sys.modules`, and how they leave it.

Where two nodes offer modules of one name, only those of one can stand there. Those of the other are put aside, with
the state that they have, and are brought back when a term of their node comes.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable, Iterable
from types import ModuleType

from beamlike.code.modules.dependents import standing_on
from beamlike.code.modules.far_loader import loader_of
from beamlike.code.modules.held import Held, LoadedModule
from beamlike.code.modules.offers import Route


class LoadedModules:
    """Those of one node. Not for two threads at once."""

    def __init__(self) -> None:
        self._held: dict[str, Held] = {}
        self._aside: dict[tuple[str, str], dict[Held, ModuleType]] = {}
        """By top-level name and origin."""
        self.still_loading: dict[str, Held] = {}
        """What is to leave as soon as it is loaded: the import system would miss it before."""
        self._shown: dict[str, tuple[Route, str]] = {}
        """The file names of all versions that were loaded, where those came from, and their search paths."""

    def add(self, held: Held) -> None:
        """A module is about to be made of this version."""
        self._held[held.file.name] = held
        self._shown[held.filename] = held.route, held.search_path or ""

    def reload(self, held: Held, module: ModuleType) -> None:
        """`module` is about to be made anew of this version; it may have left just now, being of another one."""
        self.add(held)
        if held.file.name not in sys.modules:
            _put_in(held, module)

    def listed(self) -> list[LoadedModule]:
        standing = [held for held in self._held.values() if _module_of(held) is not None]
        aside = [held for modules in self._aside.values() for held in modules]
        return [LoadedModule(it.file.name, it.file.hash.hex(), it.route.origin, it.since) for it in standing + aside]

    # Leaving.

    def drop(self, origin: str, changed: Iterable[tuple[str, bytes]]) -> None:
        """Modules of that node, by name, have other hashes now: they leave, and what stands on them."""
        hashes = dict(changed)
        self._drop(
            name
            for name, held in self._held.items()
            if held.route.origin == origin and hashes.get(name, held.file.hash) != held.file.hash
        )
        self._aside = {key: modules for key, modules in self._aside.items() if key[1] != origin}

    def settle(self) -> None:
        """What could not leave, because it was being loaded, leaves now if it is."""
        waiting, self.still_loading = self.still_loading, {}
        self._drop(name for name, held in waiting.items() if self._held.get(name) is held)

    def forget(self, is_gone: Callable[[Route], bool]) -> None:
        """All that came by such routes leaves, with the lines that tracebacks show of it."""
        for name, held in list(self._held.items()):
            if is_gone(held.route):
                self._unload(name)
        for key, modules in list(self._aside.items()):
            if any(is_gone(held.route) for held in modules):
                del self._aside[key]
        for filename, (route, search_path) in list(self._shown.items()):
            if is_gone(route):
                linecache.cache.pop(filename, None)
                sys.path_importer_cache.pop(search_path, None)
                del self._shown[filename]

    def _drop(self, names: Iterable[str]) -> None:
        changed = set(names)
        if changed:
            for name in standing_on(changed, {name: held.imports for name, held in self._held.items()}):
                self._unload(name)

    def _unload(self, name: str) -> None:
        held = self._held[name]
        module = _module_of(held)
        if module is not None and _is_initializing(module):
            self.still_loading[name] = held
            return
        del self._held[name]
        sys.path_importer_cache.pop(held.search_path or "", None)
        if module is not None:
            _take_out(held, module)

    # Taking turns.

    def bring_back(self, top: str, origin: str) -> None:
        """From now on the modules of that name are those of `origin`."""
        others = {
            held: module
            for name, held in self._held.items()
            if name.partition(".")[0] == top
            and held.route.origin != origin
            and (module := _module_of(held)) is not None
        }
        if any(map(_is_initializing, others.values())):
            return
        for held, module in others.items():
            self._aside.setdefault((top, held.route.origin), {})[held] = module
            del self._held[held.file.name]
            _take_out(held, module)
        for held, module in self._aside.pop((top, origin), {}).items():
            self._held[held.file.name] = held
            _put_in(held, module)


def _module_of(held: Held) -> ModuleType | None:
    """The module that was made of this version, if it is still the one of its name; also if it was reloaded since."""
    module = sys.modules.get(held.file.name)
    loader = loader_of(module)
    return module if loader is not None and loader.held.route == held.route else None


def _is_initializing(module: ModuleType) -> bool:
    return bool(getattr(module.__spec__, "_initializing", False))


def _take_out(held: Held, module: ModuleType) -> None:
    name = held.file.name
    del sys.modules[name]
    parent, _, child = name.rpartition(".")
    if getattr(sys.modules.get(parent), child, None) is module:
        delattr(sys.modules[parent], child)


def _put_in(held: Held, module: ModuleType) -> None:
    sys.modules[held.file.name] = module
    parent, _, child = held.file.name.rpartition(".")
    if parent in sys.modules:
        setattr(sys.modules[parent], child, module)
