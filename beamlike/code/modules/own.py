"""Which modules are a node's own, so that others would have to ask for them; and where those lie."""

from __future__ import annotations

import sys
from collections.abc import Callable

from beamlike.code.modules.far_loader import loader_of
from beamlike.code.modules.files import find
from beamlike.code.modules.offered import OFFERED, Offer, Offered
from beamlike.code.modules.roots import Root, own_roots, root_of_loaded, working_directory


class OwnModules:
    """Those of this interpreter: offered, on its `path`, or loaded from elsewhere."""

    def __init__(self, offered: Offered = OFFERED, path: Callable[[], list[str]] = lambda: sys.path) -> None:
        self._offered = offered
        self._sys_path = path
        self._known: dict[str, bool] = {}
        self._known_with: tuple[Offer, ...] = ()
        """What was offered when they became known."""
        self._path: list[str] = []
        self._folder = ""
        self._on_path: tuple[Root, ...] = ()
        self._elsewhere: dict[str, Root] = {}
        self._roots: dict[str, tuple[Root, ...]] = {}
        self._roots_with: tuple[Offer, ...] = ()
        """What was offered when those of each peer were put together."""

    def roots(self, peer: str) -> tuple[Root, ...]:
        """Where those lie that `peer` may have: what is offered first, as if it stood at the beginning of the path. The
        same tuple as long as they are the same."""
        self._look_at_the_path()
        if self._roots_with is not self._offered.all:
            self._roots, self._roots_with = {}, self._offered.all
        known = self._roots  # if another thread finds a change meanwhile, that begins another
        roots = known.get(peer)
        if roots is None:
            roots = known[peer] = (*self._offered.roots(peer), *self._on_path, *self._elsewhere.values())
        return roots

    def is_offered_a_folder(self, peer: str) -> bool:
        """Whether `peer` may have one by `bl.offer`."""
        return any(root.only is None for root in self._offered.roots(peer))

    def _look_at_the_path(self) -> None:
        path = self._sys_path()
        folder = working_directory() if "" in path else ""
        if path != self._path or folder != self._folder:
            self._path, self._folder = list(path), folder
            self._on_path = own_roots(entry or folder for entry in path)
            self._roots = {}

    def forget(self, peer: str) -> None:
        self._roots.pop(peer, None)
        self._offered.forget(peer)

    def has(self, module: str) -> bool:
        """Whether a module that is loaded here, or can be, is one; not `__main__`, which nobody can import."""
        if self._known_with is not self._offered.all:
            self._known, self._known_with = {}, self._offered.all
        own = self._known.get(module)
        if own is None:
            top = module.partition(".")[0]
            own = self._is_own(top)
            if top in sys.modules:
                self._known[module] = own
        return own

    def _is_own(self, top: str) -> bool:
        if top == "__main__" or top in sys.stdlib_module_names:
            return False
        module = sys.modules.get(top)
        if loader_of(module) is not None or any(offer.root.only == top for offer in self._offered.all):
            return True
        if module is None:
            return find((*(offer.root for offer in self._offered.all), *self.roots("")), top) is not None
        root = root_of_loaded(top)
        if root is not None and find(self.roots(""), top) is None:
            self._elsewhere[top] = root
            self._roots = {}
        return root is not None
