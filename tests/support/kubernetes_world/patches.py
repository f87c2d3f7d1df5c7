"""What becomes of an object by a patch: merged, merged as the description says for each list, or step by step."""

from __future__ import annotations

import copy
from typing import Any

from tests.support.kubernetes_world.description import Json, resolved
from tests.support.kubernetes_world.refusals import Refused, bad_request

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
STEPS = "application/json-patch+json"


def patched(it: Json, patch: Any, content_type: str, schema: Json) -> Json:
    if content_type == STEPS:
        return _stepped(it, patch)
    if not isinstance(patch, dict):
        raise bad_request(
            f"json: cannot unmarshal {type(patch).__name__} into Go value of type map[string]interface {{}}"
        )
    if content_type == MERGE:
        return _merged(it, patch)
    if content_type == STRATEGIC:
        return _merged_as_described(it, patch, schema)
    allowed = ", ".join((STEPS, MERGE, STRATEGIC))
    message = f"the body of the request was in an unknown format - accepted media types include: {allowed}"
    raise Refused(415, "UnsupportedMediaType", message)


def _merged(it: Any, patch: Any) -> Any:
    """As RFC 7396 says."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    merged = dict(it) if isinstance(it, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merged(merged.get(name), value)
    return merged


def _merged_as_described(it: Any, patch: Any, schema: Json) -> Any:
    schema = resolved(schema)
    if not isinstance(patch, dict) or not isinstance(it, dict):
        return copy.deepcopy(patch)
    merged = dict(it)
    for name, value in patch.items():
        inner = schema.get("properties", {}).get(name, schema.get("additionalProperties", {}))
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, list) and "merge" in inner.get("x-kubernetes-patch-strategy", ""):
            merged[name] = _merged_list(merged.get(name) or [], value, inner)
        else:
            merged[name] = _merged_as_described(merged.get(name), value, inner)
    return merged


def _merged_list(old: list[Any], new: list[Any], schema: Json) -> list[Any]:
    key = schema.get("x-kubernetes-patch-merge-key")
    if key is None:
        return [*old, *(it for it in new if it not in old)]
    merged = {it[key]: it for it in old}
    for it in new:
        if it.get("$patch") == "delete":
            merged.pop(it[key], None)
        else:
            merged[it[key]] = _merged_as_described(merged.get(it[key], {}), it, schema["items"])
    return list(merged.values())


def _stepped(it: Json, steps: Any) -> Json:
    """As RFC 6902 says: add, replace, remove and test."""
    whole = copy.deepcopy(it)
    for step in steps:
        *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in step["path"].split("/")[1:]]
        place: Any = whole
        try:
            for part in parents:
                place = place[int(part)] if isinstance(place, list) else place[part]
            _step(place, last, step)
        except (KeyError, IndexError, ValueError, TypeError) as error:
            path = step["path"]
            raise Refused(
                422, "Invalid", f"the server rejected our request due to an error in our request: {path}"
            ) from error
    return whole


def _step(place: Any, last: str, step: Json) -> None:
    index: Any = last if isinstance(place, dict) else len(place) if last == "-" else int(last)
    match step["op"]:
        case "add" if isinstance(place, list):
            place.insert(index, step["value"])
        case "add":
            place[index] = step["value"]
        case "replace":
            place[index]  # it must be there
            place[index] = step["value"]
        case "remove":
            del place[index]
        case "test":
            if place[index] != step["value"]:
                raise ValueError(step["path"])
        case other:
            raise ValueError(other)
