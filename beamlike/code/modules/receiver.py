"""The receiver's side: what a node has got of others, from where more can be had, and what it asks.

A module that has changed leaves `sys.modules`, with those that stand on it; the next import makes it anew of the new
source. Nothing is reloaded: what runs keeps the objects that it has.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable, Iterable
from threading import RLock
from types import ModuleType
from typing import Final, TypeAlias

from beamlike.code.modules.dependents import standing_on
from beamlike.code.modules.held import Held, HeldModules, LoadedModule
from beamlike.code.modules.loader import ModuleLoader, loader_of
from beamlike.code.modules.messages import (
    Answer,
    Change,
    FindModule,
    Found,
    LookAt,
    Missing,
    ModuleFile,
    News,
    Offer,
    Refused,
    decode_answer,
    encode_question,
)
from beamlike.code.modules.offers import Offers, Route
from beamlike.distribution.errors import ProtocolError
from beamlike.kernel.errors import NotConnected

PATIENCE: Final = 10.0
"""Seconds that an import waits for its origin."""

_ATTEMPTS: Final = 3

Ask: TypeAlias = Callable[[str, bytes, float], bytes]
"""Asks a peer and waits for the answer, at most so many seconds: NotConnected or TimeoutError, if there is none."""


class Receiver:
    """That of the node `node`. For any thread; none waits for another while that one asks."""

    def __init__(self, node: str, ask: Ask) -> None:
        self.node = node
        self._ask = ask
        self._lock = RLock()
        self._offers = Offers(node)
        self._held = HeldModules()
        self._loaded: dict[str, Held] = {}
        self._newest: dict[tuple[str, str], bytes] = {}
        """The hashes of what has changed since it was asked for last."""
        self._still_loading: dict[str, Held] = {}
        """Old versions that are being loaded: they are dropped once they are."""
        self._shown: dict[str, str] = {}
        """The file names of all versions that were loaded, and who gave them."""

    # What others tell.

    def hear(self, peer: str, news: News) -> None:
        with self._lock:
            if news.offers is not None:
                self._offers.hear(peer, news.offers)
            self._drop(news.changes)

    def settle(self) -> None:
        """Drops what could not be dropped when it changed."""
        if self._still_loading:
            with self._lock:
                self._drop(())

    def forget(self, peer: str) -> None:
        """The connection is over: all that `peer` gave is here no more, except for what runs."""
        with self._lock:
            self._offers.forget(peer)
            self._held.forget(peer)
            for name, held in list(self._loaded.items()):
                if held.route.peer == peer:
                    self._unload(name)
            for filename in [it for it, giver in self._shown.items() if giver == peer]:
                linecache.cache.pop(filename, None)
                del self._shown[filename]

    def close(self) -> None:
        """Forgets all peers."""
        with self._lock:
            for peer in {*self._offers.peers(), *(held.route.peer for held in self._loaded.values())}:
                self.forget(peer)

    def holdings(self) -> list[LoadedModule]:
        """The modules of others that are loaded."""
        with self._lock:
            loaded = [held for name, held in self._loaded.items() if _module_of(held, name) is not None]
        return [LoadedModule(it.file.name, it.file.hash.hex(), it.route.origin, it.since) for it in loaded]

    # Where there is more.

    @property
    def version(self) -> int:
        """Another one after each change of what is offered."""
        return self._offers.version

    def is_offered(self) -> bool:
        """Whether there is anything to be had of anybody."""
        with self._lock:
            return bool(self._offers)

    def offers_for(self, peer: str) -> tuple[Offer, ...]:
        """What can be passed on to `peer`."""
        with self._lock:
            return self._offers.for_peer(peer)

    def offered_names(self) -> set[str]:
        """The top-level modules that are to be had of others."""
        with self._lock:
            return self._offers.names()

    def routes(self, top: str) -> list[Route]:
        """To those who have a module of this name, the newest first."""
        with self._lock:
            return self._offers.routes(top)

    def routes_to(self, origin: str) -> list[Route]:
        """To that node; to all that there are, the newest first, if it is ""."""
        with self._lock:
            return self._offers.routes_to(origin)

    def held(self, origin: str, name: str) -> Held | None:
        with self._lock:
            return self._held.get(origin, name)

    def held_of(self, origin: str, top: str) -> list[Held]:
        with self._lock:
            return self._held.of(origin, top)

    def module(self, route: Route, name: str) -> Held | Missing | Refused:
        """The module of that name, held or asked for."""
        for _ in range(_ATTEMPTS):
            held = self.held(route.origin, name)
            if held is not None:
                return held
            answer = self.ask(route, FindModule(route.origin, name))
            if not isinstance(answer, Found):
                return answer if isinstance(answer, Missing | Refused) else Refused(f"is none: {type(answer).__name__}")
            self._take(route, answer.files)
        return Refused("changes faster than it can be got")

    def look_at(self, package: Held, path: tuple[str, ...], *, read: bool) -> Answer:
        """A resource of a package."""
        return self.ask(package.route, LookAt(package.route.origin, package.file.name, path, read))

    def loading(self, held: Held) -> None:
        """A module is about to be made of this version."""
        with self._lock:
            self._loaded[held.file.name] = held
            self._shown[held.filename] = held.route.peer

    def ask(self, route: Route, question: FindModule | LookAt) -> Answer:
        """Asks, and waits; Refused says why there is no answer."""
        try:
            return decode_answer(self._ask(route.peer, encode_question(question), PATIENCE))
        except (NotConnected, TimeoutError, ProtocolError) as error:
            return Refused(f"cannot be had of {route.peer}: {error}")

    def _take(self, route: Route, files: Iterable[ModuleFile]) -> None:
        """What was on its way when its change was told is old, and not kept; who asks again gets what is there then."""
        with self._lock:
            changed = {
                file.name for file in files if self._newest.pop((route.origin, file.name), file.hash) != file.hash
            }
            self._held.add(route, (file for file in files if file.name not in changed))

    # What is gone.

    def _drop(self, changes: Iterable[Change]) -> None:
        gone = {name for name, held in self._still_loading.items() if self._loaded.get(name) is held}
        self._still_loading.clear()
        for change in changes:
            held = self._held.get(change.origin, change.name)
            if held is None or held.file.hash != change.hash:
                self._held.drop(change.origin, change.name)
                self._newest[change.origin, change.name] = change.hash
            loaded = self._loaded.get(change.name)
            if loaded is not None and loaded.route.origin == change.origin and loaded.file.hash != change.hash:
                gone.add(change.name)
        if gone:
            for name in standing_on(gone, {name: held.imports for name, held in self._loaded.items()}):
                self._unload(name)

    def _unload(self, name: str) -> None:
        held = self._loaded[name]
        module = _module_of(held, name)
        if module is not None and _is_initializing(module):  # the import system would miss it
            self._still_loading[name] = held
            return
        del self._loaded[name]
        if module is not None:
            del sys.modules[name]
            sys.path_importer_cache.pop(ModuleLoader(self, held).search_path or "", None)
            parent, _, child = name.rpartition(".")
            if getattr(sys.modules.get(parent), child, None) is module:
                delattr(sys.modules[parent], child)


def _module_of(held: Held, name: str) -> ModuleType | None:
    """The module that was made of this version, if it is still the one of its name."""
    module = sys.modules.get(name)
    loader = loader_of(module)
    return module if loader is not None and loader.held is held else None


def _is_initializing(module: ModuleType) -> bool:
    return bool(getattr(module.__spec__, "_initializing", False))
