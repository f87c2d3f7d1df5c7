"""The emulated cluster and a real one, held to the same questions: codes, reasons, and the order of events.

Each test runs against both, the real one where there is one (see `kubernetes_clusters`). What differs between them all
the same is in `DIFFERENCES`, and told in docs/kubernetes_emulator.md.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.kubernetes_access import Json, soon
from tests.support.kubernetes_clusters import Cluster, emulated, existing, real

DIFFERENCES = {
    "unknown field": "the real one drops it in silence (from 1.25 on: or refuses it, with fieldValidation=Strict)",
    "dry run": "the emulator has none",
}

ENDED = ("Succeeded", "Failed")
FOREIGN = {"Impersonate-User": "nobody-at-all"}


@pytest.fixture(scope="module", params=["emulator", pytest.param("real", marks=real)])
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    opened = emulated(tmp_path_factory.mktemp("cluster")) if request.param == "emulator" else existing()
    with opened as cluster:
        yield cluster


@pytest.fixture
def made(cluster: Cluster) -> Iterator[Any]:
    """Makes pods that are gone at the end."""
    names: list[str] = []

    def make(manifest: Json) -> str:
        name = cluster.make(manifest)["metadata"]["name"]
        names.append(name)
        return str(name)

    yield make
    for name in names:
        cluster.delete(name)


def without(manifest: Json, *path: str | int) -> Json:
    *parents, last = path
    place: Any = manifest
    for part in parents:
        place = place[part]
    del place[last]
    return manifest


def changed(manifest: Json, value: Any, *path: str | int) -> Json:
    *parents, last = path
    place: Any = manifest
    for part in parents:
        place = place.setdefault(part, {}) if isinstance(part, str) else place[part]
    place[last] = value
    return manifest


MAIN = ("spec", "containers", 0)
REFUSED = {
    "no name": (lambda pod: without(pod, "metadata", "name"), 422, "Invalid", ["metadata.name"]),
    "a name that is none": (lambda pod: changed(pod, "A_b", "metadata", "name"), 422, "Invalid", ["metadata.name"]),
    "a label that is none": (
        lambda pod: changed(pod, "a b", "metadata", "labels", "x"),
        *(422, "Invalid", ["metadata.labels"]),
    ),
    "a long label": (
        lambda pod: changed(pod, "x" * 64, "metadata", "labels", "x"),
        422,
        "Invalid",
        ["metadata.labels"],
    ),
    "no containers": (lambda pod: changed(pod, [], "spec", "containers"), 422, "Invalid", ["spec.containers"]),
    "no image": (lambda pod: without(pod, *MAIN, "image"), 422, "Invalid", ["spec.containers[0].image"]),
    "no container's name": (lambda pod: without(pod, *MAIN, "name"), 422, "Invalid", ["spec.containers[0].name"]),
    "an image that is a number": (lambda pod: changed(pod, 7, *MAIN, "image"), 400, "BadRequest", []),
    "env that is a mapping": (lambda pod: changed(pod, {"A": "b"}, *MAIN, "env"), 400, "BadRequest", []),
    "an env value that is a number": (
        lambda pod: changed(pod, [{"name": "A", "value": 1}], *MAIN, "env"),
        *(400, "BadRequest", []),
    ),
    "a quantity that is none": (
        lambda pod: changed(pod, {"limits": {"memory": "1 Gi"}}, *MAIN, "resources"),
        *(400, "BadRequest", []),
    ),
    "more requested than the limit": (
        lambda pod: changed(pod, {"limits": {"cpu": "1"}, "requests": {"cpu": 2}}, *MAIN, "resources"),
        *(422, "Invalid", ["spec.containers[0].resources.requests"]),
    ),
    "a policy that there is not": (
        lambda pod: changed(pod, "Sometimes", "spec", "restartPolicy"),
        *(422, "Invalid", ["spec.restartPolicy"]),
    ),
    "no time at all": (
        lambda pod: changed(pod, 0, "spec", "activeDeadlineSeconds"),
        *(422, "Invalid", ["spec.activeDeadlineSeconds"]),
    ),
    "a port that there is not": (
        lambda pod: changed(pod, [{"containerPort": 70000}], *MAIN, "ports"),
        *(422, "Invalid", ["spec.containers[0].ports[0].containerPort"]),
    ),
    "a mount of no volume": (
        lambda pod: changed(pod, [{"name": "none", "mountPath": "/x"}], *MAIN, "volumeMounts"),
        *(422, "Invalid", ["spec.containers[0].volumeMounts[0].name"]),
    ),
    "a variable of two sources": (
        lambda pod: changed(
            pod, [{"name": "A", "value": "x", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}], *MAIN, "env"
        ),
        *(422, "Invalid", ["spec.containers[0].env[0].valueFrom"]),
    ),
    "an owner without a uid": (
        lambda pod: changed(
            pod, [{"apiVersion": "v1", "kind": "Pod", "name": "x", "uid": ""}], "metadata", "ownerReferences"
        ),
        *(422, "Invalid", ["metadata.ownerReferences.uid"]),
    ),
    "another kind": (lambda pod: changed(pod, "Secret", "kind"), 400, "BadRequest", []),
    "another namespace": (lambda pod: changed(pod, "elsewhere", "metadata", "namespace"), 400, "BadRequest", []),
    "a version": (lambda pod: changed(pod, "7", "metadata", "resourceVersion"), 500, "", []),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_pod_that_is_not_valid_is_refused_for_the_same_reason(what: str, cluster: Cluster) -> None:
    change, code, reason, fields = REFUSED[what]
    found, answer = cluster.access.ask("POST", f"{cluster.home}/pods", change(cluster.pod(cluster.name("bad"))))
    assert (found, answer.get("reason", "")) == (code, reason), answer
    assert answer["kind"] == "Status"
    assert answer["status"] == "Failure"
    assert [cause["field"] for cause in answer.get("details", {}).get("causes", [])] == fields, answer


def test_what_is_there_already_is_told_so_and_what_is_not_is_not_found(cluster: Cluster, made: Any) -> None:
    name = made(cluster.pod(cluster.name("twice")))
    code, answer = cluster.access.ask("POST", f"{cluster.home}/pods", cluster.pod(name))
    assert (code, answer["reason"], answer["details"]) == (409, "AlreadyExists", {"name": name, "kind": "pods"})
    for method in ("GET", "DELETE"):
        code, answer = cluster.access.ask(method, f"{cluster.home}/pods/none")
        assert (code, answer["reason"], answer["message"]) == (404, "NotFound", 'pods "none" not found')
    code, answer = cluster.access.ask("GET", f"{cluster.leases}/none")
    details = {"name": "none", "group": "coordination.k8s.io", "kind": "leases"}
    assert (code, answer["details"]) == (404, details)
    code, answer = cluster.access.ask("POST", "/api/v1/namespaces/no-such/pods", cluster.pod("x"))
    assert (code, answer["reason"], answer["details"]["kind"]) == (404, "NotFound", "namespaces")
    assert cluster.access.ask("GET", "/apis/none.example/v1/things")[0] == 404


def test_a_right_that_is_missing_is_told_with_the_verb_and_the_resource(cluster: Cluster) -> None:
    if cluster.world is not None:
        cluster.world.deny("create", "pods")
    try:
        body = cluster.pod("x")
        code, answer = cluster.access.ask("POST", f"{cluster.home}/pods", body, headers=FOREIGN)
        assert (code, answer["reason"], answer["details"]) == (403, "Forbidden", {"kind": "pods"})
        words = f'cannot create resource "pods" in API group "" in the namespace "{cluster.namespace}"'
        assert words in answer["message"]
        asked = {"namespace": cluster.namespace, "verb": "create", "resource": "pods"}
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": asked},
        }
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        code, answer = cluster.access.ask("POST", path, review)
        assert (code, answer["status"]["allowed"]) == (201, cluster.is_real)
    finally:
        if cluster.world is not None:
            cluster.world.server.denied.clear()


def test_a_selector_that_is_none_is_refused(cluster: Cluster) -> None:
    for query in ({"labelSelector": "(("}, {"fieldSelector": "spec.color=red"}):
        code, answer = cluster.access.ask("GET", f"{cluster.home}/pods", **query)
        assert (code, answer["reason"]) == (400, "BadRequest"), answer


def test_objects_are_listed_by_labels_by_fields_and_part_by_part(cluster: Cluster) -> None:
    path, names = f"{cluster.home}/configmaps", [cluster.name("part") for _ in range(5)]
    mark = cluster.name("mark")
    for number, name in enumerate(names):
        labels = {"mark": mark, "even": "yes" if number % 2 == 0 else "no"}
        code, _ = cluster.access.ask("POST", path, {"metadata": {"name": name, "labels": labels}})
        assert code == 201

    def listed(**query: str) -> list[str]:
        return [it["metadata"]["name"] for it in cluster.access.items(path, **query)]

    assert listed(labelSelector=f"mark={mark}") == sorted(names)
    assert listed(labelSelector=f"mark={mark},even!=yes") == sorted(names[1::2])
    assert listed(labelSelector=f"mark in ({mark},x),!odd") == sorted(names)
    assert listed(fieldSelector=f"metadata.name={names[3]}") == [names[3]]
    query = {"labelSelector": f"mark={mark}", "limit": "2"}
    _, first = cluster.access.ask("GET", path, **query)
    assert len(first["items"]) == 2
    cluster.access.ask("DELETE", f"{path}/{sorted(names)[3]}")  # after the list was begun: it is still shown
    _, second = cluster.access.ask("GET", path, **query, **{"continue": first["metadata"]["continue"]})
    _, third = cluster.access.ask("GET", path, **query, **{"continue": second["metadata"]["continue"]})
    parts = [it["metadata"]["name"] for part in (first, second, third) for it in part["items"]]
    assert parts == sorted(names)
    assert "continue" not in third["metadata"]
    assert {part["metadata"]["resourceVersion"] for part in (first, second)} == {first["metadata"]["resourceVersion"]}
    code, answer = cluster.access.ask("GET", path, limit="1", **{"continue": "nonsense"})
    assert (code, answer["reason"]) == (400, "BadRequest")


def test_a_lease_is_changed_by_whoever_saw_it_last(cluster: Cluster) -> None:
    name = cluster.name("lease")
    body: Json = {"metadata": {"name": name}, "spec": {"holderIdentity": "a", "leaseDurationSeconds": 30}}
    code, first = cluster.access.ask("POST", cluster.leases, body)
    assert code == 201
    path = f"{cluster.leases}/{name}"
    code, second = cluster.access.ask("PUT", path, {**first, "spec": {**first["spec"], "holderIdentity": "b"}})
    assert (code, second["spec"]["holderIdentity"]) == (200, "b")
    code, answer = cluster.access.ask("PUT", path, first)
    assert (code, answer["reason"]) == (409, "Conflict")
    code, answer = cluster.access.ask("PUT", path, body)
    assert (code, [it["field"] for it in answer["details"]["causes"]]) == (422, ["metadata.resourceVersion"])
    wrong = {**second, "spec": {"leaseDurationSeconds": 0}}
    code, answer = cluster.access.ask("PUT", path, wrong)
    assert (code, [it["field"] for it in answer["details"]["causes"]]) == (422, ["spec.leaseDurationSeconds"])
    code, answer = cluster.access.ask("DELETE", path)
    assert (code, answer["status"], answer["details"]["name"]) == (200, "Success", name)


def test_a_patch_is_merged_in_the_way_that_it_says(cluster: Cluster) -> None:
    name = cluster.name("patched")
    path = f"{cluster.home}/configmaps"
    cluster.access.ask("POST", path, {"metadata": {"name": name, "labels": {"a": "1"}}, "data": {"x": "1", "y": "2"}})

    def patch(body: Any, kind: str) -> tuple[int, Json]:
        return cluster.access.ask("PATCH", f"{path}/{name}", body, content_type=f"application/{kind}-patch+json")

    assert patch({"data": {"x": None, "z": "3"}}, "merge")[1]["data"] == {"y": "2", "z": "3"}
    for finalizer in ("example.test/a", "example.test/b"):
        found = patch({"metadata": {"finalizers": [finalizer]}}, "strategic-merge")[1]
    assert sorted(found["metadata"]["finalizers"]) == ["example.test/a", "example.test/b"]
    steps = [{"op": "remove", "path": "/metadata/finalizers"}, {"op": "add", "path": "/data/w", "value": "4"}]
    found = patch(steps, "json")[1]
    assert "finalizers" not in found["metadata"]
    assert found["data"]["w"] == "4"
    code, answer = patch({}, "unheard-of")
    assert (code, answer["reason"]) == (415, "UnsupportedMediaType")
    stale = {"metadata": {"resourceVersion": "1"}}
    code, answer = patch(stale, "merge")
    assert (code, answer["reason"]) == (409, "Conflict")


def test_what_a_pod_runs_may_not_be_changed_later(cluster: Cluster, made: Any) -> None:
    name = made(cluster.pod(cluster.name("fixed")))
    merge = "application/merge-patch+json"
    body: Json = {"spec": {"restartPolicy": "Always"}}
    code, answer = cluster.access.ask("PATCH", f"{cluster.home}/pods/{name}", body, content_type=merge)
    assert (code, answer["reason"], [it["field"] for it in answer["details"]["causes"]]) == (422, "Invalid", ["spec"])
    body = {"metadata": {"annotations": {"a": "b"}}, "spec": {"activeDeadlineSeconds": 100}}
    code, answer = cluster.access.ask("PATCH", f"{cluster.home}/pods/{name}", body, content_type=merge)
    assert (code, answer["spec"]["activeDeadlineSeconds"]) == (200, 100)


def test_what_a_secret_is_told_as_text_is_kept_as_base64_and_reaches_the_container(cluster: Cluster, made: Any) -> None:
    name = cluster.name("secret")
    body: Json = {"metadata": {"name": name}, "stringData": {"WORD": "swordfish"}}
    code, answer = cluster.access.ask("POST", f"{cluster.home}/secrets", body)
    assert (code, answer["data"], answer["type"]) == (201, {"WORD": "c3dvcmRmaXNo"}, "Opaque")
    env = [
        {"name": "ONE", "valueFrom": {"secretKeyRef": {"name": name, "key": "WORD"}}},
        {"name": "OWN", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "BOTH", "value": "$(ONE) $$(ONE) $(NONE)"},
        {"name": "NOT", "valueFrom": {"secretKeyRef": {"name": "none", "key": "x", "optional": True}}},
    ]
    shows = "import os; print([os.environ.get(it) for it in ('ONE', 'OWN', 'IP', 'BOTH', 'NOT', 'WORD')])"
    manifest = cluster.pod(cluster.name("env"), shows, env=env, envFrom=[{"secretRef": {"name": name}}])
    pod = cluster.until(made(manifest), lambda it: it["status"]["phase"] in ENDED)
    _, log = cluster.access.ask("GET", f"{cluster.home}/pods/{pod['metadata']['name']}/log")
    expected = [
        "swordfish",
        pod["metadata"]["name"],
        pod["status"]["podIP"],
        "swordfish $(ONE) $(NONE)",
        None,
        "swordfish",
    ]
    assert log["text"] == f"{expected}\n"
    cluster.access.ask("DELETE", f"{cluster.home}/secrets/{name}")


ENDINGS = {
    "a program that is done": ("print(1)", "Succeeded", 0, "Completed", None),
    "a program that fails": ("print('oops'); raise SystemExit(3)", "Failed", 3, "Error", "oops\n"),
}


@pytest.mark.parametrize("what", ENDINGS)
def test_a_pod_ends_in_the_same_words(what: str, cluster: Cluster, made: Any) -> None:
    program, phase, code, reason, message = ENDINGS[what]
    name = made(cluster.pod(cluster.name("end"), program))
    pod = cluster.until(name, lambda it: it["status"]["phase"] in ENDED)
    [status] = pod["status"]["containerStatuses"]
    ended = status["state"]["terminated"]
    assert (pod["status"]["phase"], ended["exitCode"], ended["reason"]) == (phase, code, reason)
    assert ended.get("message") == (message or None)
    assert (status["ready"], status["started"], status["restartCount"]) == (False, False, 0)
    reasons = {it["type"]: it.get("reason") for it in pod["status"]["conditions"] if it["status"] == "False"}
    assert reasons == dict.fromkeys(("Ready", "ContainersReady"), "PodCompleted" if code == 0 else "ContainersNotReady")


def test_a_program_that_there_is_not_fails_the_pod(cluster: Cluster, made: Any) -> None:
    name = made(cluster.pod(cluster.name("none"), command=["nonesuch"]))
    pod = cluster.until(name, lambda it: it["status"]["phase"] in ENDED)
    ended = pod["status"]["containerStatuses"][0]["state"]["terminated"]
    assert (pod["status"]["phase"], ended["exitCode"], ended["reason"]) == ("Failed", 128, "StartError")
    assert 'exec: "nonesuch": executable file not found in $PATH' in ended["message"]


WAITING: dict[str, tuple[Json, tuple[str, ...], str]] = {
    "no such image": (
        {"image": "registry.invalid/none:1"},
        ("ErrImagePull", "ImagePullBackOff"),
        "registry.invalid/none:1",
    ),
    "a name that no image has": ({"image": "UPPER/x"}, ("InvalidImageName",), "couldn't parse image reference"),
    "an image that may not be pulled": (
        {"image": "registry.invalid/none:2", "imagePullPolicy": "Never"},
        ("ErrImageNeverPull",),
        "is not present with pull policy of Never",
    ),
    "no such secret": (
        {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "none", "key": "k"}}}]},
        ("CreateContainerConfigError",),
        'secret "none" not found',
    ),
    "no such config": (
        {"envFrom": [{"configMapRef": {"name": "none"}}]},
        ("CreateContainerConfigError",),
        'configmap "none" not found',
    ),
    "an image that runs as root": (
        {"securityContext": {"runAsNonRoot": True, "runAsUser": 0}},
        ("CreateContainerConfigError",),
        "container's runAsUser breaks non-root policy",
    ),
}


@pytest.mark.parametrize("what", WAITING)
def test_a_pod_that_cannot_start_waits_for_the_same_reason(what: str, cluster: Cluster, made: Any) -> None:
    container, reasons, words = WAITING[what]
    name = made(cluster.pod(cluster.name("wait"), **container))

    def waiting(pod: Json) -> Json:
        found: Json = (pod["status"].get("containerStatuses") or [{}])[0].get("state", {}).get("waiting", {})
        return found

    def waits_for_that(pod: Json) -> bool:
        """A kubelet that is busy says at first that it could not look in time."""
        return waiting(pod).get("reason") in reasons and words in waiting(pod).get("message", "")

    pod = cluster.until(name, waits_for_that)
    assert pod["status"]["phase"] == "Pending"
    code, answer = cluster.access.ask("GET", f"{cluster.home}/pods/{name}/log")
    assert (code, answer["reason"]) == (400, "BadRequest")
    assert f'container "main" in pod "{name}" is waiting to start: ' in answer["message"]


@pytest.mark.parametrize(
    ("container", "spec", "words"),
    [
        (
            {"resources": {"limits": {"nvidia.com/gpu": "1"}}},
            {},
            "0/1 nodes are available: 1 Insufficient nvidia.com/gpu.",
        ),
        ({}, {"nodeSelector": {"no": "such"}}, "0/1 nodes are available: 1 node(s) didn't match"),
        (
            {},
            {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "none"}}]},
            'persistentvolumeclaim "none" not found',
        ),
    ],
)
def test_a_pod_that_no_node_takes_says_so_and_is_gone_at_once_when_it_is_deleted(
    container: Json, spec: Json, words: str, cluster: Cluster, made: Any
) -> None:
    name = made(cluster.pod(cluster.name("room"), spec=spec, **container))
    pod = cluster.until(name, lambda it: it["status"].get("conditions"))
    [scheduled] = pod["status"]["conditions"]
    assert (scheduled["type"], scheduled["status"], scheduled["reason"]) == ("PodScheduled", "False", "Unschedulable")
    assert words in scheduled["message"]
    code, _ = cluster.access.ask("DELETE", f"{cluster.home}/pods/{name}")
    assert code == 200
    assert cluster.access.ask("GET", f"{cluster.home}/pods/{name}")[0] == 404


def test_the_events_of_a_pods_life_come_in_the_same_order(cluster: Cluster) -> None:
    path, name = f"{cluster.home}/pods", cluster.name("life")
    _, listed = cluster.access.ask("GET", path)
    seen: list[tuple[str, str, bool]] = []

    def watch() -> None:
        version = listed["metadata"]["resourceVersion"]
        for type_, it in cluster.access.watch(path, 60, resourceVersion=version, fieldSelector=f"metadata.name={name}"):
            seen.append((type_, it["status"]["phase"], "deletionTimestamp" in it["metadata"]))
            if type_ == "DELETED":
                return

    thread = threading.Thread(target=watch)
    thread.start()
    cluster.make(cluster.pod(name))
    cluster.until(name, lambda it: it["status"]["phase"] == "Running")
    code, answer = cluster.access.ask("DELETE", f"{path}/{name}")
    assert (code, answer["kind"], answer["metadata"]["deletionGracePeriodSeconds"]) == (200, "Pod", 1)
    thread.join(cluster.patience)
    assert not thread.is_alive()
    assert list(dict.fromkeys(seen)) == [
        ("ADDED", "Pending", False),
        ("MODIFIED", "Pending", False),
        ("MODIFIED", "Running", False),
        ("MODIFIED", "Running", True),
        ("MODIFIED", "Failed", True),
        ("DELETED", "Failed", True),
    ]


def test_a_pod_that_is_deleted_by_force_is_gone_at_once(cluster: Cluster, made: Any) -> None:
    name = made(cluster.pod(cluster.name("force")))
    cluster.until(name, lambda it: it["status"]["phase"] == "Running")
    code, _ = cluster.access.ask("DELETE", f"{cluster.home}/pods/{name}", {"gracePeriodSeconds": 0})
    assert code == 200
    assert cluster.access.ask("GET", f"{cluster.home}/pods/{name}")[0] == 404


def test_a_pod_of_another_uid_is_not_deleted(cluster: Cluster, made: Any) -> None:
    name = made(cluster.pod(cluster.name("uid")))
    body: Json = {"preconditions": {"uid": "another"}}
    code, answer = cluster.access.ask("DELETE", f"{cluster.home}/pods/{name}", body)
    assert (code, answer["reason"]) == (409, "Conflict")


def test_a_pod_whose_time_is_over_is_ended_by_its_node(cluster: Cluster, made: Any) -> None:
    name = made(cluster.pod(cluster.name("time"), spec={"activeDeadlineSeconds": 1}))
    pod = cluster.until(name, lambda it: it["status"]["phase"] in ENDED)
    status = pod["status"]
    assert (status["phase"], status["reason"]) == ("Failed", "DeadlineExceeded")
    assert status["message"] == "Pod was active on the node longer than the specified deadline"


def test_what_an_absent_object_owns_is_collected(cluster: Cluster) -> None:
    """Also what one owns that has the right name and another uid."""
    name = cluster.name("owner")
    code, owner = cluster.access.ask("POST", cluster.leases, {"metadata": {"name": name}, "spec": {}})
    assert code == 201

    def owned(word: str, uid: str) -> str:
        reference = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "name": name, "uid": uid}
        metadata = {"name": cluster.name(word), "ownerReferences": [reference]}
        code, made = cluster.access.ask("POST", f"{cluster.home}/configmaps", {"metadata": metadata})
        assert code == 201
        return f"{cluster.home}/configmaps/{made['metadata']['name']}"

    right, wrong = owned("right", owner["metadata"]["uid"]), owned("wrong", "00000000-0000-0000-0000-000000000000")
    soon(lambda: cluster.access.ask("GET", wrong)[0] == 404, cluster.patience)
    assert cluster.access.ask("GET", right)[0] == 200
    cluster.access.ask("DELETE", f"{cluster.leases}/{name}")
    soon(lambda: cluster.access.ask("GET", right)[0] == 404, cluster.patience)


def test_a_quota_refuses_what_goes_beyond_it(cluster: Cluster, made: Any) -> None:
    name = cluster.name("quota")
    used = len([it for it in cluster.access.items(f"{cluster.home}/pods") if it["status"]["phase"] not in ENDED])
    body: Json = {"metadata": {"name": name}, "spec": {"hard": {"pods": str(used)}}}
    code, _ = cluster.access.ask("POST", f"{cluster.home}/resourcequotas", body)
    assert code == 201
    try:
        tried = cluster.name("over")

        def refusal() -> Json | None:
            code, answer = cluster.access.ask("POST", f"{cluster.home}/pods", cluster.pod(tried))
            if code == 201:  # the quota was not yet seen
                cluster.delete(tried)
            return answer if code == 403 and "status unknown" not in answer["message"] else None

        answer = soon(refusal, cluster.patience)
        assert answer["reason"] == "Forbidden"
        assert answer["details"] == {"name": tried, "kind": "pods"}
        assert (
            f'pods "{tried}" is forbidden: exceeded quota: {name}, requested: pods=1, used: pods=' in answer["message"]
        )
    finally:
        cluster.access.ask("DELETE", f"{cluster.home}/resourcequotas/{name}")


def test_a_watch_from_a_version_that_is_forgotten_is_told_so_in_its_stream(cluster: Cluster) -> None:
    if cluster.world is not None:
        cluster.world.compact()
    events = list(cluster.access.watch(f"{cluster.home}/pods", 5, resourceVersion="1"))
    if cluster.world is None and (not events or events[0][0] != "ERROR"):
        pytest.skip("this cluster is so young that it remembers its first version")
    [(type_, status), *more] = events
    assert (type_, status["kind"], status["code"]) == ("ERROR", "Status", 410)
    assert status["reason"] in ("Expired", "Gone")
    assert more == []


def test_a_watch_ends_when_its_time_is_over_and_shows_what_is_there_first(cluster: Cluster, made: Any) -> None:
    name = made(cluster.pod(cluster.name("watch")))
    seen = list(cluster.access.watch(f"{cluster.home}/pods", 1, fieldSelector=f"metadata.name={name}"))
    assert seen[0][0] == "ADDED"
    assert seen[0][1]["metadata"]["name"] == name


def test_the_log_is_cut_as_it_was_asked_for(cluster: Cluster, made: Any) -> None:
    name = made(cluster.pod(cluster.name("log"), "print(*range(9), sep='\\n')"))
    cluster.until(name, lambda it: it["status"]["phase"] in ENDED)
    path = f"{cluster.home}/pods/{name}/log"
    assert cluster.access.ask("GET", path, tailLines="2")[1]["text"] == "7\n8\n"
    assert cluster.access.ask("GET", path, tailLines="3", limitBytes="3")[1]["text"] == "6\n7"
    code, answer = cluster.access.ask("GET", path, previous="true")
    assert (code, answer["message"]) == (400, f'previous terminated container "main" in pod "{name}" not found')
    code, answer = cluster.access.ask("GET", path, container="other")
    assert (code, answer["reason"]) == (400, "BadRequest")


ECHO = """
import socket
with socket.create_server(("0.0.0.0", 44444)) as server:
    while True:
        sock, _ = server.accept()
        while data := sock.recv(65536):
            sock.sendall(data)
        sock.close()
