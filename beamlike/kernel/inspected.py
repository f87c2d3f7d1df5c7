"""What others have asked to see of a process, or do to it: kept apart, since hardly any process has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from beamlike.kernel.inspection.flight_recorder import FlightRecorder
    from beamlike.kernel.inspection.mailbox_limit import MailboxLimit
    from beamlike.kernel.inspection.tracing import Tracing
    from beamlike.kernel.terms import Pid
    from beamlike.kernel.watched_inbox import ArrivalWatch


class Inspected:
    __slots__ = ("aside", "counter", "label", "limit", "recorder", "suspended_by", "suspending", "tracing")

    def __init__(self) -> None:
        self.label: Any = None
        self.tracing: Tracing | None = None
        self.recorder: FlightRecorder | None = None
        self.limit: MailboxLimit | None = None
        # Counts what arrives, while somebody looks at its rate.
        self.counter: ArrivalWatch | None = None
        # How often each has suspended this process, and how often this one has suspended others.
        self.suspended_by: dict[Pid, int] = {}
        self.suspending: dict[Pid, int] = {}
        # Whether it was to run while it is suspended, so that it stands in no queue.
        self.aside = False

    @property
    def closely(self) -> bool:
        """Whether each step of the process is to be a careful one."""
        return self.tracing is not None or self.recorder is not None

    @property
    def arrival_watches(self) -> tuple[ArrivalWatch, ...]:
        return tuple(watch for watch in (self.tracing, self.recorder, self.limit, self.counter) if watch is not None)
