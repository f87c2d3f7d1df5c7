"""The pool's side of one runner: boots its node, opens a desk there, and stops it, as a process that the pool monitors.

It tells the pool what happens by plain calls, since both live on one loop, and answers `Stop`; why it ended is its exit
reason. It also stops its node when the pool is gone, however that came.
"""

from __future__ import annotations

import asyncio
import functools
import re
import secrets
from typing import Any, Protocol

import beamlike as bl
import nodes
from beamlike.kernel.exceptions import reraisable
from beamlike.kernel.record import frozen
from beamlike.kernel.terms import NOCONNECTION, SHUTDOWN
from flame.desk import open_desk
from flame.errand import Errand
from flame.fate import Fate
from flame.keyed import MOST_VALUES
from flame.options import PoolOptions
from flame.outcome import Ended, Outcome, Raised, Returned
from flame.output import short_name
from flame.output_sink import Sink
from flame.parent import Parent, depth_here
from flame.work import DONE, Answer, Ending, Idle, Released, Unread, number_on

_NO_WORD = re.compile("[^A-Za-z0-9_-]+")
_STEPS = ("creating", "created", "started", "dialled")
STOP_SECONDS = 30.0
"""How long the machine of a runner may take to be gone."""
FATE_SECONDS = 1.0
"""How long a machine whose node is lost is looked at, so that the error can say what became of it."""


@frozen
class Stop:
    reason: str


class Owner(Protocol):
    """Who is told what happens to a runner: the pool."""

    log_level: int | str
    sink: Sink
    """Who gets what runners say for no call in particular."""

    @property
    def options(self) -> PoolOptions: ...

    def boot_step(self, runner: int, step: str, detail: str = "") -> None: ...

    def runner_up(self, runner: int, child: nodes.Child, desk: bl.Pid) -> None: ...

    def node_lost(self, runner: int, reason: str) -> None: ...

    def finished(self, runner: int, answers: list[Answer]) -> None: ...

    def unreadable(self, runner: int, number: int, why: str) -> None: ...

    def answered(self, runner: int, message: Released | Idle | Ending | Unread) -> None: ...


async def run(owner: Owner, pool: bl.Pid, runner: int, backend: nodes.Backend) -> None:
    """Runs one runner of `pool` from its boot to its end. Ends with ("shutdown", its Fate)."""
    bl.monitor(pool)
    child = await _boot(owner, runner, backend)
    try:
        bl.monitor_node(child.node)
        owner.boot_step(runner, "syncing")
        desk = await _open_desk(owner, child)
        bl.monitor(desk)
        owner.runner_up(runner, child, desk)
        fate = await _fate(owner, runner, child, desk)
    finally:
        bl.monitor_node(child.node, False)
        async with asyncio.timeout(STOP_SECONDS):
            await child.stop()
    raise _end(fate)


async def _boot(owner: Owner, runner: int, backend: nodes.Backend) -> nodes.Child:
    options = owner.options
    name = _node_name(options.name, runner)

    def on_phase(phase: nodes.Phase) -> None:
        if phase.name in _STEPS:  # the others are the pool's own
            owner.boot_step(runner, phase.name, phase.words)

    child = await _attended(
        nodes.boot,
        backend,
        name=name,
        timeout=options.boot_timeout,
        lease=options.lease,
        max_lifetime=_longest_life(options),
        labels=nodes.Labels(options.name, short_name(name)),
        on_phase=on_phase,
    )
    assert isinstance(child, nodes.Child)
    return child


def _longest_life(options: PoolOptions) -> float | None:
    """After which a runner ends by itself, should the pool not have stopped it by then."""
    lifetime = options.caps.lifetime
    return None if lifetime is None else lifetime + options.shutdown_timeout + STOP_SECONDS


async def _open_desk(owner: Owner, child: nodes.Child) -> bl.Pid:
    options, home = owner.options, bl.self()
    parent = Parent(home.node, options.name, short_name(child.node), depth_here() + 1)
    limit = options.largest_result if options.track_resources else None
    most_values = options.keys_per_runner or MOST_VALUES
    told = home, options.max_concurrency, limit, owner.log_level, parent, most_values, owner.sink
    desk = await _attended(bl.rpc.call, child.node, open_desk, *told, timeout=options.boot_timeout)
    assert isinstance(desk, bl.Pid)
    return desk


def _node_name(pool: str, runner: int) -> str:
    """By which a person knows the runner; a pool of this name that was here before may have had one, too."""
    host = bl.self().node.partition("@")[2]
    return f"{_NO_WORD.sub('-', pool)}-{runner}-{secrets.token_hex(3)}@{host}"


async def _attended(function: Any, *args: Any, **options: Any) -> Any:
    """What the async function returns, unless this runner is to stop meanwhile."""
    errand = Errand(functools.partial(function, *args, **options))
    stopped = ""
    outcome: Outcome | None = None
    while outcome is None:
        message = await bl.receive()
        outcome = errand.outcome(message)
        if outcome is None and (reason := _reason_to_stop(message)):
            stopped = reason
            errand.call_off()
    match outcome:
        case Returned(value) if not stopped:
            return value
        case Returned(value):
            if isinstance(value, nodes.Child):
                await value.stop()
        case Raised(info) if isinstance(info.exception, bl.BeamlikeError):
            raise _end(Fate(info.message, permanent=getattr(info.exception, "permanent", False)))
        case Raised(info):
            raise reraisable(info)
        case Ended(reason):
            stopped = stopped or f"its boot was ended: {reason}"
    raise _end(Fate(stopped))


async def _fate(owner: Owner, runner: int, child: nodes.Child, desk: bl.Pid) -> Fate:
    while True:
        message = await bl.receive()
        if type(message) is bl.Reply:
            message = message.value
        if type(message) is tuple and message[0] == DONE:
            owner.finished(runner, message[1])
        elif isinstance(message, Released | Idle | Ending | Unread):
            owner.answered(runner, message)
        elif isinstance(message, bl.Down) and (number := number_on(message.ref)) is not None:
            owner.unreadable(runner, number, str(message.reason))
        elif isinstance(message, bl.Down) and message.pid == desk:
            if message.reason != NOCONNECTION:  # else NodeDown follows
                owner.node_lost(runner, words := f"its desk ended: {message.reason}")
                return Fate(words)
        elif reason := _reason_to_stop(message):
            return Fate(reason)
        elif isinstance(message, bl.NodeDown) and message.node == child.node:
            owner.node_lost(runner, f"the connection to it was lost ({message.reason})")
            words = await child.fate(within=FATE_SECONDS)
            seen = await child.backend.describe(child.machine)
            return Fate(words, seen.exit_code, cause=seen.cause)
        del message  # which may hold a reference, and so keep what that refers to until the next one has come


def _reason_to_stop(message: object) -> str:
    match message:
        case Stop(reason):
            return reason
        case bl.Down():
            return "its pool ended"
    return ""


def _end(fate: Fate) -> bl.ProcessExit:
    return bl.ProcessExit((SHUTDOWN, fate))
