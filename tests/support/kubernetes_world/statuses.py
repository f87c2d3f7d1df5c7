"""The status of a pod as its kubelet tells it: pure."""

from __future__ import annotations

import hashlib
from typing import Any

from tests.support.kubernetes_world.cluster import timestamp
from tests.support.kubernetes_world.description import Json

NODE = "node-1"


def condition(type_: str, is_so: bool | None, reason: str = "", message: str = "") -> Json:
    status = "Unknown" if is_so is None else "True" if is_so else "False"
    told = {name: words for name, words in (("reason", reason), ("message", message)) if words}
    return {"type": type_, "status": status, "lastProbeTime": None, "lastTransitionTime": timestamp(), **told}


def with_condition(status: Json, new: Json) -> None:
    """Puts it in the stead of the one of that type; the time stands where the status stays."""
    listed = status.setdefault("conditions", [])
    for index, old in enumerate(listed):
        if old["type"] == new["type"]:
            if old["status"] == new["status"]:
                new["lastTransitionTime"] = old["lastTransitionTime"]
            listed[index] = new
            return
    listed.append(new)


def waiting(reason: str, message: str = "") -> Json:
    return {"waiting": {"reason": reason, **({"message": message} if message else {})}}


def running(since: str) -> Json:
    return {"running": {"startedAt": since}}


def terminated(code: int, reason: str, message: str, since: str | None, container_id: str) -> Json:
    told = {"exitCode": code, "reason": reason, "startedAt": since, "finishedAt": timestamp()}
    told |= {"message": message} if message else {}
    return {"terminated": {**told, "containerID": container_id}}


def container_status(container: Json, state: Json, *, ready: bool = False, restarts: int = 0, **more: Any) -> Json:
    digest = hashlib.sha256(container["image"].encode()).hexdigest()
    was_pulled = "waiting" not in state
    return {
        "name": container["name"],
        "state": state,
        "lastState": more.pop("last_state", None) or {},
        "ready": ready,
        "restartCount": restarts,
        "image": container["image"],
        "imageID": f"sha256:{digest}" if was_pulled else "",
        "started": "running" in state,
        **more,
    }


def readiness(status: Json, spec: Json, ready: bool) -> None:
    """Both conditions that say whether it is ready, in the words for why not."""
    reason, message = "", ""
    if not ready:
        names = " ".join(container["name"] for container in spec["containers"])
        reason, message = "ContainersNotReady", f"containers with unready status: [{names}]"
        if status["phase"] == "Succeeded":
            reason, message = "PodCompleted", ""
    for type_ in ("Ready", "ContainersReady"):
        with_condition(status, condition(type_, ready, reason, message))
