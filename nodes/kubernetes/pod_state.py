"""What a pod's status and its events say of how it stands or ended: one sentence, and a cause that programs can read.

    waiting ──► running ──► ended
       └───────────┴──────► ended, or hopeless: it will not start whatever one waits for

A pod that cannot be scheduled or whose image cannot be had stays in the phase Pending for good, one whose node is lost
stays in Running: the phase alone says little.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

from beamlike.kernel.record import frozen
from nodes.backend import Cause

Json: TypeAlias = Mapping[str, Any]
Standing: TypeAlias = Literal["created", "running", "ended"]

_BAD_IMAGE: Final = frozenset(
    {"InvalidImageName", "ErrImageNeverPull", "ImageInspectError", "SignatureValidationFailed"}
)
_NO_PULL: Final = frozenset({"ErrImagePull", "ImagePullBackOff", "RegistryUnavailable"})
_CANNOT_START: Final = frozenset(
    {"CreateContainerConfigError", "CreateContainerError", "RunContainerError", "StartError", "ContainerCannotRun"}
)
_PASSES: Final = re.compile(
    r"time(d )?out|deadline exceeded|too ?many ?requests|\b429\b|\b50[0234]\b|connection reset|server misbehaving",
    re.IGNORECASE,
)
"""What a registry, or the way to it, or a node says that may be otherwise in a moment."""
PULLS_TRIED: Final = 3
"""After so many that failed it is not waited for any longer."""
_DISRUPTED: Final[Mapping[str, tuple[Cause, str]]] = {
    "PreemptionByScheduler": ("preempted", "preempted by a pod of higher priority"),
    "PreemptionByKubeScheduler": ("preempted", "preempted by a pod of higher priority"),
    "EvictionByEvictionAPI": ("evicted", "evicted on request, as by a drain of its node"),
    "DeletionByTaintManager": ("node lost", "deleted as its node is tainted, such as one that is lost"),
    "DeletionByPodGC": ("node lost", "collected as its node is gone"),
    "TerminationByKubelet": ("evicted", "ended by its node, which is short of something or shuts down"),
}
_ENDED: Final[Mapping[str, tuple[Cause, str]]] = {
    "Evicted": ("evicted", "evicted"),
    "DeadlineExceeded": ("deadline", "ended at its maximum lifetime"),
    "Preempting": ("preempted", "preempted"),
    "Preempted": ("preempted", "preempted"),
    "NodeLost": ("node lost", "lost with its node"),
    "NodeShutdown": ("node lost", "its node was shut down"),
    "Shutdown": ("node lost", "its node was shut down"),
    "Terminated": ("node lost", "its node was shut down"),
    "NodeAffinity": ("refused", "refused by its node, whose labels do not fit"),
    "UnexpectedAdmissionError": ("refused", "refused by its node"),
    "AdmissionFailed": ("refused", "refused by its node"),
    "TopologyAffinityError": ("refused", "refused by its node"),
}
_HINTS: Final[Mapping[str, str]] = {
    "runAsNonRoot": "say run_as_user=1000, or take an image whose user is a number other than 0",
    "secret": "make the Secret, or take it out of secrets=, env_from= or the template",
    "configmap": "make the ConfigMap, or take it out of the template",
}


@frozen
class Verdict:
    """`state` as in `nodes.Description`; `words` how it stands or ended, in the cluster's own words where it has some;
    `hopeless` that it does not run, and never will."""

    state: Standing
    words: str
    cause: Cause | None = None
    exit_code: int | None = None
    hopeless: bool = False
    message: str = ""
    """The last that it printed, where its end came with it."""


def judged(pod: Json, events: Sequence[Json] = (), *, wait_for_room: bool = True) -> Verdict:
    """How a pod stands, of which `events` are known, oldest first. With `wait_for_room` one that cannot be scheduled
    is waited for: an autoscaler may act, or another pod end.

    >>> waits = {"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available: 3 Insufficient cpu"}
    >>> judged({"status": {"phase": "Pending", "conditions": [waits]}}).words
    'unschedulable: 0/3 nodes are available: 3 Insufficient cpu'
    """
    status = pod.get("status") or {}
    container = _main_status(pod)
    ended = (container.get("state") or {}).get("terminated")
    if status.get("phase") in ("Failed", "Succeeded"):
        return _end(pod, ended)
    if ended is not None and status.get("phase") != "Pending":
        # Others in the pod may go on for a while: the node has ended.
        return _end(pod, ended)
    if "deletionTimestamp" in (pod.get("metadata") or {}):
        return _deleted(pod, container)
    if status.get("phase") == "Unknown" or status.get("reason") == "NodeLost":
        return Verdict("ended", f"{_where(pod)} is lost{_said(status)}", "node lost")
    if "running" in (container.get("state") or {}):
        return _running(pod)
    return _waiting(pod, container, events, wait_for_room)


def gone(last: Json, by_us: bool = False) -> Verdict:
    """How a pod ended whose object is not there any more, as it was last seen.

    >>> gone({"status": {"phase": "Running"}}).words
    'its pod was deleted, not by us'
    """
    status = last.get("status") or {}
    if status.get("phase") in ("Failed", "Succeeded"):
        return _end(last, (_main_status(last).get("state") or {}).get("terminated"))
    if disruption := _disruption(last):
        cause, words = disruption
        return Verdict("ended", words, cause)
    ended = (_main_status(last).get("state") or {}).get("terminated")
    if ended is not None:
        return _end(last, ended)
    return Verdict("ended", "its pod was deleted" + ("" if by_us else ", not by us"))


def _end(pod: Json, ended: Json | None) -> Verdict:
    status = pod.get("status") or {}
    reason = str(status.get("reason") or "")
    code = None if ended is None else _exit_code(ended)
    message = str((ended or {}).get("message") or "").strip()
    if disruption := _disruption(pod):
        cause, words = disruption
        return Verdict("ended", words, cause, code, message=message)
    if reason in _ENDED or reason.startswith("OutOf"):
        cause, words = _ENDED.get(reason, ("refused", f"refused by its node: {reason}"))
        return Verdict("ended", f"{words}{_said(status)}", cause, code, message=message)
    if ended is None:
        return Verdict("ended", _said(status).removeprefix(": "), None)
    return _container_end(ended, code, message)


def _container_end(ended: Json, code: int | None, message: str) -> Verdict:
    reason = str(ended.get("reason") or "")
    if reason == "OOMKilled":
        words = "OOMKilled: it needed more memory than its limit allows"
        return Verdict("ended", words, "out of memory", code, message=message)
    if reason in _CANNOT_START:
        return Verdict("ended", f"{reason}: {message}", "refused", code, hopeless=True)
    if reason == "ContainerStatusUnknown":
        return Verdict("ended", "lost with its node, which does not know how it ended", "node lost", code)
    if code:
        return Verdict("ended", "", "crashed", code, message=message)
    return Verdict("ended", "", None, code, message=message)


def _exit_code(ended: Json) -> int | None:
    """As subprocess has it: a shell's 128 + N is the signal N."""
    if number := ended.get("signal"):
        return -int(number)
    code = ended.get("exitCode")
    if not isinstance(code, int):
        return None
    return 128 - code if 128 < code < 160 else code


