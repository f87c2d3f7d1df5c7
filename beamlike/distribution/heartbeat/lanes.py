"""The lanes to all connected nodes, in the heartbeat's thread: dialled, beaten, asked over, and dialled anew when lost.

The side that dialled the link dials the lane. Losing a lane means nothing by itself: the link alone decides when its
peer is down, and is told of the peer's beats to that end (`heard_elsewhere`).
"""

from __future__ import annotations

import itertools
import logging
import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final, TypeAlias

from beamlike.distribution.addresses import Address
from beamlike.distribution.doorway import LANE, Guest
from beamlike.distribution.encryption import Encryption
from beamlike.distribution.heartbeat.lane import Answered, Asked, Beat, Lane, LaneEvent, Proved
from beamlike.distribution.heartbeat.lane_proof import NONCE_SIZE, DiallersProof, ListenersProof
from beamlike.distribution.heartbeat.lane_socket import LaneSocket
from beamlike.distribution.heartbeat.neighbour import Neighbour, NeighboursLink, Question, not_connected
from beamlike.distribution.selector_thread import SelectorThread

logger = logging.getLogger("beamlike.distribution")

_SOON: Final = 0.1
"""Seconds until a lane that was lost is dialled anew, once; after that it is tried at each beat."""

Answer: TypeAlias = Callable[[object], None]
"""Takes the answer to a question, in the thread."""
Reply: TypeAlias = Callable[[str, Asked, Answer], None]
"""Called with who asks, what, and what takes the answer."""


