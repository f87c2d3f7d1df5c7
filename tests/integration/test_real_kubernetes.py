"""Pods of a real cluster find each other: see `kubernetes_clusters`.

It needs the right to make namespaces, roles and pods, and leaves none of them behind.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar
from uuid import uuid4

import pytest

import beamlike as bl
from tests.support.kubernetes_clusters import REAL_IMAGE, real

if TYPE_CHECKING:
    from kubernetes.client import CoreV1Api

pytestmark = real

PATIENCE = 60.0
FINDS = """
import asyncio, beamlike as bl
while not (found := asyncio.run(bl.finding.KubernetesPods("app=web", "web").find())):
    pass
print(found)
"""
JOINS = """
import asyncio, os, beamlike as bl
async def main():
    name, at = "web@" + os.environ["POD_IP"], os.environ["POD_IP"] + ":4370"
    async with bl.Node(name, listen=at, secret="swordfish", join=bl.finding.KubernetesPods("app=web", "web")):
        bl.monitor_nodes()
        print(*bl.nodes(), flush=True)
        while True:
            print(await bl.receive(), flush=True)
asyncio.run(main())
"""
POD_IP = {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}

T = TypeVar("T")


def when_there(ask: Callable[[], T]) -> T:
    """The first answer that is one; the API has no other way to say `not yet` than an empty one or an error."""
    from kubernetes.client import ApiException

    end = time.monotonic() + PATIENCE
    while True:
        try:
            if answer := ask():
                return answer
        except ApiException as error:
            if time.monotonic() > end:
                raise AssertionError(str(error)) from error
        assert time.monotonic() < end, "expected an answer by now"
        time.sleep(0.2)  # between two looks at what the cluster has done


class Cluster:
    def __init__(self, api: CoreV1Api, namespace: str) -> None:
        self.api = api
        self.namespace = namespace

    def start(self, name: str, program: str = "import time; time.sleep(600)", **container: object) -> None:
        main = {"name": "main", "image": REAL_IMAGE, "command": ["python3", "-c", program], **container}
        spec = {"containers": [main], "terminationGracePeriodSeconds": 0, "restartPolicy": "Never"}
        body = {"metadata": {"name": name, "labels": {"app": "web"}}, "spec": spec}
        when_there(lambda: self.api.create_namespaced_pod(self.namespace, body))  # type: ignore[arg-type]

    def find(self) -> list[bl.finding.Found]:
        return asyncio.run(bl.finding.KubernetesPods("app=web", "web", namespace=self.namespace).find())

    def address(self, name: str) -> str:
        def ask() -> str | None:
            status = self.api.read_namespaced_pod(name, self.namespace).status
            return status.pod_ip if status else None

        return when_there(ask) or ""

    def let_list_pods(self) -> None:
        """Gives the right to the service account of the pods."""
        from kubernetes import client

        rbac, name = client.RbacAuthorizationV1Api(), {"name": "finds"}
        rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]
        whom = [{"kind": "ServiceAccount", "name": "default", "namespace": self.namespace}]
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", **name}
        rbac.create_namespaced_role(self.namespace, {"metadata": name, "rules": rules})  # type: ignore[arg-type]
        binding = {"metadata": name, "roleRef": role, "subjects": whom}
        rbac.create_namespaced_role_binding(self.namespace, binding)  # type: ignore[arg-type]

    def log(self, name: str) -> str:
        return when_there(lambda: self.api.read_namespaced_pod_log(name, self.namespace))


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    from kubernetes import client, config

    config.load_kube_config()
    api, namespace = client.CoreV1Api(), f"beamlike-{uuid4().hex[:8]}"
    api.create_namespace({"metadata": {"name": namespace}})  # type: ignore[arg-type]
    try:
        yield Cluster(api, namespace)
    finally:
        api.delete_namespace(namespace)


def test_the_pods_that_are_ready_are_found(cluster: Cluster) -> None:
    cluster.start("web-0")
    cluster.start("web-1", readinessProbe={"tcpSocket": {"port": 1}})
    cluster.start("web-2", program="pass")
    only = [bl.finding.Found(f"web@{cluster.address('web-0')}:4370")]
    when_there(lambda: cluster.find() == only)  # one that has ended was ready for a moment


def test_a_selector_that_is_none_is_told_in_the_servers_words(cluster: Cluster) -> None:
    strategy = bl.finding.KubernetesPods("((", "web", namespace=cluster.namespace)
    with pytest.raises(bl.CannotFind, match=r"answered 400 found '\(', expected"):
        asyncio.run(strategy.find())


def test_a_pod_asks_as_its_service_account_which_needs_the_right(cluster: Cluster) -> None:
    cluster.start("without", FINDS)
    # A log may be read in the middle of what is being said.
    when_there(lambda: "expected the right to list the pods 'app=web'" in cluster.log("without"))
    cluster.let_list_pods()
    cluster.start("with", FINDS)
    when_there(lambda: cluster.address("with") in cluster.log("with"))


def test_pods_become_one_cluster_and_again_when_one_is_replaced(cluster: Cluster) -> None:
    cluster.let_list_pods()
    for name in ("web-0", "web-1"):
        cluster.start(name, JOINS, env=[POD_IP])
    first, second = cluster.address("web-0"), cluster.address("web-1")
    when_there(lambda: f"web@{first}" in cluster.log("web-1"))
    when_there(lambda: f"web@{second}" in cluster.log("web-0"))
    cluster.api.delete_namespaced_pod("web-1", cluster.namespace, grace_period_seconds=0)
    cluster.start("web-2", JOINS, env=[POD_IP])
    third = cluster.address("web-2")
    when_there(lambda: f"NodeDown(node='web@{second}'" in cluster.log("web-0"))
    when_there(lambda: f"web@{third}" in cluster.log("web-0"))
    when_there(lambda: f"web@{first}" in cluster.log("web-2"))