def _disruption(pod: Json) -> tuple[Cause, str] | None:
    condition = _conditions(pod).get("DisruptionTarget")
    if condition is None or condition.get("status") != "True":
        return None
    known = _DISRUPTED.get(str(condition.get("reason")))
    if known is None:
        return "evicted", f"disrupted: {condition.get('reason')}{_said(condition, named=False)}"
    cause, words = known
    return cause, f"{words}{_said(condition, named=False)}"


def _deleted(pod: Json, container: Json) -> Verdict:
    if _is_silent(pod):
        return Verdict("ended", f"{_where(pod)} does not answer; its pod is to be deleted and cannot be", "node lost")
    if disruption := _disruption(pod):
        cause, words = disruption
        return Verdict("running", f"about to end: {words}", cause)
    state: Standing = "running" if "running" in (container.get("state") or {}) else "created"
    return Verdict(state, "its pod is being deleted")


def _running(pod: Json) -> Verdict:
    if _is_silent(pod):
        # Its process may well go on: whether the node lives is for its link to say.
        return Verdict("running", f"{_where(pod)} does not answer", "node lost")
    return Verdict("running", f"runs on {(pod.get('spec') or {}).get('nodeName') or 'a node'}")


def _is_silent(pod: Json) -> bool:
    """Whether the pod's node is lost: the cluster has taken back that it is ready, without a reason, and nothing else.
    Who takes it back for a reason is the kubelet, and that lives."""
    conditions = _conditions(pod)
    ready = conditions.get("Ready", {})
    if ready.get("status") == "Unknown":
        return True
    containers_are = conditions.get("ContainersReady", {}).get("status") == "True"
    return ready.get("status") == "False" and not ready.get("reason") and containers_are


