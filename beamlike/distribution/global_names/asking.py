"""How a client asks the name server of its node, and what it may ask about."""

from __future__ import annotations

import pickle
from collections.abc import Hashable
from typing import Any

from beamlike.behaviours.servers.gen_server import GenServer
from beamlike.distribution.global_names.requests import SERVER
from beamlike.distribution.global_names.server import table_here


async def ask(request: Any) -> Any:
    """What the name server answers; NoProcess if the current node has none, CallFailed if it ends."""
    table_here()
    return await GenServer.call(SERVER, request, timeout=None)


def check(term: Hashable, purpose: str) -> None:
    """What cannot travel, or is not equal to its copy, would be nothing, or something else, on each other node."""
    hash(term)
    try:
        is_itself_elsewhere = pickle.loads(pickle.dumps(term)) == term
    except Exception as error:  # types that cannot be pickled do not agree on what to raise
        raise ValueError(f"expected {purpose} that can be copied to another node, got {term!r}: {error}") from error
    if not is_itself_elsewhere:
        raise ValueError(f"expected {purpose} that equals its copy on another node, as a string does, got {term!r}")
