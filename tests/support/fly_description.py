"""The published description of Fly's Machines API, to which requests and answers are held: what it does not name is
refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import jsonschema

SPEC: Final = json.loads(Path(__file__).with_name("fly_machines.json").read_text())
BEYOND_THE_DESCRIPTION: Final = re.compile(r"metadata\.[a-zA-Z0-9_]+")

Json = dict[str, Any]


class Refused(Exception):
    def __init__(self, status: int, error: str, sort: str = "", **headers: str) -> None:
        super().__init__(error)
        self.status = status
        self.body: Json = {"error": error, **({"status": sort} if sort else {})}
        self.headers = headers


def operation_of(method: str, path: str) -> tuple[dict[str, str], Json]:
    """What the path names, and the operation as it is described."""
    for template, operations in SPEC["paths"].items():
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(f"/v1{template}"))
        if match := re.fullmatch(pattern, path):
            if method.lower() not in operations:
                raise Refused(405, "method not allowed")
            named = {name: unquote(value) for name, value in match.groupdict().items()}
            return named, operations[method.lower()]
    raise Refused(404, "404 page not found")


_ACTIONS: Final = {
    ("POST", ""): "create",
    ("GET", ""): "list",
    ("GET", "/ID"): "get",
    ("POST", "/ID"): "update",
    ("DELETE", "/ID"): "delete",
    ("POST", "/ID/lease"): "lease",
    ("GET", "/ID/lease"): "get lease",
    ("DELETE", "/ID/lease"): "release",
    ("PUT", "/ID/metadata"): "metadata",
    ("PATCH", "/ID/metadata"): "metadata",
}


def action_of(method: str, path: str) -> str:
    if path.startswith("/v1/orgs/"):
        return "list of organisation"
    rest = re.sub(r"^/v1/apps/[^/]+", "", path)
    if not rest.startswith("/machines"):
        return rest.strip("/")
    rest = re.sub(r"^/machines(/[^/]+)?", lambda it: "/ID" if it[1] else "", rest)
    return _ACTIONS.get((method, rest)) or rest.rpartition("/")[2]


def check_query(query: list[tuple[str, str]], operation: Json) -> None:
    known = {it["name"]: it for it in operation.get("parameters", ()) if it["in"] == "query"}
    for name, text in query:
        if BEYOND_THE_DESCRIPTION.fullmatch(name):
            continue
        if name not in known:
            raise Refused(400, f"unknown parameter {name!r}")
        schema = known[name]["schema"]
        kinds = {"integer": r"-?\d+", "boolean": "true|false"}
        if not re.fullmatch(kinds.get(schema["type"], ".*"), text):
            raise Refused(400, f"parameter {name!r} is no {schema['type']}: {text!r}")
        if "enum" in schema and not set(text.split(",")) <= set(schema["enum"]):
            raise Refused(400, f"parameter {name!r} is none of {schema['enum']}: {text!r}")


def parsed_body(body: bytes, described: Json) -> Any:
    if not body:
        if described.get("required"):
            raise Refused(400, "expected a body")
        return {}
    try:
        parsed = json.loads(body)
    except ValueError as error:
        raise Refused(400, f"invalid JSON: {error}") from error
    errors = errors_in(parsed, described["content"]["application/json"]["schema"])
    if errors:
        raise Refused(400, f"invalid body: {errors[0]}")
    return parsed


def errors_in(value: Any, schema: Json) -> list[str]:
    found = _VALIDATORS.setdefault(json.dumps(schema), _validator(schema)).iter_errors(value)
    return [f"{'/'.join(map(str, it.absolute_path)) or 'it'}: {it.message}" for it in found]


_VALIDATORS: dict[str, Any] = {}


def _validator(schema: Json) -> Any:
    strict = {"components": _strict(SPEC["components"])}
    return jsonschema.Draft202012Validator({**strict, **_strict(schema)})


def _strict(schema: Any) -> Any:
    """What the description does not name is not allowed."""
    if isinstance(schema, list):
        return [_strict(it) for it in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _strict(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        made.setdefault("additionalProperties", False)
    if "allOf" in made:  # of a reference, with a description beside it
        [only] = made["allOf"]
        return only
    return made


def check_answer(value: Any, schema: Json, *, lenient_status: bool = False) -> None:
    if lenient_status and isinstance(value, dict):  # Fly gives more of them than are described
        value = {key: it for key, it in value.items() if key != "status"}
    cleaned = json.loads(json.dumps(value))
    errors = errors_in(cleaned, schema)
    assert not errors, f"this world answers what the description does not allow: {errors}"
