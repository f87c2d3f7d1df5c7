"""The receiver's side: what a node has got of others, from where more can be had, and what it asks.

A module that has changed leaves `sys.modules`, with those that stand on it; the next import makes it anew of the new
source. Nothing is reloaded: what runs keeps the objects that it has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby
from operator import attrgetter
from threading import RLock
from types import ModuleType
from typing import Final, TypeAlias

from beamlike.code.modules.held import Held, HeldModules, LoadedModule
from beamlike.code.modules.loaded import LoadedModules
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
from beamlike.code.modules.sight import Sight
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
        self._loaded = LoadedModules()
        self._sight = Sight()
        self.changes_seen = 0
        """One more after each time that modules have changed."""
        self._newest: dict[tuple[str, str], bytes] = {}
        """The hashes of what has changed since it was asked for last."""
        self._contested: frozenset[str] = frozenset()
        self.names: frozenset[str] = frozenset()
        """The top-level modules that are to be had of others."""

    # What others tell.

    def hear(self, peer: str, news: News) -> None:
        with self._lock:
            if news.offers is not None:
                self._offers.hear(peer, news.offers)
                self._sight.look_out(self._offers.all())
                self._offers_have_changed()
            for origin, changes in groupby(news.changes, key=attrgetter("origin")):
                self._have_changed(origin, [(it.name, it.hash) for it in changes])

    def turn_to(self, peer: str) -> None:
        """To be called before a term of `peer` is decoded: of modules that several offer, its own are to be used. And
        what could not be dropped when it changed is dropped now."""
        if self._contested or self._loaded.still_loading:
            with self._lock:
                self._loaded.settle()
                for top in self._contested:
                    route = next((it for it in self._offers.routes(top) if it.peer == peer), None)
                    if route is not None:
                        self._loaded.bring_back(top, route.origin)

    def forget(self, peer: str) -> None:
        """The connection is over: all that `peer` gave is here no more, except for what runs."""
        with self._lock:
            self._offers.forget(peer)
            self._sight.look_out(self._offers.all())
            self._offers_have_changed()

    def close(self) -> None:
        """Forgets all peers."""
        with self._lock:
            for peer in self._offers.peers():
                self.forget(peer)

    def go_on_in_fork(self) -> None:
        self._lock = RLock()

    def holdings(self) -> list[LoadedModule]:
        """The modules of others that are loaded."""
        with self._lock:
            return self._loaded.listed()

    def _offers_have_changed(self) -> None:
        """What came by a way that is not there any more is forgotten."""
        routes, contested = self._offers.all_routes(), self._contested
        self._contested = self._offers.contested()
        self.names = frozenset(self._offers.names())

        def is_gone(route: Route) -> bool:
            return route not in routes

        self._held.forget(is_gone)
        self._loaded.forget(is_gone)
        for top in contested - self._contested:
            for route in self._offers.routes(top):
                self._loaded.bring_back(top, route.origin)
        self._newest = {key: hash for key, hash in self._newest.items() if any(it.origin == key[0] for it in routes)}

    def _have_changed(self, origin: str, changes: list[tuple[str, bytes]]) -> None:
        for name, hash in changes:
            held = self._held.get(origin, name)
            if held is None or held.file.hash != hash:
                self._held.drop(origin, name)
                self._newest[origin, name] = hash
        self._loaded.drop(origin, changes)
        self.changes_seen += 1

    # What is seen, though nobody tells it.

    def look_around(self) -> None:
        """Finds out what others offer now in those of their folders that are seen from here."""
        with self._lock:
            if self._sight.look_around(self._offers):
                self._offers_have_changed()

    def changes(self, modules: Iterable[Held]) -> tuple[Change, ...]:
        """To those of these that are not the newest version any more."""
        with self._lock:
            for held in self._sight.doubtful(modules):
                self._look_at(held)
            return tuple(filter(None, map(self._change, modules)))

    def _change(self, held: Held) -> Change | None:
        origin, name, hash = held.route.origin, held.file.name, held.file.hash
        newest = self._held.get(origin, name)
        if newest is held or (newest is not None and newest.file.hash == hash):
            return None
        return Change(origin, name, newest.file.hash if newest is not None else b"")

    def _look_at(self, held: Held) -> None:
        """As if its origin had told what lies there."""
        hash = self._sight.hash_now(held)
        if hash is not None and hash != held.file.hash:
            self._have_changed(held.route.origin, [(held.file.name, hash)])

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

    def routes(self, top: str) -> list[Route]:
        """To those who have a module of this name, the newest first."""
        with self._lock:
            if not self._offers.routes(top):
                self.look_around()
            return self._offers.routes(top)

    def route_to(self, origin: str) -> Route | None:
        with self._lock:
            return self._offers.route_to(origin)

    def routes_for(self, node: str) -> list[Route]:
        """Where to look for what code of `node` imports, and nobody offers."""
        with self._lock:
            return self._offers.routes_for(node)

    def held(self, origin: str, name: str) -> Held | None:
        """The newest version, if that is here."""
        with self._lock:
            held = self._held.get(origin, name)
            if held is not None and self._sight.doubtful([held]):
                self._look_at(held)
            return self._held.get(origin, name)

    def held_of(self, origin: str, top: str) -> list[Held]:
        """The newest versions that are here of a module and all within it."""
        with self._lock:
            for held in self._sight.doubtful(self._held.of(origin, top)):
                self._look_at(held)
            return self._held.of(origin, top)

    def module(self, route: Route, name: str) -> Held | Missing | Refused:
        """The module of that name, held or asked for."""
        held = self.held(route.origin, name)
        for _ in range(_ATTEMPTS):
            if held is not None:
                return held
            answer = self.ask(route, FindModule(route.origin, name))
            if not isinstance(answer, Found):
                return answer if isinstance(answer, Missing | Refused) else Refused(f"is none: {type(answer).__name__}")
            held = self._taken(route, answer.files, name)
        return Refused("changes faster than it can be got")

    def look_at(self, package: Held, path: tuple[str, ...], *, read: bool) -> Answer:
        """A resource of a package."""
        return self.ask(package.route, LookAt(package.route.origin, package.file.name, path, read))

    def loading(self, held: Held) -> None:
        """A module is about to be made of this version."""
        with self._lock:
            self._loaded.add(held)

    def reloading(self, held: Held, module: ModuleType) -> None:
        """`module` is about to be made anew of this version."""
        with self._lock:
            self._loaded.reload(held, module)

    def ask(self, route: Route, question: FindModule | LookAt) -> Answer:
        """Asks, and waits; Refused says why there is no answer."""
        try:
            return decode_answer(self._ask(route.peer, encode_question(question), PATIENCE))
        except (NotConnected, TimeoutError, ProtocolError, ValueError) as error:  # also for a name of no sensible size
            return Refused(f"cannot be had of {route.peer}: {error}")

    def _taken(self, route: Route, files: Iterable[ModuleFile], name: str) -> Held | None:
        """The module of that name, when these are here. What was on its way when its change was told is old, and not
        kept; who asks again gets what is there then."""
        with self._lock:
            changed = {
                file.name for file in files if self._newest.pop((route.origin, file.name), file.hash) != file.hash
            }
            self._held.add(route, (file for file in files if file.name not in changed))
            return self._held.get(route.origin, name)
