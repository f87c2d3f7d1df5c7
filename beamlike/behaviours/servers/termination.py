"""The end of a server that still runs: a report if it is no quiet one, the call in progress answered, `terminate`.

An exit signal that is not trapped, and "kill", end a process from outside: none of this runs then.
"""

from __future__ import annotations

import logging
import reprlib
from typing import Any

from beamlike.behaviours.handed_function import value_of
from beamlike.behaviours.servers.callbacks import Callbacks
from beamlike.behaviours.servers.dispatch import answer
from beamlike.behaviours.servers.observer import Observer
from beamlike.behaviours.servers.outcomes import NO_REPLY, Stop
from beamlike.behaviours.servers.starting import Birth
from beamlike.behaviours.servers.system_events import Event, received
from beamlike.kernel import functions as kernel
from beamlike.kernel.question import Question
from beamlike.kernel.record import frozen
from beamlike.kernel.server_names import Name
from beamlike.kernel.terms import Pid, Reason, is_quiet

logger = logging.getLogger("beamlike.gen_server")

_bounded = reprlib.Repr()
_bounded.maxstring = _bounded.maxother = 200
_bounded.maxdict = _bounded.maxlist = _bounded.maxtuple = _bounded.maxset = 20


@frozen
class TerminationReport:
    """Why a server ended, and in what state: attribute `report` of the log record. The texts are bounded. `parent` is
    who started it, if that is linked to it."""

    pid: Pid
    name: Name | None
    behaviour: str
    parent: Pid | None
    reason: Reason
    last_message: str
    client: Pid | None
    state: str
    log: tuple[Event, ...]

    def __str__(self) -> str:
        lines = [
            f"{self.name or self.behaviour} {self.pid} terminates: {self.reason}",
            *([f"started by {self.parent}"] if self.parent else []),
            f"last message: {self.last_message}" + (f" from {self.client}" if self.client else ""),
            f"state: {self.state}",
            *(f"before: {event}" for event in self.log),
        ]
        return "\n  ".join(lines)


async def terminate(
    server: Callbacks, birth: Birth, reason: Reason, message: Any, observer: Observer | None, end: Stop | None = None
) -> None:
    """What is to be done before a server ends for `reason`, which struck while it handled `message`."""
    if observer is not None and observer.message is not None:
        message = observer.message
    if not is_quiet(reason):
        events = observer.events if observer is not None else []
        _report(TerminationReport(*_who(server, birth), reason, *_doing(message), _state(server), tuple(events)))
    if end is not None and end.reply is not NO_REPLY and isinstance(message, Question):
        answer(message.client, end.reply)
    await value_of(server.terminate(reason))


def _report(report: TerminationReport) -> None:
    logger.error("%s", report, extra={"report": report})


def _who(server: Callbacks, birth: Birth) -> tuple[Pid, Name | None, str, Pid | None]:
    return kernel.self(), birth.name, type(server).__qualname__, birth.parent


def _doing(message: Any) -> tuple[str, Pid | None]:
    if message is None:
        return "none", None
    event = received(message)
    return f"{event.kind} {_bounded.repr(event.request)}", event.sender


def _state(server: Callbacks) -> str:
    try:
        return _bounded.repr(server.system_get_state())
    except Exception as error:  # the report must not take the place of what it reports
        return f"<no state: {type(error).__name__}: {error}>"
