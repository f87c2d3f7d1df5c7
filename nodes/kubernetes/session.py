"""All that one incarnation of a parent node has in one namespace: its pods as they were last seen, by one watch, and
what owns them.

Inside the cluster the parent's own pod owns them. Elsewhere a Lease does, that is there for as long as there are pods.
"""

from __future__ import annotations

import atexit
import logging
import math
import threading
import time
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from nodes.kubernetes.api import Api
from nodes.kubernetes.lease import SHORTEST_LEASE, SessionLease, sweep
from nodes.kubernetes.manifest import Owner
from nodes.kubernetes.names import MANAGED_BY, SESSION, US, Identity, label_value
from nodes.kubernetes.pods import Pod
from nodes.kubernetes.refusals import ApiRefused, ApiUnreachable
from nodes.kubernetes.watch import NamespaceWatch, slim_event, slim_pod
from nodes.kubernetes.watch_state import Tell

logger = logging.getLogger("nodes.kubernetes")

Json: TypeAlias = Mapping[str, Any]

PODS: Final = "/api/v1/namespaces/{}/pods"
SECRETS: Final = "/api/v1/namespaces/{}/secrets"
EVENTS: Final = "/api/v1/namespaces/{}/events"
EARLY_KEPT: Final = 256
"""What the watch tells of a pod may come before the answer that names it."""


