"""Which objects a labelSelector and a fieldSelector mean."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.support.kubernetes_world.description import Json
from tests.support.kubernetes_world.refusals import Refused, bad_request

Test = Callable[[Json], bool]

_KEY = r"(?:[a-z0-9A-Z.-]+/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?"
_VALUE = r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?"
_EQUALITY = re.compile(rf"\s*({_KEY})\s*(==|=|!=)\s*({_VALUE})\s*")
_SET = re.compile(rf"\s*({_KEY})\s+(in|notin)\s+\(([^()]*)\)\s*")
_EXISTS = re.compile(rf"\s*(!?)\s*({_KEY})\s*")
_REQUIREMENT = re.compile(r"(?:[^,(]|\([^)]*\))+")

_FIELDS = {
    "pods": {"metadata.name", "metadata.namespace", "spec.nodeName", "spec.restartPolicy", "spec.schedulerName",
             "spec.serviceAccountName", "status.phase", "status.podIP", "status.nominatedNodeName"},
    "events": {"metadata.name", "metadata.namespace", "involvedObject.kind", "involvedObject.namespace",
               "involvedObject.name", "involvedObject.uid", "involvedObject.apiVersion", "involvedObject.fieldPath",
               "involvedObject.resourceVersion", "reason", "reportingComponent", "source", "type"},
    "secrets": {"metadata.name", "metadata.namespace", "type"},
}  # fmt: skip
_EVERY = {"metadata.name", "metadata.namespace"}


def by_labels(text: str) -> Test:
    """BadRequest, in words near the real ones, for a text that is no selector.

    >>> by_labels("app=web,tier in (a, b),!old")({"metadata": {"labels": {"app": "web", "tier": "b"}}})
    True
    """
    tests: list[Callable[[dict[str, str]], bool]] = []
    rest = text.strip()
    while rest:
        match = _REQUIREMENT.match(rest)
        if match is None:
            raise _no_selector(rest)
        tests.append(_requirement(match[0]))
        rest = rest[match.end() :]
        if rest and not (rest.startswith(",") and rest[1:].strip()):
            raise _no_selector(rest)
        rest = rest[1:]
    return lambda it: all(test(it["metadata"].get("labels") or {}) for test in tests)


def _requirement(text: str) -> Callable[[dict[str, str]], bool]:
    if match := _EQUALITY.fullmatch(text):
        key, operator, value = match.groups()
        return (
            (lambda labels: labels.get(key) != value) if operator == "!=" else lambda labels: labels.get(key) == value
        )
    if match := _SET.fullmatch(text):
        key, operator, listed = match.groups()
        values = {value.strip() for value in listed.split(",")}
        return (
            (lambda labels: labels.get(key) in values)
            if operator == "in"
            else lambda labels: labels.get(key) not in values
        )
    if match := _EXISTS.fullmatch(text):
        negated, key = match.groups()
        return lambda labels: (key in labels) is not bool(negated)
    raise _no_selector(text)


def _no_selector(text: str) -> Refused:
    return bad_request(f"unable to parse requirement: found '{text.strip()[:1]}', expected: identifier")


def by_fields(text: str, resource: str) -> Test:
    """
    >>> by_fields("status.phase!=Running", "pods")({"metadata": {}, "status": {"phase": "Pending"}})
    True
    """
    known = _FIELDS.get(resource, _EVERY)
    tests: list[tuple[str, bool, str]] = []
    for part in filter(None, text.split(",")):
        match = re.fullmatch(r"\s*([A-Za-z.]+)\s*(==|=|!=)(.*)", part)
        if match is None:
            raise bad_request(f"invalid selector: '{part}'; can't understand '{part}'")
        field, operator, value = match.groups()
        if field not in known:
            raise bad_request(f"field label not supported: {field}")
        tests.append((field, operator != "!=", value.strip()))
    return lambda it: all((_field(it, field) == value) is equal for field, equal, value in tests)


def _field(it: Json, path: str) -> str:
    found: object = it
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return str(found or "")
