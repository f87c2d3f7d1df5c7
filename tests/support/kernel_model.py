"""Erlang's semantics of processes, as plain as can be: what the kernel is held against.

Everybody is a number. An act happens at once, with all that follows from it. What one act brings to a process is its
`news`, in no particular order, since several may have died of it: `absorb` is told in which order it really came.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Message = tuple[Any, ...]
"""("say", n), ("tagged", token, n), ("call", who, n), ("reply", token, n), ("exit", who, reason) or
("down", token, target, reason)."""

CALLING = "calling"
BY_TOKEN = ("tagged", "reply", "down")


@dataclass
class Actor:
    reason: Any = None
    """Why it ended; None while it lives."""
    traps: bool = False
    name: str | None = None
    mailbox: list[Message] = field(default_factory=list)
    news: list[Message] = field(default_factory=list)
    links: set[int] = field(default_factory=set)
    watches: dict[int, tuple[int, Any]] = field(default_factory=dict)
    """By token: who is watched, and as what."""
    aliases: dict[int, str] = field(default_factory=dict)
    asked: list[tuple[int, int]] = field(default_factory=list)
    """The calls that it has received and not answered."""
    waits: tuple[Any, ...] | None = None
    """("any",), ("guard", n), ("ref", token), ("calling", whom, n) or ("future",)."""
    results: list[Any] = field(default_factory=list)

    @property
    def lives(self) -> bool:
        return self.reason is None


class World:
    def __init__(self) -> None:
        self.actors: list[Actor] = []
        self.names: dict[str, int] = {}

    def living(self) -> list[int]:
        return [who for who, actor in enumerate(self.actors) if actor.lives]

    # Messages.

    def deliver(self, to: int, message: Message) -> None:
        if self.actors[to].lives:
            self.actors[to].news.append(message)

    def send(self, me: int, to: int, message: Message) -> str:
        self.deliver(to, message)
        return "sent"

    def send_to_name(self, me: int, name: str, message: Message) -> str:
        if name not in self.names:
            return "UnknownName"
        return self.send(me, self.names[name], message)

    def send_to_alias(self, me: int, owner: int, token: int, message: Message) -> str:
        actor = self.actors[owner]
        until = actor.aliases.get(token) if actor.lives else None
        if until == "request" and message[:2] != ("reply", token):
            return "sent"  # and dropped: it is no reply to the request
        if until is not None:
            if until != "unalias":
                del actor.aliases[token]
            if until == "request":
                actor.watches.pop(token, None)
            self.deliver(owner, message)
        return "sent"

    def receive(self, me: int, *way: Any) -> Any:
        """None if it has to wait."""
        actor = self.actors[me]
        for message in actor.mailbox:
            if accepts(way, message):
                actor.mailbox.remove(message)
                return self.taken(me, message)
        actor.waits = way
        return None

    def receive_at_once(self, me: int, *way: Any) -> Any:
        found = self.receive(me, *way)
        self.actors[me].waits = None
        return "TimeoutError" if found is None else found

    def taken(self, me: int, message: Message) -> Message:
        if message[0] == "call":
            self.actors[me].asked.append((message[1], message[2]))
        return message

    def absorb(self, me: int, result: Any, mailbox: list[Message]) -> None:
        """What came of an act: what a wait is said to have ended with, and what the mailbox is said to hold."""
        actor = self.actors[me]
        news, actor.news = actor.news, []
        fitting = [message for message in news if actor.waits and accepts(actor.waits, message)]
        if fitting:
            took = result if result in fitting else fitting[0]
            news.remove(took)
            actor.waits = None
            actor.results.append(self.taken(me, took))
        old = len(actor.mailbox)
        if sorted(map(repr, mailbox[old:])) == sorted(map(repr, news)):
            news = mailbox[old:]
        actor.mailbox += news

    # Requests.

    def call(self, me: int, to: int, number: int) -> Any:
        if me == to:
            return "CallFailed", "calling_self"
        if not self.actors[to].lives:
            return "CallFailed", "noproc"
        self.deliver(to, ("call", me, number))
        self.actors[me].waits = CALLING, to, number
        return None

    def answer(self, me: int) -> str:
        if not self.actors[me].asked:
            return "nobody asked"
        caller, number = self.actors[me].asked.pop(0)
        if self.actors[caller].waits == (CALLING, me, number):
            self.finish_wait(caller, ("answer", number))
        return "answered"

    def open_request(self, me: int, to: int, token: int) -> str:
        self.actors[me].aliases[token] = "request"
        return self.monitor(me, to, token)

    def finish_wait(self, me: int, result: Any) -> None:
        self.actors[me].waits = None
        self.actors[me].results.append(result)

    # Ties.

    def link(self, me: int, to: int) -> str:
        if self.actors[to].lives:
            if me != to:
                self.actors[me].links.add(to)
                self.actors[to].links.add(me)
        elif self.actors[me].traps:
            self.deliver(me, ("exit", to, "noproc"))
        else:
            return "NoProcess"
        return "linked"

    def unlink(self, me: int, to: int) -> str:
        self.actors[me].links.discard(to)
        self.actors[to].links.discard(me)
        return "unlinked"

    def monitor(self, me: int, to: int, token: int) -> str:
        self.watch(me, to, to, token)
        return "watched"

    def monitor_name(self, me: int, name: str, token: int) -> str:
        self.watch(me, self.names.get(name), name, token)
        return "watched"

    def watch(self, me: int, to: int | None, target: Any, token: int) -> None:
        if to is not None and self.actors[to].lives:
            self.actors[me].watches[token] = to, target
        else:
            self.actors[me].aliases.pop(token, None)
            self.deliver(me, ("down", token, target, "noproc"))

    def demonitor(self, me: int, token: int, flush: bool) -> bool:
        actor = self.actors[me]
        actor.aliases.pop(token, None)
        if flush:
            for message in actor.mailbox:
                if accepts(("ref", token), message):
                    actor.mailbox.remove(message)
                    break
        return actor.watches.pop(token, None) is not None

    def alias(self, me: int, once: bool, token: int) -> str:
        self.actors[me].aliases[token] = "once" if once else "unalias"
        return "has an alias"

    def unalias(self, me: int, token: int) -> bool:
        return self.actors[me].aliases.pop(token, None) is not None

    def trap_exit(self, me: int, flag: bool) -> bool:
        before, self.actors[me].traps = self.actors[me].traps, flag
        return before

    def spawn(self, me: int, tie: str, token: int) -> str:
        self.actors.append(Actor())
        child = len(self.actors) - 1
        if tie == "link":
            self.link(me, child)
        if tie == "monitor":
            self.watch(me, child, child, token)
        return "spawned"

    # Names.

    def register(self, me: int, name: str, to: int) -> str:
        if not self.actors[to].lives:
            return "NoProcess"
        if self.actors[to].name is not None or name in self.names:
            return "NameTaken"
        self.names[name], self.actors[to].name = to, name
        return "registered"

    def unregister(self, me: int, name: str) -> str:
        if name not in self.names:
            return "NoProcess"
        self.actors[self.names.pop(name)].name = None
        return "unregistered"

    def whereis(self, me: int, name: str) -> int | str | None:
        return self.names.get(name, "nobody")

    # The end.

    def exit(self, me: int, to: int, reason: Any) -> str:
        self.exit_signal(to, me, reason, linked=False)
        return "sent"

    def exit_signal(self, to: int, source: int, reason: Any, *, linked: bool) -> None:
        actor = self.actors[to]
        if not actor.lives:
            return
        if reason == "kill" and not linked:
            self.end(to, "killed")
        elif actor.traps:
            self.deliver(to, ("exit", source, reason))
        elif reason != "normal" or source == to:
            self.end(to, reason)

    def end(self, me: int, reason: Any) -> None:
        dead = self.actors[me]
        links, name = dead.links, dead.name
        self.actors[me] = Actor(reason=reason, results=dead.results)
        if name is not None:
            del self.names[name]
        for who, actor in enumerate(self.actors):
            if actor.waits is not None and actor.waits[:2] == (CALLING, me):
                self.finish_wait(who, ("CallFailed", reason))
            for token in [token for token, (watched, _) in actor.watches.items() if watched == me]:
                _, target = actor.watches.pop(token)
                actor.aliases.pop(token, None)
                self.deliver(who, ("down", token, target, reason))
        for other in links:
            self.actors[other].links.discard(me)
            self.exit_signal(other, me, reason, linked=True)


def accepts(way: Iterable[Any], message: Message) -> bool:
    match way:
        case ("any",):
            return True
        case ("guard", number):
            return message[0] == "say" and bool(message[1] % 3 == number)
        case ("ref", token):
            return message[0] in BY_TOKEN and bool(message[1] == token)
    return False
