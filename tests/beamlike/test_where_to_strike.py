"""Where an exception may be raised in another thread: in a user's code and what that calls, and nowhere else."""

from __future__ import annotations

import ast
import asyncio
import json
import logging
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import field
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

import pytest

import beamlike as bl
from beamlike.kernel.exceptions import describe_exception
from beamlike.kernel.record import frozen, record, slotted
from beamlike.kernel.threads.interruptible import Interruptible, may_be_struck
from tests.support.local_nodes import eventually

answers: list[tuple[str, bool]] = []
"""What was said of the code that has called `ask`, or an `Asks` for its text, and which module's that was."""


def ask(_: object = None) -> str:
    frame = sys._getframe().f_back
    assert frame is not None
    answers.append((frame.f_globals.get("__name__", ""), may_be_struck(frame)))
    return "asked"


class Asks(Exception):
    __str__ = ask


def asked(function: Callable[[], object]) -> set[tuple[str, bool]]:
    answers.clear()
    function()
    return set(answers)


dumps = partial(json.dumps, default=ask)
"""A function of the standard library, in whose frames it is asked."""


def test_a_users_code_may_be_struck_and_what_of_the_standard_library_it_calls() -> None:
    assert asked(lambda: ask()) == {(__name__, True)}
    assert asked(lambda: dumps(object())) == {("json.encoder", True)}


def test_the_standard_library_may_not_be_struck_while_it_works_for_this_package() -> None:
    """As it was while a process that had been interrupted was described: that ended the loop, or the node."""
    found = asked(lambda: describe_exception(Asks(), bl.Pid("a@127.0.0.1", 1)))
    assert ("traceback", False) in found
    assert not any(may for _, may in found)


def test_what_works_for_a_lock_may_not_be_struck() -> None:
    found = asked(lambda: logging.Formatter().formatException((Asks, Asks(), None)))
    assert found == {("traceback", False)}


@pytest.mark.parametrize("kind", [frozen, record, slotted])
def test_the_init_of_a_record_works_for_whoever_has_called_it(kind: Callable[[type], type]) -> None:
    class Made:
        word: str = field(default_factory=ask)

    made = kind(Made)

    class AsksWhenMade(Exception):
        __str__ = made  # called by `traceback`, and no string

    assert asked(made) == {("", True)}
    assert asked(lambda: describe_exception(AsksWhenMade(), bl.Pid("a@127.0.0.1", 1))) == {("", False)}


@pytest.mark.parametrize("name", ["namedtuple_Pair", None])
def test_code_that_was_made_meanwhile_works_for_whoever_has_called_it(name: str | None) -> None:
    made = eval("lambda *_: ask()", {"ask": ask} if name is None else {"ask": ask, "__name__": name})

    class AsksByIt(Exception):
        __str__ = made

    assert asked(made) == {(name or "", True)}
    assert asked(lambda: describe_exception(AsksByIt(), bl.Pid("a@127.0.0.1", 1))) == {(name or "", False)}


# The ways in, for a function of the standard library.


async def spawned() -> None:
    _, ref = bl.spawn_monitor(dumps, object())
    await bl.receive(ref=ref, timeout=60)


async def as_a_task() -> None:
    await bl.Task.async_(dumps, object())


async def as_a_task_of_a_stream() -> None:
    async for _ in bl.Task.async_stream([object()], dumps):
        pass


async def as_the_items_of_a_stream_of_tasks() -> None:
    async for _ in bl.Task.async_stream(map(dumps, [object()]), len):
        pass


async def as_a_task_that_nobody_waits_for() -> None:
    bl.Task.start(dumps, object())
    await eventually(lambda: bool(answers))


async def called() -> None:
    await bl.rpc.call(bl.self().node, dumps, object())


async def called_for_a_small_result() -> None:
    await bl.rpc.call(bl.self().node, dumps, object(), max_result=10_000)


async def cast() -> None:
    bl.rpc.cast(bl.self().node, dumps, object())
    await eventually(lambda: bool(answers))


async def streamed() -> None:
    async for _ in bl.rpc.stream(bl.self().node, partial(map, dumps), [object()]):
        pass


