"""The objects that are asked of the cluster, as pure functions.

A pod is put together of four parts, of which a later one wins:

    defaults   what a child needs where nobody says otherwise: restricted Pod Security, no API rights, requests = limits
    template   the user's own manifest
    options    what `nodes.Kubernetes` was told
    forced     what makes the pod ours: name, labels, owner, no restart, the invitation

Mappings are merged key by key; lists whose items have a key of their own (containers and volumes a name, mounts
a path) item by item; of other lists the later one counts, but tolerations are added to each other. A null takes out
what stands below it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any, Final

from beamlike.kernel.record import frozen
from nodes import invitation as invitations
from nodes.kubernetes.names import EXPIRES, Identity
from nodes.kubernetes.options import LISTEN_PORT, Options
from nodes.kubernetes.template import main_container

Json = dict[str, Any]

CHILD: Final = ("python3", "-m", "nodes.child")
"""As the image's arguments: what its entry point is, such as an init, stays process 1."""
SECRET_KEY: Final = "invitation"
LATE_SECONDS: Final = 15.0
"""How much later than the child itself the platform ends a pod that is too old."""

_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "ports": ("containerPort", "protocol"),
    "imagePullSecrets": ("name",),
}
_USUAL: Final[Mapping[str, str]] = {"protocol": "TCP"}
_ADDED: Final = frozenset({"tolerations", "envFrom"})
_DOWNWARD: Final[Mapping[str, str]] = {
    "POD_NAME": "metadata.name",
    "POD_NAMESPACE": "metadata.namespace",
    "POD_UID": "metadata.uid",
    "POD_IP": "status.podIP",
    "NODE_NAME": "spec.nodeName",
}


class NoImage(ValueError):
    """Nobody has said which image to run."""


@frozen
class Owner:
    """With which object a pod goes. It counts as its controller, so that a ReplicaSet whose selector happens to match
    the pod does not adopt it, and then delete it as one too many."""

    api_version: str
    kind: str
    name: str
    uid: str

    def reference(self, *, controller: bool) -> Json:
        return {
            "apiVersion": self.api_version,
            "kind": self.kind,
            "name": self.name,
            "uid": self.uid,
            "controller": controller,
            "blockOwnerDeletion": False,
        }


@frozen
class Order:
    """All that a pod is made of. `image` is that of the parent's own pod, `pull_secrets` name the Secrets by which that
    is pulled where the pod comes to be, `foreign_labels` are the labels that the parent has; `listens` is the port at
    which the child waits to be dialled, if it does not dial itself."""

    name: str
    namespace: str
    identity: Identity
    options: Options
    template: Json
    secret: str
    owner: Owner | None = None
    image: str | None = None
    pull_secrets: tuple[str, ...] = ()
    foreign_labels: Mapping[str, str] = field(default_factory=dict)
    listens: int | None = None
    lifetime: float | None = None
    boot_seconds: float = 0.0
    expires: str | None = None


def pod(order: Order) -> Json:
    """The manifest. NoImage if there is none to run, BadTemplate if the template does not say where.

    >>> order = Order("bl-a-1", "demo", Identity("s", "p@h", "a@h"), Options(image="py:1"), {}, "bl-a-1")
    >>> made = pod(order)
    >>> made["spec"]["restartPolicy"], made["spec"]["containers"][0]["image"], made["metadata"]["labels"]["bl/session"]
    ('Never', 'py:1', 's')
    """
    main = main_container(order.template, order.options.container)
    layers = (
        _defaults(order, main),
        _without_foreign_labels(order.template, order.foreign_labels),
        _of_options(order.options, main),
        _forced(order, main),
    )
    made: Json = {}
    for layer in layers:
        made = merged(made, layer)
    _node_first(made["spec"]["containers"], main)
    _run_child(made["spec"]["containers"][0], order.options)
    if not made["spec"]["containers"][0].get("image"):
        raise NoImage("expected an image to boot the pod from, got none: say image=..., with Python and beamlike in it")
    if order.owner is None:
        made["metadata"].pop("ownerReferences", None)
    return made


def secret(name: str, order: Order, invitation: str) -> Json:
    """Holds the invitation, for as long as the container has not been made."""
    owners = {} if order.owner is None else {"ownerReferences": [order.owner.reference(controller=False)]}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name,
            "namespace": order.namespace,
            "labels": order.identity.labels(),
            "annotations": order.identity.annotations(),
            **owners,
        },
        "type": "Opaque",
        "immutable": True,
        "stringData": {SECRET_KEY: invitation},
    }


