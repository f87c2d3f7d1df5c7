"""What a booted machine runs, also as `python -m nodes.child`. Reads its invitation, joins, and leaves with its parent.

It dials until it is connected, turned away, or out of time; `guards` and `lifeline` end it when it should not be there
any more.
"""

from __future__ import annotations

import asyncio
import atexit
import gc
import os
import secrets
import sys
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NoReturn

import msgpack

import beamlike as bl
from beamlike.code.far_module import stand_for_main
from beamlike.distribution.addresses import host_of, seen_from_here
from beamlike.distribution.errors import UnusableSecret
from beamlike.distribution.refusal import Status
from beamlike.distribution.secret import VARIABLE, Secret, load_secret
from beamlike.kernel.group_leader import install_router
from beamlike.kernel.threads.waking import install_waking
from nodes import invitation as invitations
from nodes.exit_codes import CANNOT_JOIN, NEVER_CAN_JOIN
from nodes.guards import Guards
from nodes.interpreter import LIFELINE_VARIABLE, SECRET_VARIABLE
from nodes.invitation import BadInvitation, Invitation
from nodes.last_words import kill_own_group, kill_started, say
from nodes.own_addresses import address_towards, own_address
from nodes.parent import invited_by
from nodes.versions import HERE, misfit

RETRY_SECONDS, LONGEST_RETRY_SECONDS = 0.1, 1.0
"""Between two tries to reach the parent, at first and in the end."""


def main() -> None:
    hold_lifeline()
    try:
        invitation = take_invitation()
    except NotInvited as error:
        sys.exit(f"{invitations.ENVIRONMENT_VARIABLE}: {error}")
    except BadInvitation as error:
        print(f"{invitations.ENVIRONMENT_VARIABLE}: {error}", file=sys.stderr)
        sys.exit(NEVER_CAN_JOIN)
    if why := misfit(invitation.made_by, HERE):
        _give_up(invitation, why, NEVER_CAN_JOIN)
    guards = Guards(invitation)
    # The last of all exit handlers. A parent that is just ending closes its end of the link before that of the
    # lifeline: a child may be gone in between, and then nobody is left to kill its group.
    atexit.register(kill_started)
    invited_by(invitation)
    secret = take_users_secret()
    install_router()
    stand_for_main()
    install_waking()
    tune_garbage_collector()
    run_loop(serve(invitation, guards, secret), own_thread=invitation.own_thread)
    guards.left()


class NotInvited(BadInvitation):
    """There is no invitation at all."""


def take_invitation() -> Invitation:
    """The invitation, which leaves the environment: what this process starts must not have it."""
    text = os.environ.pop(invitations.ENVIRONMENT_VARIABLE, None)
    if text is None:
        raise NotInvited("expected a parent's invitation, got none: this program is started by nodes.boot")
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


async def serve(invitation: Invitation, guards: Guards, users_secret: Secret | None = None) -> None:
    """Joins the parent and stays until it is gone, or another guard says that it is time to leave."""
    own = f"a child node has a secret of its own, and is reached by {invitation.parent} and whom that introduces to it"
    node = bl.Node(
        invitation.child,
        secret=users_secret or _own_secret(own),
        listen=False,
        hidden=True,
        own_thread=invitation.own_thread,
        tick_time=invitation.lease_seconds / 4,
        tls=invitation.tls,
    )
    node.listen_at(own_host(invitation))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(node)
        guards.watch(node)
        if users_secret is None:
            # It is connected to nobody else before it needs to be, and then by its parent's introduction.
            await node.introduced_by(invitation.parent)
        await stack.enter_async_context(way_in(node, invitation))
        connect = be_dialled if invitation.listens_at else join
        await connect(node, invitation, guards.dial_seconds_left)
        gone = guards.joined(node)
        await gone.wait()


def own_host(invitation: Invitation) -> str:
    """Where this node listens once it has children itself, or is to be dialled: its name's host is its parent's."""
    if invitation.listens_at:
        return own_address() or "127.0.0.1"
    return address_towards(invitation.host) or own_address() or host_of(invitation.child)


async def join(node: bl.Node, invitation: Invitation, seconds_left: float) -> None:
    """Returns once the parent is connected. Tries again where it cannot be reached, but not where it says no."""
    told = ""
    pause = RETRY_SECONDS
    try:
        async with asyncio.timeout(seconds_left):
            while (error := await _failure_to_dial(node, invitation)) is not None:
                if told != str(error):
                    told = str(error)
                    print(f"{invitation.child} tries again to join {invitation.parent}: {told}", file=sys.stderr)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_RETRY_SECONDS)
    except TimeoutError:
        _give_up(invitation, f"its {invitation.dial_seconds:g} s are over; {told or 'it got no answer'}", CANNOT_JOIN)
    except bl.HandshakeRefused as refused:
        never = refused.status is Status.VERSION_MISMATCH
        _give_up(invitation, str(refused), NEVER_CAN_JOIN if never else CANNOT_JOIN)


@asynccontextmanager
async def way_in(node: bl.Node, invitation: Invitation) -> AsyncIterator[None]:
    """Where the parent dials, if it is to."""
    if not invitation.listens_at:
        yield
        return
    from nodes.tunnels.landing import Landing

    node.invite(
        invitation.parent, invitation.dial_seconds, tick_time=invitation.lease_seconds / 4, token=invitation.token
    )
    landing = Landing(invitation.token, seen_from_here(await node.listen()), invitation.lease_seconds)
    host, _, port = invitation.listens_at.rpartition(":")
    try:
        await landing.listen(host.strip("[]"), int(port))
    except (OSError, ValueError) as error:
        _give_up(invitation, f"it cannot listen at {invitation.listens_at}: {error}", CANNOT_JOIN)
    try:
        yield
    finally:
        landing.close()


async def be_dialled(node: bl.Node, invitation: Invitation, seconds_left: float) -> None:
    """Returns once the parent has connected."""
    node.watch_node(invitation.parent, node.self())
    try:
        async with asyncio.timeout(seconds_left):
            await bl.receive(lambda news: isinstance(news, bl.NodeUp) and news.node == invitation.parent)
    except TimeoutError:
        why = f"its {invitation.dial_seconds:g} s are over, and nobody has dialled {invitation.listens_at}"
        _give_up(invitation, why, CANNOT_JOIN)
    finally:
        node.unwatch_node(invitation.parent, node.self())


async def _failure_to_dial(node: bl.Node, invitation: Invitation) -> bl.NotConnected | None:
    """Why it is not connected, where another try may help."""
    try:
        await node.connect(invitation.parent, (invitation.host, invitation.port), secret=invitation.token)
    except bl.HandshakeRefused as refused:
        if refused.status is not Status.MALFORMED:  # that is a parent which hung up, as one does that has no room
            raise
        return refused
    except bl.NotConnected as error:
        return error
    return None


def _give_up(invitation: Invitation, why: str, code: int) -> NoReturn:
    print(f"{invitation.child} could not join {invitation.parent}: {why}", file=sys.stderr)
    sys.exit(code)


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
    say("its lifeline was cut")
    kill_own_group()


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
