"""A running server becomes one of another class, and stays what it is otherwise."""

from __future__ import annotations

import asyncio
import gc
from typing import Any
from weakref import ref

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import beamlike as bl
from beamlike.kernel.question import Client
from tests.support.local_nodes import (
    PATIENCE,
    down_reason,
    eventually,
    in_node,
    no_message,
    received,
    run_in_node,
    settled,
)

call, cast = bl.GenServer.call, bl.GenServer.cast


class Counter(bl.GenServer):
    """Counts what it is told; "later" is answered by the next cast."""

    VERSION = 1

    def init(self, value: int = 7) -> None:
        self.value = value
        self.clients: list[Client] = []

    def handle_call(self, request: Any, client: Client) -> Any:
        if request == "later":
            self.clients.append(client)
            return bl.NO_REPLY
        return self.VERSION, self.value

    def handle_cast(self, amount: int) -> None:
        self.value += amount
        while self.clients:
            bl.GenServer.reply(self.clients.pop(), (self.VERSION, self.value))


class Refused(Exception):
    pass


class Newer(Counter):
    VERSION = 2

    def code_change(self, old: type[Any], extra: Any) -> None:
        self.value = 0
        if extra is None:
            raise Refused(f"of a {old.__name__}")
        self.value = extra


class Older(Counter):
    """It converts nothing."""


@pytest.mark.parametrize("suspended", [False, True])
@in_node
async def test_a_server_becomes_one_of_a_new_class(suspended: bool) -> None:
    server = await Counter.start_link()
    if suspended:
        await bl.sys.suspend(server)
    await bl.sys.change_code(server, Newer, 42)
    status = await bl.sys.get_status(server)
    assert status.behaviour.endswith(".Newer")
    assert status.code == __file__
    await bl.sys.resume(server)
    assert await call(server, "get") == (2, 42)


@in_node
async def test_a_class_that_converts_nothing_takes_the_attributes_as_they_are() -> None:
    server = await Newer.start_link(5)
    await bl.sys.change_code(server, Older)
    assert await call(server, "get") == (1, 5)


@in_node
async def test_pid_name_links_monitors_and_waiting_messages_stay() -> None:
    bl.trap_exit(True)
    server, end = await Counter.start_link(name="counter"), bl.monitor("counter")
    early = bl.GenServer.send_request(server, "later")
    await bl.sys.suspend(server)
    cast(server, 1)
    waiting = bl.GenServer.send_request(server, "get")
    await bl.sys.change_code("counter", Newer, 41)
    await bl.sys.resume("counter")
    assert await bl.GenServer.receive_response(early, timeout=PATIENCE) == (2, 42)
    assert await bl.GenServer.receive_response(waiting, timeout=PATIENCE) == (2, 42)
    assert bl.whereis("counter") == server
    bl.exit(server, "kill")
    assert await down_reason(end) == "killed"
    assert await received(1) == [bl.Exit(server, "killed")]


@in_node
async def test_a_server_that_handles_a_message_changes_after_it() -> None:
    class Slow(Counter):
        async def handle_call(self, request: Any, client: Client) -> Any:
            await go_on.wait()
            return self.VERSION

    go_on = asyncio.Event()
    server = await Slow.start_link()
    asking = bl.GenServer.send_request(server, "what are you?")
    changing = asyncio.create_task(bl.sys.change_code(server, Newer, 1))
    await settled()
    assert not changing.done()
    go_on.set()
    assert await bl.GenServer.receive_response(asking, timeout=PATIENCE) == 1
    await changing
    assert await call(server, "get") == (2, 1)


class Async(Counter):
    async def code_change(self, old: type[Any], extra: Any) -> None:
        self.value = 0


class Slotted(Counter):
    __slots__ = ("more",)


@pytest.mark.parametrize(
    ("new", "refusal"),
    [
        (Newer, "of a Counter"),
        (Async, "expected code_change of Async to be a plain function, got an async one"),
        (Slotted, "object layout differs"),
        (int, "expected a class of servers to change the code of a Counter to, got <class 'int'>"),
        (3, "expected a class of servers to change the code of a Counter to, got 3"),
        (bl.Supervisor, "got <class '.*.Supervisor'>, a class of supervisors"),
    ],
)
@in_node
async def test_who_refuses_goes_on_as_before(new: Any, refusal: str) -> None:
    server = await Counter.start_link()
    with pytest.raises((Refused, TypeError), match=refusal):
        await bl.sys.change_code(server, new)
    assert await call(server, "get") == (1, 7)
    assert (await bl.sys.get_status(server)).behaviour.endswith(".Counter")
    await no_message()


@in_node
async def test_nothing_of_the_old_class_is_kept() -> None:
    old: Any = type("Old", (Counter,), {"handle_info": lambda self, message: None})
    server = await old.start_link()
    bl.send(server, "hello")
    await call(server, "get")
    gone = ref(old)
    del old
    await bl.sys.change_code(server, Newer, 1)
    gc.collect()
    assert gone() is None


@in_node
async def test_a_child_is_started_anew_from_its_specification() -> None:
    supervisor = await bl.Supervisor.start_link([Counter.child_spec(id="counter", name="counter")], intensity=5)
    await bl.sys.change_code("counter", Newer, 42)
    assert await call("counter", "get") == (2, 42)
    await killed("counter")
    assert await call("counter", "get") == (1, 7)
    await bl.sys.change_code(supervisor, bl.Supervisor, [Newer.child_spec(id="counter", name="counter")])
    assert await call("counter", "get") == (1, 7)
    await killed("counter")
    assert await call("counter", "get") == (2, 7)


