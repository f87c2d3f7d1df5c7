"""The children in pods of a cluster, whoever booted them, by their labels; for `beamlike flame ps` and `reap`.

Whose parent lives is told by what owns a pod: its Lease is renewed, or the pod of its parent runs.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, TypeAlias

from beamlike.kernel.record import frozen
from nodes.backend import BackendError
from nodes.found import Found, State
from nodes.kubernetes.api import Api, api_of
from nodes.kubernetes.lease import LEASES, deleted, expired_for, lasts, now, read_time
from nodes.kubernetes.making import delete_options
from nodes.kubernetes.names import EXPIRES, MANAGED_BY, NODE, PARENT, POOL, RUNNER, US
from nodes.kubernetes.pods import has_begun
from nodes.kubernetes.refusals import ApiRefused, ApiUnreachable, as_backend_error
from nodes.kubernetes.session import PODS, SECRETS, delete

Json: TypeAlias = Mapping[str, Any]

LOOK_SECONDS: Final = 5.0
GONE_SECONDS: Final = 45.0
SURE: Final = timedelta(minutes=10)
"""A lease that has been expired for longer is nobody's, whatever the clocks say; another one is watched for a while."""
_OURS: Final = {"labelSelector": f"{MANAGED_BY}={US}"}
_ENDED: Final = ("Succeeded", "Failed")


@frozen
class KubernetesCensus:
    """Of a namespace; None is all of them where that may be asked, else that of the context."""

    namespace: str | None = None
    kubeconfig: str | None = None
    context: str | None = None

    def children(self) -> tuple[list[Found], list[str]]:
        try:
            pods, owners = self._seen()
        except (ApiRefused, ApiUnreachable) as error:
            return [], [str(as_backend_error(error, "list the pods of beamlike"))]
        except BackendError as error:
            return [], [str(error)]
        there = [pod for pod in pods if (pod.get("status") or {}).get("phase") not in _ENDED]
        return [_found(pod, owners) for pod in there], owners.troubles

    def reap(self, found: Found) -> tuple[bool, str]:
        namespace, name, uid = found.key.split("/")
        try:
            return self._reap(namespace, name, uid)
        except (ApiRefused, ApiUnreachable) as error:
            return False, str(as_backend_error(error, f"delete the pod {name}"))
        except BackendError as error:
            return False, str(error)

    def tidy(self) -> list[str]:
        try:
            return self._tidy()
        except (ApiRefused, ApiUnreachable) as error:
            return [str(as_backend_error(error, "remove what is left of children in pods"))]
        except BackendError as error:
            return [str(error)]

    @property
    def _api(self) -> Api:
        return api_of(self.kubeconfig, self.context)

    def _reap(self, namespace: str, name: str, uid: str) -> tuple[bool, str]:
        api, path = self._api, f"{PODS.format(namespace)}/{name}"
        try:
            pod = api.ask("GET", path, within=LOOK_SECONDS)
        except ApiRefused as refusal:
            if refusal.status == 404:
                return True, "it was gone"
            raise
        if pod["metadata"]["uid"] != uid:
            return True, "it was gone, and another pod has its name"
        if _Owners(api).is_alive(pod, sure=True):
            return False, "its parent lives: it is left as it is"
        delete(api, path, body=delete_options(None if has_begun(pod) else 0, uid))
        delete(api, f"{SECRETS.format(namespace)}/{name}")
        deadline = time.monotonic() + GONE_SECONDS
        while time.monotonic() < deadline:
            try:
                there = api.ask("GET", path, within=LOOK_SECONDS)
            except ApiRefused as refusal:
                if refusal.status == 404:
                    return True, "its pod was deleted"
                raise
            if there["metadata"]["uid"] != uid:
                return True, "its pod was deleted"
            time.sleep(0.25)
        return False, f"its pod was to be deleted, and is still there after {GONE_SECONDS:g} s"

    def _tidy(self) -> list[str]:
        """What is left where no parent lives: the lease goes first, for the cluster collects what it owned."""
        api, done = self._api, []
        pods, owners = self._seen()
        for lease in self._list(LEASES):
            namespace = lease["metadata"]["namespace"]
            if expired_for(lease, now()) and not _is_renewed(api, namespace, lease):
                done.append(deleted(api, namespace, lease))
        things = [
            *((PODS, "pod", it) for it in pods if (it.get("status") or {}).get("phase") in _ENDED),
            *((SECRETS, "Secret", it) for it in self._secrets()),
        ]
        for path, kind, it in things:
            namespace, name = it["metadata"]["namespace"], it["metadata"]["name"]
            if not owners.is_alive(it, sure=True) and delete(
                api, f"{path.format(namespace)}/{name}", body=delete_options(None, it["metadata"]["uid"])
            ):
                done.append(f"deleted the {kind} {name} in {namespace}")
        return [words for words in done if words]

    def _secrets(self) -> list[Json]:
        """Those that may be seen: to list them is to read them, which few may."""
        try:
            return self._list(SECRETS)
        except ApiRefused as refusal:
            if refusal.status != 403:
                raise
            return []

    def _seen(self) -> tuple[list[Json], _Owners]:
        return self._list(PODS), _Owners(self._api)

    def _list(self, path: str) -> list[Json]:
        api = self._api
        if self.namespace is not None:
            return _items(api, path.format(self.namespace))
        try:
            return _items(api, path.replace("/namespaces/{}", ""))
        except ApiRefused as refusal:
            if refusal.status != 403:
                raise
            return _items(api, path.format(api.configured.namespace))


