"""The published description of the Kubernetes API, as far as this world goes, and what a value has against it.

`spec.json` is an excerpt of that description. Requests are refused for what `wrongs` finds, and so is an answer of our
own: a fake that answers what the real one cannot would prove nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

Json = dict[str, Any]

SPEC: Json = json.loads(Path(__file__).with_name("spec.json").read_text())
STATUS = "io.k8s.apimachinery.pkg.apis.meta.v1.Status"
DELETE_OPTIONS = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions"
QUANTITY = re.compile(r"[+-]?(\d+|\d+\.\d*|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?")

_KINDS: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "boolean": bool,
    "number": (int, float),
}
_NUMBERS_TOO = frozenset(
    f"io.k8s.apimachinery.pkg.{name}" for name in ("api.resource.Quantity", "util.intstr.IntOrString")
)
"""Described as text, and taken as a number as well."""


class Wrong(NamedTuple):
    kind: Literal["type", "missing", "unknown"]
    where: str
    expected: str
    value: Any


def definition(name: str) -> Json:
    found: Json = SPEC["definitions"][name]
    return found


def resolved(schema: Json) -> Json:
    return definition(_name(schema)) if "$ref" in schema else schema


def wrongs(value: Any, schema: Json, where: str = "") -> Iterator[Wrong]:
    """What `value` has against the description, each with its place, as `spec.containers[0].image`."""
    numbers_too = "$ref" in schema and _name(schema) in _NUMBERS_TOO
    schema = resolved(schema)
    if value is None or "type" not in schema:  # null is as good as absent; any JSON may stand where there is no type
        return
    expected = _KINDS[schema["type"]]
    is_right = isinstance(value, expected) and (expected is bool or not isinstance(value, bool))
    if numbers_too and isinstance(value, int | float) and not isinstance(value, bool):
        is_right = True
    if not is_right:
        yield Wrong("type", where, schema["type"], value)
        return
    if isinstance(value, dict):
        yield from _wrongs_of_members(value, schema, where)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from wrongs(inner, schema["items"], f"{where}[{index}]")


def _wrongs_of_members(value: Json, schema: Json, where: str) -> Iterator[Wrong]:
    prefix = f"{where}." if where else ""
    for name in schema.get("required", ()):
        if value.get(name) is None:
            yield Wrong("missing", prefix + name, "a value", None)
    known = schema.get("properties", {})
    for name, inner in value.items():
        if name in known:
            yield from wrongs(inner, known[name], prefix + name)
        elif "additionalProperties" in schema:
            yield from wrongs(inner, schema["additionalProperties"], f"{prefix}{name}")
        elif known:
            yield Wrong("unknown", prefix + name, "no such field", inner)


def check(value: Any, schema: Json) -> None:
    """AssertionError unless `value` is as the description says."""
    found = list(wrongs(value, schema))
    assert not found, f"an answer that the description does not allow: {found}"


def operation(path: str, verb: str) -> Json | None:
    """Of `verb` (get, post, put, patch, delete) at one of the description's paths, with `{namespace}` and `{name}`."""
    found: Json | None = SPEC["paths"].get(path, {}).get(verb)
    return found


def wrong_parameters(query: Mapping[str, str], described: Json) -> list[str]:
    patterns = {"string": "(?s:.*)", "integer": r"-?\d+", "boolean": "true|false|1|0"}
    known = {**described["query"], **({"ports": "string"} if "ports" in described["query"] else {})}  # several, in fact
    return [
        name for name, value in query.items() if name not in known or not re.fullmatch(patterns[known[name]], value)
    ]


def _name(schema: Json) -> str:
    name: str = schema["$ref"].removeprefix("#/definitions/")
    return name
