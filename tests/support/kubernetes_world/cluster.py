"""What the API does with objects: it accepts, names, completes, changes and deletes them, or says why not.

A pod that runs is not gone when it is deleted: it is marked, and the kubelet removes it when its process has ended.
What has finalizers goes with the last of them. What is left of deletions to do, owned objects, `owners` does.
"""

from __future__ import annotations

import base64
import copy
import json
import secrets
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from tests.support.kubernetes_world import pod_rules
from tests.support.kubernetes_world.admission import ENDED, admit
from tests.support.kubernetes_world.description import Json, wrongs
from tests.support.kubernetes_world.kinds import CLAIMS, EVENTS, LEASES, NAMESPACES, PODS, QUOTAS, SECRETS, Kind
from tests.support.kubernetes_world.patches import patched
from tests.support.kubernetes_world.refusals import (
    Cause,
    Refused,
    bad_request,
    conflict,
    expired,
    invalid,
    modified,
)
from tests.support.kubernetes_world.selectors import Test
from tests.support.kubernetes_world.store import Key, Store

_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_OURS = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "managedFields")
"""Of the metadata, what nobody but the API server sets."""


def timestamp(seconds: float | None = None) -> str:
    return datetime.fromtimestamp(time.time() if seconds is None else seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Cluster:
    def __init__(self) -> None:
        self.store = Store()
        self.port = 0
        """Of the API server on this host."""

    def create(self, kind: Kind, namespace: str, body: Json) -> Json:
        it = self._read(kind, body)
        metadata = it.setdefault("metadata", {})
        if metadata.setdefault("namespace", namespace) != namespace and kind.namespaced:
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
        if not kind.namespaced:
            metadata.pop("namespace", None)
        if metadata.get("resourceVersion"):
            raise Refused(500, "", "resourceVersion should not be set on objects to be created")
        if not metadata.get("name") and metadata.get("generateName"):
            metadata["name"] = metadata["generateName"] + "".join(secrets.choice(_LETTERS) for _ in range(5))
        for name in _OURS:
            metadata.pop(name, None)
        with self.store.changed:
            labels = self._labels_of(namespace) if kind.namespaced else {}
            self._check(kind, it)
            metadata |= {"uid": str(uuid.uuid4()), "creationTimestamp": timestamp()}
            it = _completed(kind, it)
            key = Key(kind, namespace if kind.namespaced else "", metadata["name"])
            if self.store.find(key) is None:
                admit(self.store, kind, namespace, it, labels)
            return self.store.add(key, it)

    def _labels_of(self, namespace: str) -> Json:
        found = self.store.get(Key(NAMESPACES, "", namespace))
        labels: Json = found["metadata"].get("labels") or {}
        return labels

    def _read(self, kind: Kind, body: Any) -> Json:
        """BadRequest for what is no such object; missing fields are told with all else that is not valid."""
        if not isinstance(body, dict):
            raise bad_request(f"expected a {kind.kind}, got other JSON")
        for field, right in (("kind", kind.kind), ("apiVersion", kind.api_version)):
            if body.get(field, right) != right:
                what = f"{body.get('apiVersion', kind.api_version)}, Kind={body.get('kind', kind.kind)}"
                raise bad_request(
                    f'{kind.kind} in version "v1" cannot be handled as a {kind.kind}: no kind match for {what}'
                )
        it = {**copy.deepcopy(body), "kind": kind.kind, "apiVersion": kind.api_version}
        for kind_of_wrong, where, expected, value in wrongs(it, kind.schema):
            words = f'{kind.kind} in version "v1" cannot be handled as a {kind.kind}: '
            if kind_of_wrong == "unknown":
                raise bad_request(f'{words}strict decoding error: unknown field "{where}"')
            if kind_of_wrong == "type":
                shown = json.dumps(value)[:40]
                raise bad_request(
                    f"{words}json: cannot unmarshal {shown} into Go struct field {where} of type {expected}"
                )
        if kind == PODS:
            if len(it.get("spec", {}).get("containers") or []) > 1 or it.get("spec", {}).get("initContainers"):
                raise bad_request("this world runs pods of one container")
            for _, value in pod_rules.bad_quantities(it):
                words = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
                raise bad_request(f'Pod in version "v1" cannot be handled as a Pod: {words}, got {value!r}')
        return it

    def _check(self, kind: Kind, it: Json) -> None:
        metadata = it["metadata"]
        causes = list(pod_rules.causes_of_metadata(metadata))
        if kind == PODS:
            causes += pod_rules.causes_of_pod(it.get("spec") or {})
        elif kind == LEASES:
            duration = (it.get("spec") or {}).get("leaseDurationSeconds")
            if duration is not None and duration <= 0:
                causes.append(
                    Cause("FieldValueInvalid", "spec.leaseDurationSeconds", duration, "must be greater than 0")
                )
        else:
            missing = [wrong.where for wrong in wrongs(it, kind.schema) if wrong.kind == "missing"]
            causes += [Cause("FieldValueRequired", where) for where in missing]
        if kind == SECRETS:
            for key, value in (it.get("data") or {}).items():
                _check_base64(key, value)
        if causes:
            raise invalid(kind.kind, kind.group, metadata.get("name", ""), causes)

    def get(self, kind: Kind, namespace: str, name: str) -> Json:
        return self.store.get(Key(kind, namespace, name))

    def list(self, kind: Kind, namespace: str | None, wanted: Test, query: dict[str, str]) -> Json:
        """The objects now, or as they were when the first part of the list was asked for."""
        with self.store.changed:
            after = ""
            version = self.store.version
            if token := query.get("continue"):
                version, after = _continued(token)
                try:
                    self.store.check(version)
                except Refused as refused:
                    raise expired(
                        "The provided continue parameter is too old to display a consistent list result."
                    ) from refused
            elif (asked := query.get("resourceVersion", "0")) not in ("", "0"):
                self._check_asked_version(int(asked))
            found = [it for it in self.store.at(kind, version) if namespace in (None, it["metadata"].get("namespace"))]
        items = [it for it in found if wanted(it) and _place(it) > after]
        limit = int(query.get("limit", "0")) or len(items)
        metadata: Json = {"resourceVersion": str(version)}
        if len(items) > limit:
            metadata["continue"] = _continue(version, _place(items[limit - 1]))
            metadata["remainingItemCount"] = len(items) - limit
        # The kind of each stands at the list, as in the answers of the real one.
        shown = [
            {name: value for name, value in it.items() if name not in ("kind", "apiVersion")} for it in items[:limit]
        ]
        return {"kind": f"{kind.kind}List", "apiVersion": kind.api_version, "metadata": metadata, "items": shown}

    def _check_asked_version(self, version: int) -> None:
        if version < self.store.compacted:
            raise expired(f"The resourceVersion for the provided list is too old: {version} ({self.store.compacted})")
        self.store.check(version)

    def replace(self, kind: Kind, namespace: str, name: str, body: Any) -> Json:
        it = self._read(kind, body)
        if it.get("metadata", {}).get("name", name) != name:
            raise bad_request(
                f"the name of the object ({it['metadata']['name']}) does not match the name on the URL ({name})"
            )
        return self._become(Key(kind, namespace, name), it, is_patch=False)

    def patch(self, kind: Kind, namespace: str, name: str, body: Any, content_type: str) -> Json:
        with self.store.changed:
            key = Key(kind, namespace, name)
            after = patched(self.store.get(key), body, content_type, kind.schema)
            return self._become(key, self._read(kind, after), is_patch=True)

    def _become(self, key: Key, it: Json, *, is_patch: bool) -> Json:
        kind, _, name = key
        with self.store.changed:
            before = self.store.get(key)
            metadata = it.setdefault("metadata", {})
            version = metadata.get("resourceVersion")
            if version and version != before["metadata"]["resourceVersion"]:
                raise modified(kind.resource, kind.group, name)
            if not version and not is_patch and kind == LEASES:
                why = Cause("FieldValueInvalid", "metadata.resourceVersion", 0, "must be specified for an update")
                why.message = why.message.replace("0:", "0x0:")
                raise invalid(kind.kind, kind.group, name, [why])
            if metadata.get("uid", before["metadata"]["uid"]) != before["metadata"]["uid"]:
                ours, theirs = metadata["uid"], before["metadata"]["uid"]
                words = f"Precondition failed: UID in precondition: {ours}, UID in object meta: {theirs}"
                raise conflict(kind.resource, kind.group, name, words)
            metadata |= {field: before["metadata"][field] for field in _OURS if field in before["metadata"]}
            metadata |= {"name": name, "namespace": key.namespace} if kind.namespaced else {"name": name}
            if "status" in before:
                it["status"] = before["status"]
            if kind == SECRETS:
                it = _completed(kind, it)
            self._check(kind, it)
            if kind == PODS and (cause := pod_rules.cause_of_change(before, it)):
                raise invalid(kind.kind, kind.group, name, [cause])
            after = self.store.change(key, lambda old: _replace(old, it))
            if metadata.get("deletionTimestamp") and not metadata.get("finalizers") and kind != PODS:
                return self.store.remove(key)
            return after

    def delete(self, kind: Kind, namespace: str, name: str, options: Json) -> Json:
        """The pod as it is then, or the Status that says that the object is gone."""
        key = Key(kind, namespace, name)
        with self.store.changed:
            before = self.store.get(key)
            self._check_preconditions(key, before, options.get("preconditions") or {})
            policy = options.get("propagationPolicy")
            finalizer = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}.get(policy or "Background")
            if policy not in (None, "Foreground", "Orphan", "Background"):
                causes = [Cause("FieldValueNotSupported", "propagationPolicy", policy)]
                raise invalid("DeleteOptions", "meta.k8s.io", "", causes)
            if finalizer:
                self.store.change(key, lambda it: it["metadata"].setdefault("finalizers", []).append(finalizer))
            grace = self._grace(kind, before, options)
            if grace or self.store.get(key)["metadata"].get("finalizers"):
                after = self.mark(key, grace)
            else:
                if kind == PODS:
                    self.mark(key, 0)
                after = self.store.remove(key)
            if kind in (PODS, QUOTAS, CLAIMS) or after["metadata"].get("finalizers"):
                return after
            details = {"name": name, "kind": kind.resource, "uid": before["metadata"]["uid"]}
            details |= {"group": kind.group} if kind.group else {}
            return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}

    def _check_preconditions(self, key: Key, it: Json, wanted: Json) -> None:
        for field, word in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
            found = it["metadata"][field]
            if wanted.get(field, found) != found:
                words = (
                    f"the {word} in the precondition ({wanted[field]}) does not match the {word} in record ({found}). "
                    "The object might have been deleted and then recreated"
                )
                raise conflict(key.kind.resource, key.kind.group, key.name, words)

    def _grace(self, kind: Kind, it: Json, options: Json) -> int:
        if kind != PODS or not it["spec"].get("nodeName") or it["status"]["phase"] in ENDED:
            return 0
        asked: int | None = options.get("gracePeriodSeconds")
        grace: int = it["spec"]["terminationGracePeriodSeconds"] if asked is None else asked
        if (left := it["metadata"].get("deletionGracePeriodSeconds")) is not None:
            grace = min(grace, left)
        return max(grace, 0)

    def mark(self, key: Key, grace: int) -> Json:
        def mark(it: Json) -> None:
            metadata = it["metadata"]
            if metadata.get("deletionGracePeriodSeconds") == grace:
                return
            metadata["deletionTimestamp"] = timestamp(time.time() + grace)
            metadata["deletionGracePeriodSeconds"] = grace

        return self.store.change(key, mark)

    def tell(self, pod: Json, type_: str, reason: str, message: str, component: str) -> None:
        """Keeps an event of the pod, as the scheduler and the kubelet do."""
        metadata, now = pod["metadata"], timestamp()
        about = {"kind": "Pod", "apiVersion": "v1", **{it: metadata[it] for it in ("name", "namespace", "uid")}}
        name = f"{metadata['name']}.{uuid.uuid4().hex[:16]}"
        event = {
            "kind": "Event",
            "apiVersion": "v1",
            "metadata": {
                "name": name,
                "namespace": metadata["namespace"],
                "uid": str(uuid.uuid4()),
                "creationTimestamp": now,
            },
            "involvedObject": about,
            "type": type_,
            "reason": reason,
            "message": message,
            "source": {"component": component},
            "reportingComponent": "",
            "reportingInstance": "",
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
        self.store.add(Key(EVENTS, metadata["namespace"], name), event)


def _replace(old: Json, new: Json) -> None:
    old.clear()
    old.update(new)


def _completed(kind: Kind, it: Json) -> Json:
    if kind == PODS:
        return pod_rules.with_defaults(it)
    if kind == SECRETS:
        told = it.pop("stringData", None) or {}
        it["data"] = {**(it.get("data") or {}), **{k: base64.b64encode(v.encode()).decode() for k, v in told.items()}}
        it.setdefault("type", "Opaque")
    if kind == NAMESPACES:
        it["status"] = {"phase": "Active"}
    return it


def _check_base64(key: str, value: str) -> None:
    try:
        base64.b64decode(value, validate=True)
    except ValueError as error:
        words = 'Secret in version "v1" cannot be handled as a Secret: illegal base64 data'
        raise bad_request(f"{words} of {key}") from error


def _place(it: Json) -> str:
    return f"{it['metadata'].get('namespace', '')}/{it['metadata']['name']}"


def _continue(version: int, place: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([version, place]).encode()).decode()


def _continued(token: str) -> tuple[int, str]:
    try:
        version, place = json.loads(base64.urlsafe_b64decode(token))
    except ValueError as error:
        raise bad_request(f"continue key is not valid: {error}") from error
    return int(version), str(place)
