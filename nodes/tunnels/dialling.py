"""Dials a child that waits to be dialled, through the tunnels that its backend makes."""

from __future__ import annotations

import asyncio

import beamlike as bl
from beamlike.distribution.refusal import Status
from nodes.backend import Backend, Dialled, Machine
from nodes.invitation import Invitation
from nodes.tunnels.carrier import Carrier
from nodes.tunnels.route import Route

PAUSE_SECONDS = 0.2


async def carrier_to(machine: Machine, backend: Backend, invitation: Invitation) -> Carrier:
    """An open one. TypeError for a backend that dials and makes no tunnels."""
    if not isinstance(backend, Dialled):
        raise TypeError(f"expected {backend!r}, whose children are to be dialled, to have a method `tunnel`")

    async def has_ended() -> bool:
        return (await backend.describe(machine)).state == "ended"

    carrier = Carrier(machine.where, Route(backend, machine), invitation.token, invitation.lease_seconds, has_ended)
    try:
        await carrier.open()
    except BaseException:  # its thread would never end
        await asyncio.shield(carrier.close())
        raise
    return carrier


async def dial(node: bl.Node, invitation: Invitation, carrier: Carrier) -> None:
    """Returns once the child is connected; HandshakeRefused if the two cannot be. It has as long as its caller.

    A child lets its parent in once. So it is not dialled before it answers: it might let in a dial whose time was over.
    """
    while True:
        await carrier.reached()
        try:
            return await node.connect(
                invitation.child,
                carrier.address,
                secret=invitation.token,
                tick_time=invitation.lease_seconds / 4,
                encrypted=True,
            )
        except bl.HandshakeRefused as refused:
            if refused.status is not Status.MALFORMED:  # that is a way that broke in the middle of it
                raise
        except bl.NotConnected:
            pass
        await asyncio.sleep(PAUSE_SECONDS)