class _Owners:
    """Whether what owns an object is there and lives; each owner is asked for once."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._known: dict[tuple[str, bool], bool] = {}
        self.troubles: list[str] = []
        """Why of some it cannot be seen, in words."""

    def may_live(self, it: Json) -> bool:
        """Whether it lives, as far as that can be seen: what owns a pod may be shown to fewer than the pod. After the
        first refusal nobody is asked for any more, for each may take as long."""
        if self.troubles:
            return True
        try:
            return self.is_alive(it)
        except (ApiRefused, ApiUnreachable) as error:
            told = as_backend_error(error, "see whether the parents of pods live")
            self.troubles.append(f"{told}; all are shown as if they did")
            return True

    def is_alive(self, it: Json, *, sure: bool = False) -> bool:
        """With `sure` a lease that has just expired is watched for a while: clocks differ."""
        metadata = it["metadata"]
        namespace = metadata["namespace"]
        references = metadata.get("ownerReferences") or ()
        if not references:
            return True  # somebody wanted it so (owner_reference=False): nobody can say that it is alone
        return any(self._lives(namespace, reference, sure=sure) for reference in references)

    def _lives(self, namespace: str, reference: Json, *, sure: bool) -> bool:
        key = str(reference["uid"]), sure
        if key not in self._known:
            self._known[key] = self._look(namespace, reference, sure=sure)
        return self._known[key]

    def _look(self, namespace: str, reference: Json, *, sure: bool) -> bool:
        paths = {"Lease": LEASES, "Pod": PODS}
        path = paths.get(str(reference["kind"]))
        if path is None:
            return True
        try:
            owner = self._api.ask("GET", f"{path.format(namespace)}/{reference['name']}", within=LOOK_SECONDS)
        except ApiRefused as refusal:
            if refusal.status == 404:
                return False
            raise
        if owner["metadata"]["uid"] != reference["uid"]:
            return False
        if path == PODS:
            return (owner.get("status") or {}).get("phase") not in _ENDED
        return expired_for(owner, now()) is None or (sure and _is_renewed(self._api, namespace, owner))


def _is_renewed(api: Api, namespace: str, lease: Json) -> bool:
    """Whether somebody renews a lease that seems to be expired."""
    since = expired_for(lease, now())
    if since is None:
        return True
    if since > SURE:
        return False
    time.sleep(lasts(lease) / 3 + 1)
    try:
        later = api.ask("GET", f"{LEASES.format(namespace)}/{lease['metadata']['name']}", within=LOOK_SECONDS)
    except ApiRefused as refusal:
        if refusal.status == 404:
            return False
        raise
    return bool(later["spec"].get("renewTime") != lease["spec"].get("renewTime"))


def _found(pod: Json, owners: _Owners) -> Found:
    metadata = pod["metadata"]
    labels, notes = metadata.get("labels") or {}, metadata.get("annotations") or {}
    node = (pod.get("spec") or {}).get("nodeName")
    where = f"pod {metadata['name']} in {metadata['namespace']}"
    return Found(
        platform="k8s",
        node=notes.get(NODE, metadata["name"]),
        pool=notes.get(POOL, labels.get(POOL, "")),
        runner=notes.get(RUNNER, labels.get(RUNNER, "")),
        state=_state(pod, owners),
        booted_at=read_time(metadata["creationTimestamp"]).timestamp(),
        expires_at=read_time(notes[EXPIRES]).timestamp() if EXPIRES in notes else None,
        parent=notes.get(PARENT, "?"),
        where=f"{where} on {node}" if node else where,
        memory=None,
        key=f"{metadata['namespace']}/{metadata['name']}/{metadata['uid']}",
    )


def _state(pod: Json, owners: _Owners) -> State:
    if not owners.may_live(pod):
        return "no parent"
    return "alive" if (pod.get("status") or {}).get("phase") == "Running" else "booting"


def _items(api: Api, path: str) -> list[Json]:
    items: list[Json] = api.ask("GET", path, query=_OURS, within=LOOK_SECONDS)["items"]
    return items
