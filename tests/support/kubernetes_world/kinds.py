"""The resources of this world, by the paths that the description has for them."""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    resource: str
    group: str
    kind: str
    definition: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        return f"{self.group}/v1" if self.group else "v1"

    @property
    def schema(self) -> dict[str, str]:
        return {"$ref": f"#/definitions/{self.definition}"}

    @property
    def list_schema(self) -> dict[str, str]:
        return {"$ref": f"#/definitions/{self.definition}List"}

    @property
    def root(self) -> str:
        return f"/apis/{self.group}/v1" if self.group else "/api/v1"


def _core(resource: str, kind: str, *, namespaced: bool = True) -> Kind:
    return Kind(resource, "", kind, f"io.k8s.api.core.v1.{kind}", namespaced)


PODS = _core("pods", "Pod")
SECRETS = _core("secrets", "Secret")
CONFIG_MAPS = _core("configmaps", "ConfigMap")
EVENTS = _core("events", "Event")
QUOTAS = _core("resourcequotas", "ResourceQuota")
CLAIMS = _core("persistentvolumeclaims", "PersistentVolumeClaim")
NAMESPACES = _core("namespaces", "Namespace", namespaced=False)
LEASES = Kind("leases", "coordination.k8s.io", "Lease", "io.k8s.api.coordination.v1.Lease")
REVIEWS = Kind(
    "selfsubjectaccessreviews",
    "authorization.k8s.io",
    "SelfSubjectAccessReview",
    "io.k8s.api.authorization.v1.SelfSubjectAccessReview",
    namespaced=False,
)
STORAGE_CLASSES = Kind(
    "storageclasses", "storage.k8s.io", "StorageClass", "io.k8s.api.storage.v1.StorageClass", namespaced=False
)
KINDS = (PODS, SECRETS, CONFIG_MAPS, EVENTS, QUOTAS, CLAIMS, NAMESPACES, LEASES, REVIEWS, STORAGE_CLASSES)


def of_owner(api_version: str, kind: str) -> Kind | None:
    return next((it for it in KINDS if (it.api_version, it.kind) == (api_version, kind)), None)
