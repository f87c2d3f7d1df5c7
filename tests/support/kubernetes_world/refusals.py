"""How the API says no: a Status, with the code, the reason and the details of the real one."""

from __future__ import annotations

from typing import Any, ClassVar

from tests.support.kubernetes_world.description import Json


class Refused(Exception):
    """Answered as a Status of this code and reason."""

    def __init__(
        self, code: int, reason: str, message: str, *, details: Json | None = None, retry_after: int | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.retry_after = retry_after
        self.details = dict(details or {})
        if retry_after is not None:
            self.details["retryAfterSeconds"] = retry_after

    def status(self) -> Json:
        """
        >>> not_found("pods", "", "x").status()["message"]
        'pods "x" not found'
        """
        details = {"details": self.details} if self.details else {}
        head = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
        reason = {"reason": self.reason} if self.reason else {}
        return {**head, "message": self.message, **reason, **details, "code": self.code}


def full_name(resource: str, group: str) -> str:
    return f"{resource}.{group}" if group else resource


def _about(resource: str, group: str, name: str) -> Json:
    return {key: value for key, value in (("name", name), ("group", group), ("kind", resource)) if value}


def not_found(resource: str, group: str, name: str) -> Refused:
    return Refused(
        404, "NotFound", f'{full_name(resource, group)} "{name}" not found', details=_about(resource, group, name)
    )


def already_exists(resource: str, group: str, name: str) -> Refused:
    what = f'{full_name(resource, group)} "{name}" already exists'
    return Refused(409, "AlreadyExists", what, details=_about(resource, group, name))


def modified(resource: str, group: str, name: str) -> Refused:
    what = "the object has been modified; please apply your changes to the latest version and try again"
    return conflict(resource, group, name, what)


def conflict(resource: str, group: str, name: str, why: str) -> Refused:
    what = f'Operation cannot be fulfilled on {full_name(resource, group)} "{name}": {why}'
    return Refused(409, "Conflict", what, details=_about(resource, group, name))


def forbidden(resource: str, group: str, name: str, why: str) -> Refused:
    named = f' "{name}"' if name else ""
    what = f"{full_name(resource, group)}{named} is forbidden: {why}"
    return Refused(403, "Forbidden", what, details=_about(resource, group, name))


def bad_request(message: str) -> Refused:
    return Refused(400, "BadRequest", message)


def expired(message: str) -> Refused:
    return Refused(410, "Expired", message)


def too_old(version: int, oldest: int) -> Refused:
    return expired(f"too old resource version: {version} ({oldest})")


def from_the_future(version: int, current: int) -> Refused:
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    what = f"Timeout: Too large resource version: {version}, current: {current}"
    return Refused(504, "Timeout", what, details={"causes": [cause]}, retry_after=1)


def unauthorized() -> Refused:
    return Refused(401, "Unauthorized", "Unauthorized")


class Cause:
    """One field of an object that is not valid: `reason` is FieldValueInvalid, FieldValueRequired, ..."""

    _WORDS: ClassVar = {
        "FieldValueRequired": "Required value",
        "FieldValueInvalid": "Invalid value",
        "FieldValueNotSupported": "Unsupported value",
        "FieldValueDuplicate": "Duplicate value",
        "FieldValueForbidden": "Forbidden",
    }

    def __init__(self, reason: str, field: str, value: Any = None, why: str = "") -> None:
        self.reason = reason
        self.field = field
        shown = "" if reason in ("FieldValueRequired", "FieldValueForbidden") else f": {_go(value)}"
        self.message = f"{self._WORDS[reason]}{shown}{f': {why}' if why else ''}"

    def json(self) -> Json:
        return {"reason": self.reason, "message": self.message, "field": self.field}


def invalid(kind: str, group: str, name: str, causes: list[Cause]) -> Refused:
    told = [f"{cause.field}: {cause.message}" for cause in causes]
    whole = told[0] if len(told) == 1 else f"[{', '.join(told)}]"
    details = {**_about(kind, group, name), "causes": [cause.json() for cause in causes]}
    return Refused(422, "Invalid", f'{full_name(kind, group)} "{name}" is invalid: {whole}', details=details)


def _go(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    return (
        {None: "null", True: "true", False: "false"}.get(value, str(value)) if not isinstance(value, dict) else "{...}"
    )
