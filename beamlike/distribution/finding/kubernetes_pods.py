"""Nodes in the pods of a Kubernetes cluster, as its API lists them; asked with the package of the extra `kubernetes`.

It needs the right to list pods. Where a headless service can be made, `DNS` needs no right at all.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any

from beamlike.distribution.addresses import DEFAULT_PORT
from beamlike.distribution.finding.found import Found
from beamlike.distribution.finding.kubernetes_api import PodsApi
from beamlike.distribution.finding.strategy import check_convention, named
from beamlike.kernel.record import frozen


@frozen
class KubernetesPods:
    """A node `basename@<address of the pod>`, listening at `port`, in each pod that runs, is ready and matches
    `selector`, a label selector such as "app=web".

    Inside a pod it asks as the pod's service account, elsewhere as the kubeconfig says ($KUBECONFIG, ~/.kube/config);
    the `namespace`, too, is that of the pod or the kubeconfig, if it is not given.
    """

    selector: str
    basename: str
    port: int = DEFAULT_PORT
    namespace: str | None = None
    _api: PodsApi = field(default_factory=PodsApi, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_convention(self.basename, self.port)

    async def find(self) -> list[Found]:
        answer = await asyncio.to_thread(self._api.list_pods, self.namespace, self.selector)
        return [named(self.basename, address, self.port) for address in addresses_of_ready_pods(json.loads(answer))]


def addresses_of_ready_pods(pods: Mapping[str, Any]) -> Iterable[str]:
    """The addresses of the pods of a PodList that run, are ready, and are not being deleted."""
    return [pod["status"]["podIP"] for pod in pods["items"] if _is_ready(pod)]


def _is_ready(pod: Mapping[str, Any]) -> bool:
    status = pod.get("status", {})
    conditions = {condition["type"]: condition["status"] for condition in status.get("conditions", ())}
    return (
        status.get("phase") == "Running"
        and conditions.get("Ready") == "True"
        and "podIP" in status
        and "deletionTimestamp" not in pod["metadata"]
    )
