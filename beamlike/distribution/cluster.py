"""A node's place in the cluster: it listens, dials, admits, and tells the node which peers are up and down.

    node ── dial(name) ──► Cluster ── Dialler ──► Link ──► the other node
    node ◄── peer_up, route, peer_down ── Cluster ◄── events ── Link

At most one link joins two nodes. While it is being dialled its signals wait in it; should the other side's own dial
win (see `admission`), they pass to that link, in order. A link that is closed is down at once, a silent one after
four times the tick time.

A cluster lives on one event loop, in whose thread everything happens but dialling, sending and inviting. It is one
room because that there is at most one link is kept by dialling, admitting and losing together.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
from importlib.util import MAGIC_NUMBER
from itertools import count
from threading import RLock
from typing import Final

import cloudpickle

from beamlike.distribution.addresses import Address, split_port
from beamlike.distribution.admission import Standing, admit
from beamlike.distribution.connection import (
    CONNECTION_CLOSED,
    DISCONNECT,
    LARGEST_SIGNAL,
    Closed,
    Connection,
    Established,
)
from beamlike.distribution.dial_policy import AutoConnect, DialPolicy
from beamlike.distribution.directory import Directory, Entry
from beamlike.distribution.doorway import Guest
from beamlike.distribution.encryption import Encryption
from beamlike.distribution.handshake import Dialler, Listener
from beamlike.distribution.handshake_frames import NONCE_SIZE, Identity
from beamlike.distribution.heartbeat.heartbeat import Heartbeat
from beamlike.distribution.home import Home
from beamlike.distribution.inbound import deliver
from beamlike.distribution.introductions import Introducing
from beamlike.distribution.invitations import Invitations
from beamlike.distribution.listing import Listing
from beamlike.distribution.liveness import heartbeats
from beamlike.distribution.lost_nodes import LostNodes
from beamlike.distribution.observed import Observed, only_to_inspect
from beamlike.distribution.observers import may_observe
from beamlike.distribution.peers import Dial, Peer
from beamlike.distribution.refusal import Refused, Status
from beamlike.distribution.refusal_log import RefusalLog
from beamlike.distribution.secret import EVALUATE, INVITED, OBSERVE, Role, Secret
from beamlike.distribution.sockets import listening_at, open_link
from beamlike.distribution.terms_codec import CodecFactory
from beamlike.distribution.transport import HANDSHAKE_DEADLINE, Link
from beamlike.distribution.whereabouts import Whereabouts
from beamlike.distribution.wire import Item, Undelivered
from beamlike.kernel.exceptions import is_told_by_its_text
from beamlike.kernel.node import LocalNode, SendSignal, check_node_name
from beamlike.kernel.process import Process
from beamlike.kernel.signals import Signal
from beamlike.kernel.terms import NOCONNECTION

logger = logging.getLogger("beamlike.distribution")

TICK_TIME: Final = 60.0
INVITATION_LIFETIME: Final = 120.0


class Cluster:
    """To be made in the thread of a running event loop. From then on `node` dials through it.

    A `hidden` node connects and works as any other, and stands in no list of nodes.

    >>> from beamlike.distribution.terms_codec import PickleCodec
    >>> async def main():
    ...     a, b = (Cluster(LocalNode(f"{it}@127.0.0.1"), Secret(b"swordfish"), PickleCodec) for it in "ab")
    ...     address = await b.listen("127.0.0.1", 0)
    ...     await a.connect("b@127.0.0.1", address)
    ...     await a.stop()
    ...     await b.stop()
    >>> asyncio.run(main())
    """

    def __init__(
        self,
        node: LocalNode,
        secret: Secret,
        codec_factory: CodecFactory,
        *,
        hidden: bool = False,
        directory: Directory | None = None,
        tick_time: float = TICK_TIME,
        auto_connect: AutoConnect = "always",
        encryption: Encryption | None = None,
        largest_signal: int = LARGEST_SIGNAL,
        observers: Secret | None = None,
    ) -> None:
        """With the secret `observers` others may look at this node, and no more: see `observers`."""
        self._node = node
        self._secret = secret
        self._observers_secret = observers
        self._observed: dict[str, Observed] = {}
        """What is between this node and those that may only observe it, or that it may only observe."""
        self._codec_factory = codec_factory
        self._largest_signal = largest_signal
        self._identity = Identity(node.name, node.creation, hidden, MAGIC_NUMBER, cloudpickle.__version__)
        self._directory = directory or Directory()
        self._whereabouts = Whereabouts(self._directory)
        self._tick_interval = tick_time / 4
        self._home = Home.here()
        self._policy = DialPolicy(auto_connect)
        self._encryption = encryption or Encryption()
        self._invitations = Invitations()
        self._refusals = RefusalLog()
        self._lost_nodes = LostNodes()
        # The two tables that other threads read; a name is in one of them at most.
        self._lock = RLock()
        self._dials: dict[str, Dial] = {}
        self._peers: dict[str, Peer] = {}
        self._order = count()
        """In which links begin and come up."""
        self.heartbeat = heartbeats[node] = Heartbeat(
            node.name, self._home, self._tick_interval, self._incoming, self._encryption
        )
        # Who came in by the doorway, until the link is established or lost.
        self._guests: dict[Link, Guest] = {}
        self._listing: Listing | None = None
        self._open_links: set[Link] = set()
        self._no_link_is_open = asyncio.Event()
        self._no_link_is_open.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopped = False
        self.introducing: Introducing | None = None
        """Who is asked for the way to nodes that the secret of this one does not open: see `introductions`."""
        node.dial = self.dial
        node.why_unconnected = self.why_unconnected

    # What the owner of the node calls.

    async def listen(self, host: str, port: int) -> Address:
        """Accepts other nodes at this address (port 0: any free one) and lists this node for its host.

        Returns the address. CannotListen, UnusableCertificate or NodeNameTaken say what is in the way.
        """
        sock, address = await listening_at((host, port), self._encryption.prepare_to_listen)
        entry = Entry(self._node.name, *address, os.getpid(), self._node.creation, self._identity.hidden)
        try:
            self._listing = Listing(self._directory, entry)
        except Exception:
            sock.close()
            raise
        self.heartbeat.open(sock)
        return address

    async def connect(
        self,
        name: str,
        address: Address | None = None,
        *,
        secret: Secret | None = None,
        tick_time: float | None = None,
        encrypted: bool = False,
    ) -> None:
        """Returns when `name` is connected. Without an address, "word@host:port" or the host's directory gives it;
        `secret` is another than the cluster's, from an invitation, `tick_time` another than the node's; `encrypted` is
        a link that goes further than its address says.

        NotConnected says why that failed (HandshakeRefused, if the other node answered), ValueError that no node can
        have such a name.
        """
        check_node_name(name)
        name, named_address = split_port(name)
        address = address or named_address
        if name == self._node.name:
            return
        with self._lock:
            if name in self._peers:
                return
            if encrypted:
                self._encryption.encrypt(name)
            dial = self._dial_to(name, address, secret or self._secret, tick_time)
        failure = await asyncio.shield(dial.done)
        if failure is not None:
            raise dial.error(failure)
        if secret is not None:
            self._policy.came_by_invitation(name)
        if address is not None:
            self._whereabouts.remember(name, address)

    def disconnect(self, name: str) -> bool:
        """Closes the link to `name`, or stops dialling it. False if there was neither."""
        name, _ = split_port(name)
        peer, dial = self._peers.get(name), self._dials.get(name)
        if peer is not None:
            peer.link.close(DISCONNECT, f"{self._node.name} disconnects")
        if dial is not None:
            self._fail(dial, f"{self._node.name} was told to disconnect from {name}")
        return peer is not None or dial is not None

    async def drain(self, name: str) -> None:
        """Returns when the link to `name` is not full: what waits for it is half the bound at most, or it is gone."""
        peer, dial = self._peers.get(name), self._dials.get(name)
        link = peer.link if peer is not None else dial.link if dial is not None else None
        if link is not None:
            await link.congestion.room()

    async def stop(self) -> None:
        """Leaves the cluster: no entry, no listener, no link is left. Peers see a closed connection."""
        with self._lock:
            self._stopped = True
        self._node.dial = None
        if self._listing is not None:
            self._listing.close()
        self.heartbeat.stop()
        for name in {*self._peers, *self._dials}:
            self.disconnect(name)
        for link in tuple(self._guests):  # whose handshake is not over; the last words of others are to leave
            link.abandon()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._no_link_is_open.wait()

    # For any thread.

    def invite(
        self,
        name: str,
        lifetime: float = INVITATION_LIFETIME,
        *,
        tick_time: float | None = None,
        token: bytes | None = None,
    ) -> bytes:
        """A token that serves `name` as its secret: for one connection, within `lifetime` seconds. It is ASCII, and a
        new one where none is given.

        That connection is watched by `tick_time`, where it is given, instead of the node's own."""
        token = token or secrets.token_urlsafe(32).encode()
        self._invitations.invite(name, Secret(token, INVITED), self._home.loop.time(), lifetime, tick_time)
        return token

    def revoke(self, name: str) -> None:
        """Takes back the invitation of `name`, if there is one; a link that it opened stays."""
        self._invitations.revoke(name)

    def dial(self, name: str) -> SendSignal:
        """Takes signals for a node that need not be connected yet; `peer_down` tells if it cannot be.

        ValueError for an address "word@host:port", or another spelling of an IPv6 address: the signals of that node
        would bear another name.
        """
        plain, address = split_port(name)
        if address is not None:
            raise ValueError(
                f"expected the name of a node, got its address: `await bl.connect({name!r})` first, then use {plain!r}"
            )
        if plain != name:
            raise ValueError(f"expected the name of a node as that node spells it, {plain!r}, got {name!r}")
        with self._lock:
            if name in self._peers:
                return self._peers[name].link.send
            if self._stopped or not (name in self._dials or self._policy.allows(name)):
                return self._node.unreachable
            dial = self._dial_to(name, None, self._secret)
            dial.asked_by_node = True
        return dial.link.send

    def identity(self, name: str) -> Identity | None:
        """Who the connected node `name` has said it is; None if it is not connected."""
        with self._lock:
            peer = self._peers.get(name)
        return None if peer is None else peer.identity

    def why_unconnected(self, name: str) -> str | None:
        """Why `name` was lost, or could not be reached; None if nothing is known of that, or it is connected."""
        return self._lost_nodes.why(name)

    def role(self, name: str) -> Role:
        """What the node `name` may do here, if it is connected. Of a node that this one may only observe, too, nothing
        is taken but answers. One that is called as observers are, and has gone, is taken for one."""
        peer = self._peers.get(name)
        if peer is None:
            return OBSERVE if may_observe(name) and name != self._node.name else EVALUATE
        return OBSERVE if peer.observes else EVALUATE

    def address_of(self, name: str) -> Address | None:
        """Where the connection to the node `name` comes from or leads to; None if there is none."""
        peer = self._peers.get(name)
        return peer.link.peer_address if peer is not None else None

    def refusals(self) -> dict[tuple[str, str], int]:
        """How often each peer, and reason, was refused here or refused this node, of late."""
        return self._refusals.counts()

    # Dialling.

    def _dial_to(self, name: str, address: Address | None, secret: Secret, tick_time: float | None = None) -> Dial:
        if name not in self._dials:
            handshake = Dialler(self._identity, secrets.token_bytes(NONCE_SIZE), secret, name)
            introducing = self.introducing if address is None and secret is self._secret else None
            dial = Dial(name, address, self._new_link(handshake), self._home.loop.create_future(), introducing)
            if tick_time is not None:
                dial.link.tick_every(tick_time / 4)
            self._dials[name] = dial
            self._home.call(partial(self._start, dial))
        return self._dials[name]

    def _start(self, dial: Dial) -> None:
        self._run(self._carry_out(dial), f"dial {dial.name}")

    def _run(self, work: Coroutine[None, None, None], name: str) -> None:
        task = self._home.loop.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry_out(self, dial: Dial) -> None:
        try:
            async with asyncio.timeout(HANDSHAKE_DEADLINE):
                address = await self._address_of(dial)
                await open_link(dial.link, address, lambda host: self._encryption.dial(host, dial.name))
                await asyncio.shield(dial.done)
        except TimeoutError:
            self._fail(dial, f"{dial.name} was not connected after {HANDSHAKE_DEADLINE:g} s{dial.hint}")
        except OSError as error:
            self._fail(dial, f"{dial.name} cannot be reached: {error}{dial.hint}")
        except Exception as error:  # whoever waits must not wait for ever
            logger.exception("dialling %s failed in an unexpected way", dial.name)
            self._fail(dial, f"{dial.name} cannot be reached: {type(error).__name__}: {error}")

    async def _address_of(self, dial: Dial) -> Address:
        if dial.introducing is None:
            return dial.address or self._whereabouts.find(dial.name)
        introduction = await dial.introducing(dial.name)
        dial.link.present(Secret(introduction.token, INVITED))
        dial.introduced_at = introduction.address
        if introduction.encrypted:
            self._encryption.encrypt(dial.name)
        return introduction.address

    def _fail(self, dial: Dial, message: str) -> None:
        with self._lock:
            if self._dials.get(dial.name) is not dial:
                return
            del self._dials[dial.name]
        if dial.refused is None:
            dial.link.abandon()
        else:
            dial.link.give_up()  # the other side is to hear why, if it was refused from here
        dial.done.set_result(message)
        # Whoever awaits the dial says what there is to say.
        is_news = self._is_failure_news(dial, message) and dial.asked_by_node
        logger.log(logging.INFO if is_news else logging.DEBUG, "%s: %s", self._node.name, message)
        if dial.asked_by_node:
            self._node.peer_down(dial.name, NOCONNECTION)

    # Being dialled.

    def _incoming(self, guest: Guest) -> None:
        began = next(self._order)
        handshake = Listener(
            self._identity,
            secrets.token_bytes(NONCE_SIZE),
            self._secret_for,
            lambda peer: self._admit(link, peer, began),
            self._observers_secret_for,
        )
        link = self._new_link(handshake)
        sock = guest.take(partial(self._home.call, link.abandon))
        if sock is not None:
            self._guests[link] = guest
            link.start(sock, self._encryption.accept(guest.host))

    def _observers_secret_for(self, name: str) -> Secret | None:
        """A name that is invited is opened by its token alone."""
        return self._observers_secret if self._secret_for(name) is self._secret else None

    def _secret_for(self, name: str) -> Secret:
        return self._invitations.secret_for(name, otherwise=self._secret)

    def _admit(self, link: Link, identity: Identity, began: int) -> Status:
        observes = link.role == OBSERVE
        if observes:
            if not may_observe(identity.name):
                return Status.OBSERVERS_NAME
            link.restrict()
        name, newcomer = identity.name, Peer(_as_seen(identity, link), link, next(self._order))
        if not self._invitations.admits(name, self._home.loop.time()):
            return Status.NOT_ALLOWED
        with self._lock:
            dial, peer = self._dials.get(name), self._peers.get(name)
            connected = (None, 0) if peer is None else (peer.identity.creation, peer.since)
            status = admit(self._node.name, identity, Standing(dial is not None, *connected), began)
            if observes and (dial is not None or (peer is not None and not peer.observes)):
                # It does not get what waits for the node that is dialled, nor the place of one that may do more.
                status = Status.DUPLICATE_NAME
            if status is Status.OK and dial is None:
                self._join(newcomer)
        if status is not Status.OK:
            return status
        if dial is not None:
            # Waits for senders that encode, and those may need the tables: so not under their lock.
            link.take_over(dial.link)
            self._join(newcomer)
        if peer is not None:
            self.heartbeat.leave(name, peer.link)
            peer.link.abandon()
            self._node.peer_down(name, CONNECTION_CLOSED)
        tick_time = self._invitations.tick_time(name)
        if tick_time is not None:
            link.tick_every(tick_time / 4)
        self._invitations.use(name)
        return status

    def _join(self, peer: Peer) -> None:
        """From now on signals for this peer go to its link, established or about to be."""
        with self._lock:
            dial = self._dials.pop(peer.identity.name, None)
            self._peers[peer.identity.name] = peer
        if dial is not None:
            dial.done.set_result(None)

    # What the links report, in the loop's thread.

    def deliver(self, items: list[Item], there: str, interpret: Callable[[Item], bool]) -> None:
        observed = self._observed.get(there)
        if observed is not None:
            items = observed.passed(items, self._home.loop.time())
        deliver(self._node, items, there, interpret)

    def route(self, signal: Signal) -> None:
        self._node.route(signal)

    def process(self, id: int) -> Process | None:
        return self._node.process_by_id(id)

    def link_opened(self, link: Link) -> None:
        self._open_links.add(link)
        self._no_link_is_open.clear()
        if self._stopped:
            link.abandon()

    def beats_asked(self, link: Link, seconds: float) -> None:
        self.heartbeat.beat_every(link, seconds)

    def link_lost(self, link: Link) -> None:
        self._open_links.discard(link)
        self._settled(link)
        peer = next((peer for peer in self._peers.values() if peer.link is link), None)
        if peer is not None:  # hung up on without a word, as by the doorway in the instant in which it was let in
            self._down(peer, CONNECTION_CLOSED, "the connection was closed from here")
        if not self._open_links:
            self._no_link_is_open.set()

    def link_event(self, link: Link, event: Undelivered | Established | Refused | Closed) -> None:
        match event:
            case Established(identity):
                if link.role == OBSERVE:  # before all else, so that nothing can come to pass without
                    self._observed[identity.name] = Observed(self._node, identity.name, link, self._refusals)
                self._settled(link)
                observes = link.role == OBSERVE
                self.heartbeat.join(identity.name, link, link.session_key, link.dialled_at, observes=observes)
                if link.tick_interval < self._tick_interval:
                    # Not only once the peer asks for it: the loop, which would hear that, may be kept busy by then.
                    self.heartbeat.beat_every(link, link.tick_interval)
                self._up(Peer(_as_seen(identity, link), link, next(self._order)))
            case Refused():
                self._refused(link, event)
            case Closed(reason, message):
                peer = next(peer for peer in self._peers.values() if peer.link is link)
                self._down(peer, reason, message)
            case Undelivered(source, target, error, answer):
                shown = None if is_told_by_its_text(error.__cause__) else error
                logger.error("a message from %s to %s is lost: %s", source, target, error, exc_info=shown)
                if answer is not None:
                    self._node.route(answer)

    def _settled(self, link: Link) -> None:
        """Its handshake is over; the doorway need not count it any more."""
        guest = self._guests.pop(link, None)
        if guest is not None:
            guest.settled()

    def _up(self, peer: Peer) -> None:
        self._join(peer)
        name = peer.identity.name
        logger.info("%s is connected to %s", self._node.name, name)
        self._lost_nodes.found(name)
        self._node.outlets[name] = peer.link
        send = only_to_inspect(peer.link.send) if peer.observes else peer.link.send
        self._node.peer_up(name, send, peer.identity.hidden)

    def _refused(self, link: Link, refused: Refused) -> None:
        dial = next((dial for dial in self._dials.values() if dial.link is link), None)
        if refused.status is Status.SIMULTANEOUS:
            # If the dial is ours, it waits for the peer's own link, or its deadline.
            logger.debug("%s: %s", self._node.name, refused.message)
        elif dial is not None:
            dial.refused = refused.status
            self._fail(dial, refused.message)
        else:
            host = self._guests[link].host
            # Of a node that is here otherwise, or about to be, this was the dial of the two that was not needed.
            is_needless = refused.status is Status.MALFORMED and refused.peer in {*self._peers, *self._dials}
            is_news = not is_needless and self._is_news(f"{refused.peer or 'somebody'} at {host}", refused.status)
            level = logging.WARNING if is_news else logging.DEBUG
            logger.log(level, "%s refused a connection from %s: %s", self._node.name, host, refused.message)

    def _is_failure_news(self, dial: Dial, message: str) -> bool:
        differs = self._lost_nodes.lost(dial.name, message)
        return differs if dial.refused is None else self._is_news(dial.name, dial.refused)

    def _is_news(self, peer: str, reason: Status) -> bool:
        return self._refusals.is_news(peer, reason.name, self._home.loop.time())

    def _down(self, peer: Peer, reason: str, message: str) -> None:
        name = peer.identity.name
        with self._lock:
            del self._peers[name]
            self._policy.lost(name)
        self._observed.pop(name, None)
        self._lost_nodes.lost(name, f"the connection was lost: {message}")
        self.heartbeat.leave(name, peer.link)
        logger.info("%s lost %s (%s): %s", self._node.name, name, reason, message)
        self._node.peer_down(name, reason)

    def _new_link(self, handshake: Dialler | Listener) -> Link:
        connection = Connection(
            handshake, self._codec_factory(), tick_interval=self._tick_interval, largest=self._largest_signal
        )
        return Link(connection, self, self._home, self._tick_interval)


def _as_seen(identity: Identity, link: Link) -> Identity:
    """An observer, and who is observed, stands in no list of nodes: neither is told what a cluster's nodes tell each
    other."""
    return replace(identity, hidden=True) if link.role == OBSERVE else identity
