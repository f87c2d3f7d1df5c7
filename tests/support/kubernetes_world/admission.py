"""What is refused although it is valid: more than a quota allows, and what a namespace's Pod Security level forbids."""

from __future__ import annotations

from collections.abc import Iterable

from tests.support.kubernetes_world.description import Json
from tests.support.kubernetes_world.kinds import PODS, QUOTAS, Kind
from tests.support.kubernetes_world.pod_rules import amount
from tests.support.kubernetes_world.refusals import forbidden
from tests.support.kubernetes_world.store import Store

ENDED = ("Succeeded", "Failed")
_ENFORCE = "pod-security.kubernetes.io/enforce"


def admit(store: Store, kind: Kind, namespace: str, it: Json, labels_of_namespace: Json) -> None:
    """Refused where a quota or a security level of the namespace does not allow it."""
    if kind == PODS and labels_of_namespace.get(_ENFORCE) in ("baseline", "restricted"):
        _check_security(it, labels_of_namespace[_ENFORCE])
    for quota in store.objects(QUOTAS, namespace):
        _check_quota(store, quota, kind, namespace, it)


def _check_quota(store: Store, quota: Json, kind: Kind, namespace: str, it: Json) -> None:
    hard = quota.get("spec", {}).get("hard", {})
    name = it["metadata"]["name"]
    asked = {key: value for key, value in _usage(kind, it).items() if key in hard}
    if kind == PODS:
        missing = sorted(key for key in hard if _is_of_resources(key) and key not in _usage(kind, it))
        if missing:
            why = f"failed quota: {quota['metadata']['name']}: must specify {','.join(missing)}"
            raise forbidden(kind.resource, kind.group, name, why)
    standing = [one for one in store.objects(kind, namespace) if (one.get("status") or {}).get("phase") not in ENDED]
    used = {key: sum(_usage(kind, one).get(key, 0) for one in standing) for key in asked}
    over = sorted(key for key in asked if used[key] + asked[key] > amount(hard[key]))
    if over:

        def shown(values: dict[str, float]) -> str:
            return ",".join(f"{key}={values[key]:g}" for key in over)

        limited = ",".join(f"{key}={hard[key]}" for key in over)
        words = f"requested: {shown(asked)}, used: {shown(used)}, limited: {limited}"
        raise forbidden(kind.resource, kind.group, name, f"exceeded quota: {quota['metadata']['name']}, {words}")


def _is_of_resources(key: str) -> bool:
    return key in ("cpu", "memory") or key.startswith(("limits.", "requests."))


def _usage(kind: Kind, it: Json) -> dict[str, float]:
    count = f"count/{kind.resource}{f'.{kind.group}' if kind.group else ''}"
    found: dict[str, float] = {kind.resource: 1, count: 1}
    for container in it["spec"]["containers"] if kind == PODS else ():
        for side, short in (("requests", ("cpu", "memory")), ("limits", ())):
            for name, value in (container.get("resources", {}).get(side) or {}).items():
                for key in (f"{side}.{name}", *((name,) if name in short else ())):
                    found[key] = found.get(key, 0) + amount(value)
    return found


def _check_security(pod: Json, level: str) -> None:
    found = list(_against_restricted(pod) if level == "restricted" else _against_baseline(pod))
    if found:
        why = f'violates PodSecurity "{level}:latest": {", ".join(found)}'
        raise forbidden("pods", "", pod["metadata"]["name"], why)


def _against_baseline(pod: Json) -> Iterable[str]:
    spec = pod["spec"]
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(field):
            yield f"host namespaces ({field}=true)"
    for volume in spec.get("volumes") or []:
        if "hostPath" in volume:
            yield f'hostPath volumes (volume "{volume["name"]}")'
    for container in spec["containers"]:
        if (container.get("securityContext") or {}).get("privileged"):
            yield f'privileged (container "{container["name"]}" must not set securityContext.privileged=true)'


def _against_restricted(pod: Json) -> Iterable[str]:
    yield from _against_baseline(pod)
    whole = pod["spec"].get("securityContext") or {}
    for container in pod["spec"]["containers"]:
        own, named = container.get("securityContext") or {}, f'container "{container["name"]}"'
        if own.get("allowPrivilegeEscalation") is not False:
            field = "securityContext.allowPrivilegeEscalation=false"
            yield f"allowPrivilegeEscalation != false ({named} must set {field})"
        if "ALL" not in ((own.get("capabilities") or {}).get("drop") or []):
            yield f'unrestricted capabilities ({named} must set securityContext.capabilities.drop=["ALL"])'
        if not own.get("runAsNonRoot", whole.get("runAsNonRoot")):
            yield f"runAsNonRoot != true (pod or {named} must set securityContext.runAsNonRoot=true)"
        profile = own.get("seccompProfile", whole.get("seccompProfile")) or {}
        if profile.get("type") not in ("RuntimeDefault", "Localhost"):
            field = 'securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
            yield f"seccompProfile (pod or {named} must set {field})"
