"""`@twin`: an async function that replays a recorded scenario here, as a test.

    @twin
    async def test_s026_the_first_exit_signal_decides(trace: Trace) -> None:
        ...
        trace("main", "reasons", [...])

The number stands in the name. The body runs as the process `main` of a node, with a deadline; its end and whatever is
left in its mailbox belong to the trace, as they did when it was recorded.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Awaitable, Callable
from typing import TypeAlias, overload

import beamlike as bl
from tests.scenarios.recorded import difference, ours, recorded
from tests.scenarios.trace import Trace
from tests.support.jumping_loop import JumpingLoop
from tests.support.local_nodes import run_in_node

DEADLINE = 30.0
NUMBER = re.compile(r"test_s(\d{3})_")

Body: TypeAlias = Callable[[Trace], Awaitable[None]]

Played: TypeAlias = tuple[list[str], str]
"""The trace of a body, and the traceback of what it failed with."""


@overload
def twin(body: Body, /) -> Callable[[], None]: ...
@overload
def twin(
    *, differs: bool = False, equal_if: bool = False, without: tuple[str, ...] = (), jumps: bool = False
) -> Callable[[Body], Callable[[], None]]: ...
def twin(
    body: Body | None = None,
    /,
    *,
    differs: bool = False,
    equal_if: bool = False,
    without: tuple[str, ...] = (),
    jumps: bool = False,
) -> Callable[[], None] | Callable[[Body], Callable[[], None]]:
    """Makes a test of `body`: its trace must be the recorded one.

    `differs`: it must be our own trace instead, and that must be another than the recorded one, unless `equal_if`, a
    setting of this run, makes us do as the BEAM does. `without`: lines of the recorded trace that begin so are left
    out, for the part of a scenario that needs other nodes. `jumps`: it runs in a loop whose clock jumps, for scenarios
    in which one time is shorter than another, however slow the machine is.
    """
    differs = differs and not equal_if
    if body is None:
        return functools.partial(_test, differs=differs, without=without, jumps=jumps)
    return _test(body, differs=differs, without=without, jumps=jumps)


def _test(body: Body, *, differs: bool, without: tuple[str, ...], jumps: bool) -> Callable[[], None]:
    def play() -> Played:
        return run_in_node(functools.partial(play_main, body), JumpingLoop if jumps else None)

    return replay(play, body, differs=differs, without=without)


def replay(
    play: Callable[[], Played], body: Callable[..., object], *, differs: bool, without: tuple[str, ...]
) -> Callable[[], None]:
    """The test that `body` makes, if `play` runs it as the process `main` of a node of its own."""
    number = number_of(body.__name__)

    def run() -> None:
        expected = left_of(recorded(number), without)
        if differs:
            theirs, expected = expected, ours(number)
            assert difference(theirs, expected), f"{number} does not differ from the BEAM: take `differs` away"
        actual, failure = play()
        found = difference(expected, actual)
        assert not found, f"{number}\n{found}\n{failure}"

    # Not functools.wraps: pytest would look through it and take `trace` for a fixture.
    run.__name__, run.__doc__, run.__module__ = body.__name__, body.__doc__, body.__module__
    return run


def left_of(lines: list[str], without: tuple[str, ...]) -> list[str]:
    """The lines that begin with none of `without`, each of which must leave out something.

    >>> left_of(["main: local 1", "main: remote 2"], ("main: remote",))
    ['main: local 1']
    """
    for beginning in without:
        assert any(line.startswith(beginning) for line in lines), f"no recorded line begins with {beginning!r}"
    return [line for line in lines if not line.startswith(without)]


def number_of(name: str) -> str:
    """The scenario that a twin of this name replays.

    >>> number_of("test_s026_the_first_exit_signal_decides")
    'S026'
    """
    found = NUMBER.match(name)
    if found is None:
        raise ValueError(f"expected a name like test_s026_what_it_shows, got {name!r}")
    return f"S{found[1]}"


async def play_main(body: Body) -> Played:
    """On the current node."""
    trace = Trace()
    main, ref = bl.spawn_monitor(_main, body, trace)
    try:
        reason = (await bl.receive(ref=ref, timeout=DEADLINE)).reason
    except TimeoutError:
        trace("end", "hang")
        return trace.lines, f"{main} did not end within {DEADLINE} s"
    if reason == "normal":
        trace("end", "ok")
        return trace.lines, ""
    trace("end", "crash", reason)
    return trace.lines, reason.traceback if isinstance(reason, bl.ExceptionInfo) else ""


async def _main(body: Body, trace: Trace) -> None:
    trace.label(bl.self(), "main")
    await body(trace)
    await trace.leftover()
