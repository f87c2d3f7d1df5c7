"""What a callback of a server may return or raise beside a plain value.

return NO_REPLY                       from handle_call: `reply` answers later
return IGNORE                         from init: there is nothing to run, and `start` returns None
return Continue(value, reply=...)     handle_continue(value) runs next, before any message
return TimeoutAfter(s, reply=...)     handle_info(Timeout()) runs if no message comes within s seconds
raise Stop(reason, reply=...)         the server ends
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from beamlike.kernel import terms
from beamlike.kernel.record import record
from beamlike.kernel.terms import Reason


class Sentinel(enum.Enum):
    """Members of an Enum stay themselves when they travel."""

    NO_REPLY = "NO_REPLY"
    IGNORE = "IGNORE"

    def __repr__(self) -> str:
        return self.value


NO_REPLY: Final = Sentinel.NO_REPLY
IGNORE: Final = Sentinel.IGNORE


class Stop(Exception):
    """Raise it in a callback to end the server; with `reply`, the call in progress is answered first."""

    def __init__(self, reason: Reason = terms.NORMAL, *, reply: Any = NO_REPLY) -> None:
        super().__init__(reason)
        self.reason = reason
        self.reply = reply


@record
class Continue:
    """Return it from `init` or another callback: `handle_continue(value)` runs next, before any message.

    From handle_call, `reply` answers the call first. So `init` can return early and the server still does its first
    work undisturbed.
    """

    value: Any
    reply: Any = NO_REPLY


@record
class TimeoutAfter:
    """Return it from a callback: if no message comes within `seconds`, handle_info gets Timeout().

    Any message ends the wait, except those of `bl.sys`, after which it starts anew. 0 means: as soon as the mailbox
    is empty. From handle_call, `reply` answers the call first.
    """

    seconds: float
    reply: Any = NO_REPLY


Step: TypeAlias = Continue | TimeoutAfter

Init: TypeAlias = Step | Literal[Sentinel.IGNORE] | None
"""What `init` may return."""

BEYOND_A_VALUE: Final = frozenset({Sentinel, Continue, TimeoutAfter})
"""The types of what handle_call returns that is no reply itself."""


@dataclass(frozen=True, slots=True)
class Timeout:
    """No message came within the seconds of a TimeoutAfter."""