@in_node
async def test_a_supervisor_takes_new_specifications_and_refuses_bad_ones_whole() -> None:
    supervisor = await bl.Supervisor.start_link([Counter.child_spec(id="a"), Counter.child_spec(id="b")])
    before = {info.id: info.pid for info in await bl.Supervisor.which_children(supervisor)}
    significant = bl.ChildSpec("b", Counter.start_link, restart="transient", significant=True)
    with pytest.raises(bl.BadChild):
        await bl.sys.change_code(supervisor, bl.Supervisor, [Newer.child_spec(id="a"), significant])
    assert (await bl.Supervisor.get_childspec(supervisor, "a")).starter == "Counter.start_link"
    await bl.sys.change_code(supervisor, bl.Supervisor, [Newer.child_spec(id="b"), Newer.child_spec(id="c")])
    after = {info.id: info.pid for info in await bl.Supervisor.which_children(supervisor)}
    assert after == {**before, "c": None}
    assert (await bl.Supervisor.get_childspec(supervisor, "b")).starter == "Newer.start_link"
    assert await bl.Supervisor.restart_child(supervisor, "c") is not None


@pytest.mark.parametrize(
    ("new", "refusal"),
    [
        (
            Counter,
            "expected a class of supervisors .* of a Supervisor to, got <.*Counter'>, a class of servers",
        ),
        (bl.DynamicSupervisor, "a class of dynamic supervisors"),
        (bl.PartitionSupervisor, "a class of partition supervisors"),
        (3, "expected a class of supervisors to change the code of a Supervisor to, got 3"),
    ],
)
@in_node
async def test_a_supervisor_becomes_no_server_that_would_leave_its_children_to_nobody(new: Any, refusal: str) -> None:
    supervisor = await bl.Supervisor.start([Counter.child_spec(id="counter", name="counter")])
    child = bl.monitor("counter")
    with pytest.raises(TypeError, match=refusal):
        await bl.sys.change_code(supervisor, new)
    await bl.GenServer.stop(supervisor)
    assert await down_reason(child) == "shutdown"


class Watchful(bl.Supervisor):
    """One of one's own."""


@in_node
async def test_a_supervisor_becomes_one_of_its_own_kind() -> None:
    supervisor = await bl.Supervisor.start_link([Counter.child_spec(id="counter")])
    await bl.sys.change_code(supervisor, Watchful)
    assert (await bl.sys.get_status(supervisor)).behaviour.endswith(".Watchful")
    assert (await bl.Supervisor.count_children(supervisor)).active == 1


async def killed(name: str) -> None:
    """Ends that process, and returns when another has its name."""
    pid = bl.whereis(name)
    assert pid is not None
    end = bl.monitor(pid)
    bl.exit(pid, "kill")
    await down_reason(end)
    await eventually(lambda: bl.whereis(name) not in (None, pid))


# Histories: whatever comes between, each message is handled once, in order, by the class of that moment.

steps = st.lists(
    st.sampled_from(["get", "add", "later", "suspend", "resume", "log", "no log"])
    | st.tuples(st.sampled_from([Counter, Newer, Older]), st.none() | st.integers(0, 9)),
    max_size=14,
)


class Model:
    """What a Counter that is told the steps must answer."""

    def __init__(self) -> None:
        self.version, self.value, self.suspended = 1, 7, False
        self.queue: list[str] = []
        self.later = 0
        self.answers: list[tuple[int, int]] = []

    def change(self, new: type[Counter], extra: int | None) -> bool:
        """Whether it takes the new code."""
        if new is Newer:
            if extra is None:
                return False
            self.value = extra
        self.version = new.VERSION
        return True

    def tell(self, step: str) -> None:
        match step:
            case "suspend" | "resume":
                self.suspended = step == "suspend"
            case "get" | "add" | "later":
                self.queue.append(step)
        while self.queue and not self.suspended:
            self._handle(self.queue.pop(0))

    def _handle(self, step: str) -> None:
        now = self.version, self.value
        match step:
            case "get":
                self.answers.append(now)
            case "later":
                self.later += 1
            case "add":
                self.value += 1
                self.answers += [(self.version, self.value)] * self.later
                self.later = 0


async def play(history: list[Any]) -> None:
    model, server = Model(), await Counter.start_link()
    requests: list[Any] = []
    for step in history:
        match step:
            case (new, extra):
                if model.change(new, extra):
                    await bl.sys.change_code(server, new, extra)
                else:
                    with pytest.raises(Refused):
                        await bl.sys.change_code(server, new, extra)
            case "suspend" | "resume":
                await getattr(bl.sys, step)(server)
                model.tell(step)
            case "log" | "no log":
                await bl.sys.log(server, 5 if step == "log" else 0)
            case "add":
                cast(server, 1)
                model.tell(step)
            case _:
                requests.append(bl.GenServer.send_request(server, step))
                model.tell(step)
    await bl.sys.resume(server)
    cast(server, 1)
    model.tell("resume")
    model.tell("add")
    answers = [await bl.GenServer.receive_response(request, timeout=PATIENCE) for request in requests]
    assert sorted(answers) == sorted(model.answers)
    assert await call(server, "get") == (model.version, model.value)


@settings(max_examples=150, deadline=None)
@given(steps)
def test_whatever_comes_between_each_message_is_handled_once_by_the_class_of_then(history: list[Any]) -> None:
    run_in_node(lambda: play(history))
