"""Which pods are accepted, what is filled in, and what of one may change later."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

from tests.support.kubernetes_world.description import QUANTITY, Json
from tests.support.kubernetes_world.refusals import Cause

SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LABEL_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
_QUALIFIED = re.compile(rf"(?:{SUBDOMAIN.pattern}/)?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_VARIABLE = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")

_SUBDOMAIN_WORDS = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character"
)
_LABEL_WORDS = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character"
)
_CHANGES_TO = ("`spec.containers[*].image`, `spec.initContainers[*].image`, `spec.activeDeadlineSeconds` or "
               "`spec.tolerations` (only additions to existing tolerations)")  # fmt: skip


def causes_of_metadata(metadata: Json) -> Iterator[Cause]:
    name = metadata.get("name", "")
    if not name:
        yield Cause("FieldValueRequired", "metadata.name", why="name or generateName is required")
    elif len(name) > 253 or not SUBDOMAIN.fullmatch(name):
        yield Cause("FieldValueInvalid", "metadata.name", name, _SUBDOMAIN_WORDS)
    for key, value in (metadata.get("labels") or {}).items():
        if not _QUALIFIED.fullmatch(key) or len(key.rpartition("/")[2]) > 63:
            yield Cause(
                "FieldValueInvalid", "metadata.labels", key, "name part must consist of alphanumeric characters"
            )
        if len(value) > 63:
            yield Cause("FieldValueInvalid", "metadata.labels", value, "must be no more than 63 characters")
        elif not _LABEL_VALUE.fullmatch(value):
            yield Cause("FieldValueInvalid", "metadata.labels", value, _LABEL_WORDS)
    for key in metadata.get("annotations") or {}:
        if not _QUALIFIED.fullmatch(key.lower()) or len(key.rpartition("/")[2]) > 63:
            yield Cause(
                "FieldValueInvalid", "metadata.annotations", key, "name part must consist of alphanumeric characters"
            )
    for owner in metadata.get("ownerReferences") or []:
        for field, word in (("apiVersion", "version"), ("kind", "kind"), ("name", "name"), ("uid", "uid")):
            if not owner.get(field):
                yield Cause("FieldValueInvalid", f"metadata.ownerReferences.{field}", "", f"{word} must not be empty")


def causes_of_pod(spec: Json) -> Iterator[Cause]:
    containers = spec.get("containers") or []
    if not containers:
        yield Cause("FieldValueRequired", "spec.containers")
    seen: set[str] = set()
    for kind in ("containers", "initContainers"):
        for index, container in enumerate(spec.get(kind) or []):
            where = f"spec.{kind}[{index}]"
            name = container.get("name") or ""
            if name in seen:
                yield Cause("FieldValueDuplicate", f"{where}.name", name)
            seen.add(name)
            yield from _causes_of_container(container, where, {it.get("name") for it in spec.get("volumes") or []})
    policies = ("Always", "OnFailure", "Never")
    if spec.get("restartPolicy", "Always") not in policies:
        yield _not_one_of("spec.restartPolicy", spec["restartPolicy"], policies)
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and not 1 <= deadline <= 2**31 - 1:
        why = "must be between 1 and 2147483647, inclusive"
        yield Cause("FieldValueInvalid", "spec.activeDeadlineSeconds", deadline, why)
    if (grace := spec.get("terminationGracePeriodSeconds")) is not None and grace < 0:
        yield Cause(
            "FieldValueInvalid", "spec.terminationGracePeriodSeconds", grace, "must be greater than or equal to 0"
        )


def _causes_of_container(container: Json, where: str, volumes: set[str]) -> Iterator[Cause]:
    name = container.get("name") or ""
    if not name:
        yield Cause("FieldValueRequired", f"{where}.name")
    elif len(name) > 63 or not LABEL.fullmatch(name):
        yield Cause(
            "FieldValueInvalid", f"{where}.name", name, "a lowercase RFC 1123 label must consist of lower case ..."
        )
    if not container.get("image"):
        yield Cause("FieldValueRequired", f"{where}.image")
    for index, variable in enumerate(container.get("env") or []):
        yield from _causes_of_variable(variable, f"{where}.env[{index}]")
    for index, port in enumerate(container.get("ports") or []):
        number = port.get("containerPort", 0)
        if not 1 <= number <= 65535:
            yield Cause(
                "FieldValueInvalid",
                f"{where}.ports[{index}].containerPort",
                number,
                "must be between 1 and 65535, inclusive",
            )
    for index, mount in enumerate(container.get("volumeMounts") or []):
        if mount.get("name") not in volumes:
            message = Cause("FieldValueInvalid", f"{where}.volumeMounts[{index}].name", mount.get("name"))
            message.reason, message.message = "FieldValueNotFound", f'Not found: "{mount.get("name")}"'
            yield message
    resources = container.get("resources") or {}
    for name, wanted in (resources.get("requests") or {}).items():
        limit = (resources.get("limits") or {}).get(name)
        if limit is not None and amount(wanted) > amount(limit):
            yield Cause(
                "FieldValueInvalid",
                f"{where}.resources.requests",
                str(wanted),
                f"must be less than or equal to {name} limit",
            )
    policies = ("File", "FallbackToLogsOnError")
    if container.get("terminationMessagePolicy", "File") not in policies:
        yield _not_one_of(f"{where}.terminationMessagePolicy", container["terminationMessagePolicy"], policies)
    policies = ("Always", "IfNotPresent", "Never")
    if container.get("imagePullPolicy", "Always") not in policies:
        yield _not_one_of(f"{where}.imagePullPolicy", container["imagePullPolicy"], policies)


def _causes_of_variable(variable: Json, where: str) -> Iterator[Cause]:
    name = variable.get("name") or ""
    if not name:
        yield Cause("FieldValueRequired", f"{where}.name")
    elif not _VARIABLE.fullmatch(name):
        yield Cause("FieldValueInvalid", f"{where}.name", name, "a valid environment variable name must consist of ...")
    source = variable.get("valueFrom")
    if source is None:
        return
    if variable.get("value"):
        yield Cause("FieldValueInvalid", f"{where}.valueFrom", "", "may not be specified when `value` is not empty")
    if len(source) != 1:
        yield Cause("FieldValueInvalid", f"{where}.valueFrom", "", "must specify exactly one of the sources")


def _not_one_of(where: str, value: Any, known: tuple[str, ...]) -> Cause:
    return Cause("FieldValueNotSupported", where, value, "supported values: " + ", ".join(f'"{it}"' for it in known))


def bad_quantities(it: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """Those of the resources that are no quantity."""
    for container in [*(it.get("spec", {}).get("containers") or []), *(it.get("spec", {}).get("initContainers") or [])]:
        for listed in (container.get("resources") or {}).values():
            if isinstance(listed, dict):
                yield from ((name, value) for name, value in listed.items() if not QUANTITY.fullmatch(str(value)))


def amount(quantity: Any) -> float:
    """
    >>> amount("500m"), amount("1Gi"), amount(2)
    (0.5, 1073741824.0, 2.0)
    """
    from kubernetes.utils.quantity import parse_quantity

    return float(parse_quantity(quantity))


def with_defaults(pod: Json) -> Json:
    """What the API server fills in."""
    pod = copy.deepcopy(pod)
    spec = pod["spec"]
    for name, value in {
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "serviceAccountName": "default",
        "serviceAccount": spec.get("serviceAccountName", "default"),
        "securityContext": {},
        "schedulerName": "default-scheduler",
        "priority": 0,
        "enableServiceLinks": True,
        "preemptionPolicy": "PreemptLowerPriority",
    }.items():
        spec.setdefault(name, value)
    tolerated = {toleration.get("key") for toleration in spec.get("tolerations", [])}
    spec["tolerations"] = [
        *spec.get("tolerations", []),
        *(
            {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
            for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
            if key not in tolerated
        ),
    ]
    for container in spec["containers"]:
        container.setdefault("resources", {})
        container.setdefault("terminationMessagePath", "/dev/termination-log")
        container.setdefault("terminationMessagePolicy", "File")
        latest = ":" not in container["image"].rpartition("/")[2] or container["image"].endswith(":latest")
        container.setdefault("imagePullPolicy", "Always" if latest else "IfNotPresent")
        limits = container["resources"].get("limits")
        if limits:
            container["resources"]["requests"] = {**limits, **container["resources"].get("requests", {})}
        for port in container.get("ports", []):
            port.setdefault("protocol", "TCP")
        if probe := container.get("readinessProbe"):
            standard = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
            container["readinessProbe"] = {**standard, **probe}
    pod["status"] = {"phase": "Pending", "qosClass": quality(spec)}
    return pod


def quality(spec: Json) -> str:
    listed = [container.get("resources") or {} for container in spec["containers"]]
    if not any(it.get("limits") or it.get("requests") for it in listed):
        return "BestEffort"
    whole = all(
        {"cpu", "memory"} <= (it.get("limits") or {}).keys()
        and all(
            amount(it["limits"][name]) == amount((it.get("requests") or it["limits"])[name])
            for name in ("cpu", "memory")
        )
        for it in listed
    )
    return "Guaranteed" if whole else "Burstable"


def cause_of_change(before: Json, after: Json) -> Cause | None:
    """Why a pod may not become the other."""
    fixed, wanted = copy.deepcopy(before["spec"]), copy.deepcopy(after["spec"])
    for spec in (fixed, wanted):
        spec.pop("activeDeadlineSeconds", None)
        spec.pop("tolerations", None)
        for container in spec["containers"]:
            container.pop("image", None)
    if fixed == wanted:
        return None
    return Cause("FieldValueForbidden", "spec", why=f"pod updates may not change fields other than {_CHANGES_TO}")
