"""The handle of a value that stays on the node that made it: how it is shown, travels, and is asked.

On its way it is a `Sent`, with the keeper that it comes from and a token that this keeper has pinned for it. Unpickled
on the value's own node it is the value itself. Asked from another node, it asks along the way that it came: a child
node need not be connected to any but its parent.

    ref ──rpc: answer(id, request)──► node of `via` ──rpc: answer(id, request)──► home: performed there
"""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

import beamlike as bl
from beamlike.code.decoding import node_decoding
from beamlike.kernel.current import current_node, running_nodes
from beamlike.kernel.errors import RemoteTraceback
from flame.tracking.errors import CannotFetch, RefLost, RefTimeout
from flame.tracking.keeper import NOT_KEPT, Id, Keeper, keeper_here, keeper_of
from flame.tracking.performing import Call, Fetch, Get, Request, TooMuch, performed
from flame.tracking.previews import preview, type_name
from flame.tracking.sizes import estimated_size
from flame.tracking.splitting import split
from flame.tracking.stays import Stays
from flame.travel_limit import TRAVEL_LIMIT


class RemoteRef(Stays):
    """A value on the node `node`, which stays there for as long as anybody, anywhere, holds a reference to it.

    `type` is the qualified name of its class, `size` about how many bytes it has (None: not known), `preview` a short
    text of tables, arrays and what is built in, made over there. References are equal if their value is the same one.
    As an argument of a call on its own node it arrives as the value itself.

    References in a circle through several nodes, each held by the value of another, are never freed.
    """

    __slots__ = ("__weakref__", "_finalizer", "_home", "_id", "_keeper", "preview", "size", "type")

    def __init__(self, keeper: Keeper, id: Id, home: bl.Pid, type: str, size: int | None, preview: str) -> None:
        """Of a copy that is counted already. `flame.keep` makes references."""
        self._keeper = keeper
        self._id = id
        self._home = home
        self.type = type
        self.size = size
        self.preview = preview
        self._finalizer = weakref.finalize(self, keeper.garbage, id)
        self._finalizer.atexit = False

    @property
    def node(self) -> str:
        """The name of the node on which the value is."""
        return self._home.node

    @property
    def is_here(self) -> bool:
        """Whether the value is on the node of this copy."""
        return self._home == self._keeper.pid

    async def fetch(self, *, timeout: float | None = None, max_result: int | None = None) -> Any:
        """A copy of the value; on its own node the value itself.

        CannotFetch if it cannot travel, or has more than `max_result` bytes; RefLost if it is gone, RefTimeout after
        `timeout` seconds.
        """
        if max_result is not None and self.size is not None and self.size > max_result:
            raise _too_large(self, f"about {self.size}", max_result)
        try:
            return await self._asked(Fetch(max_result), timeout, "fetch()")
        except bl.UnencodableTerm as error:
            raise CannotFetch(
                f"the {self.type} on {self.node} cannot travel: {error}. It stays there: use ref.call(method, ...) and "
                "ref.get(attribute), or pass the reference to a function that runs there"
            ) from error

    async def call(self, method: str, *args: Any, timeout: float | None = None, **keywords: Any) -> Any:
        """Calls a method of the value over there, async or plain, and returns what it returns or raises what it raised.

        A plain method runs in a thread. A result that cannot travel, or has more than TRAVEL_LIMIT bytes, is a
        RemoteRef again; see also `fetch`.

        >>> import asyncio, flame, beamlike as bl
        >>> async def main():
        ...     async with bl.Node("doc@127.0.0.1"):
        ...         words = flame.keep(["b", "a"])
        ...         await words.call("sort")
        ...         return await words.call("index", "a")
        >>> asyncio.run(main())
        0
        """
        return await self._asked(Call(method, args, keywords), timeout, f"{method}()")

    async def get(self, attribute: str, *, timeout: float | None = None) -> Any:
        """An attribute of the value; as `call`, also in what it returns and raises."""
        return await self._asked(Get(attribute), timeout, attribute)

    def release(self) -> None:
        """Gives this copy up, as if it were garbage; it is of no use any more. The value lives on for others."""
        self._finalizer()

    def __reduce__(self) -> tuple[Callable[[Sent], Any], tuple[Sent]]:
        if not self._finalizer.alive:
            raise self._lost("this copy of the reference was released")
        known: Sent | None = _drafts.of_thread.get(self._id)
        token = self._keeper.pin(self._id, None if known is None or known.via != self._keeper.pid else known.token)
        if known is None or known.token != token or known.via != self._keeper.pid:
            known = Sent(self._id, self._home, self._keeper.pid, token, self.type, self.size, self.preview)
            _drafts.of_thread[self._id] = known
        return arrived, (known,)

    def __copy__(self) -> RemoteRef:
        return self

    def __deepcopy__(self, memo: object) -> RemoteRef:
        return self  # a copy of the handle is no copy of the value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RemoteRef) and other._id == self._id

    def __hash__(self) -> int:
        return hash(self._id)

    def __repr__(self) -> str:
        size = "" if self.size is None else f", {_in_words(self.size)}"
        shown = "" if not self.preview else f": {self.preview}" if "\n" not in self.preview else f":\n{self.preview}"
        return f"<RemoteRef {self.type} on {self.node}{size}{shown}>"

    async def _asked(self, request: Request, timeout: float | None, what: str) -> Any:
        if not self._finalizer.alive:
            raise self._lost("this copy of the reference was released")
        try:
            return await _answered(self._keeper, self._id, request, timeout)
        except _Gone as gone:
            raise self._lost(str(gone)) from None
        except TooMuch as found:
            raise _too_large(self, *found.args) from None
        except _Late:
            raise RefTimeout(f"{what} of the {self.type} on {self.node} gave no result within {timeout} s") from None

    def _lost(self, reason: str) -> RefLost:
        return RefLost(self.node, self.type, reason)


