"""Whose parent lives, by what owns a pod; what is deleted where none does, and what is left alone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from nodes import Kubernetes
from nodes.invitation import Invitation
from nodes.kubernetes import census as censuses
from nodes.kubernetes.census import KubernetesCensus
from nodes.kubernetes.lease import now, rfc3339
from nodes.kubernetes.names import Identity
from tests.support.kubernetes_access import soon
from tests.support.kubernetes_world.kinds import LEASES, PODS, SECRETS, Kind
from tests.support.kubernetes_world.store import Key
from tests.support.kubernetes_world.world import IMAGE, NAMESPACE, World, kubernetes_world

Json = dict[str, Any]
WAITS = ["python3", "-c", "import time; time.sleep(600)"]
IDENTITY = Identity("s-1", "app@h", "app-7@h", "a pool of ours", "gpu-1")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with kubernetes_world() as world:
        world.kubeconfig(tmp_path / "kubeconfig")
        yield world


@pytest.fixture
def census(world: World, tmp_path: Path) -> KubernetesCensus:
    return KubernetesCensus(kubeconfig=str(tmp_path / "kubeconfig"))


def lease(world: World, name: str, *, renewed_ago: float, lasts: int = 60) -> Json:
    told = {"leaseDurationSeconds": lasts, "holderIdentity": "app@h", "renewTime": _ago(renewed_ago)}
    return world.cluster.create(LEASES, NAMESPACE, {"metadata": {"name": name, **_ours()}, "spec": told})


def _ago(seconds: float) -> str:
    return rfc3339(now() - timedelta(seconds=seconds))


def _ours() -> Json:
    return {"labels": IDENTITY.labels(), "annotations": IDENTITY.annotations()}


def pod_of(world: World, owner: Json | None, name: str = "bl-a-1", **spec: Any) -> Json:
    metadata: Json = {"name": name, **_ours(), **_owned_by(owner)}
    container = {"name": "runner", "image": IMAGE, "command": WAITS}
    made = {"metadata": metadata, "spec": {"containers": [container], "terminationGracePeriodSeconds": 1, **spec}}
    return world.cluster.create(PODS, NAMESPACE, made)


def _owned_by(owner: Json | None) -> Json:
    if owner is None:
        return {}
    about = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"]}
    return {"ownerReferences": [{**about, "uid": owner["metadata"]["uid"]}]}


def names(world: World, kind: Kind) -> list[str]:
    return [it["metadata"]["name"] for it in world.cluster.store.objects(kind)]


def test_a_child_is_told_with_all_that_is_known_of_it(world: World, census: KubernetesCensus) -> None:
    pod_of(world, lease(world, "bl-s-1", renewed_ago=1))
    [found], troubles = census.children()
    assert troubles == []
    assert (found.platform, found.node, found.parent) == ("k8s", "app-7@h", "app@h")
    assert (found.pool, found.runner) == ("a pool of ours", "gpu-1")
    assert found.state in ("booting", "alive")
    assert "pod bl-a-1 in default" in found.where


@pytest.mark.parametrize("renewed_ago", [90, 3600])
def test_who_has_not_renewed_its_lease_is_gone_and_its_children_are_reaped(
    world: World, census: KubernetesCensus, renewed_ago: float
) -> None:
    pod_of(world, lease(world, "bl-s-1", renewed_ago=renewed_ago, lasts=1))
    [found], _ = census.children()
    assert found.state == "no parent"
    gone, words = census.reap(found)
    assert gone, words
    assert names(world, PODS) == []
    assert census.reap(found) == (True, "it was gone")


def test_a_lease_that_seems_expired_and_is_renewed_is_somebodys_whose_clock_is_slow(
    world: World, census: KubernetesCensus, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = lease(world, "bl-s-1", renewed_ago=90)
    pod_of(world, slow)

    def renew(_seconds: float) -> None:
        key = Key(LEASES, NAMESPACE, "bl-s-1")
        world.cluster.store.change(key, lambda it: it["spec"].update(renewTime=_ago(80)))

    monkeypatch.setattr(censuses.time, "sleep", renew)
    [found], _ = census.children()
    assert found.state == "no parent"
    assert census.reap(found) == (False, "its parent lives: it is left as it is")
    assert census.tidy() == []
    assert names(world, PODS) == ["bl-a-1"]
    assert names(world, LEASES) == ["bl-s-1"]


def test_a_parents_pod_that_runs_is_a_living_parent_and_one_that_has_ended_is_not(
    world: World, census: KubernetesCensus
) -> None:
    web = {
        "containers": [{"name": "web", "image": IMAGE, "command": ["python3", "-c", "pass"]}],
        "restartPolicy": "Never",
    }
    ended = world.cluster.create(PODS, NAMESPACE, {"metadata": {"name": "web-0"}, "spec": web})
    web = {"containers": [{"name": "web", "image": IMAGE, "command": WAITS}]}
    lives = world.cluster.create(PODS, NAMESPACE, {"metadata": {"name": "web-1"}, "spec": web})
    pod_of(world, ended, "bl-a-1")
    pod_of(world, lives, "bl-a-2")
    _until(lambda: world.pod("web-0")["status"]["phase"] == "Succeeded")
    found, _ = census.children()
    states = {it.where.split()[1]: it.state for it in found}
    assert states["bl-a-1"] == "no parent"
    assert states["bl-a-2"] != "no parent"


def test_what_nobody_owns_is_left_alone(world: World, census: KubernetesCensus) -> None:
    pod_of(world, None)
    [found], _ = census.children()
    assert found.state != "no parent"
    assert census.reap(found)[0] is False
    assert census.tidy() == []
    assert names(world, PODS) == ["bl-a-1"]


def test_what_ended_children_have_left_is_tidied_up_only_where_their_parent_is_gone(
    world: World, census: KubernetesCensus
) -> None:
    dead, lives = lease(world, "bl-dead", renewed_ago=3600), lease(world, "bl-lives", renewed_ago=1)
    for name, owner in (("bl-a-1", dead), ("bl-a-2", lives)):
        container = {"name": "runner", "image": IMAGE, "command": ["python3", "-c", "pass"]}
        pod_of(world, owner, name, containers=[container], restartPolicy="Never")
        body = {"metadata": {"name": name, **_ours(), **_owned_by(owner)}, "stringData": {"invitation": "x"}}
        world.cluster.create(SECRETS, NAMESPACE, body)
    _until(lambda: all(it["status"]["phase"] == "Succeeded" for it in world.pods()))
    assert census.children() == ([], [])
    assert any("deleted the lease bl-dead" in words for words in census.tidy())
    _until(lambda: names(world, PODS) == ["bl-a-2"])
    _until(lambda: names(world, SECRETS) == ["bl-a-2"])
    assert names(world, LEASES) == ["bl-lives"]
    assert census.tidy() == []


def test_a_pod_that_took_the_place_of_another_is_not_taken_for_it(world: World, census: KubernetesCensus) -> None:
    owner = lease(world, "bl-s-1", renewed_ago=3600)
    pod_of(world, owner)
    [found], _ = census.children()
    world.cluster.delete(PODS, NAMESPACE, "bl-a-1", {"gracePeriodSeconds": 0})
    _until(lambda: names(world, PODS) == [])
    pod_of(world, owner)
    assert census.reap(found) == (True, "it was gone, and another pod has its name")
    assert names(world, PODS) == ["bl-a-1"]


def test_without_the_right_to_look_everywhere_the_namespace_of_the_context_is_looked_at(
    world: World, tmp_path: Path
) -> None:
    world.kubeconfig(tmp_path / "kubeconfig", namespace="team")
    world.add_namespace("team")
    world.deny("list", "secrets")
    pod_of(world, lease(world, "bl-s-1", renewed_ago=1))
    everywhere = KubernetesCensus(kubeconfig=str(tmp_path / "kubeconfig"))
    assert len(everywhere.children()[0]) == 1
    assert everywhere.tidy() == []
    assert KubernetesCensus("team", kubeconfig=str(tmp_path / "kubeconfig")).children() == ([], [])


def test_a_cluster_that_does_not_answer_is_told_in_words_and_is_no_reason_to_fail(tmp_path: Path) -> None:
    with kubernetes_world() as world:
        kubeconfig = world.kubeconfig(tmp_path / "kubeconfig", token="wrong")
        census = KubernetesCensus(kubeconfig=str(kubeconfig))
        found, [trouble] = census.children()
        assert found == []
        assert "401 Unauthorized" in trouble
        assert "401 Unauthorized" in census.tidy()[0]


def test_where_a_parent_may_not_be_looked_at_its_pods_are_shown_and_that_is_said_once(
    world: World, census: KubernetesCensus
) -> None:
    pod_of(world, lease(world, "bl-s-1", renewed_ago=3600))
    pod_of(world, lease(world, "bl-s-2", renewed_ago=3600), "bl-a-2")
    world.deny("get", "leases")
    found, [trouble] = census.children()
    assert len(found) == 2
    assert "no parent" not in {one.state for one in found}
    assert "403" in trouble
    assert census.reap(found[0])[0] is False
    assert names(world, PODS) == ["bl-a-1", "bl-a-2"]


def test_a_kubeconfig_that_is_no_yaml_is_told_in_a_line_without_what_stands_in_it(tmp_path: Path) -> None:
    (tmp_path / "kubeconfig").write_text("users: [{token: sesame")
    found, [trouble] = KubernetesCensus(kubeconfig=str(tmp_path / "kubeconfig")).children()
    assert found == []
    assert str(tmp_path / "kubeconfig") in trouble
    assert "\n" not in trouble
    assert "sesame" not in trouble


def test_a_child_of_this_program_is_alive_and_is_not_reaped(
    world: World, census: KubernetesCensus, tmp_path: Path
) -> None:
    async def main() -> None:
        backend = Kubernetes(kubeconfig=tmp_path / "kubeconfig", image=IMAGE, command=WAITS, grace=1.0)
        invitation = Invitation("app@h", "h", 1, "app-7@h", b"t", 20.0, session="app-1", max_lifetime=600.0)
        machine = await backend.boot(invitation)
        [found], _ = await asyncio.to_thread(census.children)
        assert found.state in ("booting", "alive")
        assert found.expires_at is not None
        assert 590 < found.expires_at - found.booted_at < 610
        assert (await asyncio.to_thread(census.reap, found))[0] is False
        await backend.stop(machine)
        assert await asyncio.to_thread(census.children) == ([], [])

    asyncio.run(main())


def _until(holds: Any) -> None:
    soon(lambda: holds() or None)
