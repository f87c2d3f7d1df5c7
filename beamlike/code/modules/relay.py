"""Answers for another node: a node passes on what it has of its peers to those that may not know them.

What it holds it gives at once. For the rest it asks, by a thread for each question, since the heartbeat's own may not
wait.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import field

from beamlike.code.modules.held import Held
from beamlike.code.modules.messages import Answer, Change, FindModule, Found, LookAt, Missing
from beamlike.code.modules.offers import Route
from beamlike.code.modules.origin import BUNDLE
from beamlike.code.modules.receiver import Receiver
from beamlike.kernel.record import slotted


@slotted
class RelayedGiven:
    """The modules of others that the other side of one connection has got of this node, by origin and name."""

    modules: dict[tuple[str, str], Held] = field(default_factory=dict)


class Relay:
    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def answer(self, question: FindModule | LookAt, given: RelayedGiven, answer: Callable[[Answer], None]) -> None:
        """Calls `answer`, soon or later."""
        route = self._receiver.route_to(question.origin)
        if route is None:
            answer(Missing(f"is not connected to {self._receiver.node}, which was asked in its place"))
            return
        held = self._receiver.held(route.origin, question.name) if isinstance(question, FindModule) else None
        if held is not None:
            answer(self._found(held, given))
            return
        # A daemon: the end of the program waits for no answer of others.
        name = f"beamlike code {self._receiver.node}"
        threading.Thread(target=self._pass_on, args=(route, question, given, answer), name=name, daemon=True).start()

    def changes(self, given: RelayedGiven) -> tuple[Change, ...]:
        """What was passed on and is another now; it counts as given no more."""
        changes = self._receiver.changes(list(given.modules.values()))
        for change in changes:
            given.modules.pop((change.origin, change.name), None)
        return changes

    def _pass_on(
        self, route: Route, question: FindModule | LookAt, given: RelayedGiven, answer: Callable[[Answer], None]
    ) -> None:
        if isinstance(question, FindModule):
            found = self._receiver.module(route, question.name)
            answer(self._found(found, given) if isinstance(found, Held) else found)
        else:
            answer(self._receiver.ask(route, question))

    def _found(self, held: Held, given: RelayedGiven) -> Found:
        files = [held, *self._company(held, given)]
        given.modules.update({(it.route.origin, it.file.name): it for it in files})
        return Found(tuple(it.file for it in files))

    def _company(self, held: Held, given: RelayedGiven) -> Iterator[Held]:
        """What is held of its package, as far as it fits."""
        room = BUNDLE
        for other in self._receiver.held_of(held.route.origin, held.file.name.partition(".")[0]):
            room -= len(other.file.source)
            if room < 0:
                return
            if other is not held and (other.route.origin, other.file.name) not in given.modules:
                yield other