"""


def closed(forward: Any) -> None:
    """The thread of it ends the connection, and may leave its socket open. Before it has ended it may still read there:
    from the next connection, if the socket was closed under it and its number given to that one."""
    forward.close()
    name = f"Kubernetes port forward proxy: {', '.join(map(str, forward.local_ports))}"
    soon(lambda: name not in {thread.name for thread in threading.enumerate()})
    forward.websocket.shutdown()


def test_a_port_is_forwarded_whole_and_what_nobody_listens_at_is_told(cluster: Cluster, made: Any) -> None:
    from kubernetes import client, config
    from kubernetes.stream import portforward

    known = client.Configuration()
    config.load_kube_config(str(cluster.kubeconfig), client_configuration=known)
    api = client.CoreV1Api(client.ApiClient(known))
    probe = {"tcpSocket": {"port": 44444}, "periodSeconds": 1}
    name = made(cluster.pod(cluster.name("echo"), ECHO, readinessProbe=probe))
    cluster.until(
        name, lambda it: any(c["type"] == "Ready" and c["status"] == "True" for c in it["status"].get("conditions", ()))
    )
    ask = api.connect_get_namespaced_pod_portforward
    forward = portforward(ask, name, cluster.namespace, ports="7")
    try:
        refused = forward.socket(7)
        refused.settimeout(cluster.patience)
        assert refused.recv(1) == b""
        assert "refused" in (forward.error(7) or "")
    finally:
        closed(forward)
    forward = portforward(ask, name, cluster.namespace, ports="44444")
    try:
        sock = forward.socket(44444)
        sock.settimeout(cluster.patience)
        content, echoed = os.urandom(1 << 20), bytearray()
        sending = threading.Thread(target=sock.sendall, args=(content,))
        sending.start()
        while len(echoed) < len(content):
            echoed += sock.recv(65536)
        sending.join()
        assert echoed == content
    finally:
        closed(forward)


def test_no_port_is_forwarded_of_a_pod_that_does_not_run(cluster: Cluster, made: Any) -> None:
    name = made(cluster.pod(cluster.name("not"), spec={"nodeSelector": {"no": "such"}}))
    headers = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": "v4.channel.k8s.io",
    }
    path = f"{cluster.home}/pods/{name}/portforward"
    code, answer = cluster.access.ask("GET", path, headers=headers, ports="44444")
    assert (code, answer["reason"]) == (400, "BadRequest"), answer


def test_the_emulator_ends_every_process_that_it_started(tmp_path: Path) -> None:
    with emulated(tmp_path) as cluster:
        assert cluster.world is not None
        cluster.make(cluster.pod("one"))
        cluster.until("one", lambda it: it["status"]["phase"] == "Running")
        [pid] = cluster.world.pids()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
