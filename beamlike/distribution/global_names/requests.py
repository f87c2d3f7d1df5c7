"""What a client asks the name server of its node; each is answered when it is done, everywhere."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

from beamlike.distribution.global_names.messages import Resolver
from beamlike.kernel.record import record
from beamlike.kernel.terms import Pid, Ref

SERVER: Final = "global_name_server"
"""What the name server of a node is registered as there."""


@record
class Register:
    name: Hashable
    pid: Pid
    resolve: Resolver | None
    replace: bool


@record
class Unregister:
    name: Hashable


@record
class SetLock:
    """`patience` is for how many seconds to wait for it, None for as long as it takes."""

    ref: Ref
    holder: Pid
    resource: Hashable
    requester: Hashable
    nodes: frozenset[str] | None
    patience: float | None


@record
class CancelLock:
    """Cast: nobody waits for `SetLock` any more."""

    ref: Ref


@record
class DelLock:
    holder: Pid
    resource: Hashable
    requester: Hashable


@record
class Sync:
    pass
