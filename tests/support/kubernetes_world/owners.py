"""Collects what is owned by nothing that is there, as the controller manager does."""

from __future__ import annotations

import contextlib
import threading

from tests.support.kubernetes_world.cluster import Cluster
from tests.support.kubernetes_world.description import Json
from tests.support.kubernetes_world.kinds import EVENTS, NAMESPACES, of_owner
from tests.support.kubernetes_world.refusals import Refused
from tests.support.kubernetes_world.store import Key


class Owners(threading.Thread):
    """`seconds` passes before it looks at what has changed; the real one takes up to ten."""

    def __init__(self, cluster: Cluster, seconds: float = 0.0) -> None:
        super().__init__(name="the collector of owned objects", daemon=True)
        self.seconds = seconds
        self._cluster = cluster
        self._ends = threading.Event()

    def run(self) -> None:
        store, seen = self._cluster.store, 0
        while not self._ends.is_set():
            with store.changed:
                store.changed.wait_for(lambda: store.version > seen or self._ends.is_set())  # noqa: B023
                seen = store.version
            if not self._ends.wait(self.seconds):
                self.collect()

    def end(self) -> None:
        self._ends.set()
        with self._cluster.store.changed:
            self._cluster.store.changed.notify_all()
        self.join()

    def collect(self) -> None:
        every = [(key, it) for key, it in self._cluster.store.every() if key.kind != EVENTS]
        for key, it in every:
            owners = it["metadata"].get("ownerReferences") or []
            if owners and not any(self._is_there(owner, key.namespace) for owner in owners):
                self._begin_to_delete(key, it)
            finalizers = it["metadata"].get("finalizers") or []
            if it["metadata"].get("deletionTimestamp") and {"foregroundDeletion", "orphan"} & set(finalizers):
                self._finalize(key, it, finalizers, [(k, i) for k, i in every if _is_owned(i, it)])
            if key.namespace and self._cluster.store.find(Key(NAMESPACES, "", key.namespace)) is None:
                self._begin_to_delete(key, it)

    def _is_there(self, owner: Json, namespace: str) -> bool:
        kind = of_owner(owner["apiVersion"], owner["kind"])
        if kind is None:
            return False
        found = self._cluster.store.find(Key(kind, namespace if kind.namespaced else "", owner["name"]))
        return found is not None and found["metadata"]["uid"] == owner["uid"]

    def _begin_to_delete(self, key: Key, it: Json) -> None:
        if not it["metadata"].get("deletionTimestamp"):
            with contextlib.suppress(Refused):  # it is gone, or another of its name is there
                self._cluster.delete(*key, {"preconditions": {"uid": it["metadata"]["uid"]}})

    def _finalize(self, key: Key, owner: Json, finalizers: list[str], owned: list[tuple[Key, Json]]) -> None:
        uid = owner["metadata"]["uid"]
        if "orphan" in finalizers:
            for their, _ in owned:
                with contextlib.suppress(Refused):
                    self._cluster.store.change(their, lambda it: _disown(it, uid))
        elif owned:
            for their, it in owned:
                self._begin_to_delete(their, it)
            return
        with contextlib.suppress(Refused), self._cluster.store.changed:
            left = [name for name in finalizers if name not in ("foregroundDeletion", "orphan")]
            self._cluster.store.change(key, lambda it: it["metadata"].update(finalizers=left))
            if not left and not owner["metadata"].get("deletionGracePeriodSeconds"):
                self._cluster.store.remove(key)


def _is_owned(it: Json, by: Json) -> bool:
    return any(owner["uid"] == by["metadata"]["uid"] for owner in it["metadata"].get("ownerReferences") or [])


def _disown(it: Json, uid: str) -> None:
    left = [owner for owner in it["metadata"]["ownerReferences"] if owner["uid"] != uid]
    it["metadata"]["ownerReferences"] = left
