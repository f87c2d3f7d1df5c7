"""Where an exception may be raised in another thread: in a user's code and what that calls, and nowhere else."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Callable
from functools import partial

import beamlike as bl
from beamlike.kernel.exceptions import describe_exception
from beamlike.kernel.threads.interruptible import Interruptible, may_be_struck

answers: list[tuple[str, bool]] = []
"""What was said of the code that has called `ask`, or an `Asks` for its text, and which module's that was."""


def ask(_: object = None) -> str:
    frame = sys._getframe().f_back
    assert frame is not None
    answers.append((frame.f_globals["__name__"], may_be_struck(frame)))
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


def test_what_is_run_for_a_user_may_be_struck_though_it_is_the_standard_librarys() -> None:
    async def main() -> None:
        async with bl.Node("strikes@127.0.0.1", secret=b"of the test", listen=False) as node:
            assert await bl.rpc.call(node.name, dumps, object()) == '"asked"'
            _, ref = bl.spawn_monitor(dumps, object())
            await bl.receive(ref=ref, timeout=60)

    assert asked(Interruptible(dumps, (object(),))) == {("json.encoder", True)}
    assert asked(lambda: asyncio.run(main())) == {("json.encoder", True)}