def _waiting(pod: Json, container: Json, events: Sequence[Json], wait_for_room: bool) -> Verdict:
    init = _init_trouble(pod)
    waiting = (init or container.get("state") or {}).get("waiting") or {}
    reason, message = str(waiting.get("reason") or ""), str(waiting.get("message") or "").strip()
    if reason in _BAD_IMAGE:
        return Verdict("ended", f"{reason}: {message or _image(pod)}", "image", hopeless=True)
    if reason in _NO_PULL:
        return _no_pull(pod, reason, message, events)
    if reason in _CANNOT_START and _PASSES.search(message):  # its node has not seen the Secret yet
        return Verdict("created", f"{reason}: {message} (it is tried again)")
    if reason in _CANNOT_START:
        return Verdict("ended", f"{reason}: {message}{_hint(message)}", "refused", hopeless=True)
    if reason == "CrashLoopBackOff":
        return Verdict("ended", f"{reason}: {message}", "crashed", hopeless=True)
    scheduled = _conditions(pod).get("PodScheduled", {})
    if scheduled.get("status") == "False":
        return _unscheduled(scheduled, events, wait_for_room)
    return Verdict("created", _step(pod, events) or (f"{reason}: {message}" if message else "waits for its node"))


def _no_pull(pod: Json, reason: str, message: str, events: Sequence[Json]) -> Verdict:
    """What only the event of the failed pull says is told: of the pause after it the status says nothing more."""
    failed = [it for it in events if it.get("reason") == "Failed" and "Failed to pull" in str(it.get("message"))]
    if failed and (reason == "ImagePullBackOff" or not message):
        message = str(failed[-1].get("message"))
    words = f"{reason}: {message or _image(pod)}"
    if not _PASSES.search(message):
        return Verdict("ended", words, "image", hopeless=True)
    if sum(int(it.get("count") or 1) for it in failed) < PULLS_TRIED:
        return Verdict("created", f"{words} (it is tried again)", "image")
    # No cause: another boot, in a while, may well have the image.
    return Verdict("ended", f"{words} (given up after {PULLS_TRIED} tries)", hopeless=True)


def _unscheduled(scheduled: Json, events: Sequence[Json], wait_for_room: bool) -> Verdict:
    message = str(scheduled.get("message") or "no node is found for it").strip()
    if scheduled.get("reason") == "SchedulingGated":
        return Verdict("created", f"waits behind a scheduling gate: {message}", "unschedulable")
    scaler = next(
        (it for it in reversed(events) if it.get("reason") in ("TriggeredScaleUp", "NotTriggerScaleUp")), None
    )
    told = f"; {str(scaler.get('message')).strip()}" if scaler is not None else ""
    words = f"unschedulable: {message}{told}"
    grows = scaler is not None and scaler.get("reason") == "TriggeredScaleUp"
    if wait_for_room or grows:
        return Verdict("created", words, "unschedulable")
    return Verdict("ended", words, "unschedulable", hopeless=True)


def _step(pod: Json, events: Sequence[Json]) -> str:
    """What the newest event says that is of interest to who waits."""
    for event in reversed(events):
        reason, message = event.get("reason"), str(event.get("message") or "").strip()
        if reason == "Pulling":
            return f"pulling {_image(pod)}"
        if reason == "Pulled":
            return f"has the image {_image(pod)}"
        if reason in ("FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox", "NetworkNotReady", "BackOff"):
            return f"{reason}: {message}"
        if reason == "Scheduled":
            break
    node = (pod.get("spec") or {}).get("nodeName")
    return f"is on {node}" if node else ""


def _init_trouble(pod: Json) -> Json | None:
    """The state of the first container that goes before ours and has not done its part."""
    for status in (pod.get("status") or {}).get("initContainerStatuses") or ():
        state = status.get("state") or {}
        if "waiting" in state and state["waiting"].get("reason") not in (None, "PodInitializing"):
            return dict(state)
    return None


def _main_status(pod: Json) -> Json:
    """Of our container, which is the first of the manifest; the statuses stand in an order of their own."""
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    containers = (pod.get("spec") or {}).get("containers") or ()
    main = containers[0]["name"] if containers else None
    found: Json = next((it for it in statuses if it.get("name") == main), statuses[0] if statuses else {})
    return found


def _conditions(pod: Json) -> dict[str, Json]:
    return {str(it.get("type")): it for it in (pod.get("status") or {}).get("conditions") or ()}


def _image(pod: Json) -> str:
    containers: Sequence[Json] = (pod.get("spec") or {}).get("containers") or ({},)
    return str(containers[0].get("image") or "its image")


def _where(pod: Json) -> str:
    node = (pod.get("spec") or {}).get("nodeName")
    return f"the node {node}" if node else "its node"


def _said(status: Json, *, named: bool = True) -> str:
    message = str(status.get("message") or "").strip()
    reason = str(status.get("reason") or "") if named else ""
    words = message or (reason if reason not in _ENDED else "")
    return f": {words}" if words else ""


def _hint(message: str) -> str:
    found = next((hint for word, hint in _HINTS.items() if word.lower() in message.lower()), None)
    return f" ({found})" if found else ""
