"""What somebody from another node brings into this interpreter while it is attached, and takes along when it leaves.

    begin(owner, package, user)     first, before anything of the package is loaded here
    visit = of(owner)
    visit.on_end(function)          whatever is to be undone, the last first
    visit.goes_on_with(owner)       who was out of reach has come again, as another process
    visit.serve(server)             from now on the visit lasts as long as that process, else as long as `owner`

While it lasts, the outputs have their router, and the modules of the visitor stay though its connection is lost. The
package is the visitor's, or this interpreter's own, where it is installed: what was not loaded before the first visitor
came is not loaded after the last has gone.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import os
import platform
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from importlib import import_module
from threading import Lock, Thread
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from beamlike.distribution.audit import Entry, Visitor, write
from beamlike.kernel import functions as kernel
from beamlike.kernel.current import current_node
from beamlike.kernel.group_leader import borrow_router
from beamlike.kernel.terms import Down, Pid

if TYPE_CHECKING:
    from beamlike.node import Node

logger = logging.getLogger("beamlike.code")

AGAIN_SECONDS: Final = 8.0
"""So long who comes again may have to wait for its last visit to end."""

_lock: Final = Lock()
_visits: Final[list[Visit]] = []
"""Of an owner that has begun one and then goes on with an earlier one there are both, the latter behind the other."""
_before: Final[dict[str, frozenset[str]]] = {}
"""What was loaded of each package before the first visitor came."""


class Visit:
    """One of `owner`, which has `package` run here; `user` is who it says it is."""

    def __init__(self, node: Node, owner: Pid, package: str, user: str) -> None:
        self.node = node
        self.visitor = visitor_of(node, owner.node, user)
        self._owner = owner
        self._package = package
        self._undo: list[Callable[[], object | Awaitable[object]]] = []
        with _lock:
            if _last_of(owner) is not None:
                raise RuntimeError(f"expected {owner} to visit once at a time, and it is here")
            _visits.append(self)
            _before.setdefault(package, frozenset(_loaded(package)))
        self._undo += [node.code.modules.keep(owner.node), self._leave, borrow_router()]
        self._guard = node.spawn_beside(self._last)

    def on_end(self, undo: Callable[[], object | Awaitable[object]]) -> None:
        """Has it called at the end."""
        self._undo.append(undo)

    def serve(self, server: Pid) -> None:
        """`server` stands for the visit from now on."""
        kernel.send(self._guard, server)

    def goes_on_with(self, owner: Pid) -> None:
        """The visitor comes again as that process, from another node perhaps, and finds what it had. Written down as an
        attachment."""
        if owner == self._owner:
            return
        visitor = visitor_of(self.node, owner.node, self.visitor.user)
        write(visitor, self.node.name, "attach")
        with _lock:
            _visits.remove(self)
            _visits.append(self)
            before, self._owner, self.visitor = self._owner, owner, visitor
        if owner.node != before.node:
            self._undo.insert(0, self.node.code.modules.keep(owner.node))

    def note(self, what: str, source: str = "") -> Entry:
        """Writes down what the visitor does, before it is done."""
        return write(self.visitor, self.node.name, what, source)

    async def _last(self) -> None:
        ref = kernel.monitor(self._owner)
        while True:
            match await kernel.receive():
                case Pid() as server:
                    kernel.demonitor(ref, flush=True)
                    ref = kernel.monitor(server)
                case Down(gone) if gone == ref:
                    break
        try:
            self.note("detach")
        finally:
            await self._end()

    async def _end(self) -> None:
        """Undoes all, whatever fails."""
        while self._undo:
            undo = self._undo.pop()
            try:
                undone = undo()
                if inspect.isawaitable(undone):
                    await undone
            except Exception:
                logger.exception("a trace of %s could not be removed", self.visitor.node)

    def _leave(self) -> None:
        with _lock:
            _visits.remove(self)
            if any(visit._package == self._package for visit in _visits):
                return
            before = _before.pop(self._package)
        for name in _loaded(self._package):
            if name not in before:
                sys.modules.pop(name, None)


async def begin(owner: Pid, package: str, user: str) -> None:
    """Begins a visit on the current node, and writes it down. It ends with `owner`, or what serves in its place."""
    node: Any = current_node()
    async with asyncio.timeout(AGAIN_SECONDS):
        while _last_of(owner) is not None:  # noqa: ASYNC110 - it is leaving, and undoes what it did
            await asyncio.sleep(0.02)
    write(visitor_of(node, owner.node, user), node.name, "attach")
    Visit(node, owner, package, user)


async def load(module: str, package: ModuleType) -> None:
    """Imports it in a thread, so that the loop goes on meanwhile. The thread is gone afterwards.

    `package` holds it, and is imported by the loop: as it travels, this node is told from where it is to be had."""
    assert module.startswith(f"{package.__name__}.")
    done: Future[None] = Future()

    def run() -> None:
        try:
            import_module(module)
        except BaseException as error:
            done.set_exception(error)
        else:
            done.set_result(None)

    Thread(target=run, name=f"import of {module}", daemon=True).start()
    await asyncio.wrap_future(done)


def house() -> dict[str, object]:
    """What a visitor has to know of this node: whether it takes code, and which versions it runs."""
    node: Any = current_node()
    return {
        "accepts_code": node.code.accepts_code,
        "beamlike": _version(),
        "python": platform.python_version(),
        "program": os.path.basename(sys.argv[0]) or "python",
    }


def _version() -> str:
    from importlib import metadata

    try:
        return metadata.version("beamlike")
    except metadata.PackageNotFoundError:
        return "(not installed)"


def of(owner: Pid) -> Visit:
    """The visit of that process; LookupError if it has not begun, or is over."""
    visit = _last_of(owner)
    if visit is None:
        raise LookupError(f"expected {owner} to visit this node, and it does not: attach anew")
    return visit


def _last_of(owner: Pid) -> Visit | None:
    return next((visit for visit in reversed(tuple(_visits)) if visit._owner == owner), None)


def visitors() -> list[Visitor]:
    """Who visits this interpreter now."""
    return [visit.visitor for visit in tuple(_visits)]


def visitor_of(node: Node, peer: str, user: str) -> Visitor:
    """Who evaluates on `node` from the node `peer`."""
    address = node.cluster.address_of(peer)
    where = "this node itself" if peer == node.name else address[0] if address is not None else "gone"
    return Visitor(peer, user, where, node.role_of(peer))


def _loaded(package: str) -> list[str]:
    return [name for name in tuple(sys.modules) if name == package or name.startswith(f"{package}.")]
