"""Which rights the parent needs in a namespace, asked of the cluster before the first pod, and told all at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from beamlike.kernel.record import frozen

Json = dict[str, Any]


@frozen
class Right:
    verb: str
    resource: str
    group: str = ""

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}"

    def review(self, namespace: str) -> Json:
        """The SelfSubjectAccessReview that asks for it."""
        resource, _, subresource = self.resource.partition("/")
        attributes = {"namespace": namespace, "verb": self.verb, "group": self.group, "resource": resource}
        if subresource:
            attributes["subresource"] = subresource
        return {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }


def _rights(resource: str, *verbs: str, group: str = "") -> tuple[Right, ...]:
    return tuple(Right(verb, resource, group) for verb in verbs)


PODS: Final = (*_rights("pods", "create", "get", "list", "watch", "delete"), *_rights("secrets", "create", "delete"))
FORWARD: Final = _rights("pods/portforward", "get", "create")
"""A WebSocket is asked for with GET, for which API servers before 1.35 want `get` and later ones `create` as well."""
LEASE: Final = _rights("leases", "create", "get", "update", "delete", group="coordination.k8s.io")
NICE: Final = (*_rights("events", "list", "watch"), *_rights("pods/log", "get"))
"""What is told less well without them: why a pod waits, and what it printed."""


def needed(*, forwards: bool, leases: bool) -> tuple[Right, ...]:
    """What cannot be done without.

    >>> [str(right) for right in needed(forwards=True, leases=False)][-2:]
    ['get pods/portforward', 'create pods/portforward']
    """
    return (*PODS, *(FORWARD if forwards else ()), *(LEASE if leases else ()))


def missing_words(missing: Iterable[Right], namespace: str) -> str:
    """One message that names all, and the role that grants them.

    >>> print(missing_words([Right("watch", "pods"), Right("list", "pods")], "demo").splitlines()[0])
    expected the rights to list, watch pods in the namespace demo; this account has not got them. This Role grants them:
    """
    grouped: dict[tuple[str, str], list[str]] = {}
    for right in missing:
        grouped.setdefault((right.group, right.resource), []).append(right.verb)
    words = "; ".join(f"{', '.join(sorted(verbs))} {resource}" for (_, resource), verbs in grouped.items())
    asked = f"expected the rights to {words} in the namespace {namespace}; this account has not got them"
    return f"{asked}. This Role grants them:\n{role_words(grouped, namespace)}"


def role_words(grouped: Mapping[tuple[str, str], list[str]], namespace: str) -> str:
    """A Role, and whom to bind it to, as YAML."""
    rules = "\n".join(
        f'- apiGroups: ["{group}"]\n  resources: ["{resource}"]\n  verbs: [{", ".join(sorted(verbs))}]'
        for (group, resource), verbs in grouped.items()
    )
    return (
        "apiVersion: rbac.authorization.k8s.io/v1\n"
        "kind: Role\n"
        f"metadata: {{name: beamlike-parent, namespace: {namespace}}}\n"
        f"rules:\n{rules}\n"
        "(apply it, then: kubectl create rolebinding beamlike-parent --role=beamlike-parent "
        f"-n {namespace} --serviceaccount=NAMESPACE:ACCOUNT, or --user=NAME)"
    )
