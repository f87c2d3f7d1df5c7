"""BEAMLIKE_COPY=1: what its sender changes later is not seen by who received it, whichever way it went.

The switch is read at the import, so the ways run in an interpreter of their own, once with it and once without.
"""

from __future__ import annotations

import asyncio
import copy
import json
import os
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import beamlike as bl
from beamlike.behaviours.servers.gen_requests import send_request
from beamlike.behaviours.servers.sent_requests import receive_response
from beamlike.kernel.exceptions import describe_exception
from tests.support.local_nodes import PATIENCE, down_reason, forever, in_node, run_in_node

call, cast = bl.GenServer.call, bl.GenServer.cast

Thing = list[str]
SENT, CHANGED = "as sent", "changed later"


class NoUser(Exception):
    """As many exceptions: what its copy is given is its text."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no user {name}")


class Keeper(bl.GenServer):
    """Keeps what it is given, gives out what it keeps, and changes it."""

    def init(self) -> None:
        self.kept: Thing = [SENT]

    def handle_call(self, request: Any, client: Any) -> Any:
        match request:
            case "kept":
                return self.kept
            case "kept, by reply":
                bl.GenServer.reply(client, self.kept)
                return bl.NO_REPLY
            case "change":
                self.kept.append(CHANGED)
            case _:
                self.kept = request
        return None

    def handle_cast(self, request: Any) -> None:
        self.kept = request

    @bl.call
    def keep(self, thing: Thing) -> None:
        self.kept = thing

    @bl.cast
    def keep_later(self, thing: Thing) -> None:
        self.kept = thing

    @bl.call(raises=NoUser)
    def fails(self) -> None:
        raise NoUser("ann")


# The ways: each is given something to send, changes it and returns what the receiver has.


async def by_send(thing: Thing) -> Any:
    bl.send(bl.self(), thing)
    thing.append(CHANGED)
    return await bl.receive(timeout=PATIENCE)


async def by_name(thing: Thing) -> Any:
    bl.register("here", bl.self())
    bl.send("here", thing)
    thing.append(CHANGED)
    return await bl.receive(timeout=PATIENCE)


async def by_timer(thing: Thing) -> Any:
    bl.send_after(bl.self(), thing, 0.0)
    thing.append(CHANGED)
    return await bl.receive(timeout=PATIENCE)


async def by_request(thing: Thing) -> Any:
    keeper = await Keeper.start_link()
    await call(keeper, thing)
    thing.append(CHANGED)
    return await call(keeper, "kept")


async def by_request_of_a_child_task(thing: Thing) -> Any:
    keeper = await Keeper.start_link()
    await asyncio.create_task(call(keeper, thing))
    thing.append(CHANGED)
    return await call(keeper, "kept")


async def by_request_that_is_answered_later(thing: Thing) -> Any:
    keeper = await Keeper.start_link()
    request = send_request(keeper, thing)
    thing.append(CHANGED)
    await receive_response(request, PATIENCE)
    return await call(keeper, "kept")


async def by_cast(thing: Thing) -> Any:
    keeper = await Keeper.start_link()
    cast(keeper, thing)
    thing.append(CHANGED)
    return await call(keeper, "kept")


async def by_typed_call(thing: Thing) -> Any:
    keeper = await Keeper.start_link()
    await Keeper.at(keeper).keep(thing)
    thing.append(CHANGED)
    return await call(keeper, "kept")


async def by_typed_cast(thing: Thing) -> Any:
    keeper = await Keeper.start_link()
    Keeper.at(keeper).keep_later(thing)
    thing.append(CHANGED)
    return await call(keeper, "kept")


async def by_returned_reply(_: Thing) -> Any:
    keeper = await Keeper.start_link()
    reply = await call(keeper, "kept")
    await call(keeper, "change")
    return reply


async def by_sent_reply(_: Thing) -> Any:
    keeper = await Keeper.start_link()
    reply = await call(keeper, "kept, by reply")
    await call(keeper, "change")
    return reply


WAYS: dict[str, Callable[[Thing], Awaitable[Any]]] = {
    way.__name__: way
    for way in (
        by_send,
        by_name,
        by_timer,
        by_request,
        by_request_of_a_child_task,
        by_request_that_is_answered_later,
        by_cast,
        by_typed_call,
        by_typed_cast,
        by_returned_reply,
        by_sent_reply,
    )
}


async def what_cannot_be_copied_goes_through() -> bool:
    sent = threading.Lock(), [SENT]
    bl.send(bl.self(), sent)
    return await bl.receive(timeout=PATIENCE) is sent


async def send_returns_what_it_was_given() -> bool:
    sent = [SENT]
    returned = bl.send(bl.self(), sent)
    return returned is sent and await bl.receive(timeout=PATIENCE) is not sent


async def an_exit_reason_is_itself() -> bool:
    reason = [SENT]
    pid, ref = bl.spawn_monitor(forever)
    bl.exit(pid, reason)
    return await down_reason(ref) is reason


async def an_error_keeps_its_text() -> bool:
    try:
        await Keeper.at(await Keeper.start_link()).fails()
    except NoUser as error:
        return str(error) == "no user ann"
    return False


async def who_is_asked_elsewhere_answers() -> bool:
    """A client in a message is another object, and leads to the one who waits all the same."""
    answering = bl.spawn_link(answers)
    return bool(await call(bl.spawn_link(hands_on, answering), "anybody?", PATIENCE) == "here")


async def hands_on(other: bl.Pid) -> None:
    bl.send(other, await bl.receive())
    await bl.receive()


async def answers() -> None:
    bl.GenServer.reply((await bl.receive()).client, "here")


UNDER_THE_SWITCH = (
    what_cannot_be_copied_goes_through,
    send_returns_what_it_was_given,
    an_exit_reason_is_itself,
    an_error_keeps_its_text,
    who_is_asked_elsewhere_answers,
)


def seen_with(switch: str, expression: str) -> dict[str, Any]:
    """What an interpreter with this switch makes of the expression over this module."""
    program = f"import json; from tests.beamlike import test_copying as it; print(json.dumps(it.{expression}))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "BEAMLIKE_COPY": switch},
        capture_output=True,
        text=True,
        timeout=5 * PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def outcomes() -> dict[str, Any]:
    return {name: run_in_node(lambda way=way: way([SENT])) for name, way in WAYS.items()}  # type: ignore[misc]


def facts() -> dict[str, bool]:
    return {fact.__name__: run_in_node(fact) for fact in UNDER_THE_SWITCH}


def test_what_is_changed_after_it_was_sent_is_not_seen_under_the_switch() -> None:
    assert seen_with("1", "outcomes()") == {way: [SENT] for way in WAYS}


def test_what_is_changed_after_it_was_sent_is_seen_without_the_switch() -> None:
    assert seen_with("0", "outcomes()") == {way: [SENT, CHANGED] for way in WAYS}


@pytest.fixture(scope="module")
def holds() -> dict[str, bool]:
    """Which of the facts hold under the switch."""
    return seen_with("1", "facts()")


def test_what_cannot_be_copied_goes_through_and_send_returns_what_it_was_given(holds: dict[str, bool]) -> None:
    assert holds["what_cannot_be_copied_goes_through"]
    assert holds["send_returns_what_it_was_given"]


def test_an_exit_reason_is_not_copied(holds: dict[str, bool]) -> None:
    assert holds["an_exit_reason_is_itself"]


def test_an_error_that_a_server_raises_keeps_its_text(holds: dict[str, bool]) -> None:
    assert holds["an_error_keeps_its_text"]


def test_a_client_that_is_handed_on_is_still_answered(holds: dict[str, bool]) -> None:
    assert holds["who_is_asked_elsewhere_answers"]


@in_node
async def test_a_copied_pid_is_itself_and_so_is_a_copied_account_of_an_exception() -> None:
    pid = bl.self()
    info = describe_exception(NoUser("ann"), pid)
    assert copy.deepcopy([pid, info])[0] is pid
    assert copy.deepcopy(info).exception is info.exception


@pytest.mark.parametrize("value", ["0", "yes", ""])
def test_only_1_switches_it_on(value: str) -> None:
    assert seen_with(value, "switched()") == {"copies": False}


def switched() -> dict[str, bool]:
    from beamlike.kernel.copying import COPIES

    return {"copies": COPIES}
