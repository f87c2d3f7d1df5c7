"""A Lease of the cluster stands for a parent that is none of its pods. It owns all that the parent makes.

It is renewed three times in its time, by a thread, so that an event loop that is kept busy loses nothing. Whoever finds
one that is long expired may delete it, and the cluster collects what it owned.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from nodes.kubernetes import manifest
from nodes.kubernetes.api import Api
from nodes.kubernetes.manifest import Owner
from nodes.kubernetes.names import MANAGED_BY, US, Identity, lease_name
from nodes.kubernetes.refusals import ApiRefused, ApiUnreachable

logger = logging.getLogger("nodes.kubernetes")

LEASES: Final = "/apis/coordination.k8s.io/v1/namespaces/{}/leases"
LEASE_SECONDS: Final = 60
SHORTEST_LEASE: Final = 2
SWEPT_AFTER: Final = 5.0
"""A lease is swept when it has been expired for so many times its duration: clocks differ, and laptops sleep."""
CLOSE_SECONDS: Final = 5.0


class SessionLease:
    """Made and renewed until `close`. ApiRefused or ApiUnreachable if it cannot be made."""

    def __init__(self, api: Api, namespace: str, identity: Identity, seconds: int = LEASE_SECONDS) -> None:
        self._api, self._identity, self._seconds = api, identity, seconds
        self._path = LEASES.format(namespace)
        self._namespace = namespace
        self._name = lease_name(identity.session)
        self._over = threading.Event()
        self._object = self._made()
        threading.Thread(target=self._keep, name=f"lease {self._name}", daemon=True).start()

    @property
    def owner(self) -> Owner:
        return Owner("coordination.k8s.io/v1", "Lease", self._name, str(self._object["metadata"]["uid"]))

    def close(self, within: float = CLOSE_SECONDS) -> None:
        """Deletes it; where that fails, it expires."""
        self._over.set()
        self._delete(within)

    def _delete(self, within: float = CLOSE_SECONDS) -> None:
        try:
            self._api.ask("DELETE", f"{self._path}/{self._name}", within=within)
        except (ApiRefused, ApiUnreachable) as error:
            if not (isinstance(error, ApiRefused) and error.status == 404):
                logger.warning("the lease %s could not be deleted, and expires: %s", self._name, error)

    def _made(self) -> dict[str, Any]:
        body = manifest.lease(self._name, self._namespace, self._identity, rfc3339(now()), self._seconds)
        try:
            return self._api.ask("POST", self._path, body=body)
        except ApiRefused as refusal:
            if refusal.status != 409:
                raise
            # Our question was answered, and the answer lost: nobody else has this session.
            return self._api.ask("GET", f"{self._path}/{self._name}")

    def _keep(self) -> None:
        while not self._over.wait(self._seconds / 3):
            try:
                self._renew()
            except (ApiRefused, ApiUnreachable) as error:
                logger.warning("the lease %s could not be renewed, which is tried again: %s", self._name, error)

    def _renew(self) -> None:
        renewed = {**self._object, "spec": {**self._object["spec"], "renewTime": rfc3339(now())}}
        path = f"{self._path}/{self._name}"
        try:
            self._object = self._api.ask("PUT", path, body=renewed, within=self._seconds / 3)
        except ApiRefused as refusal:
            if refusal.status == 409:  # somebody has labelled it, say
                self._object = self._api.ask("GET", path)
            elif refusal.status == 404 and not self._over.is_set():
                logger.warning("the lease %s was deleted, and its pods with it: another one is made", self._name)
                self._object = self._made()
                if self._over.is_set():  # closed while it was made: nobody else would delete this one
                    self._delete()
            else:
                raise


def now() -> datetime:
    return datetime.now(UTC)


def rfc3339(at: datetime) -> str:
    """As a Lease has its times.

    >>> rfc3339(datetime(2026, 11, 27, tzinfo=UTC))
    '2026-11-27T00:00:00.000000Z'
    """
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read_time(text: str) -> datetime:
    """
    >>> read_time("2026-11-27T00:00:00Z") == read_time("2026-11-27T00:00:00.000000Z")
    True
    """
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def expired_for(lease: Mapping[str, Any], at: datetime) -> timedelta | None:
    """For how long it has been expired; None if it holds."""
    spec = lease.get("spec") or {}
    renewed = spec.get("renewTime") or spec.get("acquireTime") or lease["metadata"].get("creationTimestamp")
    if renewed is None:
        return None
    since = at - read_time(str(renewed)) - timedelta(seconds=lasts(lease))
    return since if since > timedelta(0) else None


def lasts(lease: Mapping[str, Any]) -> int:
    """For how many seconds it holds once it was renewed."""
    return int((lease.get("spec") or {}).get("leaseDurationSeconds") or LEASE_SECONDS)


def to_be_swept(leases: list[dict[str, Any]], at: datetime) -> list[dict[str, Any]]:
    """Those that have been expired for so long that nobody will renew them.

    >>> lease = {"metadata": {}, "spec": {"renewTime": "2026-11-27T00:00:00.000000Z", "leaseDurationSeconds": 60}}
    >>> [len(to_be_swept([lease], read_time(at))) for at in ("2026-11-27T00:05:00Z", "2026-11-27T00:07:00Z")]
    [0, 1]
    """
    found = []
    for lease in leases:
        expired = expired_for(lease, at)
        if expired is not None and expired > timedelta(seconds=SWEPT_AFTER * lasts(lease)):
            found.append(lease)
    return found


def sweep(api: Api, namespace: str) -> list[str]:
    """Deletes the leases of parents that are gone, and so all that they left; in words what was done."""
    query = {"labelSelector": f"{MANAGED_BY}={US}"}
    leases = api.ask("GET", LEASES.format(namespace), query=query)["items"]
    return [words for lease in to_be_swept(leases, now()) if (words := deleted(api, namespace, lease))]


def deleted(api: Api, namespace: str, lease: Mapping[str, Any]) -> str:
    """Deletes it as it was seen; one that was renewed meanwhile stays. In words what was done, "" for nothing."""
    metadata = lease["metadata"]
    seen = {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}
    body = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": seen, "propagationPolicy": "Background"}
    try:
        api.ask("DELETE", f"{LEASES.format(namespace)}/{metadata['name']}", body=body)
    except ApiRefused as refusal:
        if refusal.status in (404, 409):
            return ""
        raise
    return f"deleted the lease {metadata['name']} of {(lease.get('spec') or {}).get('holderIdentity', 'a parent')}"