async def starting_an_agent() -> None:
    await bl.Agent.start(dumps, object())


async def asking_an_agent() -> None:
    await bl.Agent.get(await bl.Agent.start(object), dumps)


async def changing_an_agent() -> None:
    await bl.Agent.update(await bl.Agent.start(object), dumps)


async def in_a_registry() -> None:
    await bl.Registry.start("words")
    words = bl.Registry("words")
    words.register("key", object())
    words.update_value("key", dumps)


async def under_a_lock() -> None:
    await bl.global_.trans("lock", partial(dumps, object()))


async def in_a_thread() -> None:
    await bl.blocking(dumps, object())


async def as_a_child() -> None:
    with pytest.raises(bl.StartFailed):  # it returns no pid
        await bl.Supervisor.start([bl.ChildSpec("json", partial(dumps, object()))])


WAYS: list[Callable[[], Awaitable[None]]] = [
    spawned,
    as_a_task,
    as_a_task_of_a_stream,
    as_the_items_of_a_stream_of_tasks,
    as_a_task_that_nobody_waits_for,
    called,
    called_for_a_small_result,
    cast,
    streamed,
    starting_an_agent,
    asking_an_agent,
    changing_an_agent,
    in_a_registry,
    under_a_lock,
    in_a_thread,
    as_a_child,
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_what_is_run_for_a_user_may_be_struck_though_it_is_the_standard_librarys(
    way: Callable[[], Awaitable[None]],
) -> None:
    async def main() -> None:
        async with bl.Node("strikes@127.0.0.1", secret=b"of the test", listen=False):
            await way()

    assert asked(lambda: asyncio.run(main())) == {("json.encoder", True)}


def test_what_is_run_in_a_thread_that_can_be_interrupted_may_be_struck() -> None:
    assert asked(Interruptible(dumps, (object(),))) == {("json.encoder", True)}


# Which calls are those of a user's function: in this house it is called `function`.

NO_USERS: Final = {
    ("beamlike/code/as_it_was.py", "holds"),  # a reference to a function
    ("beamlike/code/constants.py", "begin"),  # a method of its own, as are the next ones
    ("beamlike/serving/partition.py", "_evaluate"),
    ("beamlike/code/requirements/in_thread.py", "work"),
    ("beamlike/distribution/selector_thread.py", "_guard"),
    ("beamlike/kernel/bound.py", "call"),
    ("beamlike/kernel/scheduler.py", "_end_turn"),
    ("beamlike/kernel/scheduler.py", "turn"),
    ("beamlike/kernel/scheduler.py", "call"),
    ("flame/tracking/keeping.py", "then"),
    ("flame/tracking/keeping.py", "_one_less"),
    ("nodes/own_thread.py", "run"),
}
"""Where it is one of the package's."""

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

ROOT: Final = Path(__file__).parents[2]


def callers_in(tree: ast.AST, within: Function | None = None) -> Iterator[tuple[str, bool]]:
    """The names of the functions that call a `function`, and whether each is marked."""
    for node in ast.iter_child_nodes(tree):
        if within is not None and isinstance(node, ast.Call) and called_in(node) in ("function", "_function"):
            yield within.name, any(ast.unparse(it) == "calls_users" for it in within.decorator_list)
        inner = node if isinstance(node, Function) else within
        yield from callers_in(node, inner)


def called_in(call: ast.Call) -> str:
    """What it calls, also by `context.run(what, ...)`."""
    runs = isinstance(call.func, ast.Attribute) and call.func.attr == "run" and call.args
    return ast.unparse(call.args[0] if runs else call.func).rpartition(".")[2]


def test_whatever_calls_what_a_user_gave_says_so() -> None:
    found = {
        (str(path.relative_to(ROOT)), name, marked)
        for package in ("beamlike", "flame", "nodes")
        for path in (ROOT / package).rglob("*.py")
        for name, marked in callers_in(ast.parse(path.read_text()))
    }
    assert len(found) > 30
    unmarked = {(path, name) for path, name, marked in found if not marked} - NO_USERS
    assert not unmarked, "mark them with @calls_users, or say here that the function is never a user's"