# On its way.


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Sent:
    """A reference in a pickle."""

    id: Id
    home: bl.Pid
    via: bl.Pid
    token: int
    type: str
    size: int | None
    preview: str

    def __reduce__(self) -> tuple[Callable[..., Sent], tuple[Any, ...]]:
        return Sent, (self.id, self.home, self.via, self.token, self.type, self.size, self.preview)


class _Drafts(threading.local):
    """What this thread has pickled, for as long as its pickler lives: a term may be tried by several, of which only the
    last one's work is sent. They share a token, for nobody would ever claim those of the others."""

    def __init__(self) -> None:
        self.of_thread: WeakValueDictionary[Id, Sent] = WeakValueDictionary()


_drafts = _Drafts()


def arrived(sent: Sent) -> Any:
    """What a pickled reference becomes: the value itself on its own node, elsewhere a reference."""
    keeper = _keeper_that_decodes()
    known = keeper.arrives(sent.id, sent.home, sent.via, sent.token)
    if known is not None:
        return known.value
    return RemoteRef(keeper, sent.id, sent.home, sent.type, sent.size, sent.preview)


def _keeper_that_decodes() -> Keeper:
    """Of the node to which the term came, whatever node this code runs on behalf of."""
    name = node_decoding()
    for node in running_nodes():
        if node.name == name:
            return keeper_of(node)
    return keeper_of(current_node())


# Over there.


class _Gone(Exception):
    """The value is not where it was looked for; why, in words."""


class _Late(Exception):
    """There was no answer in time."""


async def answer(id: Id, request: Request) -> Any:
    """Run on the next node towards the value, on behalf of a reference to it."""
    keeper = keeper_here()
    known = keeper.value(id)
    if known is None:
        return await _passed_on(keeper, id, request, None)
    result = await performed(known.value, request)
    return result if isinstance(request, Fetch) else split(result, TRAVEL_LIMIT, kept)


async def _answered(keeper: Keeper, id: Id, request: Request, timeout: float | None) -> Any:
    known = keeper.value(id)
    if known is None:
        return await _passed_on(keeper, id, request, timeout)
    try:
        async with asyncio.timeout(timeout) as limit:
            return await performed(known.value, request)
    except TimeoutError:
        if limit.expired():
            raise _Late from None
        raise


async def _passed_on(keeper: Keeper, id: Id, request: Request, timeout: float | None) -> Any:
    via = keeper.via(id)
    if via is None or keeper.lost(id):
        raise _Gone(keeper.lost(id) or NOT_KEPT)
    try:
        return await bl.rpc.call(via.node, answer, id, request, timeout=timeout)
    except (bl.rpc.NodeLost, bl.rpc.CallTimedOut) as error:
        if isinstance(error.__cause__, RemoteTraceback):  # the value's own method raised it
            raise
        if isinstance(error, bl.rpc.NodeLost):
            raise _Gone(f"the connection to {via.node} was lost") from error
        raise _Late from error


# Made here.


def kept(value: Any, then: Callable[[], None] | None = None) -> RemoteRef:
    """A reference to a value that stays on the current node; `then` is called once it is freed."""
    keeper = keeper_here()
    id = keeper.keep(value, then)
    try:
        return RemoteRef(keeper, id, keeper.pid, type_name(value), estimated_size(value), preview(value))
    except BaseException:  # what it is asked may be anybody's code
        keeper.garbage(id)
        raise


def keeper_of_ref(ref: RemoteRef) -> tuple[Keeper, Id]:
    """The keeper on the node of this copy, and what it calls the value."""
    return ref._keeper, ref._id


# In words.


def _too_large(ref: RemoteRef, size: str, max_result: int) -> CannotFetch:
    return CannotFetch(
        f"expected a value of at most {max_result} bytes, the {ref.type} on {ref.node} has {size}: ask for a part of "
        "it by ref.call(method, ...), or raise max_result"
    )


def _in_words(size: int) -> str:
    for unit, bytes in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= bytes:
            return f"{size / bytes:.1f} {unit}"
    return f"{size} bytes"
