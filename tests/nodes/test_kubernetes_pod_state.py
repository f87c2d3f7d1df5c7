"""What a pod's status and events say, as one sentence and a cause; statuses as kubelets and schedulers write them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.backend import Cause, Description
from nodes.kubernetes.pod_state import gone, judged
from tests.support.kubernetes_world.description import wrongs

Json = dict[str, Any]
STATUS = {"$ref": "#/definitions/io.k8s.api.core.v1.PodStatus"}


def pod(
    phase: str, state: Json | None = None, *, deleted: bool = False, conditions: Sequence[Json] = (), **status: Any
) -> Json:
    metadata: Json = {"name": "bl-a-1", "uid": "u"}
    if deleted:
        metadata["deletionTimestamp"] = "2026-11-27T00:00:00Z"
    whole = {"phase": phase, "conditions": list(conditions), **status}
    if state is not None:
        whole["containerStatuses"] = [
            {"name": "side", "image": "s:1", "imageID": "", "ready": True, "restartCount": 0, "state": {"running": {}}},
            {"name": "runner", "image": "c:1", "imageID": "", "ready": False, "restartCount": 0, "state": state},
        ]
    assert list(wrongs(whole, STATUS)) == []
    containers = [{"name": "runner", "image": "c:1"}, {"name": "side", "image": "s:1"}]
    return {"metadata": metadata, "spec": {"nodeName": "node-1", "containers": containers}, "status": whole}


def waiting(reason: str, message: str = "") -> Json:
    return pod("Pending", {"waiting": {"reason": reason, **({"message": message} if message else {})}})


def terminated(code: int, reason: str = "Error", message: str = "", phase: str = "Failed", **status: Any) -> Json:
    told = {"message": message} if message else {}
    return pod(phase, {"terminated": {"exitCode": code, "reason": reason, **told}}, **status)


def condition(kind: str, status: str, reason: str = "", message: str = "") -> Json:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def event(reason: str, message: str, count: int = 1) -> Json:
    return {"reason": reason, "message": message, "count": count}


NOT_FOUND = 'rpc error: code = NotFound desc = failed to pull and unpack image "r.test/c:1": not found'
UNSCHEDULABLE = condition(
    "PodScheduled", "False", "Unschedulable", "0/3 nodes are available: 3 Insufficient nvidia.com/gpu."
)
DISRUPTED = "DisruptionTarget"


@pytest.mark.parametrize(
    ("shown", "cause", "words", "code"),
    [
        (terminated(0, "Completed", phase="Succeeded"), None, "", 0),
        (terminated(3, message="oops\n"), "crashed", "", 3),
        (terminated(137), "crashed", "", -9),
        (terminated(143), "crashed", "", -15),
        (terminated(137, "OOMKilled"), "out of memory", "OOMKilled: it needed more memory than its limit allows", -9),
        (
            pod("Failed", reason="Evicted", message="The node was low on resource: memory."),
            "evicted",
            "evicted: The node was low on resource: memory.",
            None,
        ),
        (
            pod("Failed", {"running": {}}, reason="DeadlineExceeded", message="Pod was active on the node longer than"),
            "deadline",
            "ended at its maximum lifetime: Pod was active on the node longer than",
            None,
        ),
        (
            pod("Failed", reason="Preempting", message="to admit a critical pod"),
            "preempted",
            "preempted: to admit a",
            None,
        ),
        (
            pod("Failed", reason="NodeLost", message="Node n was lost"),
            "node lost",
            "lost with its node: Node n was",
            None,
        ),
        (
            pod("Failed", reason="Terminated", message="Pod was terminated in response to imminent node shutdown."),
            "node lost",
            "its node was shut down: Pod was terminated",
            None,
        ),
        (
            pod("Failed", reason="OutOfcpu", message="Node didn't have enough"),
            "refused",
            "refused by its node: OutOfcpu",
            None,
        ),
        (terminated(128, "StartError", 'exec: "none": not found in $PATH'), "refused", 'StartError: exec: "none"', 128),
        (terminated(137, "ContainerStatusUnknown"), "node lost", "lost with its node", -9),
        (pod("Unknown", reason="NodeLost"), "node lost", "the node node-1 is lost", None),
        (
            terminated(143, conditions=[condition(DISRUPTED, "True", "PreemptionByScheduler", "to make room for b")]),
            "preempted",
            "preempted by a pod of higher priority: to make room for b",
            -15,
        ),
        (
            terminated(
                143, conditions=[condition(DISRUPTED, "True", "EvictionByEvictionAPI", "Eviction API: evicting")]
            ),
            "evicted",
            "evicted on request, as by a drain of its node: Eviction API: evicting",
            -15,
        ),
        (
            terminated(
                1, conditions=[condition(DISRUPTED, "True", "DeletionByTaintManager", "deleting due to NoExecute")]
            ),
            "node lost",
            "deleted as its node is tainted",
            1,
        ),
        (
            terminated(1, conditions=[condition(DISRUPTED, "True", "SomethingNew", "words of its own")]),
            "evicted",
            "disrupted: SomethingNew: words of its own",
            1,
        ),
        # The phase is behind: others in the pod go on.
        (terminated(3, phase="Running"), "crashed", "", 3),
    ],
)
def test_each_end_has_its_cause_and_the_clusters_words(
    shown: Json, cause: Cause | None, words: str, code: int | None
) -> None:
    verdict = judged(shown)
    assert (verdict.state, verdict.cause, verdict.exit_code) == ("ended", cause, code)
    assert verdict.words.startswith(words)
    assert (verdict.words == "") == (words == "")


@pytest.mark.parametrize(
    ("shown", "events", "state", "cause", "words"),
    [
        (waiting("InvalidImageName", 'couldn\'t parse "UPPER"'), [], "ended", "image", "InvalidImageName: couldn't"),
        (waiting("ErrImageNeverPull"), [], "ended", "image", "ErrImageNeverPull: c:1"),
        (waiting("ErrImagePull", NOT_FOUND), [], "ended", "image", f"ErrImagePull: {NOT_FOUND}"),
        (
            waiting("ImagePullBackOff", 'Back-off pulling image "c:1"'),
            [event("Failed", f'Failed to pull image "c:1": {NOT_FOUND}'), event("Failed", "Error: ErrImagePull")],
            "ended",
            "image",
            f'ImagePullBackOff: Failed to pull image "c:1": {NOT_FOUND}',
        ),
        (
            waiting("ErrImagePull", "toomanyrequests: You have reached your pull rate limit"),
            [],
            "created",
            "image",
            "ErrImagePull: toomanyrequests",
        ),
        (
            waiting("ErrImagePull", "dial tcp: i/o timeout"),
            [event("Failed", 'Failed to pull image "c:1": i/o timeout', count=3)],
            "ended",
            None,
            "ErrImagePull: dial tcp: i/o timeout",
        ),
        (
            waiting("CreateContainerConfigError", 'secret "none" not found'),
            [],
            "ended",
            "refused",
            "CreateContainerConf",
        ),
        (waiting("RunContainerError", "no such device"), [], "ended", "refused", "RunContainerError: no such device"),
        (waiting("CrashLoopBackOff", "back-off 10s"), [], "ended", "crashed", "CrashLoopBackOff: back-off 10s"),
        (pod("Pending", conditions=[UNSCHEDULABLE]), [], "created", "unschedulable", "unschedulable: 0/3 nodes"),
        (
            pod("Pending", conditions=[condition("PodScheduled", "False", "SchedulingGated", "gated by quota")]),
            [],
            "created",
            "unschedulable",
            "waits behind a scheduling gate: gated by quota",
        ),
        (waiting("ContainerCreating"), [event("Pulling", 'Pulling image "c:1"')], "created", None, "pulling c:1"),
        (
            waiting("ContainerCreating"),
            [event("FailedMount", 'MountVolume.SetUp failed for volume "m"')],
            "created",
            None,
            "FailedMount: MountVolume.SetUp failed",
        ),
        (waiting("ContainerCreating"), [], "created", None, "is on node-1"),
        (pod("Running", {"running": {}}), [], "running", None, "runs on node-1"),
        (
            pod(
                "Running",
                {"running": {}},
                conditions=[condition("Ready", "Unknown", message="Kubelet stopped posting")],
            ),
            [],
            "running",
            "node lost",
            "the node node-1 does not answer",
        ),
        (
            pod("Running", {"running": {}}, deleted=True, conditions=[condition("Ready", "Unknown")]),
            [],
            "ended",
            "node lost",
            "the node node-1 does not answer; its pod is to be deleted and cannot be",
        ),
        (
            pod(
                "Running",
                {"running": {}},
                conditions=[condition("Ready", "False"), condition("ContainersReady", "True")],
            ),
            [],
            "running",
            "node lost",
            "the node node-1 does not answer",
        ),
        (
            pod(
                "Running",
                {"running": {}},
                conditions=[
                    condition("Ready", "False", "ReadinessGatesNotReady"),
                    condition("ContainersReady", "True"),
                ],
            ),
            [],
            "running",
            None,
            "runs on node-1",
        ),
        (pod("Running", {"running": {}}, deleted=True), [], "running", None, "its pod is being deleted"),
        (pod("Pending", deleted=True), [], "created", None, "its pod is being deleted"),
    ],
)
def test_each_way_to_wait_is_told_and_what_never_starts_is_over(
    shown: Json, events: list[Json], state: str, cause: Cause | None, words: str
) -> None:
    verdict = judged(shown, events)
    assert (verdict.state, verdict.cause) == (state, cause)
    assert verdict.words.startswith(words), verdict.words
    assert verdict.hopeless == (state == "ended" and cause != "node lost")


def test_a_container_before_ours_that_cannot_start_is_told() -> None:
    shown = pod("Pending", {"waiting": {"reason": "PodInitializing"}})
    state = {"waiting": {"reason": "ErrImagePull", "message": NOT_FOUND}}
    shown["status"]["initContainerStatuses"] = [{"name": "first", "state": state}]
    assert judged(shown).cause == "image"


def test_a_pod_without_room_fails_at_once_where_that_is_wanted_but_not_while_a_node_is_added() -> None:
    shown = pod("Pending", conditions=[UNSCHEDULABLE])
    grows = event("TriggeredScaleUp", "pod triggered scale-up: [{gpu 0->1 (max: 4)}]")
    cannot = event("NotTriggerScaleUp", "pod didn't trigger scale-up: 1 max node group size reached")
    assert judged(shown, wait_for_room=False).state == "ended"
    assert judged(shown, [grows], wait_for_room=False).state == "created"
    assert judged(shown, [grows, cannot], wait_for_room=False).state == "ended"
    assert "gpu 0->1" in judged(shown, [grows]).words
    assert "Insufficient nvidia.com/gpu" in judged(shown, [cannot]).words


def test_a_pod_that_was_deleted_says_whether_by_us_and_how_it_ended() -> None:
    assert "not by us" in gone(pod("Running", {"running": {}})).words
    assert "not by us" not in gone(pod("Running", {"running": {}}), by_us=True).words
    assert gone(terminated(137, "OOMKilled")).cause == "out of memory"
    assert gone(terminated(3, phase="Running")).exit_code == 3
    preempted = pod("Running", {"running": {}}, conditions=[condition(DISRUPTED, "True", "PreemptionByScheduler")])
    assert gone(preempted).cause == "preempted"


def test_the_words_read_well_in_the_error_of_a_boot() -> None:
    verdict = judged(terminated(137, "OOMKilled"))
    described = Description(verdict.state, verdict.exit_code, "", verdict.words, verdict.cause)
    assert described.ending() == "was killed by SIGKILL (OOMKilled: it needed more memory than its limit allows)"


texts = st.text(max_size=8)
states = st.fixed_dictionaries(
    {},
    optional={
        "waiting": st.fixed_dictionaries({}, optional={"reason": texts, "message": texts}),
        "running": st.just({}),
        "terminated": st.fixed_dictionaries(
            {},
            optional={"exitCode": st.integers(0, 255), "reason": texts, "message": texts, "signal": st.integers(0, 64)},
        ),
    },
)
statuses = st.fixed_dictionaries(
    {},
    optional={
        "phase": st.sampled_from(["Pending", "Running", "Succeeded", "Failed", "Unknown", ""]),
        "reason": texts,
        "message": texts,
        "containerStatuses": st.none() | st.lists(st.fixed_dictionaries({"name": texts}, optional={"state": states})),
        "initContainerStatuses": st.lists(st.fixed_dictionaries({}, optional={"state": states}), max_size=1),
        "conditions": st.none()
        | st.lists(
            st.fixed_dictionaries(
                {"type": st.sampled_from(["Ready", "PodScheduled", "DisruptionTarget"])},
                optional={"status": st.sampled_from(["True", "False", "Unknown"]), "reason": texts, "message": texts},
            )
        ),
    },
)
events_of_any_kind = st.lists(st.fixed_dictionaries({}, optional={"reason": texts, "message": texts}), max_size=3)


@given(status=statuses, events=events_of_any_kind, deleted=st.booleans(), waits=st.booleans())
def test_any_status_is_judged_and_an_end_of_the_pod_is_always_seen(
    status: Json, events: list[Json], deleted: bool, waits: bool
) -> None:
    shown: Json = {"metadata": {"deletionTimestamp": "t"} if deleted else {}, "status": status}
    verdict = judged(shown, events, wait_for_room=waits)
    if status.get("phase") in ("Succeeded", "Failed"):
        assert verdict.state == "ended"
    if verdict.hopeless:
        assert verdict.state == "ended"
    if verdict.state != "ended":
        assert verdict.words
    assert gone(shown).state == "ended"
