"""BEAMLIKE_COPY=1: every message is copied on its way, as on the BEAM.

Within a node messages are handed over as they are, so a sender must not change what it sent. This switch finds who
does: a program that works with it alike shares nothing by message. It is read once, at the first import. What cannot
be copied (a lock, a future) is handed over all the same, as the BEAM hands over a port.
"""

from __future__ import annotations

import copy
import functools
import os
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
To = TypeVar("To")
R = TypeVar("R")

COPIES = os.environ.get("BEAMLIKE_COPY") == "1"


def copied(message: T) -> T:
    try:
        return copy.deepcopy(message)
    except Exception:  # whatever a type raises that cannot be copied, and types do not agree on what
        return message


def sends_copies(send: Callable[[To, T], R]) -> Callable[[To, T], R | T]:
    """`send`, or under BEAMLIKE_COPY a function that sends a copy and returns what was given."""
    if not COPIES:
        return send

    @functools.wraps(send)
    def send_copy(to: To, message: T) -> T:
        send(to, copied(message))
        return message

    return send_copy
