"""One pod of ours, as it was last seen."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, Final, TypeAlias

from beamlike.kernel.record import slotted
from nodes.kubernetes.pod_state import Verdict, gone, judged

Json: TypeAlias = Mapping[str, Any]

EVENTS_KEPT: Final = 16


@slotted
class Pod:
    """Changed by the thread of the watch alone, but for what stands below `secret`."""

    namespace: str
    name: str
    uid: str
    main: str
    """The name of the node's container."""
    last: Json | None = None
    is_gone: bool = False
    events: deque[Json] = field(default_factory=lambda: deque(maxlen=EVENTS_KEPT))
    on_gone: list[Callable[[], None]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    secret: str | None = None
    """The name of the Secret that is still there, and that nobody deletes at this moment."""
    dropping: threading.Lock = field(default_factory=threading.Lock)
    """Held by who deletes it."""
    stopping: bool = False
    log: str = ""
    log_at: float | None = None
    """When its log was asked for last, by the monotonic clock."""
    is_log_whole: bool = False
    """Whether the log was asked for after its end."""
    running_since: float | None = None

    def seen(self, pod: Json) -> None:
        self.last = pod

    def happened(self, event: Json) -> None:
        """An event that is told again, of which there were more since, takes the place of the former."""
        others = [it for it in self.events if it["metadata"]["name"] != event["metadata"]["name"]]
        self.events = deque([*others, event], EVENTS_KEPT)

    @property
    def has_begun(self) -> bool:
        """Whether any of its containers has ever run: a process of it may be there."""
        return has_begun(self.last or {})

    def vanished(self, last: Json | None) -> None:
        """Its object is not there any more."""
        with self.lock:
            self.last = last or self.last
            self.is_gone = True
            waiting, self.on_gone = self.on_gone, []
        for wake in waiting:
            wake()

    def when_gone(self, wake: Callable[[], None]) -> None:
        """Calls `wake` when it is gone, from any thread; at once if it is."""
        with self.lock:
            if not self.is_gone:
                self.on_gone.append(wake)
                return
        wake()

    def verdict(self, *, wait_for_room: bool) -> Verdict:
        if self.is_gone:
            return gone(self.last or {}, by_us=self.stopping)
        if self.last is None:
            return Verdict("created", "asked for")
        return judged(self.last, list(self.events), wait_for_room=wait_for_room)


def has_begun(pod: Json) -> bool:
    """Whether any container of a pod has ever run.

    >>> has_begun({"status": {"containerStatuses": [{"state": {"waiting": {}}}]}})
    False
    """
    status = pod.get("status") or {}
    kinds = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
    states = [it.get("state") or {} for kind in kinds for it in status.get(kind) or ()]
    return any("running" in state or "terminated" in state for state in states)
