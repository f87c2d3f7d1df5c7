"""The pod that this program runs in, if it runs in one: what it makes goes with it, and has its image by default."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import field
from typing import Final

from beamlike.kernel.record import frozen
from nodes.kubernetes.api import Api
from nodes.kubernetes.manifest import Owner
from nodes.kubernetes.refusals import ApiRefused

POD: Final = "/api/v1/namespaces/{}/pods/{}"


@frozen
class ParentPod:
    owner: Owner
    image: str | None
    labels: Mapping[str, str] = field(default_factory=dict)
    pull_secrets: tuple[str, ...] = ()
    """By which its image is pulled, in its own namespace."""


def parent_pod(api: Api, container: str | None = None) -> ParentPod | None:
    """Our own pod, as the cluster has it; None where we run in none, or it cannot be found by the name of its host
    (as with hostNetwork: then POD_NAME, by the downward API, says which it is)."""
    if not api.configured.inside:
        return None
    name = os.environ.get("POD_NAME") or os.environ.get("HOSTNAME") or socket.gethostname()
    try:
        pod = api.ask("GET", POD.format(api.configured.namespace, name))
    except ApiRefused as refusal:
        if refusal.status == 404:
            return None
        raise
    containers = {str(it["name"]): str(it["image"]) for it in pod["spec"]["containers"]}
    image = containers.get(container or "") or next(iter(containers.values()))
    metadata = pod["metadata"]
    owner = Owner("v1", "Pod", str(metadata["name"]), str(metadata["uid"]))
    pull_secrets = tuple(str(it["name"]) for it in pod["spec"].get("imagePullSecrets") or ())
    return ParentPod(owner, image, metadata.get("labels") or {}, pull_secrets)
