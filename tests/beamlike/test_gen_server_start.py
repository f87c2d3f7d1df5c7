"""How the start of a GenServer comes out, for a starter that traps exits and for one that does not."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import Any

import pytest

import beamlike as bl
from beamlike.behaviours.servers.outcomes import IGNORE
from beamlike.behaviours.servers.starting import AlreadyStarted
from tests.support.captured_log import captured_log
from tests.support.local_nodes import PATIENCE, in_node, no_message, received


class Starts(bl.GenServer):
    """Its `init` comes out as told."""

    def init(self, outcome: Any) -> Any:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [(bl.Stop("why"), "why"), (bl.Stop("normal"), "normal"), (bl.ProcessExit(("shutdown", "x")), ("shutdown", "x"))],
)
@in_node
async def test_a_starter_that_traps_exits_gets_the_exit_of_a_failed_init_as_well(outcome: Any, reason: Any) -> None:
    bl.trap_exit(True)
    with pytest.raises(bl.CallFailed) as caught:
        await Starts.start_link(outcome)
    assert caught.value.reason == reason
    [exit] = await received(1)
    assert exit.reason == reason
    assert not bl.is_alive(exit.pid)


@in_node
async def test_the_exit_of_a_failed_init_tells_the_exception() -> None:
    bl.trap_exit(True)
    with pytest.raises(ValueError, match="no database"):
        await Starts.start_link(ValueError("no database"))
    [exit] = await received(1)
    assert (exit.reason.type, exit.reason.message) == ("ValueError", "no database")


@in_node
async def test_a_starter_that_does_not_trap_exits_hears_of_the_exception_only() -> None:
    for _ in range(3):
        with pytest.raises(ValueError, match="no database"):
            await Starts.start_link(ValueError("no database"))
    await no_message()
    assert bl.processes() == [bl.self()]


@in_node
async def test_a_server_that_traps_exits_in_its_init_ends_all_the_same_when_that_fails() -> None:
    class Traps(bl.GenServer):
        def init(self) -> None:
            bl.trap_exit(True)
            raise ValueError("no database")

    bl.trap_exit(True)
    with pytest.raises(ValueError, match="no database"):
        await Traps.start_link()
    [exit] = await received(1)
    assert exit.reason.message == "no database"
    assert bl.processes() == [bl.self()]


@in_node
async def test_what_a_failed_init_has_linked_itself_to_ends_for_the_same_reason() -> None:
    class Links(bl.GenServer):
        async def init(self, witness: bl.Pid) -> None:
            bl.spawn_link(tells_of_an_exit, witness, bl.self())
            await bl.receive()
            raise bl.Stop("no database")

    with pytest.raises(bl.CallFailed):
        await Links.start_link(bl.self())
    assert await received(1) == ["no database"]


async def tells_of_an_exit(witness: bl.Pid, linked: bl.Pid) -> None:
    bl.trap_exit(True)
    bl.send(linked, "trapping")
    bl.send(witness, (await bl.receive()).reason)


@in_node
async def test_a_failed_start_is_reported_to_the_starter_and_not_to_the_log() -> None:
    with captured_log("beamlike") as records:
        with pytest.raises(ValueError, match="no database"):
            await Starts.start_link(ValueError("no database"))
        await no_message()
    assert records == []


@in_node
async def test_the_name_of_a_failed_start_is_free_at_once() -> None:
    for _ in range(2):
        with pytest.raises(bl.CallFailed, match="it ended: why"):
            await Starts.start_link(bl.Stop("why"), name="server")
        assert bl.whereis("server") is None


@in_node
async def test_an_init_that_ignores_leaves_no_process_and_its_name_free() -> None:
    assert await Starts.start_link(IGNORE, name="server") is None
    assert await Starts.start(IGNORE) is None
    assert (bl.whereis("server"), bl.processes()) == (None, [bl.self()])
    await no_message()
    bl.trap_exit(True)
    assert await Starts.start_link(IGNORE) is None
    assert [exit.reason for exit in await received(1)] == ["normal"]


@in_node
async def test_an_init_that_returns_something_else_fails_the_start() -> None:
    with pytest.raises(TypeError, match=r"init of Starts to return None, Continue, TimeoutAfter or IGNORE, got 'hi'"):
        await Starts.start_link("hi")


@in_node
async def test_a_taken_name_tells_whose_it_is() -> None:
    holder = await Starts.start(None, name="server")
    with pytest.raises(AlreadyStarted, match="the name 'server' belongs to") as caught:
        await Starts.start_link(None, name="server")
    assert (caught.value.name, caught.value.pid) == ("server", holder)


@in_node
async def test_of_two_starts_at_once_the_one_that_fails_tells_the_other() -> None:
    outcomes = await asyncio.gather(*(Starts.start_link(None, name="server") for _ in range(2)), return_exceptions=True)
    [pid] = [outcome for outcome in outcomes if isinstance(outcome, bl.Pid)]
    [taken] = [outcome for outcome in outcomes if isinstance(outcome, AlreadyStarted)]
    assert taken.pid == pid


@in_node
async def test_a_start_that_takes_too_long_sends_no_exit_even_to_one_who_traps_exits() -> None:
    class Hangs(bl.GenServer):
        async def init(self) -> None:
            await asyncio.sleep(PATIENCE)

    bl.trap_exit(True)
    with pytest.raises(bl.CallTimeout, match=r"^Pid<.*> did not answer Hangs\.init\(\) within 0\.01 s$"):
        await Hangs.start_link(timeout=0.01)
    await no_message()
    assert bl.processes() == [bl.self()]


@in_node
async def test_a_server_does_not_hold_what_its_init_was_given() -> None:
    class Large:
        pass

    given = Large()
    gone = weakref.ref(given)
    await Forgets.start_link(given)
    del given
    gc.collect()
    assert gone() is None


class Forgets(bl.GenServer):
    def init(self, given: object) -> None:
        pass


@in_node
async def test_a_child_specification_starts_the_server_as_it_says() -> None:
    spec = Starts.child_spec(None, name="server", restart="transient")
    assert (spec.id, spec.restart, spec.shutdown) == ("server", "transient", 5.0)
    started: Any = spec.start()
    assert await started == bl.whereis("server")
    assert Starts.child_spec(None).id == "Starts"


# Of what can never be right.


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        (5, TypeError, r"expected a name \(a string\) or a Via to start under, or None for none, got 5"),
        (("s", "x@y"), TypeError, r"to start under, got \('s', 'x@y'\); the node to start on is node="),
        ("", ValueError, "expected a name that is not empty"),
    ],
)
@in_node
async def test_what_is_no_name_is_refused_before_anything_is_started(name: Any, error: Any, words: str) -> None:
    before = bl.processes()
    for start in (bl.GenServer.start, bl.GenServer.start_link, bl.Supervisor.start_link):
        with pytest.raises(error, match=words):
            await start(name=name)
    assert [pid for pid in bl.processes() if pid != bl.self()] == before


@in_node
async def test_what_is_no_node_is_refused_before_anything_is_started() -> None:
    for node in (5, bl.self()):
        with pytest.raises(TypeError, match=r"expected the name of a node to start GenServer on, like .*, got"):
            await bl.GenServer.start_link(node=node)  # type: ignore[arg-type]
