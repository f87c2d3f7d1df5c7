"""The node of a program of this package: a terminal's, a server's, an agent's, one that has runtimes."""

from __future__ import annotations

import os
import secrets
from typing import Literal

import beamlike as bl
from beamlike.distribution.dial_policy import AutoConnect


def program_node(
    kind: str,
    secret: bytes | None = None,
    *,
    listen: str | Literal[False] | None = None,
    auto_connect: AutoConnect = "always",
) -> bl.Node:
    """Hidden, and for whoever has its secret: one of its own, if none is given. Else as `bl.Node` takes it."""
    # By the process alone two programs on two machines could have the same name, and meet in a service that both visit.
    return bl.Node(
        f"{kind}-{os.getpid()}-{secrets.token_hex(3)}@127.0.0.1",
        secret=secrets.token_bytes(32) if secret is None else secret,
        observers=False,
        hidden=True,
        stall_threshold=None,
        listen=listen,
        auto_connect=auto_connect,
    )
