"""The modules of a node, its own and those that it has of others: imported by name wherever its code runs.

    script, notebook, offered ──► Origin ── news, answers ──► the others
    the finder of the interpreter ◄── Receiver ◄── news, answers ── the others

What it has of others it passes on to those who ask it, for they may know nobody else.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import field
from functools import partial
from threading import RLock

from beamlike.code.modules.finder import FINDER
from beamlike.code.modules.held import LoadedModule
from beamlike.code.modules.messages import (
    Answer,
    News,
    Offer,
    Refused,
    decode_news,
    decode_question,
    encode_answer,
    encode_news,
)
from beamlike.code.modules.origin import Given, Origin
from beamlike.code.modules.own import OwnModules
from beamlike.code.modules.receiver import Ask, Receiver
from beamlike.code.modules.relay import Relay, RelayedGiven
from beamlike.code.modules.roots import Root
from beamlike.code.modules.sight import source_folder
from beamlike.kernel.record import slotted

logger = logging.getLogger("beamlike.code")


@slotted
class Ledger:
    """What the other side of one connection has been told, and what it has been given."""

    offered: tuple[frozenset[str], tuple[Root, ...], int] | None = None
    """Its names of this node, where they lie, and which version of those of others."""
    offers: tuple[Offer, ...] = ()
    given: Given = field(default_factory=Given)
    relayed: RelayedGiven = field(default_factory=RelayedGiven)


class Modules:
    """Those of the node `node`.

    `ask(peer, question, timeout)` waits for what `answer` of the modules of `peer` answers, and needs neither's event
    loop for it. A node that does not accept code is told of no modules. For any thread.
    """

    def __init__(self, node: str, ask: Ask, accepts: bool, own: OwnModules | None = None) -> None:
        self._node = node
        self._accepts = accepts
        self._receiver = Receiver(node, ask)
        self.turn_to = self._receiver.turn_to
        self._own = own or OwnModules()
        self._origin = Origin(node, self._own.roots)
        self._relay = Relay(self._receiver)
        self._ledgers: dict[str, Ledger] = {}
        self._kept: dict[str, int] = {}
        """Whose modules are to stay when the connection is lost, and for how many."""
        self._keeping = RLock()

    # What this node sends.

    def is_own(self, module: str) -> bool:
        """Whether other nodes would have to ask for it: it is neither of Python nor installed, or comes of a node, also
        if it has changed there and is not loaded here just now."""
        return self._own.has(module) or module.partition(".")[0] in self._receiver.names

    def given(self) -> Ledger:
        """For a new connection."""
        return Ledger()

    def meet(self, ledger: Ledger, peer: str) -> None:
        """The connection of this ledger is one to `peer`, and the only one from now on."""
        if peer in self._ledgers:
            self._lose(peer)
        self._ledgers[peer] = ledger
        ledger.given.peer = peer

    def part(self, ledger: Ledger, peer: str) -> None:
        """The connection of this ledger is over. Nothing, if there is a newer one by now, or there never was one."""
        if self._ledgers.get(peer) is ledger:
            self._lose(peer)

    def keep(self, peer: str) -> Callable[[], None]:
        """What came of `peer` stays here when its connection is lost, until what this returns is called: code of it
        runs here, and waits for the peer to come again."""
        with self._keeping:
            self._kept[peer] = self._kept.get(peer, 0) + 1
        return partial(self._let_go, peer)

    def _let_go(self, peer: str) -> None:
        with self._keeping:
            self._kept[peer] -= 1
            if self._kept[peer]:
                return
            del self._kept[peer]
            if peer not in self._ledgers:
                self.forget(peer)

    def _lose(self, peer: str) -> None:
        with self._keeping:
            if peer in self._kept:
                self._ledgers.pop(peer, None)
                self._own.forget(peer)
                self._origin.forget(peer)
            else:
                self.forget(peer)

    def news(self, ledger: Ledger, peer: str) -> bytes | None:
        """What `peer` must hear ahead of a term that may use modules of this node; mostly nothing.

        It counts as heard. To be called by one thread at a time for each ledger.
        """
        if ledger.given.peer != peer:
            self.meet(ledger, peer)
        offers = self._offers(ledger, peer)
        changes = self._origin.changes(ledger.given) + self._relay.changes(ledger.relayed)
        return encode_news(News(offers, changes)) if changes or offers is not None else None

    def _offers(self, ledger: Ledger, peer: str) -> tuple[Offer, ...] | None:
        """All that there is for `peer`; None if it knows."""
        self._receiver.look_around()
        names, roots, version = self._origin.names(peer), self._own.roots(peer), self._receiver.version
        if (names, roots, version) == ledger.offered:
            return None
        # Also without names: what is new is asked for before it is offered.
        own = (self._own_offer(peer, names, roots),) if roots else ()
        offers = (*own, *self._receiver.offers_for(peer))
        ledger.offered = names, roots, version
        ledger.offers, known = offers, ledger.offers
        return offers if offers != known else None

    def _own_offer(self, peer: str, names: Iterable[str], roots: Iterable[Root]) -> Offer:
        folders = tuple(map(source_folder, roots))
        return Offer((self._node,), tuple(sorted(names)), folders, self._own.is_offered_a_folder(peer))

    def answer(self, peer: str, question: bytes, answer: Callable[[bytes], None]) -> None:
        """Has `answer` called with what to tell `peer`, at once or, where another node must be asked, by a thread."""
        ledger = self._ledgers.get(peer) or Ledger()

        def reply(found: Answer) -> None:
            answer(encode_answer(found))

        try:
            asked = decode_question(question)
            if asked.origin == self._node:
                reply(self._origin.answer(asked, ledger.given))
            else:
                self._relay.answer(asked, ledger.relayed, reply)
        except Exception as error:  # whoever asks waits for an answer, and the thread has others to serve
            logger.exception("%s could not answer what %s asked", self._node, peer)
            reply(Refused(f"could not be looked for on {self._node}: {type(error).__name__}: {error}"))

    # What comes to this node.

    def hear(self, peer: str, message: bytes) -> None:
        """Takes the news of `peer`."""
        if not self._accepts:
            return
        news = decode_news(message)
        self._receiver.hear(peer, news)
        if news.offers is not None:
            FINDER.serve(self._receiver, self._receiver.is_offered())

    @property
    def changes_seen(self) -> int:
        """Another number after each time that modules of others have changed."""
        return self._receiver.changes_seen

    def holdings(self) -> list[LoadedModule]:
        """The modules of others that are loaded in this interpreter, and came by this node."""
        return self._receiver.holdings()

    def forget(self, peer: str) -> None:
        """The connection to `peer` is over: what came of it is dropped, and what was told it is void."""
        self._ledgers.pop(peer, None)
        self._own.forget(peer)
        self._origin.forget(peer)
        self._receiver.forget(peer)
        FINDER.serve(self._receiver, self._receiver.is_offered())

    def close(self) -> None:
        """The node stops: nothing of others is left."""
        self._receiver.close()
        FINDER.serve(self._receiver, False)