def lease(name: str, namespace: str, identity: Identity, now: str, seconds: int) -> Json:
    """What stands for a parent that is no pod of the cluster: all it makes goes with it."""
    session = {key: value for key, value in identity.labels().items() if key != "bl/child"}
    for particular in ("bl/pool", "bl/runner"):
        session.pop(particular, None)
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": session,
            "annotations": {"bl/parent": identity.parent},
        },
        "spec": {
            "holderIdentity": identity.parent,
            "leaseDurationSeconds": seconds,
            "acquireTime": now,
            "renewTime": now,
        },
    }


def _defaults(order: Order, main: str) -> Json:
    options = order.options
    container: Json = {
        "name": main,
        "resources": _resources({"cpu": "1", "memory": "1Gi"}),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
        # The last that it printed comes with its end, without a question for its log.
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }
    if order.image is not None:
        container["image"] = order.image
    if order.listens is not None:
        container["ports"] = [{"containerPort": order.listens, "name": "beamlike", "protocol": "TCP"}]
        container["readinessProbe"] = {"tcpSocket": {"port": order.listens}, "periodSeconds": 1}
    return {
        "metadata": {"annotations": {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"}},
        "spec": {
            "terminationGracePeriodSeconds": math.ceil(options.grace),
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            **({"imagePullSecrets": [{"name": name} for name in order.pull_secrets]} if order.pull_secrets else {}),
            "containers": [container],
        },
    }


def _of_options(options: Options, main: str) -> Json:
    spec: Json = {
        "serviceAccountName": options.service_account,
        "priorityClassName": options.priority_class,
        "nodeSelector": dict(options.node_selector),
        "tolerations": [dict(it) for it in options.tolerations],
        "imagePullSecrets": [{"name": name} for name in options.image_pull_secrets],
    }
    if options.gpu:
        spec["tolerations"].append({"key": options.gpu_resource, "operator": "Exists", "effect": "NoSchedule"})
    if options.run_as_user is not None:
        # Else a new volume is root's alone.
        spec["securityContext"] = {"runAsUser": options.run_as_user, "fsGroup": options.run_as_user}
        spec["securityContext"]["runAsNonRoot"] = options.run_as_user != 0
    volumes, mounts = _volumes(options)
    container: Json = {
        "name": main,
        "image": options.image,
        "imagePullPolicy": options.image_pull_policy,
        "command": list(options.command or ()),
        "resources": _resources(
            {
                "cpu": options.cpu,
                "memory": options.memory,
                options.gpu_resource: str(options.gpu) if options.gpu else None,
            }
        ),
        "env": [*_plain_variables(options.env), *_secret_variables(options.secrets)],
        "envFrom": [{"secretRef": {"name": name}} for name in options.env_from],
        "volumeMounts": mounts,
    }
    metadata = {"labels": dict(options.labels), "annotations": dict(options.annotations)}
    said: Json = {"metadata": metadata, "spec": {**spec, "volumes": volumes, "containers": [container]}}
    told: Json = _without_nothing(said)
    return told


def _forced(order: Order, main: str) -> Json:
    identity = order.identity
    reference = {"secretKeyRef": {"name": order.secret, "key": SECRET_KEY}}
    variables = [
        *({"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}} for name, path in _DOWNWARD.items()),
        {"name": invitations.ENVIRONMENT_VARIABLE, "valueFrom": reference},
    ]
    metadata: Json = {
        "name": order.name,
        "namespace": order.namespace,
        "labels": identity.labels(),
        "annotations": {**identity.annotations(), **({EXPIRES: order.expires} if order.expires else {})},
    }
    if order.owner is not None:
        metadata["ownerReferences"] = [order.owner.reference(controller=True)]
    spec: Json = {"restartPolicy": "Never", "containers": [{"name": main, "env": variables}]}
    if order.lifetime is not None:
        spec["activeDeadlineSeconds"] = math.ceil(order.lifetime + order.boot_seconds + LATE_SECONDS)
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _without_foreign_labels(template: Json, foreign: Mapping[str, str]) -> Json:
    """A template is often a copy of the parent's own manifest: with its labels a Service would send its requests to the
    child. Who wants such a label all the same says so in the options."""
    metadata = dict(template.get("metadata") or {})
    for of_the_cluster in ("name", "generateName", "namespace", "uid", "resourceVersion", "creationTimestamp"):
        metadata.pop(of_the_cluster, None)
    metadata.pop("ownerReferences", None)
    labels = metadata.get("labels") or {}
    metadata["labels"] = {name: value for name, value in labels.items() if foreign.get(name) != value}
    return {"metadata": metadata, "spec": template.get("spec") or {}}


def _volumes(options: Options) -> tuple[list[Json], list[Json]]:
    volumes: list[Json] = [
        {"name": f"claim-{number}", "persistentVolumeClaim": {"claimName": claim}}
        for number, claim in enumerate(options.volumes)
    ]
    mounts: list[Json] = [
        {"name": f"claim-{number}", "mountPath": path} for number, path in enumerate(options.volumes.values())
    ]
    if options.shared_memory is not None:
        memory = {"medium": "Memory", "sizeLimit": options.shared_memory}
        volumes.append({"name": "shared-memory", "emptyDir": memory})
        mounts.append({"name": "shared-memory", "mountPath": "/dev/shm"})
    return volumes, mounts


def _resources(asked: Mapping[str, str | None]) -> Json:
    """What is requested is the limit as well: such pods are the last to be evicted."""
    known = {name: value for name, value in asked.items() if value is not None}
    return {"requests": dict(known), "limits": dict(known)} if known else {}


def _plain_variables(env: Mapping[str, str]) -> Iterable[Json]:
    # A value as it is: Kubernetes would take $(NAME) in it for a reference.
    return ({"name": name, "value": value.replace("$(", "$$(")} for name, value in env.items())


def _secret_variables(secrets: Mapping[str, str]) -> Iterable[Json]:
    for variable, reference in secrets.items():
        name, _, key = reference.partition("/")
        yield {"name": variable, "valueFrom": {"secretKeyRef": {"name": name, "key": key}}}


def _node_first(containers: list[Json], main: str) -> None:
    containers.sort(key=lambda it: it["name"] != main)


def _run_child(container: Json, options: Options) -> None:
    """Unless somebody has said what else to run. A command of the options takes the place of both of the template."""
    if options.command:
        container.pop("args", None)
    elif not container.get("command") and not container.get("args"):
        container["args"] = list(CHILD)


def _without_nothing(value: Any) -> Any:
    """Without None and empty mappings and lists, which say nothing. An empty text, which a variable may have, stays."""
    if isinstance(value, Mapping):
        kept = {name: _without_nothing(it) for name, it in value.items()}
        return {name: it for name, it in kept.items() if it is not None and it != {} and it != []}
    if isinstance(value, list):
        return [_without_nothing(it) for it in value]
    return value


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> Json:
    """`below` with what `above` says, which wins.

    >>> merged({"env": [{"name": "A"}], "x": {"y": 1}}, {"env": [{"name": "B"}], "x": {"z": 2}})
    {'env': [{'name': 'A'}, {'name': 'B'}], 'x': {'y': 1, 'z': 2}}
    """
    result = dict(below)
    for name, value in above.items():
        known = result.get(name)
        if value is None:
            result.pop(name, None)
        elif isinstance(known, Mapping) and isinstance(value, Mapping):
            result[name] = merged(known, value)
        elif isinstance(known, list) and isinstance(value, list):
            result[name] = _merged_lists(name, known, value)
        else:
            result[name] = value
    return result


def _merged_lists(name: str, below: list[Any], above: list[Any]) -> list[Any]:
    if name in _ADDED:
        return [*below, *(it for it in above if it not in below)]
    keys = _KEYS.get(name)
    if keys is None:
        return above
    result = {_key(it, keys): it for it in below}
    for it in above:
        key = _key(it, keys)
        known = result.get(key)
        # A variable has a value or a reference: the later one takes the place of the whole.
        result[key] = it if known is None or name == "env" else merged(known, it)
    return list(result.values())


def _key(item: Any, keys: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(item.get(key, _USUAL.get(key)) for key in keys) if isinstance(item, Mapping) else (item,)


__all__ = ["LISTEN_PORT", "NoImage", "Order", "Owner", "lease", "merged", "pod", "secret"]
