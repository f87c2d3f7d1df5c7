"""The environment of a container: what its pod says, with what it refers to looked up."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

from tests.support.kubernetes_world.description import Json
from tests.support.kubernetes_world.kinds import CONFIG_MAPS, SECRETS, Kind
from tests.support.kubernetes_world.store import Key, Store

_REFERENCE = re.compile(r"\$\$|\$\(([-._a-zA-Z][-._a-zA-Z0-9]*)\)")


class NoConfig(Exception):
    """What a variable refers to is not there; the words are the kubelet's."""


def environment(store: Store, pod: Json, container: Json) -> dict[str, str]:
    """NoConfig when a Secret or a ConfigMap, or a key in it, is missing and not optional."""
    namespace, found = pod["metadata"]["namespace"], {}
    for source in container.get("envFrom") or []:
        for kind, field, word in ((SECRETS, "secretRef", "secret"), (CONFIG_MAPS, "configMapRef", "configmap")):
            if field in source:
                data = _data(store, kind, word, namespace, source[field])
                found |= {source.get("prefix", "") + name: value for name, value in data.items()}
    for variable in container.get("env") or []:
        value = variable.get("value", "")
        if source := variable.get("valueFrom"):
            looked_up = _looked_up(store, pod, container, source)
            if looked_up is None:
                continue
            value = looked_up
        found[variable["name"]] = expanded(value, found) if "value" in variable else value
    return found


def _looked_up(store: Store, pod: Json, container: Json, source: Json) -> str | None:
    """None for what is optional and not there."""
    namespace = pod["metadata"]["namespace"]
    if reference := source.get("fieldRef"):
        return _field(pod, reference["fieldPath"])
    if reference := source.get("resourceFieldRef"):
        side, _, name = reference["resource"].partition(".")
        return str((container.get("resources", {}).get(side) or {}).get(name, 0))
    for kind, field, word in ((SECRETS, "secretKeyRef", "Secret"), (CONFIG_MAPS, "configMapKeyRef", "ConfigMap")):
        if reference := source.get(field):
            data = _data(store, kind, word.lower(), namespace, reference)
            if reference["key"] not in data and not reference.get("optional"):
                raise NoConfig(f"couldn't find key {reference['key']} in {word} {namespace}/{reference['name']}")
            return data.get(reference["key"])
    raise AssertionError(f"a source of this world's own: {source}")


def _data(store: Store, kind: Kind, word: str, namespace: str, reference: Json) -> dict[str, str]:
    it = store.find(Key(kind, namespace, reference["name"]))
    if it is None:
        if reference.get("optional"):
            return {}
        raise NoConfig(f'{word} "{reference["name"]}" not found')
    plain: dict[str, str] = it.get("data") or {}
    return {name: base64.b64decode(value).decode() for name, value in plain.items()} if kind == SECRETS else plain


def _field(pod: Json, path: str) -> str:
    if match := re.fullmatch(r"metadata\.(labels|annotations)\['(.*)'\]", path):
        return str((pod["metadata"].get(match[1]) or {}).get(match[2], ""))
    known: dict[str, Callable[[], str]] = {
        "metadata.name": lambda: pod["metadata"]["name"],
        "metadata.namespace": lambda: pod["metadata"]["namespace"],
        "metadata.uid": lambda: pod["metadata"]["uid"],
        "spec.nodeName": lambda: pod["spec"]["nodeName"],
        "spec.serviceAccountName": lambda: pod["spec"]["serviceAccountName"],
        "status.podIP": lambda: pod["status"].get("podIP", ""),
        "status.podIPs": lambda: pod["status"].get("podIP", ""),
        "status.hostIP": lambda: pod["status"].get("hostIP", ""),
    }
    return str(known[path]())


def expanded(text: str, variables: dict[str, str]) -> str:
    """
    >>> expanded("$(A) $$(A) $(B)", {"A": "1"})
    '1 $(A) $(B)'
    """
    return _REFERENCE.sub(lambda m: "$" if m[0] == "$$" else variables.get(m[1], m[0]), text)
