"""Nodes in pods, asked of a fake API as strict as the published description of the real one."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import beamlike as bl
from beamlike.distribution.finding.kubernetes_pods import addresses_of_ready_pods
from beamlike.distribution.finding.strategy import CannotFind
from tests.support.kubernetes_world.description import Json, check
from tests.support.kubernetes_world.faults import HangUp, Refuse
from tests.support.kubernetes_world.kinds import PODS
from tests.support.kubernetes_world.world import World, kubernetes_world, pod

ALWAYS = float("inf")


@pytest.fixture(autouse=True)
def outside_of_pods(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where these tests run in one, it is not asked."""
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with kubernetes_world() as server:
        monkeypatch.setenv("KUBECONFIG", str(server.kubeconfig(tmp_path / "config")))
        yield server


def put(api: World, *pods: Json) -> None:
    for it in pods:
        api.put(PODS, it)


def find(strategy: bl.finding.KubernetesPods) -> list[bl.finding.Found]:
    return asyncio.run(strategy.find())


def test_a_node_is_found_in_each_pod_that_is_ready(api: World) -> None:
    put(
        api,
        pod("web-0", "10.244.0.5"),
        pod("web-1", "fd00:10:244::7"),
        pod("web-2", "10.244.0.6", ready=False),
        pod("web-3", None, ready=False, phase="Pending"),
        pod("web-4", "10.244.0.8", ready=False, phase="Succeeded"),
        pod("web-5", "10.244.0.9", deletionTimestamp="2026-01-01T00:00:00Z"),
        pod("db-0", "10.244.0.10", labels={"app": "db"}),
        pod("web-6", "10.244.0.11", namespace="another"),
    )
    assert find(bl.finding.KubernetesPods("app=web", "web")) == [
        bl.finding.Found("web@10.244.0.5:4370"),
        bl.finding.Found("web@[fd00:10:244::7]:4370"),
    ]


def test_the_cache_of_the_server_is_asked(api: World) -> None:
    assert find(bl.finding.KubernetesPods("app=web", "web")) == []
    assert [it.query for it in api.asked] == [{"labelSelector": "app=web", "resourceVersion": "0"}]


@pytest.mark.parametrize(("given", "asked"), [(None, "web-2"), ("another", "web-6")])
def test_the_namespace_is_that_of_the_kubeconfig_unless_it_is_given(
    given: str | None, asked: str, api: World, tmp_path: Path
) -> None:
    api.kubeconfig(tmp_path / "config", namespace="third")
    put(api, pod("web-6", "10.0.0.6", namespace="another"), pod("web-2", "10.0.0.2", namespace="third"))
    [found] = find(bl.finding.KubernetesPods("app=web", "web", 1, namespace=given))
    assert found == bl.finding.Found(f"web@10.0.0.{asked[-1]}:1")


def test_a_pod_that_is_not_shown_whole_is_not_ready() -> None:
    """The phase comes before the conditions, and an address may come later still."""
    bare = {"metadata": {"name": "x"}}
    shown = [bare, {**bare, "status": {}}, {**bare, "status": {"phase": "Running"}}]
    assert addresses_of_ready_pods({"items": [*shown, pod("web-0", None)]}) == []


@pytest.mark.parametrize("refusal", [(403, "Forbidden"), (401, "Unauthorized")])
def test_a_right_that_is_missing_is_an_error_that_names_it(refusal: tuple[int, str], api: World) -> None:
    api.faults.add("list", "pods", Refuse(*refusal), ALWAYS)
    expected = rf"expected the right to list the pods 'app=web' of the namespace default, got {refusal[0]}"
    with pytest.raises(CannotFind, match=expected):
        find(bl.finding.KubernetesPods("app=web", "web"))


def test_a_selector_that_is_none_is_an_error_that_says_what_the_server_said(api: World) -> None:
    api.faults.add("list", "pods", Refuse(400, "BadRequest"), ALWAYS)
    with pytest.raises(CannotFind, match=r"answered 400 this is refused: BadRequest"):
        find(bl.finding.KubernetesPods("app=web", "web"))


def test_after_a_failure_what_the_kubeconfig_says_is_read_anew(api: World, tmp_path: Path) -> None:
    strategy = bl.finding.KubernetesPods("app=web", "web")
    api.kubeconfig(tmp_path / "config", token="an expired one")
    with pytest.raises(CannotFind, match="got 401"):
        find(strategy)
    api.kubeconfig(tmp_path / "config")
    assert find(strategy) == []


def test_a_server_that_is_gone_is_an_error_and_comes_back(api: World, tmp_path: Path) -> None:
    strategy = bl.finding.KubernetesPods("app=web", "web")
    assert find(strategy) == []
    with kubernetes_world() as another:
        another.kubeconfig(tmp_path / "config")
        strategy = bl.finding.KubernetesPods("app=web", "web")
        assert find(strategy) == []
    with pytest.raises(CannotFind, match="the API of Kubernetes does not answer"):
        find(strategy)
    api.kubeconfig(tmp_path / "config")
    assert find(strategy) == []


def test_a_server_that_hangs_up_is_asked_once_in_a_look(api: World) -> None:
    api.faults.add("list", "pods", HangUp(), ALWAYS)
    with pytest.raises(CannotFind, match="the API of Kubernetes does not answer"):
        find(bl.finding.KubernetesPods("app=web", "web"))
    assert len(api.asked) == 1


def test_neither_pod_nor_kubeconfig_is_an_error_that_says_what_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    with pytest.raises(CannotFind, match="expected a service account of a pod, or a kubeconfig"):
        find(bl.finding.KubernetesPods("app=web", "web"))


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kubernetes.client", None)
    with pytest.raises(CannotFind, match=r"pip install 'beamlike\[kubernetes\]'"):
        find(bl.finding.KubernetesPods("app=web", "web"))


def test_the_fake_refuses_what_the_description_does_not_allow() -> None:
    right = pod("x", "10.0.0.1")
    check(right, {"$ref": "#/definitions/io.k8s.api.core.v1.Pod"})
    changes: list[Json] = [{"colour": "red"}, {"spec": {}}, {"metadata": {"labels": 1}}]
    for change in changes:
        with pytest.raises(AssertionError):
            check(right | change, {"$ref": "#/definitions/io.k8s.api.core.v1.Pod"})