class Lanes:
    """`reply` is called with each question of another node."""

    def __init__(self, node: str, thread: SelectorThread, encryption: Encryption, reply: Reply) -> None:
        self._node = node
        self._thread = thread
        self._encryption = encryption
        self._reply = reply
        self._numbers = itertools.count(1)
        self._guests: dict[LaneSocket, Guest] = {}
        # Other threads look things up here. They change it as well, by single operations, so that who has just heard
        # of a node finds it here, or finds it gone.
        self.neighbours: dict[str, Neighbour] = {}
        self.tell_silence: dict[str, Callable[[int], None]] = {}

    def join(self, neighbour: Neighbour) -> None:
        """A link is established. For any thread."""
        self.neighbours[neighbour.name] = neighbour
        self._tell_silence(neighbour)
        self._thread.call(partial(self._dial_if_due, neighbour))

    def leave(self, name: str, link: NeighboursLink) -> None:
        """The link is lost; nothing, if there is another one by now. For any thread."""
        neighbour = self.neighbours.get(name)
        if neighbour is not None and neighbour.link is link:
            del self.neighbours[name]
            self._thread.call(neighbour.gone)

    def beat(self, stalled: float) -> None:
        """A quarter of the tick time has passed; the event loop here has not turned for `stalled` seconds."""
        neighbours = tuple(self.neighbours.values())
        for neighbour in neighbours:
            neighbour.count_silence()
            self._tell_silence(neighbour)
        for lane in [*self._guests, *(one.lane for one in neighbours if one.lane is not None)]:
            if lane.lane is not None:
                lane.lane.beat(stalled)
            lane.flush()
        for neighbour in neighbours:
            if neighbour.lane is not None and neighbour.lane.lost:
                neighbour.lose_lane()
            self._dial_if_due(neighbour)
            self._note_silence(neighbour)

    def _tell_silence(self, neighbour: Neighbour) -> None:
        tell = self.tell_silence.get(neighbour.name)
        if tell is not None:
            tell(neighbour.silent_beats)

    def show_life(self, link: NeighboursLink, stalled: float) -> bool:
        """Sends a beat to one peer, between the others. Whether `link` is not lost."""
        neighbour = next((it for it in tuple(self.neighbours.values()) if it.link is link), None)
        if neighbour is not None:
            neighbour.show_life(stalled)
        return neighbour is not None

    def ask(self, name: str, question: Question) -> None:
        """The answer becomes the result of its future; NotConnected, where there is nobody to ask any more."""
        neighbour = self.neighbours.get(name)
        if neighbour is None:
            not_connected(name, question.future)
            return
        number = next(self._numbers)
        question.future.add_done_callback(lambda _future: self._thread.call(lambda: neighbour.answered(number, None)))
        neighbour.ask(number, question)
        if neighbour.cut_off:
            self._dial_if_due(neighbour)
            if neighbour.lane is None:
                neighbour.answer_for_the_lost()

    def close(self) -> None:
        for name in tuple(self.neighbours):
            neighbour = self.neighbours.pop(name, None)
            if neighbour is not None:
                neighbour.gone()
        for lane in tuple(self._guests):
            self._drop(lane)

    # Coming to be.

    def accept(self, guest: Guest) -> None:
        """Another node opens a lane, as it says."""
        layer = self._encryption.accept(guest.host)
        lane = LaneSocket(self._thread, guest.sock, self, self._listening, layer)
        if guest.take(lambda: self._drop(lane)) is not None:
            self._guests[lane] = guest
            lane.start()

    def _listening(self, channel: bytes) -> Lane:
        return Lane(ListenersProof(self._key_of, secrets.token_bytes(NONCE_SIZE), channel))

    def _key_of(self, name: str) -> bytes | None:
        neighbour = self.neighbours.get(name)
        return neighbour.session_key if neighbour is not None else None

    def _drop(self, lane: LaneSocket) -> None:
        self._guests.pop(lane, None)
        lane.close()

    def _dial_if_due(self, neighbour: Neighbour) -> None:
        is_here = self.neighbours.get(neighbour.name) is neighbour
        if is_here and neighbour.address is not None and neighbour.lane is None:
            try:
                self._dial(neighbour, neighbour.address)
            except OSError as error:  # no more files may be opened, say; the next beat tries again
                logger.debug("there is no lane to %s now: %s", neighbour.name, error)

    def _dial(self, neighbour: Neighbour, address: Address) -> None:
        layer = self._encryption.dial(address[0], neighbour.name)
        sock = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
        sock.setblocking(False)
        lane = LaneSocket(self._thread, sock, self, partial(self._dialling, neighbour), layer, preamble=LANE)
        neighbour.lane = lane
        with suppress(OSError):  # mostly it takes a while; whatever else there is to say comes by the socket as well
            sock.connect(address)
        lane.start()

    def _dialling(self, neighbour: Neighbour, channel: bytes) -> Lane:
        nonce = secrets.token_bytes(NONCE_SIZE)
        return Lane(DiallersProof(self._node, neighbour.name, neighbour.session_key, nonce, channel))

    # What the lanes tell.

    def lane_event(self, lane: LaneSocket, event: LaneEvent) -> None:
        neighbour = self._neighbour_of(lane, event)
        if neighbour is None:
            lane.close()
            self.lane_closed(lane)
            return
        match event:
            case Proved():
                self._open(neighbour, lane)
            case Beat(stalled):
                neighbour.stalled = stalled
                neighbour.link.heard_elsewhere(stalled)
            case Asked():
                self._reply(neighbour.name, event, lambda answer: _answer(lane, event.number, answer))
            case Answered(number, answer):
                neighbour.answered(number, answer)

    def _neighbour_of(self, lane: LaneSocket, event: LaneEvent) -> Neighbour | None:
        name = event.peer if isinstance(event, Proved) else lane.lane.peer if lane.lane is not None else ""
        neighbour = self.neighbours.get(name)
        if neighbour is not None and (neighbour.lane is lane or isinstance(event, Proved)):
            return neighbour
        return None

    def _open(self, neighbour: Neighbour, lane: LaneSocket) -> None:
        self._settled(lane)
        if lane.lane is not None:
            lane.lane.takes_parts = not neighbour.observes
        neighbour.take_lane(lane)

    def lane_closed(self, lane: LaneSocket) -> None:
        self._settled(lane)
        for neighbour in tuple(self.neighbours.values()):
            if neighbour.lane is lane:
                was_open = neighbour.open_lane is not None
                neighbour.lose_lane()
                if was_open:
                    self._thread.call_later(_SOON, partial(self._dial_if_due, neighbour))

    def _settled(self, lane: LaneSocket) -> None:
        """The doorway need not count it any more."""
        guest = self._guests.pop(lane, None)
        if guest is not None:
            guest.settled()

    def _note_silence(self, neighbour: Neighbour) -> None:
        if neighbour.unresponsive is not neighbour.was_unresponsive:
            neighbour.was_unresponsive = neighbour.unresponsive
            if neighbour.unresponsive:
                logger.warning("%s has heard nothing of %s for the tick time: %s", self._node, neighbour.name, _WHY)
            else:
                logger.warning("%s hears %s again", self._node, neighbour.name)


_WHY: Final = "it is unresponsive, because it is stopped, cut off, or in C code that holds the interpreter lock"


def _answer(lane: LaneSocket, number: int, answer: object) -> None:
    if lane.lane is not None:
        lane.lane.answer(number, answer)
        lane.flush()
