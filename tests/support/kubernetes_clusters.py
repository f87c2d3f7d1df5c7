"""The two clusters that the same tests are put to: the one of `kubernetes_world`, and a real one.

The real one is that of $KUBECONFIG, once BEAMLIKE_K8S_IMAGE names an image that it can pull, with Python 3.11 and this
package in it. BEAMLIKE_K8S_NAMESPACE is where the tests work; if it is not given they make one, and delete it. What may
be there at a time is bounded by the cluster: BEAMLIKE_K8S_PODS pods (8) of a namespace that they made, by its quota,
and each pod for BEAMLIKE_K8S_SECONDS (300), by its deadline.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.support.authorities import Authority
from tests.support.kubernetes_access import Access, Json, soon
from tests.support.kubernetes_world.world import IMAGE, NAMESPACE, World, kubernetes_world

REAL_IMAGE = os.environ.get("BEAMLIKE_K8S_IMAGE")
PODS = int(os.environ.get("BEAMLIKE_K8S_PODS", "8"))
SECONDS = int(os.environ.get("BEAMLIKE_K8S_SECONDS", "300"))

real = [
    pytest.mark.skipif(REAL_IMAGE is None, reason="BEAMLIKE_K8S_IMAGE names no image"),
    pytest.mark.timeout(SECONDS + 60),
]
"""Marks what asks a real cluster."""


class Cluster:
    """`patience` is how many seconds something may take there that comes by itself. `world` is the emulated one."""

    def __init__(self, kubeconfig: Path, namespace: str, image: str, patience: float, world: World | None) -> None:
        self.kubeconfig = kubeconfig
        self.namespace = namespace
        self.image = image
        self.patience = patience
        self.world = world
        self.access = Access(kubeconfig)
        self.home = f"/api/v1/namespaces/{namespace}"
        self.leases = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
        self._numbers = itertools.count(1)

    @property
    def is_real(self) -> bool:
        return self.world is None

    def name(self, word: str) -> str:
        """A new one."""
        return f"{word}-{next(self._numbers)}-{uuid4().hex[:5]}"

    def pod(self, name: str, program: str = "import time; time.sleep(600)", **container: Any) -> Json:
        """A manifest. What is for the pod and not for its container stands in `spec`."""
        more = container.pop("spec", {})
        metadata = {"name": name, "labels": {"probe": "yes"}, **container.pop("metadata", {})}
        main = {
            "name": "main",
            "image": self.image,
            "command": ["python3", "-c", program],
            "imagePullPolicy": "IfNotPresent",
            "terminationMessagePolicy": "FallbackToLogsOnError",
            "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}},
            **container,
        }
        spec = {
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 1,
            "activeDeadlineSeconds": SECONDS,
            "automountServiceAccountToken": False,
            "containers": [main],
            **more,
        }
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}

    def make(self, manifest: Json) -> Json:
        """Once the cluster takes it: a namespace that was just made has no service account yet."""

        def made() -> Json | None:
            code, answer = self.access.ask("POST", f"{self.home}/pods", manifest)
            waits = code == 500 and answer["reason"] == "ServerTimeout"
            assert code == 201 or waits or (code == 403 and "service account" in answer["message"]), answer
            return answer if code == 201 else None

        return soon(made, self.patience)

    def get(self, name: str) -> Json:
        code, answer = self.access.ask("GET", f"{self.home}/pods/{name}")
        assert code == 200, answer
        return answer

    def until(self, name: str, wanted: Any) -> Json:
        """The pod as soon as `wanted` holds of it."""
        return soon(lambda: it if wanted(it := self.get(name)) else None, self.patience)

    def delete(self, name: str) -> None:
        self.access.ask("DELETE", f"{self.home}/pods/{name}", {"gracePeriodSeconds": 0})


@contextmanager
def emulated(directory: Path) -> Iterator[Cluster]:
    """Over TLS, as all that are real."""
    with kubernetes_world(tls=Authority(directory).tls()) as world:
        yield Cluster(world.kubeconfig(directory / "kubeconfig"), NAMESPACE, IMAGE, 40.0, world)


def _make_namespace(cluster: Cluster) -> None:
    body: Json = {"metadata": {"name": cluster.namespace}}
    code, answer = cluster.access.ask("POST", "/api/v1/namespaces", body)
    assert code == 201, answer
    quotas = f"{cluster.home}/resourcequotas"
    body = {"metadata": {"name": "of-the-tests"}, "spec": {"hard": {"pods": str(PODS)}}}
    code, answer = cluster.access.ask("POST", quotas, body)
    assert code == 201, answer
    # Before it has counted it lets nothing in.
    soon(lambda: cluster.access.ask("GET", f"{quotas}/of-the-tests")[1].get("status", {}).get("hard"), cluster.patience)


@contextmanager
def existing() -> Iterator[Cluster]:
    """That of $KUBECONFIG; nothing of these tests is left there."""
    kubeconfig = Path(os.environ.get("KUBECONFIG", Path.home() / ".kube" / "config"))
    assert REAL_IMAGE is not None, "expected BEAMLIKE_K8S_IMAGE"
    given = os.environ.get("BEAMLIKE_K8S_NAMESPACE")
    namespace = given or f"beamlike-{uuid4().hex[:8]}"
    cluster = Cluster(kubeconfig, namespace, REAL_IMAGE, 60.0, None)
    if given is None:
        _make_namespace(cluster)
    try:
        yield cluster
    finally:
        if given is None:
            cluster.access.ask("DELETE", f"/api/v1/namespaces/{namespace}")
        else:
            for it in cluster.access.items(f"{cluster.home}/pods", labelSelector="probe=yes"):
                cluster.delete(it["metadata"]["name"])
