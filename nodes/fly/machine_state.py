"""How a machine of Fly is, out of what the API shows of it: a pure function of its state and its events."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import Any, Final, Literal

from beamlike.kernel.record import frozen
from nodes.backend import Cause, Description

COMING: Final = frozenset({"created", "creating", "starting", "replacing", "updating", "restarting"})
RUNNING: Final = frozenset({"started", "stopping", "suspending"})
ENDED: Final = frozenset(
    {"stopped", "suspended", "failed", "launch_failed", "destroying", "destroyed", "replaced", "migrated"}
)
GONE: Final = frozenset({"destroyed", "replaced"})
GONE_DESCRIPTION: Final = Description("ended", None, "", "Fly knows no such machine any more")


@frozen
class Exit:
    """How its program ended, as Fly saw it: `exit_code` is negative for a signal, as in subprocess."""

    exit_code: int | None
    out_of_memory: bool
    asked_for: bool


def description(machine: Mapping[str, Any]) -> Description:
    """
    >>> description({"state": "starting"}).state
    'created'
    >>> oom = {"exit_event": {"exit_code": 137, "oom_killed": True, "requested_stop": False}}
    >>> seen = description({"state": "destroyed", "events": [{"type": "exit", "request": oom}]})
    >>> seen.exit_code, seen.cause, seen.words
    (137, 'out of memory', 'destroyed: Fly killed it for it was out of memory')
    """
    state = str(machine.get("state") or "unknown")
    last = exit_of(machine)
    if state in RUNNING or (state not in ENDED and state not in COMING):
        return Description("running", None, "", _words(state, machine))
    if state in COMING:
        return Description("created", None, "", _words(state, machine))
    if last is None:
        failed = state in ("failed", "launch_failed")
        told = _reason(machine) if failed else ""
        cause: Cause | None = _cause_of(told) if failed else None
        return Description("ended", None, "", f"{state}: {told}" if told else state, cause)
    if last.out_of_memory:
        return Description(
            "ended", last.exit_code, "", f"{state}: Fly killed it for it was out of memory", "out of memory"
        )
    if last.asked_for:
        return Description("ended", last.exit_code, "", f"{state}: it was asked to stop")
    return Description("ended", last.exit_code, "", state, "crashed" if last.exit_code else None)


def exit_of(machine: Mapping[str, Any]) -> Exit | None:
    """Out of the newest exit event; None where there is none."""
    for event in machine.get("events") or ():
        request = event.get("request") or {}
        # Of a machine that is restarted, older versions nest it one level deeper.
        told = request.get("exit_event") or (request.get("MonitorEvent") or {}).get("exit_event")
        if told:
            return Exit(_code(told), bool(told.get("oom_killed")), bool(told.get("requested_stop")))
    return None


def _code(told: Mapping[str, Any]) -> int | None:
    """The program's own, or that of a signal; that of the machine where neither is known."""
    number = told.get("guest_signal")
    if isinstance(number, int) and number > 0:
        return -number
    for key in ("guest_exit_code", "exit_code"):
        code = told.get(key)
        if isinstance(code, int) and code:
            return code
    number = told.get("signal")
    if isinstance(number, int) and 0 < number < signal.NSIG:
        return -number
    return 0 if isinstance(told.get("exit_code"), int) else None


def _words(state: str, machine: Mapping[str, Any]) -> str:
    host = machine.get("host_status")
    trouble = f", its host is {host}" if host not in (None, "ok") else ""
    return f"{state}{trouble}" if trouble or state not in RUNNING else ""


def _reason(machine: Mapping[str, Any]) -> str:
    """What the newest event says that tells of a failure."""
    for event in machine.get("events") or ():
        request = event.get("request") or {}
        for key in ("error", "message", "reason"):
            if request.get(key):
                return str(request[key])
    return ""


def _cause_of(told: str) -> Cause:
    kinds: tuple[tuple[str, Literal["image", "unschedulable"]], ...] = (
        ("image", "image"),
        ("manifest", "image"),
        ("registry", "image"),
        ("capacity", "unschedulable"),
        ("insufficient", "unschedulable"),
    )
    return next((cause for word, cause in kinds if word in told.lower()), "crashed")
