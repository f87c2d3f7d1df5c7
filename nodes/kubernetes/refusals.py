"""What the API of Kubernetes says when it refuses, in words that say what to do, and as the error of its kind."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from nodes.backend import AuthError, BackendError, ConflictError, QuotaError, RateLimited

ALREADY_EXISTS: Final = "AlreadyExists"
_WORDS: Final = 600
"""How many characters of an answer are told."""
_REMEDIES: Final[Mapping[str, str]] = {
    "violates PodSecurity": "the template asks for more than the namespace allows: take that out of it",
    "per Container is": "ask for cpu= and memory= within the LimitRange of the namespace",
    "per Pod is": "ask for cpu= and memory= within the LimitRange of the namespace",
    "looking up service account": "make that service account, or name another with service_account=",
    "is being terminated": "take a namespace that is not being deleted",
    "no PriorityClass": "name a PriorityClass that there is with priority_class=, or none",
    "admission webhook": "a policy of the cluster refuses it: its words say what to change",
    "denied the request": "a policy of the cluster refuses it: its words say what to change",
    "denied request": "a policy of the cluster refuses it: its words say what to change",
}
"""By what the cluster says when it refuses an object, and not the asking for it."""


class ApiRefused(Exception):
    """An answer that is no success: its HTTP status, and of its body `reason` ("AlreadyExists") and `words`."""

    def __init__(self, status: int, reason: str, words: str, retry_after: float | None = None) -> None:
        super().__init__(f"{status} {reason}: {words}" if words else f"{status} {reason}")
        self.status = status
        self.reason = reason
        self.words = words
        self.retry_after = retry_after

    @property
    def passes(self) -> bool:
        """Whether the same question may be answered in a moment."""
        if self.status in (408, 429, 500, 502, 503, 504):
            return True
        # Two pods at once: the quota's own count was changed meanwhile.
        return self.status == 409 and self.reason == "Conflict" and "resourcequotas" in self.words


class ApiUnreachable(Exception):
    """No answer, or none that could be read."""


def refused(status: int, body: bytes, phrase: str = "", retry_after: str | None = None) -> ApiRefused:
    """Of an answer; a body that is no Status (as of a proxy in between) is told by its beginning.

    >>> body = b'{"kind": "Status", "reason": "AlreadyExists", "message": "pods \\\\"a\\\\" already exists"}'
    >>> str(refused(409, body))
    '409 AlreadyExists: pods "a" already exists'
    """
    told: Mapping[str, Any] = {}
    try:
        parsed = json.loads(body or b"{}")
        told = parsed if isinstance(parsed, Mapping) else {}
    except ValueError:
        text = body.decode("utf-8", "replace").strip()
        told = {"message": " ".join(re.sub(r"<[^>]*>", " ", text).split())[:200]}
    seconds = _seconds(retry_after)
    details = told.get("details")
    if seconds is None and isinstance(details, Mapping):
        seconds = _seconds(details.get("retryAfterSeconds"))
    return ApiRefused(status, str(told.get("reason") or phrase), str(told.get("message") or ""), seconds)


def as_backend_error(error: ApiRefused | ApiUnreachable, asked: str) -> BackendError:
    """`asked` says what was asked for: "make the pod bl-a in demo".

    >>> quota = ApiRefused(403, "Forbidden", 'pods "a" is forbidden: exceeded quota: small, requested: pods=1')
    >>> type(as_backend_error(quota, "make a pod")).__name__
    'QuotaError'
    """
    if isinstance(error, ApiUnreachable):
        return BackendError(f"asked to {asked}, the API of the cluster gave no answer: {error}")
    words = f"asked to {asked}, the cluster answered {str(error)[:_WORDS]}"
    if error.status == 401:
        return AuthError(
            words, remedy="its credentials are not valid (any more): sign in again, or look at the kubeconfig"
        )
    if error.status == 403:
        return _forbidden(error, words)
    if error.status == 404:
        return BackendError(words, permanent=True, remedy="is there such a namespace, and is it spelt right?")
    if error.status == 409 and not error.passes:
        return ConflictError(words, what="name" if error.reason == ALREADY_EXISTS else "version")
    if error.status == 429:
        return RateLimited(words, retry_after=error.retry_after)
    return BackendError(words, permanent=error.status in (400, 405, 413, 415, 422))


def _forbidden(error: ApiRefused, words: str) -> BackendError:
    said = error.words
    if "exceeded quota" in said or "failed quota" in said:
        return QuotaError(words, remedy="ask for less (cpu=, memory=, gpu=), or have the ResourceQuota raised")
    remedy = next((remedy for part, remedy in _REMEDIES.items() if part in said), None)
    if remedy is not None:
        return BackendError(words, permanent=True, remedy=remedy)
    return AuthError(words, remedy="the account has no right to: docs/kubernetes.md has the Role that grants it")


def _seconds(value: object) -> float | None:
    try:
        seconds = float(str(value))
    except ValueError:
        return None
    return seconds if 0 < seconds < 3600 else None


__all__ = ["ALREADY_EXISTS", "ApiRefused", "ApiUnreachable", "as_backend_error", "refused"]
