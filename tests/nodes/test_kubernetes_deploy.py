"""The manifests of deploy/kubernetes: as the API describes them, and no more and no less than the code needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from nodes.kubernetes import manifest, rights, template
from nodes.kubernetes.manifest import Order
from nodes.kubernetes.names import Identity
from nodes.kubernetes.options import Options
from nodes.kubernetes.rights import Right
from tests.support.kubernetes_world import description
from tests.support.kubernetes_world.admission import admit
from tests.support.kubernetes_world.kinds import PODS, QUOTAS
from tests.support.kubernetes_world.store import Key, Store

Json = dict[str, Any]

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
FILES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.yaml"))
MORE = json.loads((ROOT / "tests" / "support" / "kubernetes_deploy.json").read_text())
IDENTITY = Identity("app-1", "app@10.0.0.7", "app-7@10.0.0.7", "gpu", "gpu-1")


def documents(name: str) -> list[Json]:
    return [it for it in yaml.safe_load_all((FOLDER / name).read_text()) if it is not None]


def of_kind(kind: str, *names: str) -> list[Json]:
    return [it for name in names or FILES for it in documents(name) if it["kind"] == kind]


def child(options: Options | None = None, shape: Json | None = None) -> Json:
    told = options or Options(image="registry.test/child:1")
    return manifest.pod(Order("bl-gpu-1", "beamlike", IDENTITY, told, template.read(shape), "bl-gpu-1"))


@pytest.mark.parametrize("name", FILES)
def test_each_manifest_is_as_the_api_describes_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {**description.SPEC["definitions"], **MORE["definitions"]}
    monkeypatch.setitem(description.SPEC, "definitions", known)
    for it in documents(name):
        kinds = {**MORE["kinds"], "Pod": "io.k8s.api.core.v1.Pod"}
        assert list(description.wrongs(it, {"$ref": f"#/definitions/{kinds[it['kind']]}"})) == [], it["metadata"]
        if it["kind"] not in ("Namespace", "Pod"):
            assert it["metadata"]["namespace"] == "beamlike"


def granted(*names: str) -> set[Right]:
    return {
        Right(verb, resource, group)
        for role in of_kind("Role", *names)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_the_role_of_a_parent_grants_what_is_asked_for_before_the_first_pod_and_no_more() -> None:
    assert granted("rbac.yaml") == {*rights.needed(forwards=False, leases=False), *rights.NICE}


def test_a_parent_outside_needs_both_roles_and_may_sweep() -> None:
    sweeper = Right("list", "leases", "coordination.k8s.io")
    both = granted("rbac.yaml", "rbac-outside.yaml")
    assert both == {*rights.needed(forwards=True, leases=True), *rights.NICE, sweeper}


def test_roles_are_bound_to_who_needs_them_and_children_have_none() -> None:
    roles = {it["metadata"]["name"] for it in of_kind("Role")}
    bindings = of_kind("RoleBinding")
    assert {it["roleRef"]["name"] for it in bindings} <= roles
    accounts = {it["metadata"]["name"]: it for it in of_kind("ServiceAccount")}
    bound = {subject["name"] for it in bindings for subject in it["subjects"] if subject["kind"] == "ServiceAccount"}
    assert bound == {"beamlike-parent"}
    assert accounts["beamlike-child"]["automountServiceAccountToken"] is False


def test_children_and_the_notebook_are_admitted_where_the_namespace_is_restricted() -> None:
    [namespace] = of_kind("Namespace")
    labels = namespace["metadata"]["labels"]
    gpu = child(Options(image="c:1", gpu=1), template.read(FOLDER / "templates" / "gpu.yaml"))
    [notebook] = of_kind("Deployment")
    pods = [child(), gpu, {**notebook["spec"]["template"], "metadata": {"name": "notebook"}}]
    for pod in pods:
        admit(Store(), PODS, "beamlike", pod, labels)


def test_the_quota_is_of_resources_that_every_child_names() -> None:
    [quota] = of_kind("ResourceQuota")
    store = Store()
    store.add(Key(QUOTAS, "beamlike", "beamlike"), quota)
    hard = quota["spec"]["hard"]
    gpu = Options(image="c:1", gpu=int(hard["requests.nvidia.com/gpu"]) + 1)
    admit(store, PODS, "beamlike", child(Options(image="c:1", gpu=1)), {})
    with pytest.raises(Exception, match=r"exceeded quota: beamlike(.*)nvidia.com/gpu"):
        admit(store, PODS, "beamlike", child(gpu), {})


def test_the_policies_meet_children_and_the_notebook_by_labels_that_they_have() -> None:
    of_children, of_parents = of_kind("NetworkPolicy")
    labels = child()["metadata"]["labels"]
    [notebook] = of_kind("Deployment")
    parents = notebook["spec"]["template"]["metadata"]["labels"]
    assert of_children["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
    [from_siblings], [to_siblings, to_parent, *_] = of_children["spec"]["ingress"], of_children["spec"]["egress"]
    assert from_siblings["from"] == to_siblings["to"]
    assert from_siblings["from"][0]["podSelector"]["matchLabels"].items() <= labels.items()
    assert of_parents["spec"]["podSelector"]["matchLabels"].items() <= parents.items()
    [rule] = of_parents["spec"]["ingress"]
    assert rule["from"][0]["podSelector"]["matchLabels"].items() <= labels.items()
    assert to_parent["to"][0]["podSelector"]["matchLabels"].items() <= parents.items()
    assert to_parent["ports"] == rule["ports"]


def test_the_guide_names_every_manifest() -> None:
    guide = (ROOT / "docs" / "kubernetes.md").read_text()
    assert [name for name in FILES if name not in guide] == []
