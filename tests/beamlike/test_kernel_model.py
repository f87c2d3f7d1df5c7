"""The kernel against a model of Erlang's semantics: puppets do what they are told in random order, and after each act
links, monitors, names, mailboxes, reasons and results are what the model says. On both loops, with one scheduler and
with two."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import uvloop
from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

import beamlike as bl
from beamlike.kernel import current
from beamlike.kernel.node import LocalNode
from beamlike.kernel.scheduler import Scheduler
from beamlike.kernel.spawn import spawn_tied
from beamlike.kernel.states import OVER
from beamlike.loop_thread import LoopThread
from tests.support.kernel_model import CALLING, World
from tests.support.local_nodes import settled
from tests.support.puppets import HOUR, Acts, Done, NotToldYet, Puppet, Stage
from tests.support.second_scheduler import own_scheduler, spawn_at
from tests.support.soak import count

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1200)]

MOST = 8
PATIENCE = 100
"""Looks at two schedulers until they must have come to rest."""

who = st.integers(0, MOST - 1)
says = st.tuples(st.just("say"), st.integers(0, 5))
names = st.sampled_from(["a", "b"])
ways = st.one_of(
    st.just(("any",)),
    st.tuples(st.just("guard"), st.integers(0, 2)),
    st.tuples(st.just("ref"), st.integers(0, 100)),
)
reasons = st.sampled_from(["normal", "kill", "killed", "shutdown", ("shutdown", 1), "boom", 7, None])
routes = st.sampled_from(["itself", "a task", "wait_for"])


def by(route: str, act: Callable[[], Any]) -> Callable[[], Any]:
    """The act, done by the process itself or by a child task of it."""

    async def as_coroutine() -> Any:
        result = act()
        return await result if asyncio.iscoroutine(result) else result

    match route:
        case "a task":
            return lambda: asyncio.create_task(as_coroutine())
        case "wait_for":
            return lambda: asyncio.wait_for(as_coroutine(), HOUR)
    return act


class KernelAgainstModel(RuleBasedStateMachine):
    new_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    schedulers = 1

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.stage = Stage()
        self.acts = Acts(self.stage, self.spawn_tied)
        self.tokens = 0
        self.requests: set[int] = set()
        self.loop = type(self).new_loop()
        self.failures: list[dict[str, Any]] = []
        self.loop.set_exception_handler(lambda _, context: self.failures.append(context))
        self.second = LoopThread("second scheduler") if self.schedulers == 2 else None
        self.homes: list[Scheduler] = []
        self.loop.run_until_complete(self.open())

    async def open(self) -> None:
        self.node = LocalNode("model@127.0.0.1")
        current.started(self.node)
        self.homes.append(self.node.scheduler)
        if self.second is not None:
            self.homes.append(await self.second.run(own_scheduler()))

    def teardown(self) -> None:
        try:
            self.loop.run_until_complete(self.close())
        finally:
            current.stopped(self.node)
            if self.second is not None:
                self.second.stop()
            self.loop.close()
        assert self.failures == []

    async def close(self) -> None:
        self.node.halt()
        for _ in range(PATIENCE):
            await self.rest()
            if all(puppet.process.state is OVER for puppet in self.stage.puppets):
                break
        assert self.node.processes() == []
        assert all(puppet.process.state is OVER for puppet in self.stage.puppets)

    # What happens, in reality and in the model.

    def home_of(self, puppet: Puppet) -> Scheduler:
        return self.homes[puppet.number % len(self.homes)]

    def spawn_tied(self, me: Puppet, child: Puppet, tie: str) -> tuple[bl.Pid, bl.Ref | None]:
        if tie == "monitor":
            return bl.spawn_monitor(child.live)
        return spawn_tied(child.live, (), link=tie == "link"), None

    def token(self) -> int:
        self.tokens += 1
        return self.tokens

    def one(self, number: int) -> int:
        """One of the puppets, dead or alive."""
        return number % len(self.world.actors)

    def idle(self, number: int) -> int:
        """One of the puppets that can do something."""
        idle = [who for who in self.world.living() if self.world.actors[who].waits is None]
        assume(idle)
        return idle[number % len(idle)]

    def do(self, me: int, act: str, *args: Any, model: str | None = None, route: str = "itself") -> None:
        puppet = self.stage.puppets[me]
        method = getattr(self.acts, act)
        expected = getattr(self.world, model or act)(me, *args)
        if expected is not None:
            self.world.actors[me].results.append(expected)
        self.order(puppet, by(route, lambda: method(puppet, *args)))
        self.compare()

    def order(self, puppet: Puppet, order: Callable[[], Any]) -> None:
        puppet.process.scheduler.call(puppet.orders.put_nowait, order)

    # What there is to see.

    def compare(self) -> None:
        self.loop.run_until_complete(self.come_to_rest())
        for who in self.world.living():
            puppet = self.stage.puppets[who]
            self.world.absorb(who, puppet.results[-1] if puppet.results else None, puppet.mailbox())
        assert self.seen() == self.said()
        assert self.node.registered() == sorted(self.world.names)
        assert self.failures == []

    async def come_to_rest(self) -> None:
        """One scheduler has done all that it has to do after some turns; two may have to hear of each other."""
        await self.rest()
        for _ in range(PATIENCE if self.second is not None else 0):
            if self.is_at_rest():
                break
            await self.rest()

    async def rest(self) -> None:
        await settled()
        if self.second is not None:
            await self.second.run(settled())

    def is_at_rest(self) -> bool:
        """Whether as much has happened as the model says."""
        for who in self.world.living():
            actor, puppet = self.world.actors[who], self.stage.puppets[who]
            if puppet.process.ended:
                return False
            arrived = sum(1 for _ in puppet.process.messages()) + len(puppet.results)
            if arrived < len(actor.mailbox) + len(actor.news) + len(actor.results):
                return False
        try:
            return self.ties() == self.said_ties()
        except NotToldYet:
            return False

    def ties(self) -> list[Any]:
        return [entry[:4] for entry in self.seen()]

    def said_ties(self) -> list[Any]:
        return [entry[:4] for entry in self.said()]

    def seen(self) -> list[Any]:
        return [self.seen_of(puppet) for puppet in self.stage.puppets]

    def seen_of(self, puppet: Puppet) -> Any:
        process = puppet.process
        if process.ended:
            return [self.stage.reason(process.reason)]
        calling = self.world.actors[puppet.number].waits or ()
        links = sorted(self.stage.number(pid) for pid in process.links)
        watched = sorted(str(self.stage.target(target)) for target in process.monitors)
        aliases = sorted(token for token, ref in self.stage.refs.items() if ref.id in process.aliases)
        ties = (links, process.name, process.trap_exit, [] if CALLING in calling else [watched, aliases])
        return [*ties, puppet.mailbox(), puppet.results]

    def said(self) -> list[Any]:
        return [self.said_of(actor) for actor in self.world.actors]

    def said_of(self, actor: Any) -> Any:
        if not actor.lives:
            return [actor.reason]
        watched = sorted(str(target) for _, target in actor.watches.values())
        aliases = sorted(actor.aliases)
        calling = CALLING in (actor.waits or ())
        ties = (sorted(actor.links), actor.name, actor.traps, [] if calling else [watched, aliases])
        return [*ties, actor.mailbox, actor.results]

    # The rules.

    @initialize()
    def some_are_there(self) -> None:
        for _ in range(4):
            self.one_more_is_there()

    @precondition(lambda self: len(self.world.actors) < MOST)
    @rule()
    def one_more_is_there(self) -> None:
        self.world.spawn(0, "none", 0)
        puppet = Puppet(self.stage)

        async def start() -> None:
            puppet.born(spawn_at(self.home_of(puppet), puppet.live))

        self.loop.run_until_complete(start())
        self.compare()

    @precondition(lambda self: len(self.world.actors) < MOST)
    @rule(me=who, tie=st.sampled_from(["none", "link", "monitor"]), route=routes)
    def spawn(self, me: int, tie: str, route: str) -> None:
        self.do(self.idle(me), "spawn", tie, self.token(), route=route)

    @rule(me=who, to=who, message=says, route=routes)
    def send(self, me: int, to: int, message: Any, route: str) -> None:
        self.do(self.idle(me), "send", self.one(to), message, route=route)

    @rule(me=who, to=who, message=says)
    def send_to_all_who_wait(self, me: int, to: int, message: Any) -> None:
        for other in self.world.living():
            if self.world.actors[other].waits is not None:
                self.do(self.idle(me), "send", other, message)

    @precondition(lambda self: self.stage.refs)
    @rule(me=who, to=who, token=st.integers(0, 100), number=st.integers(0, 5))
    def send_what_carries_a_reference(self, me: int, to: int, token: int, number: int) -> None:
        # The reference of an alias: with that of a monitor `flush` could not tell it from the Down.
        known = [known for known in self.stage.aliases if known not in self.requests]
        assume(known)
        self.do(self.idle(me), "send", self.one(to), ("tagged", known[token % len(known)], number))

    @rule(me=who, name=names, message=says, route=routes)
    def send_to_name(self, me: int, name: str, message: Any, route: str) -> None:
        self.do(self.idle(me), "send_to_name", name, message, route=route)

    @precondition(lambda self: self.stage.aliases)
    @rule(me=who, token=st.integers(0, 100), number=st.integers(0, 5), as_reply=st.booleans())
    def send_to_alias(self, me: int, token: int, number: int, as_reply: bool) -> None:
        known = sorted(self.stage.aliases)[token % len(self.stage.aliases)]
        owner = self.stage.number(self.stage.aliases[known].pid)
        message = ("reply", known, number) if as_reply else ("say", number)
        self.do(self.idle(me), "send_to_alias", owner, known, message)

    @rule(me=who, way=ways, route=routes, within=st.sampled_from(["", "_within_an_hour"]))
    def receive(self, me: int, way: Any, route: str, within: str) -> None:
        self.do(self.idle(me), "receive" + within, *self.way(way), model="receive", route=route)

    @rule(me=who, way=ways, route=routes)
    def receive_at_once(self, me: int, way: Any, route: str) -> None:
        self.do(self.idle(me), "receive_at_once", *self.way(way), route=route)

    @rule(me=who, way=ways)
    def receive_within_a_moment(self, me: int, way: Any) -> None:
        me, way = self.idle(me), self.way(way)
        puppet = self.stage.puppets[me]
        before = len(puppet.results)
        self.world.actors[me].results.append(self.world.receive_at_once(me, *way))
        self.order(puppet, lambda: self.acts.receive_within_a_moment(puppet, *way))
        self.loop.run_until_complete(until(lambda: len(puppet.results) > before))
        self.compare()

    def way(self, way: tuple[Any, ...]) -> tuple[Any, ...]:
        if way[0] != "ref":
            return way
        assume(self.stage.refs)
        known = sorted(self.stage.refs)
        return "ref", known[way[1] % len(known)]

    @rule(me=who, to=who, route=routes, within=st.sampled_from(["", "_within_an_hour"]))
    def call(self, me: int, to: int, route: str, within: str) -> None:
        caller, server = self.idle(me), self.one(to)
        assume(caller != server or route == "itself")
        self.do(caller, "call" + within, server, self.token(), model="call", route=route)

    @rule(me=who, route=routes)
    def answer(self, me: int, route: str) -> None:
        self.do(self.idle(me), "answer", route=route)

    @rule(to=who)
    def receive_and_answer_a_call(self, to: int) -> None:
        asked = [who for who in self.world.living() if any(it[0] == "call" for it in self.world.actors[who].mailbox)]
        assume(asked)
        server = asked[to % len(asked)]
        assume(self.world.actors[server].waits is None)
        self.do(server, "receive", "any")
        self.do(server, "answer")

    @rule(me=who, to=who)
    def open_request(self, me: int, to: int) -> None:
        self.requests.add(token := self.token())
        self.do(self.idle(me), "open_request", self.one(to), token)

    @rule(me=who, to=who, route=routes)
    def link(self, me: int, to: int, route: str) -> None:
        self.do(self.idle(me), "link", self.one(to), route=route)

    @rule(me=who, to=who, route=routes)
    def unlink(self, me: int, to: int, route: str) -> None:
        self.do(self.idle(me), "unlink", self.one(to), route=route)

    @rule(me=who, to=who, route=routes)
    def monitor(self, me: int, to: int, route: str) -> None:
        self.do(self.idle(me), "monitor", self.one(to), self.token(), route=route)

    @rule(me=who, name=names)
    def monitor_name(self, me: int, name: str) -> None:
        self.do(self.idle(me), "monitor_name", name, self.token())

    @precondition(lambda self: self.stage.refs)
    @rule(me=who, token=st.integers(0, 100), flush=st.booleans())
    def demonitor(self, me: int, token: int, flush: bool) -> None:
        known = sorted(self.stage.refs)[token % len(self.stage.refs)]
        self.do(self.idle(me), "demonitor", known, flush)

    @rule(me=who, once=st.booleans(), route=routes)
    def alias(self, me: int, once: bool, route: str) -> None:
        self.do(self.idle(me), "alias", once, self.token(), route=route)

    @precondition(lambda self: self.stage.aliases)
    @rule(me=who, token=st.integers(0, 100))
    def unalias(self, me: int, token: int) -> None:
        known = sorted(self.stage.aliases)[token % len(self.stage.aliases)]
        self.do(self.idle(me), "unalias", known)

    @rule(me=who, flag=st.booleans(), route=routes)
    def trap_exit(self, me: int, flag: bool, route: str) -> None:
        self.do(self.idle(me), "trap_exit", flag, route=route)

    @rule(me=who, name=names, to=who)
    def register(self, me: int, name: str, to: int) -> None:
        self.do(self.idle(me), "register", name, self.one(to))

    @rule(me=who, name=names)
    def unregister(self, me: int, name: str) -> None:
        self.do(self.idle(me), "unregister", name)

    @rule(me=who, name=names)
    def whereis(self, me: int, name: str) -> None:
        self.do(self.idle(me), "whereis", name)

    @rule(me=who)
    def pause(self, me: int) -> None:
        self.world.actors[self.idle(me)].results.append("went on")
        puppet = self.stage.puppets[self.idle(me)]
        self.order(puppet, lambda: self.acts.pause(puppet))
        self.compare()

    @rule(me=who)
    def wait_for_a_future(self, me: int) -> None:
        me = self.idle(me)
        self.world.actors[me].waits = ("future",)
        puppet = self.stage.puppets[me]
        self.order(puppet, lambda: self.acts.wait_for_the_future(puppet))
        self.compare()

    @rule(me=who)
    def the_future_comes(self, me: int) -> None:
        waiting = [who for who in self.world.living() if self.world.actors[who].waits == ("future",)]
        assume(waiting)
        me = waiting[me % len(waiting)]
        puppet = self.stage.puppets[me]
        assert puppet.future is not None
        self.world.finish_wait(me, "went on")
        puppet.process.scheduler.call(puppet.future.set_result, None)
        self.compare()

    @rule(me=who)
    def cancel(self, me: int) -> None:
        living = self.world.living()
        assume(living)
        me = living[me % len(living)]
        task: Any = self.stage.puppets[me].process
        self.world.finish_wait(me, "cancelled")
        task.scheduler.call(task.cancel)
        self.compare()

    @rule(me=who, to=who, reason=reasons, route=routes)
    def exit(self, me: int, to: int, reason: Any, route: str) -> None:
        self.do(self.idle(me), "exit", self.one(to), reason if reason is not None else "other", route=route)

    @rule(me=who, reason=reasons)
    def end(self, me: int, reason: Any) -> None:
        me = self.idle(me)
        error: BaseException = bl.ProcessExit(reason) if reason is not None else ZeroDivisionError()
        self.world.end(me, reason if reason is not None else ("raised", "ZeroDivisionError"))
        self.order(self.stage.puppets[me], lambda: throw(error))
        self.compare()

    @rule(me=who)
    def returns(self, me: int) -> None:
        me = self.idle(me)
        self.world.end(me, "normal")
        self.order(self.stage.puppets[me], lambda: throw(Done()))
        self.compare()


def throw(error: BaseException) -> None:
    raise error


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(40):
        while not condition():  # noqa: ASYNC110 - the kernel keeps no event for what a test asks about
            await asyncio.sleep(0.0005)


class OnUvloop(KernelAgainstModel):
    new_loop = uvloop.new_event_loop


class WithTwoSchedulers(KernelAgainstModel):
    schedulers = 2


class WithTwoSchedulersOnUvloop(OnUvloop):
    schedulers = 2


def histories(machine: type[KernelAgainstModel], reduced: int) -> Any:
    machine.TestCase.settings = settings(
        max_examples=count(reduced, 10 * reduced),
        stateful_step_count=50,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    return machine.TestCase


test_any_history_follows_the_model_on_asyncio = histories(KernelAgainstModel, 40)
test_any_history_follows_the_model_on_uvloop = histories(OnUvloop, 40)
test_any_history_follows_the_model_with_two_schedulers = histories(WithTwoSchedulers, 20)
test_any_history_follows_the_model_with_two_schedulers_on_uvloop = histories(WithTwoSchedulersOnUvloop, 20)
