"""What goes wrong with requests, as the tests want it: the next ones of a verb and a resource."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from tests.support.kubernetes_world.refusals import Refused


@dataclass(frozen=True)
class Refuse:
    """The request is not done, and answered so."""

    code: int
    reason: str
    retry_after: int | None = None
    message: str = ""

    def refusal(self) -> Refused:
        return Refused(
            self.code, self.reason, self.message or f"this is refused: {self.reason}", retry_after=self.retry_after
        )


@dataclass(frozen=True)
class LoseReply:
    """The request is done, and whoever asked does not hear of it."""


@dataclass(frozen=True)
class HangUp:
    """The connection ends before anything is done."""


@dataclass(frozen=True)
class Slow:
    """The answer takes so long; it is done at once."""

    seconds: float


Fault = Refuse | LoseReply | HangUp | Slow

TOO_MANY = Refuse(
    429, "TooManyRequests", 1, "the server has received too many requests and has asked us to try again later"
)
NO_TOKEN_YET = Refuse(
    500,
    "ServerTimeout",
    1,
    'No API token found for service account "default", '
    "retry after the token is automatically created and added to the service account",
)
UNAVAILABLE = Refuse(503, "ServiceUnavailable", None, "the server is currently unable to handle the request")
BROKEN = Refuse(500, "InternalError", None, "Internal error occurred: etcdserver: leader changed")


@dataclass
class _Rule:
    verb: str
    resource: str
    fault: Fault
    left: float


@dataclass
class Faults:
    _rules: list[_Rule] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, verb: str, resource: str, fault: Fault, times: float = 1) -> None:
        """For the next requests of that verb ("create", "watch", ...) and resource ("pods", "pods/log"); "*" is any."""
        with self._lock:
            self._rules.append(_Rule(verb, resource, fault, times))

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def take(self, verb: str, resource: str) -> Fault | None:
        with self._lock:
            for rule in self._rules:
                if rule.left > 0 and rule.verb in ("*", verb) and rule.resource in ("*", resource):
                    rule.left -= 1
                    return rule.fault
        return None
