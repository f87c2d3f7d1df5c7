"""Processes that do what they are told, and show what came of it in the words of the model (`kernel_model`)."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

import beamlike as bl
from beamlike.behaviours.servers.gen_server import Call
from beamlike.kernel.functions import open_request
from beamlike.kernel.process import Process
from beamlike.kernel.terms import Reply
from tests.support.kernel_model import Message

HOUR = 3600


class Puppet:
    """A process and its strings: `orders` are pulled from outside, `results` tell what the last of them came to."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.orders: asyncio.Queue[Callable[[], Any]] = asyncio.Queue()
        self.results: list[Any] = []
        self.asked: list[Call] = []
        self.process: Process
        self.future: asyncio.Future[None] | None = None
        self.number = len(stage.puppets)
        stage.puppets.append(self)

    async def live(self) -> None:
        while True:
            try:
                result = (await self.orders.get())()
                if inspect.isawaitable(result):
                    result = await result
            except Done:
                return
            except bl.CallFailed as error:
                result = "CallFailed", self.stage.reason(error.reason)
            except (bl.NoProcess, bl.NameTaken, bl.UnknownName, TimeoutError) as error:
                result = type(error).__name__
            except asyncio.CancelledError:
                task: Any = self.process
                task.uncancel()
                result = "cancelled"
            if self.process.ended:
                return
            self.results.append(result)

    @property
    def pid(self) -> bl.Pid:
        return self.process.pid

    def born(self, pid: bl.Pid) -> None:
        assert pid.process is not None
        self.process = pid.process

    def mailbox(self) -> list[Message]:
        return [self.stage.message(message) for message in self.process.messages()]


class Done(Exception):
    """Has a puppet return."""


class NotToldYet(LookupError):
    """A message names what a puppet on another scheduler has not told of yet."""


class Stage:
    """The puppets, and what the tokens of the model stand for."""

    def __init__(self) -> None:
        self.puppets: list[Puppet] = []
        self.refs: dict[int, bl.Ref] = {}
        self.aliases: dict[int, bl.Alias] = {}

    def pid(self, number: int) -> bl.Pid:
        return self.puppets[number].pid

    def number(self, pid: bl.Pid) -> int:
        return next(puppet.number for puppet in self.puppets if puppet.pid == pid)

    def token(self, ref: bl.Ref) -> int:
        # A copy: a puppet on another scheduler may tell of one meanwhile.
        token = next((token for token, known in list(self.refs.items()) if known == ref), None)
        if token is None:
            raise NotToldYet(f"no puppet has told of {ref}")
        return token

    def real(self, message: Message) -> Any:
        match message:
            case ("say", number):
                return number
            case ("tagged", token, number):
                return self.refs[token], number
            case ("reply", token, number):
                return Reply(self.refs[token], number)
        raise AssertionError(message)

    def message(self, real: Any) -> Message:
        match real:
            case int(number):
                return "say", number
            case (bl.Ref() as ref, number):
                return "tagged", self.token(ref), number
            case Reply(ref=ref, value=number):
                return "reply", self.token(ref), number
            case Call():
                return "call", self.number(real.pid), real.request
            case bl.Exit(pid, reason):
                return "exit", self.number(pid), self.reason(reason)
            case bl.Down(ref, target, reason):
                return "down", self.token(ref), self.target(target), self.reason(reason)
        raise AssertionError(real)

    def target(self, target: Any) -> Any:
        return self.number(target) if isinstance(target, bl.Pid) else target[0]

    def reason(self, reason: Any) -> Any:
        return ("raised", reason.type) if isinstance(reason, bl.ExceptionInfo) else reason


