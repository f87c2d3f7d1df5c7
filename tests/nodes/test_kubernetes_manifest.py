"""The pod's manifest, a pure function: what wins over what, and what no template can change."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nodes.kubernetes import manifest, template
from nodes.kubernetes.manifest import NoImage, Order, Owner, merged
from nodes.kubernetes.names import Identity, label_value, ours
from nodes.kubernetes.options import Options
from nodes.kubernetes.template import BadTemplate
from tests.support.kubernetes_world.admission import admit
from tests.support.kubernetes_world.description import wrongs
from tests.support.kubernetes_world.kinds import PODS
from tests.support.kubernetes_world.store import Store

Json = dict[str, Any]

POD = {"$ref": "#/definitions/io.k8s.api.core.v1.Pod"}
IDENTITY = Identity("app-1f", "app@10.0.0.7", "app-1@10.0.0.7", "gpu", "gpu-1")
OWNER = Owner("v1", "Pod", "app-0", "u-1")


def order(told: Options | None = None, shape: Json | None = None, **others: Any) -> Order:
    values = {"owner": OWNER, **others}
    options = Options(image="registry.test/child:1") if told is None else told
    return Order("bl-gpu-1", "demo", IDENTITY, options, template.read(shape), "bl-gpu-1", **values)


def made(told: Options | None = None, shape: Json | None = None, **others: Any) -> Json:
    pod = manifest.pod(order(told, shape, **others))
    assert list(wrongs(pod, POD)) == []
    return pod


def container(pod: Json, name: str = "runner") -> Json:
    found: Json = next(it for it in pod["spec"]["containers"] if it["name"] == name)
    return found


def variables(pod: Json, name: str = "runner") -> dict[str, Any]:
    return {it["name"]: it.get("value", it.get("valueFrom")) for it in container(pod, name)["env"]}


# What a pod is by default.


def test_a_pod_without_a_template_is_as_the_guide_shows_it() -> None:
    assert made() == {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "bl-gpu-1",
            "namespace": "demo",
            "labels": {
                "app.kubernetes.io/managed-by": "beamlike",
                "bl/session": "app-1f",
                "bl/child": IDENTITY.labels()["bl/child"],
                "bl/pool": "gpu",
                "bl/runner": "gpu-1",
            },
            "annotations": {
                "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
                "bl/node": "app-1@10.0.0.7",
                "bl/parent": "app@10.0.0.7",
            },
            "ownerReferences": [
                {
                    "apiVersion": "v1",
                    "kind": "Pod",
                    "name": "app-0",
                    "uid": "u-1",
                    "controller": True,
                    "blockOwnerDeletion": False,
                }
            ],
        },
        "spec": {
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 10,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [
                {
                    "name": "runner",
                    "image": "registry.test/child:1",
                    "args": ["python3", "-m", "nodes.child"],
                    "resources": {
                        "requests": {"cpu": "1", "memory": "1Gi"},
                        "limits": {"cpu": "1", "memory": "1Gi"},
                    },
                    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
                    "terminationMessagePolicy": "FallbackToLogsOnError",
                    "env": [
                        {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                        {"name": "POD_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
                        {"name": "POD_UID", "valueFrom": {"fieldRef": {"fieldPath": "metadata.uid"}}},
                        {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
                        {"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
                        {
                            "name": "BEAMLIKE_INVITATION",
                            "valueFrom": {"secretKeyRef": {"name": "bl-gpu-1", "key": "invitation"}},
                        },
                    ],
                }
            ],
        },
    }


def test_a_pod_is_admitted_where_pod_security_is_restricted() -> None:
    restricted = {"pod-security.kubernetes.io/enforce": "restricted"}
    shape = {"spec": {"containers": [{"name": "runner"}, {"name": "side", "image": "side:1"}]}}
    admit(Store(), PODS, "demo", made(), restricted)
    with pytest.raises(Exception, match="violates PodSecurity"):
        admit(Store(), PODS, "demo", made(shape=shape), restricted)


def test_what_options_ask_for_stands_in_the_manifest() -> None:
    pod = made(
        Options(
            image="child:2",
            cpu="4",
            memory="16Gi",
            gpu=2,
            shared_memory="2Gi",
            env={"MODE": "fast", "DOLLARS": "$(HOME)"},
            secrets={"HF_TOKEN": "hugging-face/token"},
            env_from=["database"],
            volumes={"models": "/models", "home": "/home/user"},
            node_selector={"pool": "gpu"},
            tolerations=[{"key": "spot", "operator": "Exists"}],
            service_account="child",
            image_pull_secrets=["registry"],
            image_pull_policy="Always",
            priority_class="batch",
            run_as_user=1000,
            labels={"team": "ml"},
            annotations={"note": "x"},
            grace=2.5,
            command=["tini", "--", "python", "-m", "nodes.child"],
        )
    )
    spec, runner = pod["spec"], container(pod)
    asked = {"cpu": "4", "memory": "16Gi", "nvidia.com/gpu": "2"}
    assert runner["resources"] == {"requests": asked, "limits": asked}
    assert spec["tolerations"] == [
        {"key": "spot", "operator": "Exists"},
        {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"},
    ]
    assert (spec["serviceAccountName"], spec["priorityClassName"], spec["nodeSelector"]) == (
        *("child", "batch"),
        {"pool": "gpu"},
    )
    assert spec["securityContext"] == {
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
        "runAsUser": 1000,
        "fsGroup": 1000,
    }
    assert spec["terminationGracePeriodSeconds"] == 3
    assert spec["imagePullSecrets"] == [{"name": "registry"}]
    assert (runner["image"], runner["imagePullPolicy"], runner["command"][0]) == ("child:2", "Always", "tini")
    assert variables(pod)["MODE"] == "fast"
    assert variables(pod)["DOLLARS"] == "$$(HOME)"
    assert variables(pod)["HF_TOKEN"] == {"secretKeyRef": {"name": "hugging-face", "key": "token"}}
    assert runner["envFrom"] == [{"secretRef": {"name": "database"}}]
    mounts = {it["mountPath"]: it["name"] for it in runner["volumeMounts"]}
    volumes = {it["name"]: it for it in spec["volumes"]}
    assert volumes[mounts["/models"]]["persistentVolumeClaim"] == {"claimName": "models"}
    assert volumes[mounts["/home/user"]]["persistentVolumeClaim"] == {"claimName": "home"}
    assert volumes[mounts["/dev/shm"]]["emptyDir"] == {"medium": "Memory", "sizeLimit": "2Gi"}
    assert (pod["metadata"]["labels"]["team"], pod["metadata"]["annotations"]["note"]) == ("ml", "x")


def test_a_child_that_is_dialled_listens_and_is_ready_when_it_does() -> None:
    runner = container(made(listens=44444))
    assert runner["ports"] == [{"containerPort": 44444, "name": "beamlike", "protocol": "TCP"}]
    assert runner["readinessProbe"] == {"tcpSocket": {"port": 44444}, "periodSeconds": 1}
    assert "readinessProbe" not in container(made())


def test_a_maximum_lifetime_is_held_by_the_platform_too_but_not_before_the_child_itself() -> None:
    seconds = made(lifetime=60.0, boot_seconds=30.0)["spec"]["activeDeadlineSeconds"]
    assert seconds > 60 + 30
    assert "activeDeadlineSeconds" not in made()["spec"]
    assert made(shape={"spec": {"activeDeadlineSeconds": 5}})["spec"]["activeDeadlineSeconds"] == 5


# What wins.


@pytest.mark.parametrize(
    ("shape", "told", "expected"),
    [
        (None, Options(), "parent:1"),
        ({"image": "template:1"}, Options(), "template:1"),
        ({"image": "template:1"}, Options(image="option:1"), "option:1"),
    ],
)
def test_the_image_is_the_parents_unless_the_template_or_an_option_names_another(
    shape: Json | None, told: Options, expected: str
) -> None:
    whole = None if shape is None else {"spec": {"containers": [{"name": "runner", **shape}]}}
    assert container(made(told, whole, image="parent:1"))["image"] == expected


def test_the_child_is_the_images_argument_unless_somebody_says_what_else_to_run() -> None:
    def run(told: Options, **shape: Any) -> tuple[Any, Any]:
        whole = {"spec": {"containers": [{"name": "runner", **shape}]}}
        runner = container(made(told, whole))
        return runner.get("command"), runner.get("args")

    plain, mine = Options(image="i"), Options(image="i", command=["mine"])
    assert run(plain) == (None, ["python3", "-m", "nodes.child"])
    assert run(plain, command=["tini", "-s", "--", "python"]) == (["tini", "-s", "--", "python"], None)
    assert run(plain, args=["of-the-template"]) == (None, ["of-the-template"])
    assert run(mine, command=["theirs"], args=["of-the-template"]) == (["mine"], None)


def test_without_any_image_it_is_said_how_to_name_one() -> None:
    with pytest.raises(NoImage, match="say image="):
        made(Options())


def test_a_variable_of_an_option_wins_over_the_template_and_none_over_what_makes_it_ours() -> None:
    env = [
        {"name": "MODE", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
        {"name": "KEPT", "value": "template"},
        {"name": "POD_NAME", "value": "forged"},
        {"name": "BEAMLIKE_INVITATION", "value": "forged"},
    ]
    shape = {"spec": {"containers": [{"name": "runner", "env": env}]}}
    pod = made(Options(image="i", env={"MODE": "fast", "POD_IP": "forged"}), shape)
    told = variables(pod)
    assert (told["MODE"], told["KEPT"]) == ("fast", "template")
    assert told["POD_NAME"] == {"fieldRef": {"fieldPath": "metadata.name"}}
    assert told["POD_IP"] == {"fieldRef": {"fieldPath": "status.podIP"}}
    assert told["BEAMLIKE_INVITATION"] == {"secretKeyRef": {"name": "bl-gpu-1", "key": "invitation"}}
    assert len(container(pod)["env"]) == len(told)


def test_a_template_may_change_defaults_and_take_them_out() -> None:
    shape = {
        "spec": {
            "automountServiceAccountToken": True,
            "securityContext": None,
            "containers": [{"name": "runner", "resources": {"limits": {"memory": "2Gi"}}, "command": ["mine"]}],
        }
    }
    pod = made(shape=shape)
    assert pod["spec"]["automountServiceAccountToken"] is True
    assert "securityContext" not in pod["spec"]
    assert container(pod)["resources"]["limits"] == {"cpu": "1", "memory": "2Gi"}
    assert container(pod)["command"] == ["mine"]


def test_no_template_changes_whose_the_pod_is_or_has_it_restarted() -> None:
    shape = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "mine",
            "namespace": "kube-system",
            "generateName": "mine-",
            "labels": {"bl/session": "another", "app.kubernetes.io/managed-by": "helm", "team": "ml"},
            "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "x", "uid": "y"}],
        },
        "spec": {"restartPolicy": "Always", "containers": [{"name": "runner"}]},
    }
    pod = made(shape=shape)
    metadata = pod["metadata"]
    assert (metadata["name"], metadata["namespace"], pod["spec"]["restartPolicy"]) == ("bl-gpu-1", "demo", "Never")
    assert "generateName" not in metadata
    assert ours(metadata["labels"], IDENTITY)
    assert metadata["labels"]["team"] == "ml"
    assert [it["name"] for it in metadata["ownerReferences"]] == ["app-0"]
    assert "ownerReferences" not in made(shape=shape, owner=None)["metadata"]


def test_labels_that_the_parents_pod_has_are_not_taken_from_a_template_but_from_options() -> None:
    shape = {"metadata": {"labels": {"app": "web", "tier": "front", "team": "ml"}}, "spec": {}}
    foreign = {"app": "web", "tier": "back", "pod-template-hash": "1"}
    assert "app" not in made(shape=shape, foreign_labels=foreign)["metadata"]["labels"]
    assert made(shape=shape, foreign_labels=foreign)["metadata"]["labels"]["tier"] == "front"
    told = Options(image="i", labels={"app": "web"})
    assert made(told, shape, foreign_labels=foreign)["metadata"]["labels"]["app"] == "web"


def test_a_pod_has_a_controller_so_that_no_replica_set_adopts_it() -> None:
    [reference] = made()["metadata"]["ownerReferences"]
    assert reference["controller"] is True


def test_the_node_runs_in_the_container_that_is_named_and_the_others_stay() -> None:
    shape = {"spec": {"containers": [{"name": "proxy", "image": "proxy:1"}, {"name": "work", "image": "work:1"}]}}
    pod = made(Options(container="work"), shape)
    assert [it["name"] for it in pod["spec"]["containers"]] == ["work", "proxy"]
    assert "BEAMLIKE_INVITATION" in variables(pod, "work")
    assert container(pod, "proxy") == {"name": "proxy", "image": "proxy:1"}
    with pytest.raises(BadTemplate, match="proxy, work"):
        made(Options(), shape)
    with pytest.raises(BadTemplate, match="'none'"):
        made(Options(container="none"), shape)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ({"kind": "Deployment", "spec": {}}, "take spec.template"),
        ({"spec": {"containers": [{"image": "x"}]}}, "no list of containers with names"),
        ({"spec": {"containers": "x"}}, "no list of containers with names"),
        ({"containers": []}, "has containers"),
        ({"spec": []}, "its spec"),
    ],
)
def test_a_template_that_is_no_pod_is_refused_in_words(shape: Json, words: str) -> None:
    with pytest.raises(BadTemplate, match=words):
        template.read(shape)


def test_a_template_is_read_of_yaml_and_errors_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "pod.yaml"
    path.write_text("spec:\n  containers:\n  - name: runner\n    image: of-the-file:1\n")
    assert container(made(Options(), template.read(path)))["image"] == "of-the-file:1"
    path.write_text("spec: [}")
    with pytest.raises(BadTemplate, match=r"pod\.yaml is no YAML"):
        template.read(path)
    path.write_text("---\nspec: {}\n---\nspec: {}\n")
    with pytest.raises(BadTemplate, match="holds 2 documents"):
        template.read(str(path))
    with pytest.raises(BadTemplate, match="cannot be read"):
        template.read(tmp_path / "none.yaml")


def test_the_secret_and_the_lease_are_as_the_api_describes_them() -> None:
    secret = manifest.secret("bl-gpu-1", order(), "the invitation")
    assert list(wrongs(secret, {"$ref": "#/definitions/io.k8s.api.core.v1.Secret"})) == []
    assert secret["stringData"] == {"invitation": "the invitation"}
    assert secret["metadata"]["ownerReferences"][0]["uid"] == "u-1"
    assert "the invitation" not in json.dumps(made())
    lease = manifest.lease("bl-app-1f", "demo", IDENTITY, "2026-11-27T00:00:00.000000Z", 60)
    assert list(wrongs(lease, {"$ref": "#/definitions/io.k8s.api.coordination.v1.Lease"})) == []
    assert lease["metadata"]["labels"] == {"app.kubernetes.io/managed-by": "beamlike", "bl/session": "app-1f"}


# For any template and options.

names = st.sampled_from(["a", "b", "PATH", "POD_NAME", "BEAMLIKE_INVITATION"])
env = st.lists(st.fixed_dictionaries({"name": names, "value": st.text(max_size=5)}), unique_by=lambda it: it["name"])
small = st.dictionaries(st.sampled_from(["app", "team", "bl/session", "bl/child"]), st.sampled_from(["x", "y"]))
containers = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from(["runner", "side"])}, optional={"env": env, "image": st.just("t:1")}
    ),
    unique_by=lambda it: it["name"],
)
shapes = st.fixed_dictionaries(
    {},
    optional={
        "metadata": st.fixed_dictionaries({}, optional={"labels": small, "annotations": small, "name": st.just("n")}),
        "spec": st.fixed_dictionaries(
            {},
            optional={
                "containers": containers,
                "restartPolicy": st.sampled_from(["Always", "OnFailure"]),
                "tolerations": st.just([{"key": "t"}]),
                "terminationGracePeriodSeconds": st.integers(0, 9),
            },
        ),
    },
)


@given(shape=shapes, told_env=st.dictionaries(names, st.text(max_size=5)), labels=small, foreign=small)
def test_any_template_gives_a_pod_that_is_ours(
    shape: Json, told_env: dict[str, str], labels: dict[str, str], foreign: dict[str, str]
) -> None:
    listed = shape.get("spec", {}).get("containers", [])
    assume(not listed or any(it["name"] == "runner" for it in listed))
    before = json.dumps(shape)
    pod = made(Options(image="i", env=told_env, labels=labels), shape, foreign_labels=foreign)
    assert json.dumps(shape) == before
    assert ours(pod["metadata"]["labels"], IDENTITY)
    assert pod["spec"]["restartPolicy"] == "Never"
    assert pod["spec"]["containers"][0]["name"] == "runner"
    told = variables(pod)
    assert len(told) == len(container(pod)["env"])
    assert told["BEAMLIKE_INVITATION"] == {"secretKeyRef": {"name": "bl-gpu-1", "key": "invitation"}}
    for name, value in told_env.items():
        if name not in ("POD_NAME", "BEAMLIKE_INVITATION"):
            assert told[name] == value.replace("$(", "$$(")
    for name, value in foreign.items():
        if pod["metadata"]["labels"].get(name) == value and not name.startswith("bl/"):
            assert labels.get(name) == value


values = st.recursive(
    st.integers() | st.text(max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3) | st.lists(inner, max_size=2),
    max_leaves=6,
)
objects = st.dictionaries(st.sampled_from("abc"), values, max_size=3)


@given(a=objects, b=objects, c=objects)
def test_to_merge_has_a_neutral_one_takes_the_later_and_does_not_depend_on_grouping(a: Json, b: Json, c: Json) -> None:
    assert merged(a, {}) == a
    assert merged({}, a) == a
    assert merged(a, a) == a
    assert merged(merged(a, b), c) == merged(a, merged(b, c)) or _changes_its_kind(a, b, c)
    assert merged(a, b).keys() == a.keys() | b.keys()


def _changes_its_kind(*objects: Any) -> bool:
    """A mapping that a text takes the place of, and then a mapping again: what stood below is gone for good."""
    if not all(isinstance(it, dict) for it in objects):
        return True
    keys = set().union(*objects)
    for key in keys:
        there = [it[key] for it in objects if key in it]
        if any(isinstance(it, dict) for it in there) and (
            not all(isinstance(it, dict) for it in there) or _changes_its_kind(*there)
        ):
            return True
    return False


@given(st.text(max_size=100))
def test_any_text_becomes_a_label_that_the_api_takes(text: str) -> None:
    assert re.fullmatch(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?", label_value(text))


@given(st.text(max_size=80), st.text(min_size=1, max_size=80), st.integers(0, 3))
def test_any_names_become_a_pods_name_that_the_api_takes(pool: str, child: str, attempt: int) -> None:
    name = Identity("s", "p@h", child, pool).pod_name(attempt)
    assert re.fullmatch(r"bl-[a-z0-9]([-a-z0-9]*[a-z0-9])?", name)
    assert len(name) <= 63
