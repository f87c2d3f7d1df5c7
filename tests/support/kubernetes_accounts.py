"""Service accounts of a real cluster that may do what deploy/kubernetes grants, and no more."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.kubernetes_access import Access, Json, soon
from tests.support.kubernetes_clusters import Cluster

FOLDER = Path(__file__).parents[2] / "deploy" / "kubernetes"
RBAC = "rbac.authorization.k8s.io"


def granted(*names: str) -> list[Json]:
    """The rules of all roles in these files."""
    import yaml

    documents = [it for name in names for it in yaml.safe_load_all((FOLDER / name).read_text()) if it]
    return [rule for it in documents if it["kind"] in ("Role", "ClusterRole") for rule in it["rules"]]


class Account:
    """One in the namespace of the tests, with these rules; `kubeconfig` is its own."""

    def __init__(self, cluster: Cluster, name: str, rules: list[Json], directory: Path) -> None:
        self._cluster, self._rules = cluster, rules
        self.name = cluster.name(name)
        self._home = f"/api/v1/namespaces/{cluster.namespace}/serviceaccounts"
        self._roles = f"/apis/{RBAC}/v1/namespaces/{cluster.namespace}"
        self._make(self._home, {"metadata": {"name": self.name}})
        self._make(f"{self._roles}/roles", {"metadata": {"name": self.name}, "rules": rules})
        subject = {"kind": "ServiceAccount", "name": self.name, "namespace": cluster.namespace}
        role = {"apiGroup": RBAC, "kind": "Role", "name": self.name}
        binding = {"metadata": {"name": self.name}, "roleRef": role, "subjects": [subject]}
        self._make(f"{self._roles}/rolebindings", binding)
        request = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": 3600},
        }
        token = self._make(f"{self._home}/{self.name}/token", request)["status"]["token"]
        self.kubeconfig = _with_token(cluster.kubeconfig, token, directory / self.name)
        self._access = Access(self.kubeconfig)

    def _make(self, path: str, body: Json) -> Json:
        code, answer = self._cluster.access.ask("POST", path, body)
        assert code == 201, answer
        return answer

    def may(self, verb: str, resource: str) -> bool:
        attributes = {"namespace": self._cluster.namespace, "verb": verb, "resource": resource}
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        _, answer = self._access.ask("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)
        return bool(answer["status"]["allowed"])

    @contextmanager
    def without(self, verb: str, resource: str) -> Iterator[None]:
        """Has that right taken away for as long as it is entered."""
        self._grant([rule for it in self._rules if (rule := _without(it, verb, resource))["verbs"]])
        soon(lambda: not self.may(verb, resource), self._cluster.patience)
        try:
            yield
        finally:
            self._grant(self._rules)
            soon(lambda: self.may(verb, resource), self._cluster.patience)

    def _grant(self, rules: list[Json]) -> None:
        path = f"{self._roles}/roles/{self.name}"
        code, answer = self._cluster.access.ask("PUT", path, {"metadata": {"name": self.name}, "rules": rules})
        assert code == 200, answer

    def remove(self) -> None:
        for path in (f"{self._roles}/rolebindings", f"{self._roles}/roles", self._home):
            self._cluster.access.ask("DELETE", f"{path}/{self.name}")


def _without(rule: Json, verb: str, resource: str) -> Json:
    return {**rule, "verbs": [it for it in rule["verbs"] if it != verb or resource not in rule["resources"]]}


def _with_token(kubeconfig: Path, token: str, path: Path) -> Path:
    import yaml

    config: dict[str, Any] = yaml.safe_load(kubeconfig.read_text())
    for entry in config["clusters"]:
        authority = entry["cluster"].get("certificate-authority")
        if authority is not None:
            entry["cluster"]["certificate-authority"] = os.path.join(kubeconfig.parent, authority)
    for entry in config["users"]:
        entry["user"] = {"token": token}
    path.write_text(json.dumps(config))
    path.chmod(0o600)
    return path
