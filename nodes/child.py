"""What a booted machine runs, also as `python -m nodes.child`. Reads its invitation, joins, and leaves with its parent.

It ends when the connection to the parent is lost, when it cannot dial back in time, and, where it holds a lifeline
(a pipe that only the parent can write to), at the moment the parent ends.
"""

from __future__ import annotations

import asyncio
import gc
import os
import secrets
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import msgpack

import beamlike as bl
from beamlike.code.far_module import stand_for_main
from beamlike.distribution.errors import UnusableSecret
from beamlike.distribution.secret import VARIABLE, Secret, load_secret
from beamlike.kernel.group_leader import install_router
from beamlike.kernel.threads.waking import install_waking
from nodes import invitation as invitations
from nodes.interpreter import LIFELINE_VARIABLE, SECRET_VARIABLE
from nodes.invitation import BadInvitation, Invitation

LEAVE_SECONDS = 5.0
"""How long a child may take to clean up once its parent is gone."""
CANNOT_JOIN = 3
"""The exit code of a child that could not join its parent; its log says why."""


def main() -> None:
    hold_lifeline()
    try:
        invitation = take_invitation()
    except BadInvitation as error:
        sys.exit(f"{invitations.ENVIRONMENT_VARIABLE}: {error}")
    secret = take_users_secret()
    install_router()
    stand_for_main()
    install_waking()
    tune_garbage_collector()
    run_loop(serve(invitation, secret), own_thread=invitation.own_thread)


def take_invitation() -> Invitation:
    """The invitation, which leaves the environment: what this process starts must not have it."""
    text = os.environ.pop(invitations.ENVIRONMENT_VARIABLE, None)
    if text is None:
        raise BadInvitation("expected a parent's invitation, got none: this program is started by nodes.boot")
    return invitations.decode(text)


def take_users_secret() -> Secret | None:
    """The secret that every program of this user has, if the parent says that this node is to have it."""
    if os.environ.pop(SECRET_VARIABLE, None) is None:
        return None
    variable = msgpack.unpackb(sys.stdin.buffer.read())
    told = {} if variable is None else {VARIABLE: os.fsdecode(variable)}
    try:
        return load_secret({**os.environ, **told})
    except (UnusableSecret, OSError) as error:
        # What needs no other node is to work all the same.
        return _own_secret(f"this one could not have its user's: {error}; then restart it (of a notebook, its runtime)")


def _own_secret(remedy: str) -> Secret:
    """For its own children, which get invitations; nobody else has it."""
    return Secret(secrets.token_bytes(32), remedy)


async def serve(invitation: Invitation, users_secret: Secret | None = None) -> None:
    """Joins the parent and stays until it is gone."""
    alone = f"a child node has a secret of its own and reaches its parent alone: call from {invitation.parent}"
    node = bl.Node(
        invitation.child,
        secret=users_secret or _own_secret(alone),
        listen=False,
        hidden=True,
        own_thread=invitation.own_thread,
        tls=invitation.tls,
    )
    async with node:
        await join(node, invitation)
        if users_secret is None:
            # Children stand around their parent as in a star.
            node.dial = None
            known = node.why_unconnected
            node.why_unconnected = lambda name: known(name) or alone
        parent_gone = asyncio.Event()
        node.spawn_beside(watch_parent, invitation.parent, asyncio.get_running_loop(), parent_gone)
        await parent_gone.wait()


async def join(node: bl.Node, invitation: Invitation) -> None:
    address = (invitation.host, invitation.port)
    try:
        async with asyncio.timeout(invitation.dial_seconds):
            await node.connect(invitation.parent, address, secret=invitation.token)
    except (bl.NotConnected, TimeoutError) as error:
        print(f"{invitation.child} could not join {invitation.parent}: {error}", file=sys.stderr)
        sys.exit(CANNOT_JOIN)


async def watch_parent(parent: str, main_loop: asyncio.AbstractEventLoop, gone: asyncio.Event) -> None:
    """Tells the main loop when the parent is gone, and has the process killed if it does not end by itself."""
    bl.monitor_node(parent)
    await bl.receive(lambda news: isinstance(news, bl.NodeDown) and news.node == parent)
    end_within(LEAVE_SECONDS)
    main_loop.call_soon_threadsafe(gone.set)


def end_within(seconds: float) -> None:
    """By a thread: a loop that is busy, or an executor that the interpreter waits for at its end, cannot hold it up."""
    guard = threading.Timer(seconds, kill_own_group)
    guard.daemon = True
    guard.start()


def hold_lifeline() -> None:
    """Kills this process and its group when the pipe named in the environment ends."""
    number = os.environ.pop(LIFELINE_VARIABLE, None)
    if number is not None:
        lifeline = int(number)
        os.set_inheritable(lifeline, False)
        threading.Thread(target=_die_at_end_of, args=(lifeline,), name="lifeline", daemon=True).start()


def _die_at_end_of(lifeline: int) -> None:
    while os.read(lifeline, 1):
        pass
    kill_own_group()


def kill_own_group() -> None:
    """Ends this process and what it started, at once."""
    if os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def tune_garbage_collector() -> None:
    """This interpreter is ours: nothing imported so far is garbage, and many small processes come and go."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


def run_loop(main: Coroutine[Any, Any, None], *, own_thread: bool) -> None:
    """On uvloop, where it is installed; but where user code has the main thread, on asyncio's own loop, in which a
    signal handler runs at the next bytecode."""
    runner: Callable[[Coroutine[Any, Any, None]], None] = asyncio.run
    if not own_thread:
        try:
            import uvloop
        except ImportError:
            pass
        else:
            runner = uvloop.run
    runner(main)


if __name__ == "__main__":
    main()