class Acts:
    """What the model does, done by the puppet `me` in reality. Each returns what the method of `World` does."""

    def __init__(self, stage: Stage, spawn: Callable[[Puppet, Puppet, str], tuple[bl.Pid, bl.Ref | None]]) -> None:
        self.stage = stage
        self._spawn = spawn

    def send(self, me: Puppet, to: int, message: Message) -> str:
        bl.send(self.stage.pid(to), self.stage.real(message))
        return "sent"

    def send_to_name(self, me: Puppet, name: str, message: Message) -> str:
        bl.send(name, self.stage.real(message))
        return "sent"

    def send_to_alias(self, me: Puppet, owner: int, token: int, message: Message) -> str:
        bl.send(self.stage.aliases[token], self.stage.real(message))
        return "sent"

    async def receive(self, me: Puppet, *way: Any) -> Message:
        return self.received(me, await self._receive(way, None))

    async def receive_within_an_hour(self, me: Puppet, *way: Any) -> Message:
        return self.received(me, await self._receive(way, HOUR))

    async def receive_at_once(self, me: Puppet, *way: Any) -> Message:
        return self.received(me, await self._receive(way, 0))

    async def receive_within_a_moment(self, me: Puppet, *way: Any) -> Message:
        return self.received(me, await self._receive(way, 0.0001))

    def _receive(self, way: tuple[Any, ...], timeout: float | None) -> Awaitable[Any]:
        match way:
            case ("guard", number):
                return bl.receive(lambda message: message % 3 == number, timeout=timeout)
            case ("ref", token):
                return bl.receive(ref=self.stage.refs[token], timeout=timeout)
        return bl.receive() if timeout is None else bl.receive(timeout=timeout)

    def received(self, me: Puppet, message: Any) -> Message:
        if isinstance(message, Call):
            me.asked.append(message)
        return self.stage.message(message)

    async def call(self, me: Puppet, to: int, number: int) -> Any:
        return await bl.GenServer.call(self.stage.pid(to), number, timeout=None)

    async def call_within_an_hour(self, me: Puppet, to: int, number: int) -> Any:
        return await bl.GenServer.call(self.stage.pid(to), number, timeout=HOUR)

    def answer(self, me: Puppet) -> str:
        if not me.asked:
            return "nobody asked"
        question = me.asked.pop(0)
        bl.GenServer.reply(question.client, ("answer", question.request))
        return "answered"

    def open_request(self, me: Puppet, to: int, token: int) -> str:
        address = open_request(self.stage.pid(to))
        self.stage.aliases[token], self.stage.refs[token] = address, address.ref
        return "watched"

    def link(self, me: Puppet, to: int) -> str:
        bl.link(self.stage.pid(to))
        return "linked"

    def unlink(self, me: Puppet, to: int) -> str:
        bl.unlink(self.stage.pid(to))
        return "unlinked"

    def monitor(self, me: Puppet, to: int, token: int) -> str:
        self.stage.refs[token] = bl.monitor(self.stage.pid(to))
        return "watched"

    def monitor_name(self, me: Puppet, name: str, token: int) -> str:
        self.stage.refs[token] = bl.monitor(name)
        return "watched"

    def demonitor(self, me: Puppet, token: int, flush: bool) -> bool:
        return bl.demonitor(self.stage.refs[token], flush=flush)

    def alias(self, me: Puppet, once: bool, token: int) -> str:
        address = self.stage.aliases[token] = bl.alias(once=once)
        self.stage.refs[token] = address.ref
        return "has an alias"

    def unalias(self, me: Puppet, token: int) -> bool:
        return bl.unalias(self.stage.aliases[token])

    def trap_exit(self, me: Puppet, flag: bool) -> bool:
        return bl.trap_exit(flag)

    def spawn(self, me: Puppet, tie: str, token: int) -> str:
        child = Puppet(self.stage)
        pid, ref = self._spawn(me, child, tie)
        child.born(pid)
        if ref is not None:
            self.stage.refs[token] = ref
        return "spawned"

    def register(self, me: Puppet, name: str, to: int) -> str:
        bl.register(name, self.stage.pid(to))
        return "registered"

    def unregister(self, me: Puppet, name: str) -> str:
        bl.unregister(name)
        return "unregistered"

    def whereis(self, me: Puppet, name: str) -> int | str:
        pid = bl.whereis(name)
        return self.stage.number(pid) if pid is not None else "nobody"

    def exit(self, me: Puppet, to: int, reason: Any) -> str:
        bl.exit(self.stage.pid(to), reason)
        return "sent"

    async def pause(self, me: Puppet) -> str:
        await asyncio.sleep(0)
        return "went on"

    async def wait_for_the_future(self, me: Puppet) -> str:
        me.future = asyncio.get_running_loop().create_future()
        await me.future
        return "went on"
