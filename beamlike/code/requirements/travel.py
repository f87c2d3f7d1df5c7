"""How requirements reach other nodes: a lock goes ahead of the first term that needs it, once per connection, and each
such term bears a mark. At the other side a marked term is held back until the packages are there.

A term needs them if code travels in it, or if it names a module of theirs: a class of numpy, for one. What is plain is
not marked, so a node that only talks to this one installs nothing, and goes on talking where it cannot.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from struct import Struct
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from beamlike.code.requirements.errors import RequirementsError
from beamlike.code.requirements.needs import DIGEST_SIZE, NEEDS, Needs
from beamlike.code.uses import NOTHING, Uses
from beamlike.distribution.terms_codec import Buffer, NotYet
from beamlike.kernel import group_leader
from beamlike.kernel.current import at, current_node, node_towards
from beamlike.kernel.errors import AmbiguousNode, NoNode
from beamlike.kernel.functions import send
from beamlike.kernel.group_leader import Output
from beamlike.kernel.terms import Pid
from beamlike.kernel.user import leader_elsewhere

if TYPE_CHECKING:
    from beamlike.code.requirements.environments import Environments
    from beamlike.code.requirements.progress import Step

Message: TypeAlias = tuple[str, Any]

KIND: Final = "environment"
_MARK: Final = 0xE5
"""The first byte of a marked term; a pickle starts with another."""
_HEAD: Final = Struct(">BI")
"""The mark, and the size of the digests that follow."""


class PackagesThere:
    """What the other side of one connection has been told."""

    def __init__(self, needs: Needs = NEEDS) -> None:
        self._needs = needs
        self._told: set[bytes] = set()
        self._told_last: Mapping[bytes, bytes] = {}

    def news(self, uses: Uses) -> list[Message]:
        """What is to go ahead of a term that uses these; it counts as sent from then on."""
        locks = self._needs.locks
        if locks is self._told_last or not self._needed(uses):
            return []
        lacking = {digest: lock for digest, lock in locks.items() if digest not in self._told}
        self._told.update(lacking)
        self._told_last = locks
        return [(KIND, (digest, lock, _leader())) for digest, lock in lacking.items()]

    def marked(self, body: bytes, uses: Uses) -> bytes:
        """A term that uses these, with what it needs in front of it: of that, what the other side has been told."""
        if not self._told_last or not self._needed(uses):
            return body
        digests = b"".join(self._told_last)
        return _HEAD.pack(_MARK, len(digests)) + digests + body

    def _needed(self, uses: Uses) -> bool:
        needs = self._needs
        if uses is NOTHING or not needs.locks:
            return False
        return uses.carries_code or needs.met_by_some_of(uses.names())


class PackagesHere:
    """What the other side of one connection needs here; `here` is the name of this node, for the news of progress."""

    def __init__(self, here: str, environments: Environments | None = None) -> None:
        self._here = here
        self._environments = environments
        self._heard: dict[bytes, tuple[bytes, Pid | None]] = {}

    def hear(self, content: tuple[bytes, bytes, Pid | None]) -> None:
        """Takes what `PackagesThere.news` told. Work begins at once."""
        digest, lock, leader = content
        known = digest in self._heard
        self._heard[digest] = lock, leader
        self._ensure(digest)
        if not known:
            self._all().keep(lock)

    def opened(self, data: Buffer) -> Buffer:
        """The term itself, once what it needs is here. NotYet until then; a RequirementsError says of this node, by its
        name, why that cannot be had."""
        view = memoryview(data)
        if view[0] != _MARK:
            return data
        _, size = _HEAD.unpack_from(view)
        start = _HEAD.size + size
        for place in range(_HEAD.size, start, DIGEST_SIZE):
            digest = bytes(view[place : place + DIGEST_SIZE])
            if digest in self._heard:  # a node that accepts no code hears of none
                ready = self._ensure(digest)
                if not ready.done():
                    raise NotYet(ready, by_this_way=False)
                self._check(ready)
        return view[start:]

    def _check(self, ready: Future[None]) -> None:
        try:
            ready.result()
        except RequirementsError as error:  # one for all terms that wait for it
            raise type(error)(f"{self._here}: {error}") from None

    def close(self) -> None:
        """The connection is over."""
        for lock, _ in self._heard.values():
            self._all().release(lock)
        self._heard.clear()

    def _ensure(self, digest: bytes) -> Future[None]:
        lock, leader = self._heard[digest]
        return self._all().ensure(lock, lambda step: self._report(step, leader))

    def _all(self) -> Environments:
        from beamlike.code.requirements.environments import ENVIRONMENTS  # takes long to import, and is rarely needed

        return self._environments or ENVIRONMENTS

    def _report(self, step: Step, leader: Pid | None) -> None:
        """To whoever's output the first code went that needs these."""
        from beamlike.code.requirements.progress import log_step

        log_step(step)
        if leader is not None:
            with suppress(NoNode, AmbiguousNode), at(node_towards(leader)):
                send(leader, Output("stderr", f"{self._here}: {step}\n"))


def _leader() -> Pid | None:
    """Who is to see what is done for this code."""
    try:
        return leader_elsewhere(current_node())
    except (NoNode, AmbiguousNode):
        return group_leader.leader()