class Session:
    """One of a namespace, shared by all backends of a parent node there. All of it may be called in any thread."""

    def __init__(self, api: Api, namespace: str, parent: str, name: str) -> None:
        self.api, self.namespace = api, namespace
        self.identity = Identity(name, parent, "")
        self._lock = threading.RLock()
        self._members = 0
        self._lease: SessionLease | None = None
        self._watches: list[NamespaceWatch] = []
        self._pods: dict[str, Pod] = {}
        self._early: dict[str, Json] = {}
        self._early_events: list[Json] = []
        self._has_swept = False

    def enter(self, *, leased: bool, lease_seconds: float) -> Owner | None:
        """Another pod is about to be made: the watch runs from now on, and with `leased` the owner is there, which
        expires when it was not renewed for so long."""
        with self._lock:
            if leased and self._lease is None:
                seconds = max(SHORTEST_LEASE, math.ceil(lease_seconds))
                self._lease = SessionLease(self.api, self.namespace, self.identity, seconds)
            self._members += 1
            if not self._watches:
                self._watches = self._watching()
            if leased and not self._has_swept:
                self._has_swept = True
                threading.Thread(target=self._sweep, name="sweep", daemon=True).start()
            return None if self._lease is None else self._lease.owner

    def leave(self, pod: Pod | None = None) -> None:
        """That pod is gone, or was not made. With the last one goes all else."""
        with self._lock:
            if pod is not None and self._pods.pop(pod.name, None) is None:
                return
            self._members -= 1
            if self._members == 0:
                self._close()

    def made(self, pod: Pod, seen: Json) -> None:
        """The cluster has answered that there is this pod."""
        with self._lock:
            self._pods[pod.name] = pod
            pod.seen(slim_pod(seen))
            early = self._early.pop(pod.name, None)
            if early is not None and early["metadata"].get("uid") == pod.uid:
                self._saw(pod, early)
            for event in self._early_events:
                self._happened(event)

    def pod(self, name: str) -> Pod | None:
        return self._pods.get(name)

    def trouble(self) -> str:
        """Why the watch may not know how things are, "" if it does."""
        watches = self._watches
        return watches[0].trouble() if watches else ""

    def vanished(self, pod: Pod) -> None:
        """Somebody has asked for it, and was told that it is not there."""
        with self._lock:
            if not pod.is_gone:
                pod.vanished(None)

    def drop_secret(self, pod: Pod, *, within: float = 30.0) -> None:
        """Deletes the invitation, once; where that fails it is tried again when the pod is stopped. Returns when it is
        gone, also if another thread is at it."""
        with pod.dropping:
            name, pod.secret = pod.secret, None
            if name is None:
                return
            try:
                delete(self.api, f"{SECRETS.format(self.namespace)}/{name}", within=within)
            except (ApiRefused, ApiUnreachable) as error:
                logger.warning("the Secret %s could not be deleted, which is tried again at the end: %s", name, error)
                pod.secret = name

    def abandon(self) -> None:
        """This process ends: the lease goes now, and what it owns with it."""
        with self._lock:
            if self._lease is not None:
                self._lease.close(within=2.0)
                self._lease = None

    def _watching(self) -> list[NamespaceWatch]:
        ours = {"labelSelector": f"{MANAGED_BY}={US},{SESSION}={label_value(self.identity.session)}"}
        of_pods = {"fieldSelector": "involvedObject.kind=Pod"}
        return [
            NamespaceWatch(self.api, PODS.format(self.namespace), ours, slim_pod, self._told_of_pods),
            NamespaceWatch(self.api, EVENTS.format(self.namespace), of_pods, slim_event, self._told_of_events),
        ]

    def _told_of_pods(self, news: Tell) -> None:
        with self._lock:
            for last in news.gone:
                pod = self._pods.get(last["metadata"]["name"])
                if pod is not None and pod.uid == last["metadata"]["uid"]:
                    pod.vanished(last)
            for seen in news.objects:
                pod = self._pods.get(seen["metadata"]["name"])
                if pod is None:
                    self._keep_early(seen)
                elif pod.uid == seen["metadata"]["uid"]:
                    self._saw(pod, seen)

    def _told_of_events(self, news: Tell) -> None:
        with self._lock:
            for event in sorted(news.objects, key=lambda it: str(it["at"])):
                if event["pod"] not in self._pods:
                    self._early_events = [*self._early_events[-EARLY_KEPT:], event]
                self._happened(event)

    def _happened(self, event: Json) -> None:
        pod = self._pods.get(event["pod"])
        if pod is not None and pod.uid == event["uid"]:
            pod.happened(event)

    def _keep_early(self, seen: Json) -> None:
        self._early[seen["metadata"]["name"]] = seen
        while len(self._early) > EARLY_KEPT:
            del self._early[next(iter(self._early))]

    def _saw(self, pod: Pod, seen: Json) -> None:
        pod.seen(seen)
        if pod.secret is not None and _has_begun(pod, seen):
            # What it was told stands in its environment: nobody needs to read it any more.
            threading.Thread(target=self.drop_secret, args=(pod,), name=f"secret of {pod.name}", daemon=True).start()
        if pod.running_since is None and (seen.get("status") or {}).get("phase") == "Running":
            pod.running_since = time.monotonic()

    def _close(self) -> None:
        for watch in self._watches:
            watch.close()
        self._watches, self._early, self._early_events = [], {}, []
        if self._lease is not None:
            self._lease.close()
            self._lease = None

    def _sweep(self) -> None:
        try:
            for words in sweep(self.api, self.namespace):
                logger.info("%s", words)
        except ApiRefused as refusal:
            if refusal.status != 403:  # it is a favour to others, which needs a right of its own
                logger.warning("leases of parents that are gone could not be looked for: %s", refusal)
        except ApiUnreachable as error:
            logger.info("leases of parents that are gone could not be looked for: %s", error)


def _has_begun(pod: Pod, seen: Json) -> bool:
    statuses = (seen.get("status") or {}).get("containerStatuses") or ()
    states = next((it.get("state") or {} for it in statuses if it.get("name") == pod.main), {})
    return "running" in states or "terminated" in states


def delete(api: Api, path: str, *, body: dict[str, Any] | None = None, within: float = 30.0) -> bool:
    """Whether it was there."""
    try:
        api.ask("DELETE", path, body=body, within=within)
    except ApiRefused as refusal:
        if refusal.status != 404:
            raise
        return False
    return True


_SESSIONS: dict[tuple[int, str, str], Session] = {}
_LOCK = threading.Lock()


def session_of(api: Api, namespace: str, parent: str, name: str) -> Session:
    """The one of this process for that incarnation of a node in that namespace."""
    with _LOCK:
        key = id(api), namespace, name
        if key not in _SESSIONS:
            if not _SESSIONS:
                atexit.register(_abandon_all)
            _SESSIONS[key] = Session(api, namespace, parent, name)
        return _SESSIONS[key]


def _abandon_all() -> None:
    for session in list(_SESSIONS.values()):
        session.abandon()
